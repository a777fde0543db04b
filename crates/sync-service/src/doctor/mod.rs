//! The diagnosis: every link of the chain tried once, in order, each failure with what to do about it.
//!
//! It signs in by itself, also while a daemon runs, and writes nothing to the PBX. A link whose forerunner failed is not
//! tried, so that the first failure names the cause.

mod finding;
mod host;
mod members;
mod network;
mod pbx;
mod presented;
mod tenant;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sync_core::{InstanceName, PbxName, PbxUserId};

pub use finding::{Check, Finding, Verdict};
pub use presented::presented;
pub use words::{InWords, Words};

use crate::api::InstanceStatus;
use crate::assembly::Assembly;
use crate::config::{Environment, Instance, Loaded, Settings};

/// What is to be examined, and what is known about it.
#[derive(Debug)]
pub struct Case<'a> {
    /// The configuration file.
    pub file: &'a Path,
    /// The environment that it is read in.
    pub environment: &'a Environment,
    /// The instance; `None`: all that are enabled.
    pub instance: Option<&'a InstanceName>,
    /// The daemon that works on the state.
    pub daemon: Running<'a>,
}

/// What is known of a daemon.
#[derive(Clone, Copy, Debug)]
pub enum Running<'a> {
    /// None runs.
    Nobody,
    /// One runs, and says this of its instances.
    Answers(&'a [InstanceStatus]),
    /// There seems to be one, and it does not answer.
    Silent,
}

/// Whoever is told of each finding.
type Tell<'t> = &'t mut (dyn FnMut(Finding) + Send);

/// Examines everything, and hands each finding over as soon as it is made.
///
/// Where the configuration is not good, or the state cannot be used, nothing else is tried: the daemon would not start either.
pub async fn examine(case: &Case<'_>, tell: Tell<'_>) {
    let Some(Loaded { settings, .. }) = host::configuration(case, tell) else {
        return;
    };
    let Some(assembly) = host::state(case, &settings, tell).await else {
        return;
    };
    let meant = settings
        .instances
        .iter()
        .filter(|(name, config)| match case.instance {
            Some(asked) => asked == *name,
            None => config.enabled,
        });
    let mut seats = Seats::default();
    for (name, config) in meant {
        let mut tell = |finding: Finding| tell(finding.of(name));
        let instance = (&settings, name, config);
        examine_instance(case, &assembly, instance, &mut seats, &mut tell).await;
    }
}

async fn examine_instance(
    case: &Case<'_>,
    assembly: &Assembly,
    (settings, name, config): (&Settings, &InstanceName, &Instance),
    seats: &mut Seats,
    tell: Tell<'_>,
) {
    let tenant = tenant::examine(assembly, name, config, tell).await;
    let telephony = pbx::examine(assembly, name, config, tell).await;
    match (&tenant, &telephony) {
        (Some(tenant), Some(telephony)) => {
            let joined = members::matches(config, tenant, telephony, tell).await;
            members::presence(tenant, &joined, tell).await;
        }
        _ => [Check::Matches, Check::Presence]
            .into_iter()
            .for_each(|check| tell(not_tried(check))),
    }
    host::rules(config, tell);
    let members = telephony.as_ref().map(|seen| seen.roster.members.as_slice());
    let now = assembly.now().wall;
    host::licence((settings, name, config), members, seats, now, tell).await;
    match telephony {
        Some(telephony) => {
            telephony.rights(tell).await;
            telephony.module(config, tell).await;
            telephony.leave().await;
        }
        None => [Check::PbxRights, Check::Module]
            .into_iter()
            .for_each(|check| tell(not_tried(check))),
    }
    host::other_product(case, name, tell);
}

/// Whoever needs a seat of which licence, by the groups that were read so far.
type Seats = BTreeMap<String, BTreeSet<(PbxName, PbxUserId)>>;

/// Something that it depends on has failed.
fn not_tried(check: Check) -> Finding {
    Finding::new(check, Verdict::Skipped, "not-tried")
}
