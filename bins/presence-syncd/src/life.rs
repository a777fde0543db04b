//! The life of the daemon: from reading the configuration to the last signal.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use sync_service::config::{self, Environment, Loaded, LogLevel};
use sync_service::daemon::{self, DaemonOptions, RunningDaemon};
use sync_service::telemetry;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::files::permit_many_files;
use crate::signals::{Signals, Wish};
use crate::systemd::{self, Watchdog};

/// A stop never takes longer than this; systemd gives a service more.
const DRAIN: Duration = Duration::from_secs(10);

/// Runs the daemon until it is told to stop, or only checks its configuration.
///
/// # Errors
/// When the configuration is not good, the daemon cannot be started, or it does not stop in time.
pub async fn run(arguments: &Arguments, environment: Environment) -> Result<(), Failure> {
    let loaded = match config::load(&arguments.config, &environment) {
        // Without a file there is nothing to synchronise yet, and the page leads through the steps that make one.
        Err(errors) if errors.is_absent() && !arguments.check => {
            config::unconfigured(&arguments.config, &environment)?
        }
        loaded => loaded?,
    };
    if arguments.check {
        return report(&arguments.config, &loaded);
    }
    let mut signals = Signals::register().map_err(Failure::new)?;

    // The first lines of the log say what an operator has to know of every start, such as the address, whatever the
    // level is.
    let level = loaded.settings.daemon.log;
    let logging = telemetry::init_logging(level.max(LogLevel::Info), loaded.settings.daemon.log_format);
    permit_many_files();
    let options = DaemonOptions {
        config: arguments.config.clone(),
        environment,
        program: env!("CARGO_PKG_VERSION"),
        logging: Some(logging.clone()),
        page: Some(admin_page::router),
    };
    let is_to_be_set_up = loaded.settings.instances.is_empty();
    let daemon = tokio::select! {
        started = daemon::start(options, loaded) => started?,
        () = signals.stop() => return Ok(()),
    };
    let by = if daemon.speaks_tls() { ", by TLS" } else { "" };
    tracing::info!("listening on {}{by}", daemon.address());
    if is_to_be_set_up {
        tracing::warn!(
            "set-up mode: nothing is synchronised; `presencectl setup-link` prints a link to the page that leads through the set-up"
        );
    }
    logging.set_level(level);
    systemd::ready();

    serve(&daemon, &mut signals).await;

    systemd::stopping();
    tokio::select! {
        stopped = tokio::time::timeout(DRAIN, daemon.stop()) => {
            stopped.map_err(|_| Failure::new(anyhow::anyhow!("what was under way did not end within {} s", DRAIN.as_secs())))
        }
        () = signals.stop() => Err(Failure::new(anyhow::anyhow!("ended at once by a second signal"))),
    }
}

/// Answers to signals until one of them ends the daemon.
async fn serve(daemon: &RunningDaemon, signals: &mut Signals) {
    let mut watchdog = Watchdog::new();
    loop {
        let wish = tokio::select! {
            wish = signals.next() => wish,
            never = watchdog.feed() => match never {},
        };
        if wish == Wish::Stop {
            return;
        }
        systemd::reloading();
        // Taking back what is ours in an instance that was removed may take a while, and must not delay a stop.
        let reloaded = tokio::select! {
            reloaded = daemon.reload() => reloaded,
            () = signals.stop() => return,
            never = watchdog.feed() => match never {},
        };
        if let Err(errors) = reloaded {
            tracing::error!("the new configuration is not good, and the old settings go on\n{errors}");
        }
        systemd::ready();
    }
}

fn report(file: &Path, loaded: &Loaded) -> Result<(), Failure> {
    let mut stderr = anstream::stderr().lock();
    let mut print = || {
        for warning in &loaded.warnings {
            writeln!(stderr, "warning: {}", warning.in_file(file))?;
        }
        writeln!(stderr, "`{}` is good", file.display())
    };
    print().map_err(Failure::new)
}
