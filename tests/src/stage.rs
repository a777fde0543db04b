//! A sandbox with a configuration in a folder of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sandbox::{Employee, Except, Generation, License, Office, Options, Said, Sandbox};
use sync_adapters::http::{HttpClient, HttpSettings};
use sync_service::api::{Client, Endpoint, InstanceStatus, endpoint_file};
use tempfile::TempDir;

use crate::licences::{issuer_keys, licence, terms};
use crate::program::{Daemon, Login, Output, presencectl};

/// Long enough for a slow machine; whoever waits ends as soon as there is something to see.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a stage is made from.
#[derive(Debug)]
pub struct StageOptions {
    /// The company.
    pub office: Office,
    /// The configuration.
    pub options: Options,
    /// The PBX.
    pub generation: Generation,
}

impl StageOptions {
    /// A company in which nobody is odd, and a breaker that holds nothing.
    pub fn plain(members: usize) -> Self {
        let sync = "breaker = { share = 1.0, at_least = 100000, confirm_for = \"1s\" }".to_owned();
        let poll_interval = "200ms".to_owned();
        Self {
            generation: Generation::default(),
            office: Office::plain(members, 1),
            options: Options {
                sync,
                poll_interval,
                license: Some(License {
                    key: licence(&terms(100_000)),
                    issuer_keys: issuer_keys(),
                }),
                ..Options::default()
            },
        }
    }
}

/// A sandbox, and the files that a daemon against it needs.
#[derive(Debug)]
pub struct Stage {
    /// The tenant and the PBX.
    pub sandbox: Sandbox,
    employees: Vec<Employee>,
    folder: TempDir,
    config: PathBuf,
}

impl Stage {
    /// Starts the sandbox and writes the configuration.
    pub async fn set(options: StageOptions) -> Self {
        let StageOptions {
            office,
            options,
            generation,
        } = options;
        let employees = office.employees().to_vec();
        let sandbox = Sandbox::builder()
            .office(office)
            .generation(generation)
            .device_code(Duration::from_secs(1), Duration::from_secs(900))
            .start()
            .await
            .expect("the sandbox starts on loopback");
        let folder = tempfile::tempdir().expect("there is a temporary directory");
        let config = sandbox
            .write_configuration(folder.path(), &options)
            .expect("the folder can be written");
        Self {
            sandbox,
            employees,
            folder,
            config,
        }
    }

    /// The configuration file.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Writes another configuration.
    pub fn configure(&self, options: &Options) {
        self.sandbox
            .write_configuration(self.folder.path(), options)
            .expect("the folder can be written");
    }

    /// A file in the folder of the configuration.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An employee, members of the group first.
    pub fn employee(&self, number: usize) -> &Employee {
        &self.employees[number]
    }

    /// The PBX user of an employee.
    pub fn user(&self, number: usize) -> i64 {
        self.employees[number].pbx_user
    }

    /// The address of an employee, as the PBX has it.
    pub fn address(&self, number: usize) -> String {
        self.sandbox
            .pbx()
            .user(self.user(number))
            .map(|user| user.email)
            .unwrap_or_default()
    }

    /// Lets Teams say something of an employee who has a Teams user.
    pub fn says(&self, number: usize, availability: &str, activity: &str) {
        let person = self.employees[number]
            .person
            .as_ref()
            .expect("the employee has a Teams user");
        self.sandbox
            .tenant()
            .set_presence(person, Said::new(availability, activity));
    }

    /// DND of an employee.
    pub fn dnd(&self, number: usize) -> bool {
        self.sandbox
            .pbx()
            .user(self.user(number))
            .is_some_and(|user| user.dnd)
    }

    /// Starts the built daemon.
    pub fn daemon(&self) -> Daemon {
        Daemon::start(&self.config)
    }

    /// Runs the built command line.
    pub fn presencectl(&self, arguments: &[&str]) -> Output {
        presencectl(&self.config, arguments)
    }

    /// Begins to sign in with the built command line.
    pub fn login(&self, arguments: &[&str]) -> Login {
        Login::begin(&self.config, arguments)
    }

    /// Waits until the sandbox finds everything as it has to be.
    ///
    /// # Panics
    /// When that does not come about.
    pub async fn converge(&self, except: &Except) {
        let converged = self
            .sandbox
            .wait_until(PATIENCE, |sandbox| sandbox.judge(except).converged())
            .await;
        assert!(converged, "{:#?}\n{}", self.sandbox.judge(except), self.log());
    }

    /// Waits until the daemon says that its first pass is through and nothing is under way.
    ///
    /// # Panics
    /// When that does not come about.
    pub async fn settle(&self) -> InstanceStatus {
        let settled = eventually(|| async {
            let status = self.status().await?;
            status
                .view
                .as_ref()
                .is_some_and(|view| view.settled)
                .then_some(status)
        });
        settled
            .await
            .unwrap_or_else(|| panic!("it did not settle\n{}", self.log()))
    }

    /// Waits until the PBX was asked for something, and then for nothing more in a whole second. The daemon itself is not
    /// asked, so that nothing but its own work is measured.
    ///
    /// # Panics
    /// When that does not come about in a quarter of an hour.
    pub async fn quiet(&self) {
        let (mut before, mut still) = (0, 0);
        for _ in 0..9_000 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = self.sandbox.counters().pbx();
            still = if now == before && now > 0 { still + 1 } else { 0 };
            if still == 10 {
                return;
            }
            before = now;
        }
        panic!("the PBX is asked again and again\n{}", self.log());
    }

    /// A client of the running daemon, if there is one.
    pub fn client(&self) -> Option<Client> {
        let endpoint = Endpoint::find(&endpoint_file(&self.path("state.db"))).ok()??;
        Client::connect(endpoint).ok()
    }

    /// How the daemon's instance does, if it can be asked.
    pub async fn status(&self) -> Option<InstanceStatus> {
        self.client()?.status().await.ok()?.instances.pop()
    }

    /// Asks the running daemon for one of the paths that need no sign-in: status and body.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let endpoint = Endpoint::find(&endpoint_file(&self.path("state.db")))
            .expect("the endpoint can be read")
            .expect("a daemon runs");
        let http = HttpClient::build(&HttpSettings::default()).expect("a client");
        let answer = http
            .get(format!("http://{}{path}", endpoint.address))
            .send()
            .await
            .expect("the daemon answers");
        let status = answer.status().as_u16();
        (status, answer.text().await.unwrap_or_default())
    }

    /// Writes a file into the folder of the configuration.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the folder can be written");
    }

    /// What the daemon has logged, over all its starts.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("daemon.log")).unwrap_or_default()
    }
}

/// Asks again until there is an answer, for about a minute.
pub async fn eventually<T, F: Future<Output = Option<T>>>(ask: impl Fn() -> F) -> Option<T> {
    for _ in 0..1_200 {
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    None
}
