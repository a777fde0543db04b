//! What is on this machine: configuration, state, rules, licence.

use jiff::Timestamp;
use presence_mapping::Remark;
use sync_core::{Holding, InstanceName, PbxUserId, SkipReason};

use super::finding::{Check, Finding, Verdict};
use super::{Case, Running, Seats, Tell};
use crate::api::InstanceState;
use crate::assembly::Assembly;
use crate::config::{self, Instance, Loaded, Settings, State};
use crate::standalone;

pub(super) fn configuration(case: &Case<'_>, tell: Tell<'_>) -> Option<Loaded> {
    let found =
        |verdict, code| Finding::new(Check::Configuration, verdict, code).with("file", case.file.display());
    match config::load(case.file, case.environment) {
        Ok(loaded) => {
            let warnings: Vec<String> = loaded
                .warnings
                .iter()
                .map(|warning| warning.in_file(case.file).to_string())
                .collect();
            tell(match warnings.is_empty() {
                true => found(Verdict::Ok, "good"),
                false => found(Verdict::Warning, "remarks").detailed(warnings),
            });
            let known = case
                .instance
                .is_none_or(|asked| loaded.settings.instances.contains_key(asked));
            if known && !loaded.settings.instances.is_empty() {
                return Some(loaded);
            }
            let names = loaded.settings.instances.keys().map(ToString::to_string);
            let absent = Finding::new(Check::Configuration, Verdict::Failure, "no-instance");
            tell(absent.detailed(names));
            None
        }
        Err(errors) => {
            let code = if errors.is_absent() { "absent" } else { "bad" };
            let lines = errors.to_string();
            let details = lines.lines().map(str::to_owned);
            tell(found(Verdict::Failure, code).detailed(details));
            None
        }
    }
}

/// Looks at the state, and says who works on it. Without a usable one there is nothing to examine with.
pub(super) async fn state(case: &Case<'_>, settings: &Settings, tell: Tell<'_>) -> Option<Assembly> {
    let state = &settings.daemon.state;
    let found = |verdict, code| Finding::new(Check::State, verdict, code).with("file", state);
    match standalone::look_at_state(settings, case.environment).await {
        Err(error) => {
            tell(Finding::failed(Check::State, &error).with("file", state));
            None
        }
        Ok(assembly) => {
            if let Some(error) = assembly.without_key() {
                tell(
                    Finding::failed(Check::State, error)
                        .coded("no-key")
                        .with("file", state),
                );
                return Some(assembly);
            }
            tell(match case.daemon {
                Running::Silent => found(Verdict::Failure, "silent"),
                Running::Answers(instances) => {
                    let troubled = instances.iter().filter(|status| {
                        matches!(status.state, InstanceState::Failed | InstanceState::Waiting)
                    });
                    let troubled: Vec<String> = troubled
                        .map(|status| {
                            let reason = status.reason.as_deref().unwrap_or_default();
                            format!("{}: {reason}", status.instance)
                        })
                        .collect();
                    match troubled.is_empty() {
                        true => found(Verdict::Ok, "daemon"),
                        false => found(Verdict::Warning, "daemon-waits").detailed(troubled),
                    }
                }
                Running::Nobody if is_made(state) => found(Verdict::Ok, "no-daemon"),
                Running::Nobody => found(Verdict::Ok, "new"),
            });
            Some(assembly)
        }
    }
}

/// Whether there is something already. A database that can be read is more than a file that may be made.
fn is_made(state: &State) -> bool {
    match state {
        State::Sqlite(path) => path.exists(),
        State::Postgres(_) => true,
    }
}

pub(super) fn rules(config: &Instance, tell: Tell<'_>) {
    let (vain, others): (Vec<Remark>, Vec<Remark>) =
        config.rules.lint().into_iter().partition(Remark::never_wins);
    let found = |verdict, code| Finding::new(Check::Rules, verdict, code);
    tell(match (vain.is_empty(), others.is_empty()) {
        (false, _) => found(Verdict::Warning, "vain").detailed(vain.iter().map(ToString::to_string)),
        (true, false) => found(Verdict::Ok, "remarks").detailed(others.iter().map(ToString::to_string)),
        (true, true) => found(Verdict::Ok, "good"),
    });
}

/// Judges the licence file by the group that was just read, and by those of other instances that share it: as they were read
/// before this one, or as the state knows them.
pub(super) async fn licence(
    (settings, name, config): (&Settings, &InstanceName, &Instance),
    members: Option<&[PbxUserId]>,
    seats: &mut Seats,
    now: Timestamp,
    tell: Tell<'_>,
) {
    let found = |verdict, code| Finding::new(Check::Licence, verdict, code);
    let holding = settings
        .licences
        .get(name)
        .map_or(&Holding::Missing, |licence| &licence.holding);
    let licence = match holding {
        Holding::Verified(licence) => licence,
        Holding::Unusable(refusal) => {
            let refused = found(Verdict::Failure, "refused").detailed([refusal.to_string()]);
            return tell(refused.advised(refusal.advice()));
        }
        _ => return tell(found(Verdict::Failure, "none")),
    };
    let counted = standalone::seats_in_use(settings, licence)
        .await
        .unwrap_or_default();
    let taken = seats.entry(licence.identity()).or_default();
    let users = members.unwrap_or_default().iter();
    taken.extend(users.map(|user| (config.starface.pbx.clone(), *user)));
    let needed = taken.len().max(counted);
    let terms = licence.terms();
    let covered = licence
        .in_force(now)
        .map_err(licensing::Refusal::from)
        .and_then(|force| {
            force
                .covers(&Assembly::demand(config), needed)
                .map(|()| force)
                .map_err(Into::into)
        });
    tell(match covered {
        Err(refusal) => found(Verdict::Failure, "refused")
            .detailed([refusal.to_string()])
            .advised(refusal.advice()),
        Ok(force) => {
            let valid = force.phase() == licensing::Phase::Valid;
            let (verdict, code) = match (valid, members) {
                (false, _) => (Verdict::Warning, "ending"),
                (true, None) => (Verdict::Ok, "uncounted"),
                (true, Some(_)) => (Verdict::Ok, "good"),
            };
            found(verdict, code)
                .with("seats", terms.seats)
                .with("needed", needed)
                .with("until", terms.until)
        }
    });
}

/// Another product cannot be asked whether it is there; what it does to our values can be seen by a daemon that runs.
pub(super) fn other_product(case: &Case<'_>, name: &InstanceName, tell: Tell<'_>) {
    let found = |verdict, code| Finding::new(Check::OtherProduct, verdict, code);
    let statuses = match case.daemon {
        Running::Answers(statuses) => statuses,
        Running::Nobody | Running::Silent => &[],
    };
    let view = statuses
        .iter()
        .find(|status| status.instance == *name)
        .and_then(|status| status.view.as_ref());
    let Some(view) = view else {
        return tell(found(Verdict::Skipped, "not-watched"));
    };
    let stopped = view
        .skipped
        .get(&SkipReason::Stopped)
        .copied()
        .unwrap_or_default();
    tell(match stopped {
        0 => found(Verdict::Ok, "none").with("drifted", view.drifted),
        _ => found(Verdict::Warning, "fights").with("members", stopped),
    });
}
