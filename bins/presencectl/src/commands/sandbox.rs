//! `sandbox`: the simulated tenant and PBX alone, with a configuration ready for them.

use std::convert::Infallible;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::sandbox::{Day, Office, Options, Sandbox};
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use super::context::{Context, note};
use super::interrupt::Interrupt;
use super::throwaway;
use crate::arguments::SandboxArguments;
use crate::exit::Exit;
use crate::failure::Failure;

/// The version of the form.
const VERSION: u32 = 1;
/// Whoever asks for the same sandbox twice gets the same people.
const SEED: u64 = 42;
/// What the sandbox's configurations begin with.
const OURS: &str = "# A configuration for the sandbox";
/// The state of a daemon that worked for an earlier sandbox in the same folder.
const STATE: [&str; 4] = ["state.db", "state.db-wal", "state.db-shm", "state.db-journal"];

#[derive(Serialize)]
struct Ready<'a> {
    version: u32,
    configuration: &'a Path,
    folder: &'a Path,
    members: u32,
    tenant_url: String,
    pbx_url: String,
}

pub(crate) async fn run(context: &Context, arguments: &SandboxArguments) -> Result<Exit, Failure> {
    let mut interrupt = Interrupt::listen()?;
    // It is removed at the end, wherever that is.
    let temporary = arguments
        .dir
        .is_none()
        .then(tempfile::tempdir)
        .transpose()
        .map_err(Failure::new)?;
    let folder: PathBuf = match (&arguments.dir, &temporary) {
        (Some(folder), _) => folder.clone(),
        (None, Some(folder)) => folder.path().to_owned(),
        (None, None) => PathBuf::from("."),
    };
    prepare(&folder)?;

    let office = Office::new(usize::try_from(arguments.members).unwrap_or(usize::MAX), SEED);
    let day = Day::new(&office, SEED);
    let faults = arguments.faults.clone().unwrap_or_default();
    let mut builder = Sandbox::builder()
        .office(office)
        .faults(faults)
        .generation(arguments.pbx.into());
    if let Some(wrong) = arguments.block_after {
        builder = builder.blacklist_after(wrong);
    }
    let starting = builder.start().await;
    let sandbox =
        starting.map_err(|error| Failure::new(error).while_doing("cannot start the simulated servers"))?;
    let options = Options {
        license: Some(throwaway::licence(context, arguments.members)?),
        ..Options::default()
    };
    let file = sandbox
        .write_configuration(&folder, &options)
        .map_err(|error| unwritable(&folder, error))?;
    let ready = Ready {
        version: VERSION,
        configuration: &file,
        folder: &folder,
        members: arguments.members,
        tenant_url: sandbox.tenant_url(),
        pbx_url: sandbox.pbx_url(),
    };
    context.print(&ready, || text(&ready))?;

    let length = arguments
        .day_seconds
        .map(|seconds| Duration::from_secs(seconds.into()));
    tokio::select! {
        () = interrupt.told() => {}
        never = pass(&sandbox, &day, length) => match never {},
    }
    sandbox.stop().await;
    Ok(Exit::SUCCESS)
}

/// Lets the day pass, if it is to pass at all. It never ends: when the day is over, everybody stays as they are.
async fn pass(sandbox: &Sandbox, day: &Day, length: Option<Duration>) -> Infallible {
    if let Some(length) = length {
        let start = Instant::now();
        for event in day.events() {
            sleep_until(start + length.mul_f64(event.at.as_secs_f64() / day.length().as_secs_f64())).await;
            sandbox
                .tenant()
                .set_presence(&event.person, event.presence.clone());
        }
        note("the day is over");
    }
    std::future::pending().await
}

/// Makes the folder ready: what an earlier sandbox left behind goes, and nothing else is overwritten.
fn prepare(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))?;
    let file = folder.join("presence-sync.toml");
    match fs::read_to_string(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Ok(text) if text.starts_with(OURS) => {
            // The earlier sandbox's PBX is gone, and with it everything that the state is about.
            for name in STATE {
                match fs::remove_file(folder.join(name)) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        return Err(unwritable(folder, error));
                    }
                    _ => {}
                }
            }
            Ok(())
        }
        _ => Err(Failure::message(format!(
            "`{}` is no configuration of a sandbox, and stays as it is",
            file.display()
        ))
        .with_hint("choose another folder with `--dir`")),
    }
}

fn unwritable(folder: &Path, error: std::io::Error) -> Failure {
    Failure::new(error).while_doing(format!("cannot write into `{}`", folder.display()))
}

fn text(ready: &Ready<'_>) -> String {
    let Ready {
        configuration,
        members,
        tenant_url,
        pbx_url,
        ..
    } = ready;
    let file = configuration.display();
    format!(
        "A simulated tenant at {tenant_url} and PBX at {pbx_url}, with {members} people.\n\
         The configuration: {file}\n\n  \
         presence-syncd --config {file}\n  \
         presencectl --config {file} plan\n  \
         presencectl --config {file} sync --once\n  \
         presencectl --config {file} members main\n\n\
         Ctrl-C ends it."
    )
}
