//! `generate man`, `generate completions`, `generate schema`: what packages are made of, and what tools are told.

use std::fs;
use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man;
use sync_service::api;

use super::config::print_schema;
use super::context::{Context, print_json, print_text};
use crate::arguments::{Arguments, Format, GenerateCommand};
use crate::exit::Exit;
use crate::failure::Failure;

pub(crate) fn run(context: &Context, command: &GenerateCommand) -> Result<Exit, Failure> {
    match command {
        GenerateCommand::Man { dir: Some(folder) } => {
            let pages = pages(folder)?;
            match context.format {
                Format::Json => print_json(&pages)?,
                Format::Text => print_text(&pages.join("\n"))?,
            }
        }
        GenerateCommand::Man { dir: None } => {
            let mut page = Vec::new();
            Man::new(Arguments::command())
                .render(&mut page)
                .map_err(Failure::new)?;
            print_text(&String::from_utf8_lossy(&page))?;
        }
        GenerateCommand::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "presencectl", &mut script);
            print_text(&String::from_utf8_lossy(&script))?;
        }
        GenerateCommand::Schema { api: false } => print_schema()?,
        GenerateCommand::Schema { api: true } => {
            print_text(&serde_json::to_string_pretty(&api::document()).map_err(Failure::new)?)?;
        }
    }
    Ok(Exit::SUCCESS)
}

/// Writes the page of each command, and answers with their names.
fn pages(folder: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error| {
        Failure::new(error).while_doing(format!(
            "cannot write the manual pages into `{}`",
            folder.display()
        ))
    };
    fs::create_dir_all(folder).map_err(|error| failed(anyhow::Error::from(error)))?;
    clap_mangen::generate_to(Arguments::command(), folder).map_err(|error| failed(error.into()))?;
    let mut pages: Vec<String> = fs::read_dir(folder)
        .map_err(|error| failed(error.into()))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("presencectl") && name.ends_with(".1"))
        .collect();
    pages.sort();
    Ok(pages)
}
