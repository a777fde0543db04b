//! `rules test` and `rules lint`.

use std::fmt::Write;

use presence_mapping::{Explanation, Presence, Remark};
use serde::Serialize;
use sync_core::InstanceName;

use super::context::Context;
use crate::arguments::RulesCommand;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show::count;

/// The version of the forms of both commands.
const VERSION: u32 = 1;

pub(crate) fn run(context: &Context, command: &RulesCommand) -> Result<Exit, Failure> {
    match command {
        RulesCommand::Test { instance, presence } => test(context, instance, presence),
        RulesCommand::Lint => lint(context),
    }
}

#[derive(Serialize)]
struct Tested<'a> {
    version: u32,
    instance: &'a InstanceName,
    #[serde(flatten)]
    explanation: Explanation,
}

fn test(context: &Context, name: &InstanceName, presence: &Presence) -> Result<Exit, Failure> {
    let configuration = context.configuration()?;
    let explanation = configuration.instance(name)?.rules.explain(presence);
    let tested = Tested {
        version: VERSION,
        instance: name,
        explanation,
    };
    context.print(&tested, || tested.explanation.to_string())?;
    Ok(Exit::SUCCESS)
}

#[derive(Serialize)]
struct Linted<'a> {
    version: u32,
    instances: Vec<InstanceRemarks<'a>>,
}

#[derive(Serialize)]
struct InstanceRemarks<'a> {
    instance: &'a InstanceName,
    remarks: Vec<Remark>,
}

fn lint(context: &Context) -> Result<Exit, Failure> {
    let configuration = context.configuration()?;
    let instances = configuration.settings.instances.iter();
    let linted = Linted {
        version: VERSION,
        instances: instances
            .map(|(instance, config)| InstanceRemarks {
                instance,
                remarks: config.rules.lint(),
            })
            .collect(),
    };
    context.print(&linted, || remarks(&linted))?;
    let vain = linted
        .instances
        .iter()
        .flat_map(|instance| &instance.remarks)
        .any(Remark::never_wins);
    Ok(Exit::good_if(!vain))
}

fn remarks(linted: &Linted<'_>) -> String {
    let mut text = String::new();
    for InstanceRemarks { instance, remarks } in &linted.instances {
        for remark in remarks {
            let _ = writeln!(text, "{instance}: {remark}");
        }
    }
    if text.is_empty() {
        text = format!(
            "every pattern of {} can win\n",
            count(linted.instances.len(), "instance")
        );
    }
    text
}
