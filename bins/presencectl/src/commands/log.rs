//! `log`: the lines of the running daemon, and how much is logged.

use std::fmt::Write as _;
use std::time::Duration;

use sync_service::api::{ClientError, LogAnswer};
use sync_service::config::LogLevel;
use sync_service::telemetry::{LogNow, LogQuery};

use super::context::{Context, note, print_text};
use super::interrupt::Interrupt;
use crate::arguments::{Format, LogCommand, TailArguments};
use crate::daemon::Daemon;
use crate::exit::Exit;
use crate::failure::Failure;

/// How long the daemon is asked to wait for lines, once and again.
const WAIT: Duration = Duration::from_secs(15);
/// How many lines are asked for at once while they come.
const AT_ONCE: usize = 1_000;

pub(crate) async fn run(context: &Context, command: &LogCommand) -> Result<Exit, Failure> {
    let configuration = context.configuration()?;
    if let LogCommand::Tail(TailArguments {
        instance: Some(name), ..
    }) = command
    {
        configuration.instance(name)?;
    }
    let Some(daemon) = Daemon::reached(&configuration).await? else {
        let hint =
            "the log of a daemon that ran under systemd is in the journal: `journalctl -u presence-syncd`";
        return Err(Failure::message("no daemon runs").with_hint(hint));
    };
    match command {
        LogCommand::Level { level, lasts } => change_level(context, &daemon, *level, *lasts).await,
        LogCommand::Tail(arguments) => tail(context, &daemon, arguments).await,
    }
}

async fn change_level(
    context: &Context,
    daemon: &Daemon,
    level: Option<LogLevel>,
    lasts: Option<Duration>,
) -> Result<Exit, Failure> {
    let answer = match level {
        Some(level) => daemon.client.set_log_level(level, lasts).await?,
        None => daemon.client.log_level().await?,
    };
    context.print(&answer, || {
        let LogNow {
            level,
            configured,
            until,
        } = answer.now;
        match until {
            Some(until) => format!(
                "the log is at `{level}` until {}, then at `{configured}` again",
                context.now().moment(until)
            ),
            None => format!("the log is at `{level}`"),
        }
    })?;
    Ok(Exit::SUCCESS)
}

async fn tail(context: &Context, daemon: &Daemon, arguments: &TailArguments) -> Result<Exit, Failure> {
    let mut interrupt = Interrupt::listen()?;
    let mut query = LogQuery {
        level: arguments.level.unwrap_or(LogLevel::Trace),
        after: None,
        limit: usize::try_from(arguments.lines).unwrap_or(usize::MAX),
        instance: arguments.instance.as_ref().map(ToString::to_string),
        search: arguments.search.clone(),
    };
    let mut answer = daemon.client.log(&query, Duration::ZERO).await?;
    print_lines(context, &answer)?;
    if arguments.no_follow {
        return Ok(Exit::SUCCESS);
    }
    query.limit = AT_ONCE;
    loop {
        query.after = Some(answer.seen);
        let asked = daemon.client.log(&query, WAIT);
        answer = tokio::select! {
            answered = asked => answered.map_err(has_ended)?,
            () = interrupt.told() => return Ok(Exit::SUCCESS),
        };
        if answer.dropped > 0 {
            note(&format!(
                "{} lines came too fast and are not kept any more",
                answer.dropped
            ));
        }
        print_lines(context, &answer)?;
    }
}

fn has_ended(error: ClientError) -> Failure {
    match error {
        ClientError::NotRunning(_) => Failure::message("the daemon has ended"),
        other => other.into(),
    }
}

fn print_lines(context: &Context, answer: &LogAnswer) -> Result<(), Failure> {
    let mut text = String::new();
    for line in &answer.lines {
        let line = match context.format {
            Format::Text => line.text(),
            Format::Json => serde_json::to_string(line).map_err(Failure::new)?,
        };
        // Writing into a text cannot fail.
        let _ = writeln!(text, "{line}");
    }
    if text.is_empty() {
        return Ok(());
    }
    print_text(&text)
}
