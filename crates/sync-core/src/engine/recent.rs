//! Whoever changed a moment ago is looked at once more between two sweeps: a call that was just taken up soon ends, and a meeting
//! that begins brings others with it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use presence_mapping::Presence;

use super::{Effect, Engine, LinkName, Pending, RequestId};
use crate::fault::PortError;
use crate::ids::{PbxUserId, TeamsUserId};
use crate::moment::Moment;
use crate::settings::CHUNK;

/// For so long after a change somebody counts as one who just changed.
const RECENT: Duration = Duration::from_secs(60);

/// Who changed lately.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    /// When each change was received (uptime), the oldest first. Whoever changed again is in it twice, and the later one counts.
    changes: VecDeque<(Duration, PbxUserId)>,
    /// When somebody may be looked at next; `None` while nobody changed lately.
    next: Option<Duration>,
    /// Before this the quota allows no further look (uptime).
    rested: Duration,
    in_flight: bool,
}

impl Recent {
    /// Notes that the presence of `user` changed, which calls for a look at `next`.
    fn note(&mut self, user: PbxUserId, at: Duration, next: Duration) {
        self.changes.push_back((at, user));
        if self.changes.len() > CHUNK {
            self.changes.pop_front();
        }
        let next = next.max(self.rested);
        self.next = Some(self.next.map_or(next, |planned| planned.min(next)));
    }
}

impl Engine {
    /// The time between two looks at whoever just changed; `None` where the sweep itself comes round as soon, or the quota leaves
    /// no room.
    fn recent_period(&self) -> Option<Duration> {
        let interval = self.sweep.interval();
        let spare = self.settings.spare_calls(self.sweep.calls(), interval);
        let least = Duration::try_from_secs_f64(spare.recip()).ok()?;
        let period = least.max(self.settings.poll_interval.min(interval) / 2);
        (period <= interval * 3 / 4).then_some(period)
    }

    /// A presence that was known before is another one now.
    pub(super) fn just_changed(&mut self, user: PbxUserId, now: Moment) {
        if let Some(period) = self.recent_period() {
            let id = self.members.get(&user).and_then(|member| member.teams_user());
            let asked = id.and_then(|id| self.sweep.asked_for(id));
            let next = asked.unwrap_or(now.uptime).saturating_add(period);
            self.recent.note(user, now.uptime, next.max(now.uptime));
        }
    }

    pub(super) fn next_recent_look(&self) -> Option<Duration> {
        let may = !self.recent.in_flight && self.sweep.has_room();
        self.recent.next.filter(|_| may)
    }

    /// Looks at those who changed lately and were not seen since.
    pub(super) fn look_at_the_recent(&mut self, now: Moment) {
        if self.next_recent_look().is_none_or(|at| now.uptime < at) {
            return;
        }
        let Some(period) = self
            .recent_period()
            .filter(|_| self.links.may_start(LinkName::Presence, now))
        else {
            // A later change brings it back.
            self.recent.next = None;
            return;
        };
        while let Some((at, _)) = self.recent.changes.front()
            && now.uptime.saturating_sub(*at) >= RECENT
        {
            self.recent.changes.pop_front();
        }
        let seen_before = now.uptime.saturating_sub(period * 3 / 4);
        let (ids, users): (Vec<TeamsUserId>, Vec<PbxUserId>) = self
            .recent
            .changes
            .iter()
            .rev()
            .filter_map(|(at, user)| {
                let member = self.members.get(user)?;
                let (id, sight) = (member.teams_user()?, member.sight.as_ref()?);
                let asked = self.sweep.asked_for(id);
                // Half-way between two sweeps: later, the next one is about to come anyway.
                let late = asked.is_some_and(|asked| asked + period * 5 / 4 < now.uptime);
                let seen = sight.received.max(asked.unwrap_or_default());
                let counts = sight.since.uptime == *at && seen <= seen_before && !late;
                counts.then(|| (id.clone(), *user))
            })
            .take(self.settings.chunk.clamp(1, CHUNK))
            .unzip();
        // Where nobody's time has come yet, it is not waited for half an interval more.
        let pause = if ids.is_empty() { period / 4 } else { period };
        let next = now.uptime.saturating_add(pause);
        self.recent.next = (!self.recent.changes.is_empty()).then_some(next);
        if ids.is_empty() {
            return;
        }
        self.recent.rested = next;
        self.recent.in_flight = true;
        self.counts.looks += 1;
        self.sweep.call_begins();
        self.links.started(LinkName::Presence);
        let ids: Arc<[TeamsUserId]> = ids.into();
        let request = self.request(Pending::Recent {
            ids: Arc::clone(&ids),
            users: users.into(),
        });
        self.effects.push(Effect::ReadPresences { request, ids });
    }

    /// The answer to such a look. One that failed says nothing about anybody: the next sweep looks at them as at all others.
    pub(super) fn recent_answered(
        &mut self,
        request: RequestId,
        ids: &[TeamsUserId],
        users: &[PbxUserId],
        result: Result<Vec<Option<Presence>>, PortError>,
        now: Moment,
    ) {
        self.recent.in_flight = false;
        self.sweep.call_ends();
        match result {
            Ok(presences) => {
                self.link_works(LinkName::Presence, now);
                self.presences_received(request, ids, users, presences, now);
            }
            Err(error) => {
                let reports = self.links.failed(LinkName::Presence, &error, now);
                self.report_all(reports);
            }
        }
    }
}
