//! `license show`: the licences in use, and their seats.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use licensing::{Demand, Licence, Refusal};
use serde::Serialize;
use sync_core::{Holding, InstanceName, LicenceView, LicenceWarning};
use sync_service::Assembly;
use sync_service::config::Settings;
use sync_service::standalone;

use super::VERSION;
use super::details::Details;
use crate::arguments::InLanguage;
use crate::commands::Context;
use crate::commands::context::note;
use crate::daemon::Daemon;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show::{self, ShownLicence};

#[derive(Serialize)]
struct Shown {
    version: u32,
    licences: Vec<Entry>,
}

/// One licence file with the instances that use it.
#[derive(Serialize)]
struct Entry {
    file: Option<PathBuf>,
    instances: Vec<InstanceName>,
    /// Whether it is in force and, as far as that is known, covers its instances.
    good: bool,
    reason: Option<String>,
    message: Option<String>,
    /// Seats in use over all instances that share it; null where nobody has counted them yet.
    used: Option<usize>,
    warnings: Vec<LicenceWarning>,
    licence: Option<Details>,
    #[serde(skip)]
    refusal: Option<Refusal>,
}

pub(super) async fn run(context: &Context, language: InLanguage) -> Result<Exit, Failure> {
    let configuration = context.configuration()?;
    let daemon = Daemon::find(&configuration).await?;
    let mut licences = Vec::new();
    for (file, instances) in files(&configuration.settings) {
        let views: Vec<LicenceView> = instances
            .iter()
            .filter_map(|name| daemon.as_ref()?.instance(name)?.view.as_ref()?.licence.clone())
            .collect();
        licences.push(entry(context, &configuration.settings, file, instances, views).await);
    }
    let shown = Shown {
        version: VERSION,
        licences,
    };
    if shown.licences.is_empty() {
        note("the configuration has no instance, and so nothing needs a licence");
    }
    context.print(&shown, || {
        let language = context.language(language);
        let texts: Vec<String> = shown
            .licences
            .iter()
            .map(|entry| {
                let shown = ShownLicence {
                    file: entry.file.as_deref(),
                    instances: &entry.instances,
                    terms: entry.licence.as_ref().map(|licence| &licence.terms),
                    used: entry.used,
                    refusal: entry.refusal.as_ref(),
                    warnings: &entry.warnings,
                };
                show::licence(&shown, context.timestamp(), language)
            })
            .collect();
        texts.join("\n")
    })?;
    Ok(Exit::good_if(shown.licences.iter().all(|entry| entry.good)))
}

/// The licence files, each with the instances that use it; those that are turned off need none.
fn files(settings: &Settings) -> Vec<(Option<&Path>, Vec<InstanceName>)> {
    let mut files: Vec<(Option<&Path>, Vec<InstanceName>)> = Vec::new();
    let enabled = settings.licences.iter().filter(|(name, _)| {
        settings
            .instances
            .get(*name)
            .is_some_and(|instance| instance.enabled)
    });
    for (name, licence) in enabled {
        let path = licence.path.as_deref();
        match files.iter_mut().find(|(file, _)| *file == path) {
            Some((_, names)) => names.push(name.clone()),
            None => files.push((path, vec![name.clone()])),
        }
    }
    files
}

/// What the file says, and what the daemon makes of it, which may be going on with an earlier licence.
async fn entry(
    context: &Context,
    settings: &Settings,
    file: Option<&Path>,
    instances: Vec<InstanceName>,
    views: Vec<LicenceView>,
) -> Entry {
    let holding = instances
        .first()
        .and_then(|name| settings.licences.get(name))
        .map_or(&Holding::Missing, |licence| &licence.holding);
    let licence = match holding {
        Holding::Verified(licence) => Some(licence),
        _ => None,
    };
    let counted = views.iter().find_map(|view| {
        let same =
            licence.is_some_and(|licence| Some(licence.terms().number.as_str()) == view.number.as_deref());
        view.needed().filter(|_| same)
    });
    let used = match (counted, licence) {
        (Some(used), _) => Some(used),
        // A state that cannot be read is `status`'s matter; here the count is just not known.
        (None, Some(licence)) => {
            let counted = standalone::seats_in_use(settings, licence).await.ok();
            counted.filter(|used| *used > 0)
        }
        (None, None) => None,
    };
    let demands = instances
        .iter()
        .filter_map(|name| settings.instances.get(name))
        .map(Assembly::demand);
    let refusal = match holding {
        Holding::Verified(licence) => {
            refused(licence, demands, used.unwrap_or_default(), context.timestamp())
        }
        Holding::Unusable(refusal) => Some(refusal.clone()),
        _ => None,
    };
    let mut warnings: Vec<LicenceWarning> = views.iter().flat_map(|view| view.warnings.clone()).collect();
    warnings.dedup();
    // What the daemon knows goes before what the file says: it may be going on with an earlier licence.
    let shut = views.into_iter().find_map(|view| view.shut);
    let (reason, message) = match (shut, &refusal, licence) {
        (Some(shut), ..) => (Some(shut.reason), Some(shut.message)),
        (None, Some(refusal), _) => (Some(refusal.code().to_owned()), Some(refusal.to_string())),
        (None, None, None) => {
            let message = "there is no licence".to_owned();
            (Some("no-licence".to_owned()), Some(message))
        }
        (None, None, Some(_)) => (None, None),
    };
    Entry {
        file: file.map(Path::to_owned),
        instances,
        good: reason.is_none(),
        reason,
        message,
        used,
        warnings,
        licence: licence.map(|licence| Details::of(licence)),
        refusal,
    }
}

/// Why a licence does not do for instances with these demands.
fn refused(
    licence: &Licence,
    mut demands: impl Iterator<Item = Demand>,
    used: usize,
    now: Timestamp,
) -> Option<Refusal> {
    match licence.in_force(now) {
        Err(not_in_force) => Some(not_in_force.into()),
        Ok(in_force) => demands.find_map(|demand| in_force.covers(&demand, used).err().map(Refusal::from)),
    }
}
