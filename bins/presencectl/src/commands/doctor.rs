//! `doctor`: every link of the chain tried once.

use std::path::PathBuf;

use serde::Serialize;
use sync_service::api::{InstanceStatus, Order};
use sync_service::doctor::{Case, Finding, InWords, Running, Verdict, Words, examine, presented};
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
        && let Err(failure) = note_presented(&configuration, daemon.as_ref(), &findings).await
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

/// Credentials that are accepted need not be kept back any longer, and those that were refused are, as if the daemon had met that.
///
/// A daemon that works on the instance is told of the good alone. What it is signed in with may be good for a while yet; when it
/// has to sign in anew, it meets the refusal by itself and remembers it.
async fn note_presented(
    configuration: &Configuration,
    daemon: Option<&Daemon>,
    findings: &[Finding],
) -> Result<(), Failure> {
    let Configuration {
        settings,
        environment,
        ..
    } = configuration;
    for instance in settings.instances.keys() {
        let presented = presented(findings, instance);
        if let Some(daemon) = daemon.filter(|daemon| daemon.runs(instance)) {
            let sides = presented.accepted;
            let waits = daemon.instance(instance).is_some_and(waits_for_somebody);
            if waits && !sides.is_empty() {
                daemon.client.order(instance, &Order::Retry { sides }).await?;
                note(&format!("the daemon tries instance `{instance}` again now"));
            }
            continue;
        }
        if presented.accepted.is_empty() && presented.refused.is_empty() {
            continue;
        }
        let noted = standalone::note_presented(settings, environment, instance, &presented).await?;
        if noted.forgotten {
            note(&format!(
                "the next start of instance `{instance}` presents its credentials again"
            ));
        }
        if noted.remembered {
            note(&format!(
                "it is remembered that credentials of instance `{instance}` were refused: nobody presents them again by \
                 itself for a while, unless they are changed"
            ));
        }
    }
    Ok(())
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
