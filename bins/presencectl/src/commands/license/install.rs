//! `license install`: a licence goes where the configuration wants it, and the daemon reads it.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use licensing::{Licence, Refusal};
use serde::Serialize;
use sync_core::{Holding, InstanceName, LicenceView, PbxName, PbxUserId};
use sync_service::Assembly;
use sync_service::config::Settings;
use sync_service::language::Language;
use tempfile::NamedTempFile;

use super::details::Details;
use super::{VERSION, read};
use crate::commands::Context;
use crate::configuration::Configuration;
use crate::daemon::Daemon;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;

#[derive(Serialize)]
struct Installed<'a> {
    version: u32,
    file: &'a Path,
    licence: Details,
    /// Whether a daemon has read it.
    read_by_daemon: bool,
    instances: Vec<OfInstance>,
}

/// What the daemon makes of it.
#[derive(Serialize)]
struct OfInstance {
    instance: InstanceName,
    gate: Option<String>,
    message: Option<String>,
}

pub(super) async fn run(
    context: &Context,
    file: &Path,
    instance: Option<&InstanceName>,
) -> Result<Exit, Failure> {
    let configuration = context.configuration()?;
    let target = target(&configuration, instance)?;
    let daemon = Daemon::find(&configuration).await?;
    let contents = read(file)?;
    let licence = Licence::verified(&contents, &configuration.settings.issuers)
        .map_err(|refusal| refused(file, &refusal))?;
    let users = users(&configuration.settings, &target);
    check(context, &configuration, daemon.as_ref(), &licence, &users)
        .await
        .map_err(|refusal| refused(file, &refusal))?;
    replace(&target, &licence)?;

    let mut instances = Vec::new();
    if let Some(daemon) = &daemon {
        daemon.client.reload_licences().await?;
        for name in users.into_iter().filter(|name| daemon.runs(name)) {
            let judged = |view: &sync_core::InstanceView| {
                view.licence
                    .as_ref()
                    .is_some_and(|judged| is_judged(judged, &licence))
            };
            let view = daemon
                .view_when(&name, judged)
                .await?
                .and_then(|view| view.licence);
            instances.push(OfInstance {
                instance: name,
                gate: view.as_ref().map(|view| view.gate.clone()),
                message: view.and_then(|view| view.shut).map(|shut| shut.message),
            });
        }
    }
    let installed = Installed {
        version: VERSION,
        file: &target,
        licence: Details::of(&licence),
        read_by_daemon: daemon.is_some(),
        instances,
    };
    let all_open = installed
        .instances
        .iter()
        .all(|one| one.gate.as_deref() != Some("shut"));
    context.print(&installed, || text(&installed))?;
    Ok(Exit::good_if(all_open))
}

/// Whether the daemon has come to a verdict about this very licence, or lets it wait for its time.
fn is_judged(view: &LicenceView, licence: &Licence) -> bool {
    let terms = licence.terms();
    let waits = view.warnings.iter().any(|warning| warning.code == "waiting");
    let this = view.number.as_deref() == Some(terms.number.as_str())
        && view.seats == Some(terms.seats)
        && view.until == Some(terms.until);
    waits || this && view.gate != "unchecked"
}

/// The file that the licence belongs into.
fn target(configuration: &Configuration, instance: Option<&InstanceName>) -> Result<PathBuf, Failure> {
    let settings = &configuration.settings;
    let shared = settings.license_file.clone();
    let Some(name) = instance else {
        return shared.ok_or_else(|| {
            let hint = format!(
                "write `[license]` with `key_file = \"license.key\"` into `{}`, or name an instance with `--instance`",
                configuration.file.display()
            );
            Failure::message("the configuration has no `license.key_file`").with_hint(hint)
        });
    };
    configuration.instance(name)?;
    let own = settings
        .licences
        .get(name)
        .and_then(|licence| licence.path.clone());
    own.filter(|own| Some(own) != shared.as_ref()).ok_or_else(|| {
        let hint = format!(
            "write `license_file = \"{name}.license\"` below `[instances.{name}]`, or install without `--instance` for all"
        );
        Failure::message(format!("instance `{name}` has no `license_file` of its own")).with_hint(hint)
    })
}

