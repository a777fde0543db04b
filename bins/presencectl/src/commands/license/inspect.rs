//! `license inspect`: what a licence file says, and whether it is accepted.

use std::path::Path;

use licensing::{Issuers, Licence, Refusal, Unverified};
use serde::Serialize;

use super::details::Details;
use super::{VERSION, read};
use crate::arguments::InLanguage;
use crate::commands::Context;
use crate::commands::context::note;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show::{self, Unsaid};

#[derive(Serialize)]
struct Inspected<'a> {
    version: u32,
    file: &'a Path,
    /// Whether an accepted issuer signed it and it is in force now.
    good: bool,
    /// The reason why it is not, as a lasting word.
    reason: Option<&'static str>,
    message: Option<String>,
    /// Where nothing was verified: the key that it names, and who claims to have issued it.
    claimed: Option<Claimed>,
    licence: Option<Details>,
}

#[derive(Serialize)]
struct Claimed {
    key_id: String,
    issuer: Option<String>,
}

pub(super) fn run(
    context: &Context,
    file: &Path,
    issuer_keys: Option<&Path>,
    language: InLanguage,
) -> Result<Exit, Failure> {
    let contents = read(file)?;
    let issuers = issuers(context, issuer_keys)?;
    let verified = Licence::verified(&contents, &issuers);
    let in_force = match &verified {
        Ok(licence) => licence
            .in_force(context.timestamp())
            .map(|_| ())
            .map_err(Refusal::from),
        Err(refusal) => Err(refusal.clone()),
    };
    let claimed = Unverified::parse(&contents).ok().filter(|_| verified.is_err());
    let inspected = Inspected {
        version: VERSION,
        file,
        good: in_force.is_ok(),
        reason: in_force.as_ref().err().map(Refusal::code),
        message: in_force.as_ref().err().map(ToString::to_string),
        claimed: claimed.map(|claimed| Claimed {
            key_id: claimed.key_id().to_string(),
            issuer: claimed.claimed_issuer().map(|issuer| issuer.to_string()),
        }),
        licence: verified.as_ref().ok().map(Details::of),
    };
    context.print(&inspected, || {
        let language = context.language(language);
        let unsaid = inspected.claimed.as_ref().map(|claimed| Unsaid {
            key: &claimed.key_id,
            issuer: claimed.issuer.as_deref(),
        });
        let terms = inspected.licence.as_ref().map(|licence| &licence.terms);
        show::inspected(
            terms,
            unsaid,
            in_force.as_ref().err(),
            context.timestamp(),
            language,
        )
    })?;
    Ok(Exit::good_if(inspected.good))
}

/// The issuers that were named, or else those of the program and of the configuration, where there is one.
fn issuers(context: &Context, named: Option<&Path>) -> Result<Issuers, Failure> {
    let builtin = Issuers::builtin().map_err(Failure::new)?;
    if let Some(file) = named {
        let keys = Issuers::from_pem(&read(file)?)
            .map_err(|error| Failure::new(error).while_doing(format!("`{}` cannot be used", file.display())))
            .map_err(|failure| failure.with_hint("name the public keys of the issuing desk: `issuer.pub`"))?;
        return Ok(builtin.and(keys));
    }
    match context.configuration() {
        Ok(configuration) => Ok(builtin.and(configuration.settings.issuers.as_ref().clone())),
        Err(_) => {
            note(
                "note: without a good configuration only the program's own issuer keys are known; `--issuer-keys FILE` names others",
            );
            Ok(builtin)
        }
    }
}
