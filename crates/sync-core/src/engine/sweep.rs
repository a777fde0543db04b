//! The sweep: presence of all matched members, in chunks that are spread evenly over the poll interval.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use presence_mapping::Presence;

use super::member::Sight;
use super::views::UnknownBecause;
use super::{Effect, Engine, LinkName, Pending, RequestId, Step};
use crate::fault::PortError;
use crate::ids::{PbxUserId, TeamsUserId};
use crate::moment::Moment;
use crate::settings::{CHUNK, Settings};
use crate::value::Field;

/// Until each chunk was answered once, the chunks follow each other at least this fast.
const FIRST_SWEEP_SPACING: Duration = Duration::from_millis(50);

/// At most so many calls for presence are under way at once, so that a slow tenant is not asked ever more.
const CALLS_AT_ONCE: usize = 16;

/// What was seen longer ago than this, or than three sweeps, is not known any more once nobody can be asked.
const SIGHT_STAYS: Duration = Duration::from_secs(30);

/// Where the sweep stands.
#[derive(Clone, Debug)]
pub(super) struct Sweep {
    chunks: Vec<Chunk>,
    generation: u64,
    /// The next chunk, and when it is due.
    turn: usize,
    next: Duration,
    interval: Duration,
    answered: BTreeSet<usize>,
    /// Calls for presence under way, those of earlier layouts and of looks between two sweeps among them.
    calls: usize,
    /// When every chunk had last been answered well.
    pub(super) complete: Option<Moment>,
}

#[derive(Clone, Debug)]
struct Chunk {
    ids: Arc<[TeamsUserId]>,
    users: Arc<[PbxUserId]>,
    in_flight: bool,
    /// When it was asked for last (uptime).
    asked: Option<Duration>,
}

impl Sweep {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            chunks: Vec::new(),
            generation: 0,
            turn: 0,
            next: now.uptime,
            interval: Duration::ZERO,
            answered: BTreeSet::new(),
            calls: 0,
            complete: None,
        }
    }

    /// Lays the chunks out anew if the matched members changed. Returns the interval if it had to be stretched.
    pub(super) fn lay_out(
        &mut self,
        matched: impl Iterator<Item = (TeamsUserId, PbxUserId)>,
        settings: &Settings,
        now: Moment,
    ) -> Option<Duration> {
        let mut matched: Vec<(TeamsUserId, PbxUserId)> = matched.collect();
        matched.sort();
        let unchanged = self
            .chunks
            .iter()
            .flat_map(|chunk| chunk.ids.iter().zip(chunk.users.iter()));
        if matched.iter().map(|(id, user)| (id, user)).eq(unchanged) && self.interval > Duration::ZERO {
            return None;
        }
        self.chunks = matched
            .chunks(settings.chunk.clamp(1, CHUNK))
            .map(|part| Chunk {
                ids: part.iter().map(|(id, _)| id.clone()).collect(),
                users: part.iter().map(|(_, user)| *user).collect(),
                in_flight: false,
                asked: None,
            })
            .collect();
        self.generation += 1;
        self.answered.clear();
        self.turn = 0;
        if self.complete.is_none() {
            self.next = now.uptime;
        }
        self.pace(settings, now)
    }

    fn spacing(&self) -> Duration {
        let even = self.interval / u32::try_from(self.chunks.len().max(1)).unwrap_or(u32::MAX);
        if self.complete.is_none() {
            even.min(FIRST_SWEEP_SPACING)
        } else {
            even
        }
    }

    /// How many calls a sweep takes.
    pub(super) fn calls(&self) -> usize {
        self.chunks.len()
    }

    /// When a sweep last asked for somebody (uptime). The chunks are sorted.
    pub(super) fn asked_for(&self, id: &TeamsUserId) -> Option<Duration> {
        let place = self
            .chunks
            .partition_point(|chunk| chunk.ids.last().is_some_and(|last| last < id));
        self.chunks.get(place)?.asked
    }

    /// Whether another call may start beside those that are under way.
    pub(super) fn has_room(&self) -> bool {
        self.calls < CALLS_AT_ONCE
    }

    pub(super) fn call_begins(&mut self) {
        self.calls += 1;
    }

    pub(super) fn call_ends(&mut self) {
        self.calls -= 1;
    }

    /// The quota that the instance may use is another one.
    pub(super) fn pace(&mut self, settings: &Settings, now: Moment) -> Option<Duration> {
        let before = std::mem::replace(&mut self.interval, settings.sweep_interval(self.chunks.len()));
        // Where there is room for more, the next turn does not wait as long as it would have had to.
        self.next = self.next.min(now.uptime.saturating_add(self.spacing()));
        (self.interval > settings.poll_interval && self.interval != before).then_some(self.interval)
    }

    pub(super) fn matched(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.ids.len()).sum()
    }

    /// The next chunk is due at once.
    pub(super) fn ask_now(&mut self, now: Moment) {
        self.next = now.uptime;
    }

    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// With nobody to ask for, every sweep is complete.
    pub(super) fn trivially_complete(&mut self, now: Moment) {
        self.complete = Some(now);
    }
}

