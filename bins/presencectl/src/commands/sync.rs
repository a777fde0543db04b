//! `sync --once`: one pass.

use std::time::Duration;

use serde::Serialize;
use sync_core::{InstanceName, InstanceView, Plan};
use sync_service::standalone::{self, Pass};

use super::context::{Context, note, print_json, print_text};
use crate::arguments::Format;
use crate::configuration::Configuration;
use crate::daemon::{Daemon, has_failed};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show::{self, count};

/// The version of the form of a result.
const VERSION: u32 = 1;
/// A pass of the daemon is waited for as long as it takes to sweep twice, and this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// One pass over one instance.
#[derive(Serialize)]
struct Synced {
    version: u32,
    instance: InstanceName,
    /// Changes that the PBX confirmed.
    changes: u64,
    /// What is still due, or held.
    left: Plan,
}

pub(crate) async fn run(context: &Context, named: Option<&InstanceName>) -> Result<Exit, Failure> {
    let configuration = context.configuration()?;
    let names = configuration.meant(named)?;
    let daemon = Daemon::find(&configuration).await?;
    let (mut passes, mut exit) = (Vec::new(), Exit::SUCCESS);
    for name in names {
        match of_instance(&configuration, daemon.as_ref(), name).await {
            Ok(pass) => passes.push(pass),
            Err(failure) => exit = failure.print(),
        }
    }
    match (context.format, named, passes.as_slice()) {
        (Format::Json, None, passes) => print_json(&passes)?,
        (Format::Json, Some(_), passes) => passes.iter().try_for_each(print_json)?,
        (Format::Text, _, []) if exit == Exit::SUCCESS => {
            note("no instance is enabled, so there is nothing to do");
        }
        (Format::Text, _, passes) => {
            for pass in passes {
                print_text(&text(pass, context))?;
            }
        }
    }
    Ok(exit.max(Exit::good_if(passes.iter().all(|pass| pass.left.is_empty()))))
}

fn text(pass: &Synced, context: &Context) -> String {
    let Synced {
        instance,
        changes,
        left,
        ..
    } = pass;
    let changes = count(usize::try_from(*changes).unwrap_or(usize::MAX), "change");
    let left_over = if left.is_empty() {
        String::new()
    } else {
        format!("\nstill left\n{}", show::plan(left, &context.now()))
    };
    format!(
        "{instance}: {changes} made for {}{left_over}",
        count(left.members, "member")
    )
}

async fn of_instance(
    configuration: &Configuration,
    daemon: Option<&Daemon>,
    instance: InstanceName,
) -> Result<Synced, Failure> {
    if let Some(daemon) = daemon.filter(|daemon| daemon.runs(&instance)) {
        return by_daemon(daemon, instance).await;
    }
    let Pass { plan, changes, .. } =
        standalone::sync_once(&configuration.settings, &configuration.environment, &instance).await?;
    Ok(Synced {
        version: VERSION,
        instance,
        changes,
        left: plan,
    })
}

/// Waits until the daemon has swept everybody anew and has nothing under way.
async fn by_daemon(daemon: &Daemon, instance: InstanceName) -> Result<Synced, Failure> {
    let Some(before) = daemon.view_after_first_sweep(&instance).await? else {
        return Err(Failure::message(format!(
            "the daemon has just stopped instance `{instance}`"
        )));
    };
    // The sweep that is under way may have begun before the command did.
    let sweeps = before.sweeps + 2;
    let done = |view: &InstanceView| view.sweeps >= sweeps && view.settled || has_failed(view);
    let patience =
        PATIENCE + Duration::try_from_secs_f64(before.sweep_interval_seconds * 2.0).unwrap_or_default();
    let waited = tokio::time::timeout(patience, async {
        loop {
            match daemon.view_when(&instance, done).await {
                Ok(Some(view)) if !done(&view) => {}
                other => return other,
            }
        }
    });
    let view = waited.await.unwrap_or(Ok(None))?;
    let Some(view) = view else {
        return Err(Failure::message(format!(
            "the daemon did not finish a pass over instance `{instance}` in time"
        ))
        .with_hint(format!("`presencectl status {instance}` shows what it waits for")));
    };
    if let Some(down) = view.links.iter().find(|link| link.error.is_some()) {
        let error = down.error.clone().unwrap_or_default();
        let failure = Failure::message(format!(
            "the link `{}` of instance `{instance}` does not work: {error}",
            down.link
        ));
        return Err(match &down.advice {
            Some(advice) => failure.with_hint(advice),
            None => failure,
        });
    }
    let left = daemon.client.plan(&instance).await?;
    Ok(Synced {
        version: VERSION,
        instance,
        changes: view.changes.saturating_sub(before.changes),
        left,
    })
}
