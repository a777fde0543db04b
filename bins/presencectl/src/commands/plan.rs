//! `plan`: what a pass would change now.

use sync_core::{Health, InstanceName, Plan};
use sync_service::standalone;

use super::context::{Context, note, print_json, print_text};
use crate::arguments::Format;
use crate::configuration::Configuration;
use crate::daemon::{Daemon, not_ready};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;

pub(crate) async fn run(context: &Context, named: Option<&InstanceName>) -> Result<Exit, Failure> {
    let configuration = context.configuration()?;
    let names = configuration.meant(named)?;
    let daemon = Daemon::find(&configuration).await?;
    let (mut plans, mut exit) = (Vec::new(), Exit::SUCCESS);
    for name in names {
        match of_instance(&configuration, daemon.as_ref(), &name).await {
            Ok(plan) => plans.push(plan),
            Err(failure) => exit = failure.print(),
        }
    }
    match (context.format, named, plans.as_slice()) {
        (Format::Json, None, plans) => print_json(&plans)?,
        (Format::Json, Some(_), plans) => plans.iter().try_for_each(print_json)?,
        (Format::Text, None, []) if exit == Exit::SUCCESS => {
            note("no instance is enabled, so there is nothing to plan");
        }
        (Format::Text, _, plans) => {
            let texts: Vec<String> = plans
                .iter()
                .map(|plan| show::plan(plan, &context.now()))
                .collect();
            if !texts.is_empty() {
                print_text(&texts.join("\n"))?;
            }
        }
    }
    let changes = plans.iter().any(|plan| !plan.is_empty());
    Ok(if exit == Exit::SUCCESS && changes {
        Exit::CHANGES
    } else {
        exit
    })
}

async fn of_instance(
    configuration: &Configuration,
    daemon: Option<&Daemon>,
    name: &InstanceName,
) -> Result<Plan, Failure> {
    let Some(daemon) = daemon.filter(|daemon| daemon.runs(name)) else {
        return Ok(standalone::plan(&configuration.settings, &configuration.environment, name).await?);
    };
    // Whoever does not know everybody's presence has nothing to plan, and nothing to plan must not look like good news.
    // A shut gate is part of a plan.
    if let Some(view) = daemon.view_after_first_sweep(name).await?
        && view.readiness.state == Health::NotReady
        && view.licence.as_ref().is_none_or(|licence| licence.shut.is_none())
    {
        return Err(not_ready("cannot plan for", &view));
    }
    Ok(daemon.client.plan(name).await?)
}