impl Engine {
    pub(super) fn next_poll(&self) -> Option<Duration> {
        // An answer wakes whoever waits for room.
        (!self.sweep.chunks.is_empty() && self.sweep.has_room()).then_some(self.sweep.next)
    }

    pub(super) fn poll(&mut self, now: Moment) {
        while self.next_poll().is_some_and(|next| now.uptime >= next) {
            if !self.links.may_start(LinkName::Presence, now) {
                // A closed link says when it is tried again, and one request that tries it wakes us by its answer.
                let until = self
                    .links
                    .closed_until(LinkName::Presence, now)
                    .unwrap_or(now.uptime);
                self.sweep.next = until.max(now.uptime.saturating_add(self.sweep.spacing()));
                self.go_blind(now);
                return;
            }
            let turn = self.sweep.turn;
            self.sweep.turn = (turn + 1) % self.sweep.chunks.len();
            let spacing = self.sweep.spacing();
            self.sweep.next = self.sweep.next.saturating_add(spacing);
            if self.sweep.next.saturating_add(self.sweep.interval) < now.uptime {
                // After a suspension the sweeps that were missed are not made up for.
                self.sweep.next = now.uptime.saturating_add(spacing);
            }
            let generation = self.sweep.generation;
            // The first sweep goes round quickly, and a chunk that was answered does not pay for one that is slow.
            let first = self.sweep.complete.is_none();
            let interval = self.sweep.interval;
            let chunk = &mut self.sweep.chunks[turn];
            let early = chunk
                .asked
                .is_some_and(|at| first && now.uptime < at.saturating_add(interval));
            if chunk.in_flight || early {
                continue;
            }
            chunk.in_flight = true;
            self.sweep.calls += 1;
            chunk.asked = Some(now.uptime);
            let (ids, users) = (Arc::clone(&chunk.ids), Arc::clone(&chunk.users));
            self.links.started(LinkName::Presence);
            let request = self.request(Pending::Presences {
                chunk: turn,
                generation,
                ids: Arc::clone(&ids),
                users,
            });
            self.effects.push(Effect::ReadPresences { request, ids });
        }
    }

    /// While the link is closed nobody is asked for, so what was seen before does not count as known for ever.
    fn go_blind(&mut self, now: Moment) {
        let limit = SIGHT_STAYS.max(self.sweep.interval * 3);
        let blind_at = self
            .sweep
            .complete
            .map_or(Duration::ZERO, |at| at.uptime.saturating_add(limit));
        if now.uptime < blind_at {
            self.sweep.next = self.sweep.next.min(blind_at);
            return;
        }
        let mut lost = Vec::new();
        for (user, member) in &mut self.members {
            if member.teams_user().is_some() && member.lose_sight(UnknownBecause::NoAnswer, now) {
                lost.push(*user);
            }
        }
        for user in lost {
            let because = UnknownBecause::NoAnswer;
            self.step(user, || Step::NotReceived { because });
            self.sight_changed(user);
        }
    }

