//! What happens after every event: due work is planned, and requests start where there is room for them.

use std::sync::Arc;

use super::member::Work;
use super::{Effect, Engine, LedgerCommit, LinkName, Pending};
use crate::audit::AuditEntry;
use crate::ids::PbxUserId;
use crate::moment::Moment;
use crate::planner::Mode;
use crate::value::Field;

/// The most rows that one transaction changes.
pub(super) const TRANSACTION: usize = 50;
/// The most users that one call of `getChatPresence` asks for.
pub(super) const CHAT_READ: usize = 500;

impl Engine {
    pub(super) fn flow(&mut self, now: Moment) {
        if self.draining {
            self.drain(now);
        } else {
            self.end_pause(now);
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
            self.start_chat_round(now);
            self.poll(now);
            self.look_at_the_recent(now);
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
        self.roster.to_look_up.clear();
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

    pub(super) fn read_dnd(&mut self, user: PbxUserId, pending: Pending, now: Moment) {
        if let Some(member) = self.members.get_mut(&user) {
            member.ask(Field::Dnd, now);
        }
        self.pbx_in_flight += 1;
        self.links.started(LinkName::Pbx);
        let request = self.request(pending);
        self.effects.push(Effect::ReadDnd { request, user });
    }

    pub(super) fn chat_is_being_read(&self) -> bool {
        let reads = |pending: &Pending| matches!(pending, Pending::Chat { .. } | Pending::ChatRound { .. });
        self.pending.values().any(reads)
    }

    fn start_chat_read(&mut self, now: Moment) {
        if self.chat_is_being_read()
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

    /// Stores what changed: intents first, at most fifty rows at a time, one transaction under way.
    fn start_commit(&mut self, now: Moment) {
        let nothing = self.intended.is_empty()
            && self.dirty.is_empty()
            && self.gone.is_empty()
            && self.mode_to_store.is_none()
            && !self.gate.to_free
            && self.links.refusals.to_store().is_none()
            && self.auditing.is_empty();
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
                .and_then(|member| member.row.field(field).intent.as_deref().cloned());
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
        let audit = self.entries_with(&users, &removed);
        let mode = self.mode_to_store.take();
        let frees_seats = std::mem::take(&mut self.gate.to_free);
        let refusals = self.links.refusals.to_store();
        self.committing = true;
        self.links.started(LinkName::Ledger);
        let commit = LedgerCommit {
            upsert,
            remove: removed.clone(),
            mode,
            paused_until: self.paused_until.filter(|_| mode == Some(Mode::Paused)),
            frees_seats,
            audit: audit.clone(),
            refusals: refusals.clone(),
        };
        let request = self.request(Pending::Commit {
            intents,
            users,
            removed,
            mode,
            frees_seats,
            audit,
            refusals,
        });
        self.effects.push(Effect::Commit { request, commit });
    }

    /// The entries of the audit that go with these rows, and those whose users have no row that waits to be stored.
    fn entries_with(&mut self, users: &[PbxUserId], removed: &[PbxUserId]) -> Vec<AuditEntry> {
        let alone: Vec<PbxUserId> = self
            .auditing
            .users()
            .filter(|user| !self.dirty.contains(user) && !self.gone.contains(user))
            .filter(|user| !users.contains(user) && !removed.contains(user))
            .take(TRANSACTION)
            .collect();
        self.auditing
            .take(users.iter().chain(removed).copied().chain(alone))
    }
}
