//! `members`: each member's state.

use sync_core::InstanceName;
use sync_service::api::{API_VERSION, MembersAnswer};
use sync_service::standalone;

use super::context::Context;
use crate::daemon::Daemon;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;

pub(crate) async fn run(context: &Context, name: &InstanceName) -> Result<Exit, Failure> {
    let configuration = context.configuration()?;
    configuration.instance(name)?;
    let daemon = Daemon::find(&configuration).await?;
    let answer = match daemon.filter(|daemon| daemon.runs(name)) {
        Some(daemon) => {
            daemon.knows_members(name).await?;
            daemon.client.members(name).await?
        }
        None => {
            let (_, members) =
                standalone::members(&configuration.settings, &configuration.environment, name).await?;
            MembersAnswer {
                version: API_VERSION,
                instance: name.clone(),
                members,
            }
        }
    };
    context.print(&answer, || {
        show::members(&answer.instance, &answer.members, &context.now())
    })?;
    Ok(Exit::SUCCESS)
}
