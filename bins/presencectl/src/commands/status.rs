//! `status`: how the daemon, its instances and their links do.

use serde::Serialize;
use sync_core::{Health, InstanceName};
use sync_service::api::{API_VERSION, DaemonStatus, InstanceState, InstanceStatus};

use super::context::Context;
use crate::configuration::Configuration;
use crate::daemon::Daemon;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;

/// The daemon's own answer; where none runs, `daemon` is null.
#[derive(Serialize)]
struct Status {
    version: u32,
    daemon: Option<DaemonStatus>,
    instances: Vec<InstanceStatus>,
}

pub(crate) async fn run(context: &Context, named: Option<&InstanceName>) -> Result<Exit, Failure> {
    let configuration = context.configuration()?;
    if let Some(name) = named {
        configuration.instance(name)?;
    }
    let meant = |status: &InstanceStatus| named.is_none_or(|name| status.instance == *name);
    let status = match Daemon::find(&configuration).await? {
        Some(Daemon { status, .. }) => {
            let instances = status.instances.into_iter().filter(meant).collect();
            Status {
                version: status.version,
                daemon: Some(status.daemon),
                instances,
            }
        }
        None => {
            let instances = without_daemon(&configuration).filter(meant).collect();
            Status {
                version: API_VERSION,
                daemon: None,
                instances,
            }
        }
    };
    context.print(&status, || text(&status, &configuration, context))?;
    Ok(Exit::good_if(
        status.daemon.is_some() && status.instances.iter().all(is_healthy),
    ))
}

fn without_daemon(configuration: &Configuration) -> impl Iterator<Item = InstanceStatus> {
    configuration.settings.instances.iter().map(|(name, instance)| {
        let (state, reason) = if instance.enabled {
            (InstanceState::Stopped, "no daemon runs")
        } else {
            (InstanceState::Disabled, "turned off in the configuration")
        };
        InstanceStatus {
            instance: name.clone(),
            state,
            reason: Some(reason.to_owned()),
            notices: Vec::new(),
            sign_in: None,
            view: None,
        }
    })
}

/// Whether nobody has to look after this instance. A chat status that does not work is said, and is no alarm.
fn is_healthy(status: &InstanceStatus) -> bool {
    match (status.state, &status.view) {
        (InstanceState::Disabled, _) => true,
        (InstanceState::Running, Some(view)) => view.readiness.state != Health::NotReady,
        _ => false,
    }
}

fn text(status: &Status, configuration: &Configuration, context: &Context) -> String {
    let now = context.now();
    let mut text = match &status.daemon {
        Some(daemon) => show::status(daemon, &now),
        None => show::offline(&format!("`{}`", configuration.settings.daemon.state)),
    };
    for instance in &status.instances {
        text.push_str(&show::instance(instance, &now));
    }
    if status.instances.is_empty() {
        text.push_str("\nthe configuration has no instance\n");
    }
    if status.daemon.is_none() {
        let file = configuration.file.display();
        text.push_str(&format!(
            "\n`presence-syncd --config {file}` starts it; `presencectl plan` shows what it would do\n"
        ));
    }
    text
}
