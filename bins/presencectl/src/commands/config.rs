//! `config check`, `config schema`, `config example`.

use std::path::Path;

use serde::Serialize;
use sync_core::InstanceName;
use sync_service::config::{self, EXAMPLE, Fault, Loaded, Warning};

use super::context::{Context, note, print_json, print_text};
use crate::arguments::{ConfigCommand, Format};
use crate::configuration;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show::count;

/// The version of the form of `config check`.
const VERSION: u32 = 1;

pub(crate) fn run(context: &Context, command: ConfigCommand) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Check => return check(context),
        ConfigCommand::Schema => print_schema()?,
        ConfigCommand::Example => print_text(EXAMPLE)?,
    }
    Ok(Exit::SUCCESS)
}

pub(super) fn print_schema() -> Result<(), Failure> {
    print_text(&serde_json::to_string_pretty(&config::schema()).map_err(Failure::new)?)
}

#[derive(Serialize)]
struct Verdict<'a> {
    version: u32,
    file: &'a Path,
    good: bool,
    instances: Vec<&'a InstanceName>,
    warnings: &'a [Warning],
    faults: &'a [Fault],
}

fn check(context: &Context) -> Result<Exit, Failure> {
    let file =
        configuration::file(context.file.as_deref()).map_err(|failure| failure.with_exit(Exit::INVALID))?;
    match config::load(&file, context.environment()) {
        Ok(Loaded {
            settings, warnings, ..
        }) => {
            for warning in &warnings {
                note(&format!("warning: {}", warning.in_file(&file)));
            }
            let instances: Vec<_> = settings.instances.keys().collect();
            let verdict = Verdict {
                version: VERSION,
                file: &file,
                good: true,
                instances,
                warnings: &warnings,
                faults: &[],
            };
            context.print(&verdict, || good(&verdict))?;
            Ok(Exit::SUCCESS)
        }
        Err(errors) => {
            if context.format == Format::Json {
                let faults = errors.faults();
                let verdict = Verdict {
                    version: VERSION,
                    file: &file,
                    good: false,
                    instances: vec![],
                    warnings: &[],
                    faults,
                };
                print_json(&verdict)?;
            }
            Err(Failure::from(errors).with_exit(Exit::INVALID))
        }
    }
}

fn good(verdict: &Verdict<'_>) -> String {
    let names: Vec<String> = verdict.instances.iter().map(ToString::to_string).collect();
    let names = if names.is_empty() {
        String::new()
    } else {
        format!(": {}", names.join(", "))
    };
    format!(
        "`{}` is good, with {}{names}",
        verdict.file.display(),
        count(verdict.instances.len(), "instance")
    )
}