/// The enabled instances that use this file.
fn users(settings: &Settings, file: &Path) -> Vec<InstanceName> {
    let uses = |name: &InstanceName| {
        settings
            .licences
            .get(name)
            .is_some_and(|licence| licence.path.as_deref() == Some(file))
    };
    let enabled = settings.instances.iter().filter(|(_, instance)| instance.enabled);
    enabled
        .map(|(name, _)| name.clone())
        .filter(|name| uses(name))
        .collect()
}

/// A licence that would shut the gate is not installed. One that begins later waits beside one that is in force.
async fn check(
    context: &Context,
    configuration: &Configuration,
    daemon: Option<&Daemon>,
    licence: &Licence,
    users: &[InstanceName],
) -> Result<(), Refusal> {
    let settings = &configuration.settings;
    let now = context.timestamp();
    let goes_on =
        users.iter().all(
            |name| match settings.licences.get(name).map(|licence| &licence.holding) {
                Some(Holding::Verified(before)) => before.in_force(now).is_ok(),
                _ => false,
            },
        );
    let begins = licence.terms().from;
    let at = if goes_on && !users.is_empty() {
        now.max(begins)
    } else {
        now
    };
    let in_force = licence.in_force(at)?;
    let needed = seats_needed(settings, daemon, users).await;
    for name in users {
        if let Some(instance) = settings.instances.get(name) {
            in_force.covers(&Assembly::demand(instance), needed)?;
        }
    }
    Ok(())
}

/// How many distinct PBX users the groups of these instances have, as far as a daemon has read them. What nobody knows now
/// is counted when the groups are read.
async fn seats_needed(settings: &Settings, daemon: Option<&Daemon>, users: &[InstanceName]) -> usize {
    let mut counted: BTreeSet<(PbxName, PbxUserId)> = BTreeSet::new();
    for name in users {
        let (Some(daemon), Some(instance)) = (daemon, settings.instances.get(name)) else {
            continue;
        };
        let Ok(answer) = daemon.client.members(name).await else {
            continue;
        };
        let members = answer
            .members
            .into_iter()
            .filter(|member| member.standing.is_some());
        counted.extend(members.map(|member| (instance.starface.pbx.clone(), member.pbx_user)));
    }
    counted.len()
}

/// Puts the licence there in one step, so that nobody ever reads half of it. The daemon's user may be another one than the
/// one who installs, so everybody may read it: a licence is no secret.
fn replace(target: &Path, licence: &Licence) -> Result<(), Failure> {
    // A link stays one: what it leads to is replaced.
    let followed = fs::canonicalize(target);
    let target = followed.as_deref().unwrap_or(target);
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let write = || {
        let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        writeln!(file, "{}", licence.text())?;
        file.as_file().set_permissions(Permissions::from_mode(0o644))?;
        file.as_file().sync_all()?;
        file.persist(target)?;
        fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(|error: std::io::Error| {
        Failure::new(error)
            .while_doing(format!("cannot write `{}`", target.display()))
            .with_hint("run the command as a user who may write there")
    })
}

fn refused(file: &Path, refusal: &Refusal) -> Failure {
    Failure::new(refusal.clone())
        .while_doing(format!(
            "`{}` is not installed, and nothing was changed",
            file.display()
        ))
        .with_hint(refusal.advice())
}

fn text(installed: &Installed<'_>) -> String {
    let details = show::licence_details(&installed.licence.terms, Language::English);
    let mut text = format!("installed as `{}`\n{details}", installed.file.display());
    if !installed.read_by_daemon {
        text.push_str("no daemon runs; it is read at the next start\n");
    }
    for one in &installed.instances {
        let verdict = match (one.gate.as_deref(), &one.message) {
            (_, Some(message)) => format!("nobody is synchronised: {message}"),
            (Some("open"), _) => "the licence covers the whole group".to_owned(),
            _ => format!("not judged yet; `presencectl status {}` says more", one.instance),
        };
        text.push_str(&format!("{}: {verdict}\n", one.instance));
    }
    text
}
