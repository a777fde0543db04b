//! What happens after every event: due work is planned, and requests start where there is room for them.

use std::sync::Arc;
use std::time::Duration;

use super::member::Work;
use super::{Effect, Engine, LedgerCommit, LinkName, Pending};
use crate::ids::PbxUserId;
use crate::moment::Moment;
use crate::planner::Mode;
use crate::value::Field;

/// The most rows that one transaction changes.
pub(super) const TRANSACTION: usize = 50;
/// The most users that one call of `getChatPresence` asks for.
const CHAT_READ: usize = 500;

impl Engine {
    pub(super) fn flow(&mut self, now: Moment) {
        if self.draining {
            self.drain(now);
        } else {
            self.check_gate(now);
            self.fire_timers(now);
            self.plan_due(now);
            // Where the PBX is slower than what is due, a phone goes before a word in the chat.
            self.start_roster_pass(now);
            self.start_writes(Field::Dnd, now);
            self.start_dnd_reads(now);
            self.start_writes(Field::Chat, now);
            self.start_chat_read(now);
            self.start_readback(now);
            self.poll(now);
            self.start_counting_seats(now);
            self.finish_release();
        }
        self.start_commit(now);
    }

    /// What was not sent yet is forgotten, so that the next start has nothing to look at.
    fn drain(&mut self, _now: Moment) {
        let mut abandoned = Vec::new();
        for (user, member) in &mut self.members {
            for field in Field::ALL {
                if matches!(member.work(field), Work::Intended(_) | Work::Ready(_)) {
                    member.row.field_mut(field).abandon();
                    abandoned.push(*user);
                }
                if !matches!(member.work(field), Work::Writing(_)) {
                    member.set_work(field, Work::Idle);
                }
            }
        }
        self.dirty.extend(abandoned);
        self.intended.clear();
        self.ready = Default::default();
        self.dnd_reads.clear();
        self.unread_on.clear();
        self.chat_reads.clear();
        self.roster.to_look_up = None;
    }

    fn fire_timers(&mut self, now: Moment) {
        while let Some(&(at, user)) = self.timers.first() {
            if at > now.uptime {
                break;
            }
            self.timers.pop_first();
            if self.members.contains_key(&user) {
                self.due.insert(user);
            }
        }
    }

    pub(super) fn pbx_slot_free(&self) -> bool {
        self.pbx_in_flight < self.settings.pbx_concurrency.max(1)
    }

    fn start_dnd_reads(&mut self, now: Moment) {
        while self.pbx_slot_free()
            && self.links.may_start(LinkName::Pbx, now)
            && let Some(user) = self.dnd_reads.pop_front()
        {
            self.read_dnd(user, Pending::Dnd { user }, now);
        }
    }

    fn read_dnd(&mut self, user: PbxUserId, pending: Pending, now: Moment) {
        if let Some(member) = self.members.get_mut(&user) {
            member.ask(Field::Dnd, now);
        }
        self.pbx_in_flight += 1;
        self.links.started(LinkName::Pbx);
        let request = self.request(pending);
        self.effects.push(Effect::ReadDnd { request, user });
    }

    fn start_chat_read(&mut self, now: Moment) {
        let reading = self
            .pending
            .values()
            .any(|pending| matches!(pending, Pending::Chat { .. }));
        if reading
            || self.chat_reads.is_empty()
            || !self.pbx_slot_free()
            || !self.links.may_start(LinkName::Chat, now)
        {
            return;
        }
        let users: Arc<[PbxUserId]> = self.chat_reads.iter().copied().take(CHAT_READ).collect();
        for user in users.iter() {
            self.chat_reads.remove(user);
            if let Some(member) = self.members.get_mut(user) {
                member.ask(Field::Chat, now);
            }
        }
        self.pbx_in_flight += 1;
        self.links.started(LinkName::Chat);
        let request = self.request(Pending::Chat {
            users: Arc::clone(&users),
        });
        self.effects.push(Effect::ReadChat { request, users });
    }

    fn readback_spacing(&self) -> Option<Duration> {
        let matched = u32::try_from(self.matched()).unwrap_or(u32::MAX);
        (!self.settings.readback_interval.is_zero() && matched > 0)
            .then(|| self.settings.readback_interval / matched)
    }

    pub(super) fn next_readback(&self) -> Option<Duration> {
        let running = self.mode == Mode::Running && self.pbx_slot_free();
        self.readback_spacing()
            .filter(|_| running)
            .map(|_| self.readback.next)
    }

    /// Reads the next member whose turn it is, if the PBX has nothing better to do.
    fn start_readback(&mut self, now: Moment) {
        let Some(spacing) = self.readback_spacing() else {
            return;
        };
        if self.mode != Mode::Running || now.uptime < self.readback.next || !self.pbx_slot_free() {
            return;
        }
        self.readback.next = self
            .readback
            .next
            .max(now.uptime.saturating_sub(spacing))
            .saturating_add(spacing);
        if !self.links.may_start(LinkName::Pbx, now) || !self.dnd_reads.is_empty() {
            return;
        }
        let first = self
            .readback
            .after
            .map_or(PbxUserId(i64::MIN), |after| PbxUserId(after.0.saturating_add(1)));
        let candidate = |(user, member): (&PbxUserId, &super::Member)| {
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

    /// Stores what changed: intents first, at most fifty rows at a time, one transaction under way.
    fn start_commit(&mut self, now: Moment) {
        let nothing = self.intended.is_empty()
            && self.dirty.is_empty()
            && self.gone.is_empty()
            && self.mode_to_store.is_none();
        if nothing || self.committing || !self.links.may_start(LinkName::Ledger, now) {
            return;
        }
        let mut intents = Vec::new();
        let mut users = Vec::new();
        while users.len() < TRANSACTION
            && let Some((user, field)) = self.intended.pop_front()
        {
            let intent = self
                .members
                .get(&user)
                .and_then(|member| member.row.field(field).intent);
            intents.extend(intent.map(|intent| (user, field, intent)));
            if self.dirty.remove(&user) {
                users.push(user);
            }
        }
        while users.len() < TRANSACTION
            && let Some(user) = self.dirty.pop_first()
        {
            users.push(user);
        }
        let upsert = users
            .iter()
            .filter_map(|user| self.members.get(user))
            .map(super::Member::durable_row)
            .collect();
        let mut removed = Vec::new();
        while removed.len() < TRANSACTION
            && let Some(user) = self.gone.pop_first()
        {
            if !users.contains(&user) {
                removed.push(user);
            }
        }
        let mode = self.mode_to_store.take();
        self.committing = true;
        self.links.started(LinkName::Ledger);
        let commit = LedgerCommit {
            upsert,
            remove: removed.clone(),
            mode,
        };
        let request = self.request(Pending::Commit {
            intents,
            users,
            removed,
            mode,
        });
        self.effects.push(Effect::Commit { request, commit });
    }
}