    pub(super) fn chunk_answered(
        &mut self,
        request: RequestId,
        (chunk, generation): (usize, u64),
        ids: &[TeamsUserId],
        users: &[PbxUserId],
        result: Result<Vec<Option<Presence>>, PortError>,
        now: Moment,
    ) {
        self.sweep.call_ends();
        let current = generation == self.sweep.generation;
        if current {
            self.sweep.chunks[chunk].in_flight = false;
        }
        match result {
            Ok(presences) => {
                self.link_works(LinkName::Presence, now);
                if current {
                    self.chunk_complete(chunk, now);
                }
                self.presences_received(request, ids, users, presences, now);
            }
            Err(error) => {
                let reports = self.links.failed(LinkName::Presence, &error, now);
                self.report_all(reports);
                for (id, user) in ids.iter().zip(users) {
                    self.presence_received(request, id, *user, Err(UnknownBecause::NoAnswer), now);
                }
            }
        }
    }

    fn chunk_complete(&mut self, chunk: usize, now: Moment) {
        self.sweep.answered.insert(chunk);
        if self.sweep.answered.len() == self.sweep.chunks.len() {
            self.sweep.answered.clear();
            self.counts.sweeps += 1;
            if self.sweep.complete.is_none() {
                // From now on the chunks are spread over the whole interval.
                self.sweep.complete = Some(now);
                self.sweep.next = now.uptime.saturating_add(self.sweep.spacing());
            }
            self.sweep.complete = Some(now);
        }
    }

    /// What a call told of everybody it asked for; whoever is missing in it is left out.
    pub(super) fn presences_received(
        &mut self,
        request: RequestId,
        ids: &[TeamsUserId],
        users: &[PbxUserId],
        presences: Vec<Option<Presence>>,
        now: Moment,
    ) {
        let mut presences = presences.into_iter();
        for (id, user) in ids.iter().zip(users) {
            let presence = presences.next().flatten().ok_or(UnknownBecause::LeftOut);
            self.presence_received(request, id, *user, presence, now);
        }
    }

    /// One answer for one member. What did not change costs nothing further.
    fn presence_received(
        &mut self,
        request: RequestId,
        id: &TeamsUserId,
        user: PbxUserId,
        presence: Result<Presence, UnknownBecause>,
        now: Moment,
    ) {
        let Some(member) = self.members.get_mut(&user) else {
            return;
        };
        if member.teams_user() != Some(id) {
            return;
        }
        if let Some(sight) = &mut member.sight {
            if request < sight.request {
                return;
            }
            sight.request = request;
            let same = presence.as_ref() == Ok(&sight.presence);
            if same && member.unknown.is_some() == sight.presence.is_unknown() {
                sight.received = now.uptime;
                return;
            }
        }
        let presence = match presence {
            Ok(presence) => presence,
            Err(because) => {
                if member.lose_sight(because, now) {
                    self.step(user, || Step::NotReceived { because });
                    self.sight_changed(user);
                }
                return;
            }
        };
        let outcome = self.settings.rules.decide(&presence).outcome;
        let (since, outcome_since) = match &member.sight {
            Some(sight) => {
                let [dnd, chat] = sight.outcome_since;
                let keep = |same: bool, before| if same { before } else { now };
                (
                    keep(sight.presence == presence, sight.since),
                    [
                        keep(sight.outcome.dnd == outcome.dnd, dnd),
                        keep(sight.outcome.chat == outcome.chat, chat),
                    ],
                )
            }
            None => (now, [now; 2]),
        };
        if outcome_since[Field::Dnd as usize] == now {
            // What was approved was another outcome.
            member.approved = None;
        }
        let news =
            member.sight.as_ref().is_none_or(|sight| sight.outcome != outcome) || member.unknown.is_some();
        if presence.is_unknown() {
            member.lose_sight(UnknownBecause::Said, now);
        } else {
            member.tried = true;
            member.unknown = None;
        }
        let changed = since == now && member.sight.is_some();
        let said = self.tells_steps.then(|| presence.clone());
        member.sight = Some(Sight {
            presence,
            outcome,
            since,
            outcome_since,
            received: now.uptime,
            request,
        });
        if let Some(presence) = said {
            self.step(user, || Step::Received { presence });
        }
        if changed {
            self.just_changed(user, now);
        }
        if news {
            self.sight_changed(user);
        }
    }

    /// The member is planned, and where a value of ours depends on it, the start of not knowing is stored.
    pub(super) fn sight_changed(&mut self, user: PbxUserId) {
        self.due.insert(user);
        if self
            .members
            .get(&user)
            .is_some_and(|member| member.row.holds_something())
        {
            self.dirty.insert(user);
        }
    }
}
