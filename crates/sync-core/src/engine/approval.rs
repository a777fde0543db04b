//! What is held, as a plan that an operator can approve: it passes at once, whatever the breaker and the roster's guard say.

use jiff::Timestamp;

use super::{Engine, Report};
use crate::ids::PbxUserId;
use crate::moment::Moment;
use crate::plan::{Held, Plan, PlanId};
use crate::value::{Field, Value};

impl Engine {
    /// The id of what is held now: changes by the breaker, or a roster by its guard. It stays the same while the same is held.
    pub fn held_plan(&self) -> Option<PlanId> {
        let roster = self.roster.held_since;
        if self.held.is_empty() && roster.is_none() {
            return None;
        }
        let changes: Vec<(PbxUserId, Field, Value)> = self
            .held
            .values()
            .map(|held| (held.change.pbx_user, held.change.field, held.change.to))
            .collect();
        let latest = self
            .held
            .keys()
            .filter_map(|(user, _)| self.members.get(user)?.sight.as_ref())
            .map(|sight| sight.outcome_since[Field::Dnd as usize].wall)
            .chain(roster)
            .max();
        let since = latest.unwrap_or(Timestamp::UNIX_EPOCH);
        Some(PlanId::of_held(
            since,
            &self.settings.instance,
            &(changes, roster, self.guard.doubted()),
        ))
    }

    /// Shows what is held as held, under the id that can be approved.
    pub(super) fn with_what_is_held(&self, plan: Plan, id: PlanId) -> Plan {
        let is_held = |user: PbxUserId, field: Field| self.held.contains_key(&(user, field));
        let changes = plan
            .changes
            .into_iter()
            .filter(|change| !is_held(change.pbx_user, change.field))
            .collect();
        let others = plan
            .held
            .into_iter()
            .filter(|held| !is_held(held.change.pbx_user, held.change.field));
        let held: Vec<Held> = self.held.values().cloned().chain(others).collect();
        Plan {
            id,
            changes,
            held,
            ..plan
        }
    }

    /// Lets what is held pass, if it is still what the operator saw.
    pub(super) fn approve(&mut self, plan: PlanId, now: Moment) {
        if self.held_plan() != Some(plan) {
            return;
        }
        let held = std::mem::take(&mut self.held);
        for ((user, _), held) in &held {
            if let Some(member) = self.members.get_mut(user) {
                member.approved = Some(held.change.to);
                self.due.insert(*user);
            }
        }
        let roster = self.roster.held_since.is_some();
        if roster {
            self.guard.believe();
            self.roster.read_now(now);
        }
        self.report(Report::Approved {
            changes: held.len(),
            roster,
        });
    }
}
