//! `license issue`.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use licensing::{Issuers, Licence, Name, SigningKey, Terms};
use secrecy::SecretString;
use serde::Serialize;
use sync_service::language::Language;
use ulid::Ulid;

use super::details::Details;
use super::{MOST, VERSION, write_new};
use crate::arguments::{Day, IssueArguments};
use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;

#[derive(Serialize)]
struct Issued<'a> {
    version: u32,
    file: &'a Path,
    licence: Details,
}

pub(super) fn run(context: &Context, arguments: &IssueArguments) -> Result<Exit, Failure> {
    let key = signing_key(&arguments.key)?;
    let terms = Terms {
        number: number(context, arguments)?,
        issuer: arguments.issuer.clone(),
        customer: arguments.customer.clone(),
        mode: arguments.mode,
        seats: arguments.seats,
        issued: context.timestamp(),
        from: begin(arguments.from)?,
        until: end(arguments.until)?,
        grace_days: arguments.grace_days,
        pbx: arguments.pbx.clone(),
    };
    let text = key
        .issue(&terms)
        .map_err(|error| Failure::new(error).while_doing("no licence is issued"))?;
    // What was written is what a customer reads, so it is read once before it leaves the desk.
    let issuers: Issuers = [key.public().clone()].into_iter().collect();
    let licence = Licence::verified(text.as_bytes(), &issuers).map_err(Failure::new)?;
    write_new(&arguments.out, &format!("{text}\n"), 0o644).map_err(|failure| {
        failure.with_hint("a licence is never overwritten: name a file that is not there yet")
    })?;
    let issued = Issued {
        version: VERSION,
        file: &arguments.out,
        licence: Details::of(&licence),
    };
    context.print(&issued, || {
        let details = show::licence_details(&issued.licence.terms, Language::English);
        format!("issued as `{}`\n{details}", arguments.out.display())
    })?;
    Ok(Exit::SUCCESS)
}

/// The private key, which nobody else may read.
fn signing_key(file: &Path) -> Result<SigningKey, Failure> {
    let shown = file.display();
    let unreadable = |error| Failure::new(error).while_doing(format!("cannot read `{shown}`"));
    let opened = File::open(file).map_err(unreadable)?;
    let mode = opened.metadata().map_err(unreadable)?.permissions().mode();
    let mut text = String::new();
    opened.take(MOST).read_to_string(&mut text).map_err(unreadable)?;
    let key = SigningKey::from_pem(&SecretString::from(text))
        .map_err(|error| Failure::new(error).while_doing(format!("`{shown}` cannot be used")))
        .map_err(|failure| failure.with_hint("name the private key of the issuing desk: `issuer.key`"))?;
    if mode & 0o077 != 0 {
        let what = format!("`{shown}` may be read by others (mode {:04o})", mode & 0o7777);
        return Err(Failure::message(what).with_hint(format!("run `chmod 600 {shown}`")));
    }
    Ok(key)
}

fn number(context: &Context, arguments: &IssueArguments) -> Result<Name, Failure> {
    if let Some(number) = &arguments.number {
        return Ok(number.clone());
    }
    let milliseconds = u64::try_from(context.timestamp().as_millisecond()).unwrap_or_default();
    let random = u128::from_be_bytes(context.random()?);
    Ulid::from_parts(milliseconds, random & ((1 << 80) - 1))
        .to_string()
        .parse()
        .map_err(Failure::new)
}

fn begin(day: Day) -> Result<Timestamp, Failure> {
    match day {
        Day::Whole(date) => midnight(date),
        Day::Moment(moment) => Ok(moment),
    }
}

/// The end of a whole day is the beginning of the next one.
fn end(day: Day) -> Result<Timestamp, Failure> {
    match day {
        Day::Whole(date) => midnight(date.tomorrow().map_err(Failure::new)?),
        Day::Moment(moment) => Ok(moment),
    }
}

fn midnight(date: Date) -> Result<Timestamp, Failure> {
    Ok(date
        .to_zoned_datetime(TimeZone::UTC)
        .map_err(Failure::new)?
        .timestamp())
}
