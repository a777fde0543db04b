//! `license`: the issuing desk's commands and the operator's.

mod details;
mod inspect;
mod install;
mod issue;
mod keygen;
mod show;

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::arguments::LicenseCommand;
use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// The version of the forms of these commands.
const VERSION: u32 = 1;

/// More than a licence has, in bytes, so that one that is too long is called so.
const MOST: u64 = 64 * 1024;

pub(crate) async fn run(context: &Context, command: &LicenseCommand) -> Result<Exit, Failure> {
    match command {
        LicenseCommand::Keygen { out } => keygen::run(context, out),
        LicenseCommand::Issue(arguments) => issue::run(context, arguments),
        LicenseCommand::Inspect {
            file,
            issuer_keys,
            language,
        } => inspect::run(context, file, issuer_keys.as_deref(), *language),
        LicenseCommand::Install { file, instance } => install::run(context, file, instance.as_ref()).await,
        LicenseCommand::Show(language) => show::run(context, *language).await,
    }
}

/// Reads a licence file, or the beginning of a file that is none.
fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error| Failure::new(error).while_doing(format!("cannot read `{}`", file.display()));
    let mut contents = Vec::new();
    let opened = File::open(file).map_err(unreadable)?;
    opened.take(MOST).read_to_end(&mut contents).map_err(unreadable)?;
    Ok(contents)
}

/// Writes a file that is not there yet.
fn write_new(file: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let unwritable = |error| Failure::new(error).while_doing(format!("cannot write `{}`", file.display()));
    let mut options = OpenOptions::new();
    let mut opened = options
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(file)
        .map_err(unwritable)?;
    opened
        .write_all(text.as_bytes())
        .and_then(|()| opened.sync_all())
        .map_err(unwritable)
}
