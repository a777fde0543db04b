//! Many instances of one daemon, each with a tenant and a PBX of its own.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use sandbox::{Employee, Office, Options, Said, Sandbox};
use sync_service::api::{Client, Endpoint, endpoint_file};
use tempfile::TempDir;

use crate::program::Daemon;
use crate::stage::StageOptions;

/// Several sandboxes, and the files of a daemon with an instance for each.
#[derive(Debug)]
pub struct Estate {
    /// A tenant and a PBX for each instance; the instance is named `i` and its number.
    pub sandboxes: Vec<Sandbox>,
    employees: Vec<Vec<Employee>>,
    folder: TempDir,
    config: PathBuf,
}

impl Estate {
    /// Starts `instances` sandboxes with `members(number)` people each, and writes the configuration.
    pub async fn set(instances: usize, members: impl Fn(usize) -> usize, options: &Options) -> Self {
        let (mut sandboxes, mut employees) = (Vec::new(), Vec::new());
        for number in 0..instances {
            let office = Office::plain(members(number), number as u64);
            employees.push(office.employees().to_vec());
            let sandbox = Sandbox::builder()
                .office(office)
                .tenant_id(&format!("aaaabbbb-0000-cccc-1111-{number:012x}"))
                .start()
                .await
                .expect("a sandbox starts on loopback");
            sandboxes.push(sandbox);
        }
        let folder = tempfile::tempdir().expect("there is a temporary directory");
        let mut estate = Self {
            sandboxes,
            employees,
            config: PathBuf::new(),
            folder,
        };
        // The secrets are the same everywhere, so the first sandbox writes them for all.
        let path = estate.sandboxes[0].write_configuration(estate.folder.path(), options);
        estate.config = path.expect("the folder can be written");
        estate.configure(&estate.text(|_| options.clone()));
        estate
    }

    /// What a stage has: a licence, no breaker, quick sweeps.
    pub fn options() -> Options {
        StageOptions::plain(0).options
    }

    /// The text of a configuration with `options(number)` for each instance.
    pub fn text(&self, options: impl Fn(usize) -> Options) -> String {
        let mut text = String::from(
            "version = 1\n[daemon]\nlisten = \"127.0.0.1:0\"\nstate = \"sqlite:state.db\"\n\
             [license]\nkey_file = \"license.key\"\nissuer_keys_file = \"issuer.pub\"\n",
        );
        for (number, sandbox) in self.sandboxes.iter().enumerate() {
            let tables = sandbox.instance(&name(number), &options(number));
            writeln!(text, "\n{tables}").expect("a string takes everything");
        }
        text
    }

    /// Writes another configuration.
    pub fn configure(&self, text: &str) {
        std::fs::write(&self.config, text).expect("the folder can be written");
    }

    /// Lets the Teams of an instance say something of an employee.
    pub fn says(&self, instance: usize, employee: usize, availability: &str, activity: &str) {
        let person = self.employees[instance][employee].person.as_ref();
        let said = Said::new(availability, activity);
        let tenant = self.sandboxes[instance].tenant();
        tenant.set_presence(person.expect("the employee has a Teams user"), said);
    }

    /// Writes a file beside the configuration.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("the folder can be written");
    }

    /// The configuration file.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Starts the built daemon.
    pub fn daemon(&self) -> Daemon {
        Daemon::start(&self.config)
    }

    /// A client of the running daemon, if there is one.
    pub fn client(&self) -> Option<Client> {
        let state = self.folder.path().join("state.db");
        let endpoint = Endpoint::find(&endpoint_file(&state)).ok()??;
        Client::connect(endpoint).ok()
    }

    /// What the daemon has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("daemon.log")).unwrap_or_default()
    }
}

/// The name of an instance.
pub fn name(number: usize) -> String {
    format!("i{number}")
}
