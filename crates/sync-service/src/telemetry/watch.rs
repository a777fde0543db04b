//! Watches one engine: what the operator must know goes to the log, what happens goes to the metrics.

use std::sync::Arc;

use sync_core::{Change, Fault, InstanceName, Observer, PortError, Report};
use tracing::level_filters::LevelFilter;

use super::metrics::{APPLIED, Metrics};
use super::steps;

/// The log and the metrics of one instance.
#[derive(Clone, Debug)]
pub struct Watch {
    instance: InstanceName,
    metrics: Arc<Metrics>,
}

impl Watch {
    /// Watches `instance`.
    pub fn new(instance: InstanceName, metrics: Arc<Metrics>) -> Self {
        Self { instance, metrics }
    }
}

impl Observer for Watch {
    fn wants_steps(&self) -> bool {
        // The most that anybody listens to; asking for a single target costs more, and forgets what a filter has decided.
        LevelFilter::current() >= LevelFilter::TRACE
    }

    fn report(&self, report: &Report) {
        let instance = &self.instance;
        match report {
            Report::LinkDown {
                link,
                error,
                retry_in,
            } => link_down(instance, &link.to_string(), error, *retry_in),
            Report::LinkUp { link, after } => {
                tracing::warn!(%instance, %link, after = ?after, "the link works again");
            }
            Report::Roster {
                members,
                matched,
                joined,
                left,
            } => {
                tracing::info!(%instance, members, matched, joined, left, "roster taken over");
            }
            Report::RosterHeld { losing, of } => tracing::error!(
                %instance, losing, of,
                "the roster is held: it would lose too many members at once; it is believed when it is seen again"
            ),
            Report::SweepStretched { interval } => tracing::warn!(
                %instance, interval = ?interval,
                "presence is read less often than configured, so that the quota is kept"
            ),
            Report::Applied { change, latency } => {
                self.metrics.change(instance, change.field.to_string(), APPLIED);
                if let Some(latency) = latency {
                    self.metrics.latency(instance, *latency);
                }
                told(instance, change, "changed");
            }
            Report::AlreadyEqual { change } => {
                self.metrics
                    .change(instance, change.field.to_string(), "already-equal");
                told(instance, change, "already equal");
            }
            Report::Conflict { change, found } => {
                self.metrics
                    .change(instance, change.field.to_string(), "conflict");
                tracing::info!(%instance, pbx_user = %change.pbx_user, field = %change.field, %found, "changed meanwhile");
            }
            Report::Failed {
                user, field, error, ..
            } => {
                self.metrics.change(instance, field.to_string(), "failed");
                tracing::warn!(%instance, pbx_user = %user, %field, error = error.chain(), "a member could not be changed");
            }
            Report::Drift {
                user,
                field,
                expected,
                found,
            } => {
                tracing::info!(%instance, pbx_user = %user, %field, %expected, %found, "the PBX differs from what was written");
            }
            Report::Held { held, matched } => tracing::error!(
                %instance, held, matched,
                "too many members would change at once: the changes are held until they are seen long enough"
            ),
            Report::Stopped { user, lasts, .. } => tracing::error!(
                %instance, pbx_user = %user, stopped_for = ?lasts,
                "something else keeps changing DND of a member back: it is left alone for a while"
            ),
            Report::Approved { changes, roster } => {
                tracing::warn!(%instance, changes, roster, "what was held was approved, and passes");
            }
            Report::Violation(violation) => {
                tracing::error!(%instance, %violation, "a change was refused by the checker; please report this");
            }
            // What the operator must know is an error, since that is the default level: reminders of a licence's end too.
            Report::GateShut(shut) => tracing::error!(
                %instance, reason = shut.code(), needed = shut.needed, licensed = shut.licensed, advice = shut.advice(),
                "nobody is synchronised: {shut}"
            ),
            Report::GateOpened => {
                tracing::warn!(%instance, "the licence covers the group again; everybody is synchronised");
            }
            Report::LicenceNotReplaced(refusal) => tracing::error!(
                %instance, reason = refusal.code(), advice = refusal.advice(),
                "the licence was not replaced, and the one before goes on until its own end: {refusal}"
            ),
            Report::LicenceEnding { within_days, until } => tracing::error!(
                %instance, within_days, %until, "the licence ends soon; nobody is synchronised after its end"
            ),
            Report::LicenceInGrace { since, until } => tracing::error!(
                %instance, expired = %since, %until, "the licence has expired, and goes on by its days of grace alone"
            ),
            Report::ClockSetBack { by } => tracing::error!(
                %instance, by = ?by,
                "the clock of this machine was set back; the licence is judged by the time that it should be"
            ),
            Report::Step(step) => steps::write_down(instance, step),
            Report::Released => {
                tracing::warn!(%instance, "everything that was ours is taken back; the instance is paused");
            }
            _ => {}
        }
    }
}

fn link_down(instance: &InstanceName, link: &str, error: &PortError, retry_in: std::time::Duration) {
    let (error_text, advice) = (error.chain(), error.advice.as_deref().unwrap_or_default());
    if let Fault::Throttled { .. } = error.fault {
        tracing::warn!(%instance, link, error = error_text, retry_in = ?retry_in, "asked to slow down");
    } else {
        tracing::error!(%instance, link, error = error_text, advice, retry_in = ?retry_in, "a link does not work");
    }
}

fn told(instance: &InstanceName, change: &Change, message: &'static str) {
    let Change {
        address,
        pbx_user,
        field,
        from,
        to,
        because,
        release,
    } = change;
    let from = from.map(|value| value.to_string());
    tracing::info!(%instance, %pbx_user, %field, from, %to, rule = &*because.rule, release, "{message}");
    if let Some(address) = address {
        tracing::debug!(%instance, %pbx_user, %address, presence = &*because.presence, "{message}");
    }
}
