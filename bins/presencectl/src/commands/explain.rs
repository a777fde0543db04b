//! `explain`: why a member is as they are.

use sync_core::Address;
use sync_service::api::{API_VERSION, ExplainAnswer};
use sync_service::standalone;

use super::context::Context;
use crate::configuration::Configuration;
use crate::daemon::Daemon;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;

pub(crate) async fn run(context: &Context, address: &Address) -> Result<Exit, Failure> {
    let configuration = context.configuration()?;
    let answer = answer(&configuration, address).await?;
    if answer.explanations.is_empty() {
        let names: Vec<String> = configuration
            .meant(None)?
            .iter()
            .map(|name| format!("`presencectl members {name}`"))
            .collect();
        let failure = Failure::message(format!("no member of any instance has the address `{address}`"));
        let failure = if names.is_empty() {
            failure
        } else {
            failure.with_hint(format!("{} lists who is there", names.join(" or ")))
        };
        return Err(failure.with_exit(Exit::UNKNOWN_ADDRESS));
    }
    context.print(&answer, || {
        let texts: Vec<String> = answer
            .explanations
            .iter()
            .map(|view| show::explanation(view, &context.now()))
            .collect();
        texts.join("\n")
    })?;
    Ok(Exit::SUCCESS)
}

async fn answer(configuration: &Configuration, address: &Address) -> Result<ExplainAnswer, Failure> {
    let Some(daemon) = Daemon::find(configuration).await? else {
        let explanations =
            standalone::explain(&configuration.settings, &configuration.environment, address).await?;
        return Ok(ExplainAnswer {
            version: API_VERSION,
            explanations,
        });
    };
    let running: Vec<_> = daemon
        .status
        .instances
        .iter()
        .filter(|status| daemon.runs(&status.instance))
        .collect();
    for status in &running {
        daemon.view_after_first_sweep(&status.instance).await?;
    }
    let answer = daemon.client.explain(address).await?;
    // Only where every group was read, nobody having the address means that nobody has it.
    if answer.explanations.is_empty() {
        for status in running {
            daemon.knows_members(&status.instance).await?;
        }
    }
    Ok(answer)
}
