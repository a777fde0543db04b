//! `doctor`: every link of the chain tried once.

use std::path::PathBuf;

use serde::Serialize;
use sync_core::{InstanceName, Side};
use sync_service::api::{InstanceStatus, Order};
use sync_service::doctor::{Case, Check, Finding, InWords, Running, Verdict, Words, examine};
use sync_service::standalone;

use super::context::{Context, note, print_json, print_text};
use crate::arguments::{DoctorArguments, Format};
use crate::configuration::{self, Configuration};
use crate::daemon::Daemon;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;

/// The version of the form of `doctor`.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Diagnosis<'a> {
    version: u32,
    verdict: Verdict,
    findings: &'a [InWords],
}

pub(crate) async fn run(context: &Context, arguments: &DoctorArguments) -> Result<Exit, Failure> {
    let file =
        configuration::file(context.file.as_deref()).unwrap_or_else(|_| PathBuf::from("presence-sync.toml"));
    let configuration = Configuration::load(context.file.as_deref(), context.environment().clone()).ok();
    let (daemon, silent) = daemon(configuration.as_ref()).await;
    let statuses = daemon.as_ref().map(|daemon| daemon.status.instances.as_slice());
    let case = Case {
        file: &file,
        environment: context.environment(),
        instance: arguments.which.instance.as_ref(),
        daemon: match (statuses, silent) {
            (Some(statuses), _) => Running::Answers(statuses),
            (None, true) => Running::Silent,
            (None, false) => Running::Nobody,
        },
    };
    let words = Words::new(context.language(arguments.language));
    let mut findings: Vec<Finding> = Vec::new();
    let mut printed = Ok(());
    examine(&case, &mut |finding| {
        if context.format == Format::Text && printed.is_ok() {
            let before = findings.last().and_then(|finding| finding.instance.as_ref());
            printed = print_text(&show::finding(&finding.in_words(&words), before, &words));
        }
        findings.push(finding);
    })
    .await;
    printed?;
    let worst = findings.iter().map(|finding| finding.verdict).max();
    let verdict = worst
        .filter(|worst| *worst >= Verdict::Warning)
        .unwrap_or(Verdict::Ok);
    let tried = findings.iter().any(|finding| finding.instance.is_some());
    match context.format {
        Format::Text => print_text(&format!("\n{}", show::verdict(verdict, tried, &words)))?,
        Format::Json => {
            let findings: Vec<InWords> = findings.iter().map(|finding| finding.in_words(&words)).collect();
            print_json(&Diagnosis {
                version: VERSION,
                verdict,
                findings: &findings,
            })?;
        }
    }
    if let Some(configuration) = configuration
        && let Err(failure) = let_them_try_again(&configuration, daemon.as_ref(), &findings).await
    {
        // The diagnosis stands all the same.
        failure.print();
    }
    Ok(Exit::good_if(verdict < Verdict::Failure))
}

/// The running daemon; and whether there seems to be one that does not answer.
async fn daemon(configuration: Option<&Configuration>) -> (Option<Daemon>, bool) {
    let Some(configuration) = configuration else {
        return (None, false);
    };
    match Daemon::find(configuration).await {
        Ok(daemon) => (daemon, false),
        Err(failure) => {
            failure.print();
            (None, true)
        }
    }
}

/// Credentials that were refused before and are accepted now need not be kept back any longer.
async fn let_them_try_again(
    configuration: &Configuration,
    daemon: Option<&Daemon>,
    findings: &[Finding],
) -> Result<(), Failure> {
    for instance in configuration.settings.instances.keys() {
        let sides: Vec<Side> = Side::ALL
            .into_iter()
            .filter(|side| is_accepted(findings, instance, *side))
            .collect();
        match daemon {
            Some(daemon) if daemon.runs(instance) => {
                let waits = daemon.instance(instance).is_some_and(waits_for_somebody);
                if waits && !sides.is_empty() {
                    daemon.client.order(instance, &Order::Retry { sides }).await?;
                    note(&format!("the daemon tries instance `{instance}` again now"));
                }
            }
            // Another process has it, and will notice by itself.
            Some(_) => {}
            None => {
                let Configuration {
                    settings,
                    environment,
                    ..
                } = configuration;
                if standalone::forget_refusals(settings, environment, instance, &sides).await? {
                    note(&format!(
                        "the next start of instance `{instance}` presents its credentials again"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Whether the diagnosis saw that a side accepts the credentials.
fn is_accepted(findings: &[Finding], instance: &InstanceName, side: Side) -> bool {
    let check = match side {
        Side::Teams => Check::TeamsSignIn,
        Side::Pbx => Check::PbxSignIn,
        Side::Module => Check::Module,
    };
    findings.iter().any(|finding| {
        finding.instance.as_ref() == Some(instance)
            && finding.check == check
            && finding.verdict == Verdict::Ok
    })
}

/// Whether a link waits for somebody to mend something.
fn waits_for_somebody(status: &InstanceStatus) -> bool {
    let links = status.view.iter().flat_map(|view| &view.links);
    links.filter_map(|link| link.fault.as_deref()).any(|fault| {
        matches!(
            fault,
            "credentials" | "nobody-signed-in" | "permission" | "configuration"
        )
    })
}
