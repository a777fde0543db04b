//! A simulated tenant and PBX for the program to work on.

use std::path::Path;

use licensing::{OperatingMode, SigningKey, Terms};
use sandbox::{Except, License, Office, Options, Said, Sandbox};
use sync_service::config::{self, Environment};
use sync_service::daemon::{self, DaemonOptions, RunningDaemon};
use tokio::runtime::Runtime;

use super::support::{Ended, Folder};

/// A licence for so many seats, by a desk that only tests know.
pub(crate) fn licence(seats: u32) -> License {
    let key = SigningKey::from_seed(&[7; 32]).unwrap();
    let terms = Terms {
        number: "test-1".parse().unwrap(),
        issuer: None,
        customer: "A simulated office".parse().unwrap(),
        mode: OperatingMode::PresenceSync,
        seats,
        issued: "2026-01-01T00:00:00Z".parse().unwrap(),
        from: "2026-01-01T00:00:00Z".parse().unwrap(),
        until: "2099-01-01T00:00:00Z".parse().unwrap(),
        grace_days: 0,
        pbx: None,
    };
    License {
        key: key.issue(&terms).unwrap(),
        issuer_keys: key.public().to_pem(),
    }
}

/// A sandbox with its configuration in a folder.
pub(crate) struct Simulated {
    runtime: Runtime,
    pub(crate) sandbox: Sandbox,
    pub(crate) office: Office,
    pub(crate) folder: Folder,
}

impl Simulated {
    /// An office with nobody odd, who are all available and not in the chat's way.
    pub(crate) fn plain(members: usize) -> Self {
        Self::of(Office::plain(members, 1), &Options::default())
    }

    /// Any office, with any configuration.
    pub(crate) fn of(office: Office, options: &Options) -> Self {
        let runtime = Runtime::new().unwrap();
        let sandbox = runtime
            .block_on(Sandbox::builder().office(office.clone()).start())
            .unwrap();
        let folder = Folder::empty();
        let options = Options {
            license: options.license.clone().or_else(|| Some(licence(100_000))),
            ..options.clone()
        };
        sandbox.write_configuration(folder.path(), &options).unwrap();
        Self {
            runtime,
            sandbox,
            office,
            folder,
        }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.folder.run(arguments)
    }

    /// The PBX user and the address of a member, in lower case.
    pub(crate) fn member(&self, number: usize) -> (i64, String) {
        let user = self.office.employees()[number].pbx_user;
        (user, self.sandbox.pbx().user(user).unwrap().email.to_lowercase())
    }

    /// Lets Teams say something about a member.
    pub(crate) fn say(&self, number: usize, availability: &str, activity: &str) {
        let person = self.office.employees()[number].person.clone().unwrap();
        self.sandbox
            .tenant()
            .set_presence(&person, Said::new(availability, activity));
    }

    pub(crate) fn converged(&self) -> bool {
        self.sandbox.judge(&Except::default()).converged()
    }

    /// Starts a daemon beside the program, as the demo does.
    pub(crate) fn start_daemon(&self) -> Daemon<'_> {
        let file = self.folder.path().join("presence-sync.toml");
        let running = self.runtime.block_on(start(&file));
        Daemon {
            simulated: self,
            running: Some(running),
        }
    }
}

async fn start(file: &Path) -> RunningDaemon {
    let environment = Environment::default();
    let loaded = config::load(file, &environment).unwrap();
    let options = DaemonOptions {
        config: file.to_owned(),
        environment,
        program: "0.0.0-test",
        logging: None,
        page: None,
    };
    daemon::start(options, loaded).await.unwrap()
}

/// A daemon that stops at the end of the test.
pub(crate) struct Daemon<'s> {
    simulated: &'s Simulated,
    running: Option<RunningDaemon>,
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.simulated.runtime.block_on(running.stop());
        }
    }
}
