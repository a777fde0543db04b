//! Rolling readings: every member's DND once per `readback_interval`, every member's chat status once per
//! `chat_reassert`, spread evenly. What differs from what was carried out is drift.

use std::sync::Arc;
use std::time::Duration;

use super::flow::CHAT_READ;
use super::member::{Member, Work};
use super::{Effect, Engine, LinkName, Pending, Report, Rolling, Step};
use crate::aim::Situation;
use crate::fault::PortError;
use crate::field_record::Settled;
use crate::ids::PbxUserId;
use crate::moment::Moment;
use crate::value::{ChatPresence, Field, Value};

impl Rolling {
    /// Gives the turn after this one its time. Turns that were missed are not made up for.
    fn advance(&mut self, spacing: Duration, now: Moment) {
        self.next = self
            .next
            .max(now.uptime.saturating_sub(spacing))
            .saturating_add(spacing);
    }

    /// Where this turn begins.
    fn first(&self) -> PbxUserId {
        self.after
            .map_or(PbxUserId(i64::MIN), |after| PbxUserId(after.0.saturating_add(1)))
    }
}

impl Engine {
    fn readback_spacing(&self) -> Option<Duration> {
        let matched = u32::try_from(self.matched()).unwrap_or(u32::MAX);
        (!self.settings.readback_interval.is_zero() && matched > 0)
            .then(|| self.settings.readback_interval / matched)
    }

    pub(super) fn next_readback(&self) -> Option<Duration> {
        let running = self.situation() == Situation::Working && self.pbx_slot_free();
        self.readback_spacing()
            .filter(|_| running)
            .map(|_| self.readback.next)
    }

    /// Reads the next member whose turn it is, if the PBX has nothing better to do.
    pub(super) fn start_readback(&mut self, now: Moment) {
        let Some(spacing) = self.readback_spacing() else {
            return;
        };
        if self.situation() != Situation::Working || now.uptime < self.readback.next || !self.pbx_slot_free()
        {
            return;
        }
        self.readback.advance(spacing, now);
        if !self.links.may_start(LinkName::Pbx, now) || !self.dnd_reads.is_empty() {
            return;
        }
        let first = self.readback.first();
        let candidate = |(user, member): (&PbxUserId, &Member)| {
            (member.teams_user().is_some() && !member.is_busy(Field::Dnd, now)).then_some(*user)
        };
        let next = self
            .members
            .range(first..)
            .find_map(candidate)
            .or_else(|| self.members.iter().find_map(candidate));
        if let Some(user) = next {
            self.readback.after = Some(user);
            if let Some(member) = self.members.get_mut(&user) {
                member.set_work(Field::Dnd, Work::Reading);
            }
            self.read_dnd(user, Pending::Readback { user }, now);
        }
    }

    /// What a member's turn found.
    pub(super) fn read_back(&mut self, user: PbxUserId, result: Result<bool, PortError>, now: Moment) {
        self.pbx_in_flight -= 1;
        if let Some(member) = self.members.get_mut(&user) {
            member.set_work(Field::Dnd, Work::Idle);
        }
        // Whatever became due while it was read is planned now.
        self.due.insert(user);
        match result {
            Ok(on) => {
                self.link_works(LinkName::Pbx, now);
                self.counts.readbacks += 1;
                self.found(user, Value::Dnd(on), now);
            }
            Err(error) => self.request_failed(user, Field::Dnd, error, now),
        }
    }

    /// Takes a reading over that nobody had asked for, and tells drift that is new.
    fn found(&mut self, user: PbxUserId, value: Value, now: Moment) {
        let field = value.field();
        self.step(user, || Step::Read { field, found: value });
        let member = self.members.get(&user);
        let known = member
            .and_then(|member| member.seen(field))
            .map(|seen| seen.value);
        self.observe(user, value, now);
        self.tell_drift(user, value, known);
    }

    fn tell_drift(&mut self, user: PbxUserId, value: Value, known: Option<Value>) {
        let Some(member) = self.members.get(&user) else {
            return;
        };
        let field = value.field();
        let Settled::At(expected) = member.row.field(field).settled else {
            return;
        };
        if expected != value && known != Some(value) && value.is_somebodys() {
            self.counts.drifts += 1;
            self.report(Report::Drift {
                user,
                field,
                expected,
                found: value,
            });
        }
    }

    /// From one call for chat statuses to the next: one call asks for many.
    fn chat_round_spacing(&self) -> Option<Duration> {
        let calls = u32::try_from(self.matched().div_ceil(CHAT_READ)).unwrap_or(u32::MAX);
        let wanted = self.settings.chat && !self.settings.chat_reassert.is_zero() && calls > 0;
        wanted.then(|| self.settings.chat_reassert / calls)
    }

    pub(super) fn next_chat_round(&self) -> Option<Duration> {
        let working = self.situation() == Situation::Working && self.pbx_slot_free();
        self.chat_round_spacing()
            .filter(|_| working && !self.chat_is_being_read())
            .map(|_| self.reassert.next)
    }

    pub(super) fn start_chat_round(&mut self, now: Moment) {
        let due = self.next_chat_round().is_some_and(|next| now.uptime >= next);
        let Some(spacing) = self.chat_round_spacing().filter(|_| due) else {
            return;
        };
        self.reassert.advance(spacing, now);
        if !self.links.may_start(LinkName::Chat, now) || !self.chat_reads.is_empty() {
            return;
        }
        let idle = |(user, member): (&PbxUserId, &Member)| {
            (member.teams_user().is_some() && !member.is_busy(Field::Chat, now)).then_some(*user)
        };
        let first = self.reassert.first();
        let ahead = self.members.range(first..).filter_map(idle);
        let again = self.members.range(..first).filter_map(idle);
        let users: Arc<[PbxUserId]> = ahead.chain(again).take(CHAT_READ).collect();
        let Some(last) = users.last() else {
            return;
        };
        self.reassert.after = Some(*last);
        for user in users.iter() {
            if let Some(member) = self.members.get_mut(user) {
                member.set_work(Field::Chat, Work::Reading);
                member.ask(Field::Chat, now);
            }
        }
        self.pbx_in_flight += 1;
        self.links.started(LinkName::Chat);
        let request = self.request(Pending::ChatRound {
            users: Arc::clone(&users),
        });
        self.effects.push(Effect::ReadChat { request, users });
    }

    /// What a round found. Whoever is missing in the answer is left as they were known.
    pub(super) fn chat_round_read(
        &mut self,
        users: &[PbxUserId],
        result: Result<Vec<(PbxUserId, ChatPresence)>, PortError>,
        now: Moment,
    ) {
        self.pbx_in_flight -= 1;
        for user in users {
            if let Some(member) = self.members.get_mut(user) {
                member.set_work(Field::Chat, Work::Idle);
                self.due.insert(*user);
            }
        }
        match result {
            Ok(read) => {
                self.link_works(LinkName::Chat, now);
                for (user, status) in read.into_iter().filter(|(user, _)| users.contains(user)) {
                    self.found(user, Value::Chat(status), now);
                }
            }
            Err(error) => {
                let reports = self.links.failed(LinkName::Chat, &error, now);
                self.report_all(reports);
            }
        }
    }
}
