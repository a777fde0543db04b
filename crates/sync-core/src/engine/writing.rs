//! Reading and writing the PBX: dispatch of changes whose intents are durable, and what their answers mean.

use std::time::Duration;

use super::member::Work;
use super::trouble::STOPPED_FOR;
use super::{Effect, Engine, LinkName, Pending, Report, Step, Write, Written};
use crate::aim::wanted;
use crate::audit::AuditEntry;
use crate::fault::{Fault, PortError};
use crate::field_record::{Intent, Observed, Settled};
use crate::ids::{Address, PbxUserId};
use crate::moment::Moment;
use crate::plan::Change;
use crate::planner::Mode;
use crate::policy::Wanted;
use crate::value::{ChatPresence, Field, Value};

/// A change whose intent waited for longer is planned anew from a new reading.
const INTENT_STAYS: Duration = Duration::from_secs(30);

pub(super) const fn link(field: Field) -> LinkName {
    match field {
        Field::Dnd => LinkName::Pbx,
        Field::Chat => LinkName::Chat,
    }
}

impl Engine {
    pub(super) fn start_writes(&mut self, field: Field, now: Moment) {
        while self.knows_who_is_who()
            && self.pbx_slot_free()
            && self.links.may_start(link(field), now)
            && let Some(user) = self.ready[field as usize].pop_front()
        {
            self.start_write(user, field, now);
        }
    }

    /// A row of an earlier run is acted on when the roster has said who has its id now, or cannot say it.
    pub(super) fn knows_who_is_who(&self) -> bool {
        let cannot_say = self.roster.held.is_some() || self.links.link(LinkName::Roster).down().is_some();
        self.roster.taken.is_some() || cannot_say
    }

    /// Starts one write, unless it was overtaken: the newest truth wins, and what it overtook is dropped.
    fn start_write(&mut self, user: PbxUserId, field: Field, now: Moment) {
        let Some(member) = self.members.get(&user) else {
            return;
        };
        let Work::Ready(change) = member.work(field) else {
            return;
        };
        let change = change.clone();
        let aim = wanted(
            &self.settings,
            self.situation(),
            &self.subject(user, member, now),
            field,
        );
        let still_wanted = if change.release {
            aim == Wanted::TakeBack
        } else {
            aim == Wanted::Set(change.to)
        };
        let recent = member
            .seen(field)
            .is_some_and(|seen| now.uptime.saturating_sub(seen.at.uptime) <= INTENT_STAYS);
        let (Some(from), true, true) = (change.from, still_wanted, recent) else {
            self.abandon(user, field);
            return;
        };
        let write = Write {
            user,
            login: member.row.login.clone(),
            from,
            to: change.to,
        };
        if let Some(member) = self.members.get_mut(&user) {
            member.set_work(field, Work::Writing(change.clone()));
            member.ask(field, now);
        }
        let to = write.to;
        self.step(user, || Step::Writing { field, from, to });
        self.pbx_in_flight += 1;
        self.links.started(link(field));
        let request = self.request(Pending::Write { user, change });
        self.effects.push(Effect::Write { request, write });
    }

    /// Forgets a change that was never sent. The member is planned anew at the next step.
    pub(super) fn abandon(&mut self, user: PbxUserId, field: Field) {
        if let Some(member) = self.members.get_mut(&user) {
            member.row.field_mut(field).abandon();
            member.set_work(field, Work::Idle);
            self.dirty.insert(user);
            self.wake_at(user, Duration::ZERO);
        }
    }

    /// The answer to a write for `user`, who is nobody where the member was forgotten in the meantime.
    pub(super) fn written(
        &mut self,
        user: PbxUserId,
        change: &Change,
        result: Result<Written, PortError>,
        now: Moment,
    ) {
        let field = change.field;
        self.pbx_in_flight -= 1;
        // What the PBX took is audited, whatever became of the member in the meantime.
        if let Ok(Written::Applied { before }) = result {
            self.audit_confirmed(change, before, now);
        }
        let work = self
            .members
            .get_mut(&user)
            .map(|member| std::mem::take(member.work_mut(field)));
        let Some(Work::Writing(change)) = work else {
            // The member was forgotten in the meantime; what the answer says of the link counts all the same.
            return match result {
                Ok(_) => self.link_works(link(field), now),
                Err(error) => self.request_failed(user, field, error, now),
            };
        };
        self.due.insert(user);
        self.step(user, || Step::Answered {
            field,
            answer: result.clone(),
        });
        match result {
            Ok(written) => {
                self.link_works(link(field), now);
                self.wrote(user, *change, written, now);
            }
            // Nobody knows whether the write took effect: the intent stays, and the PBX is read before anything else.
            Err(error) => {
                if let Some(member) = self.members.get_mut(&user) {
                    member.write_failed(field);
                    // The driver did not even start it, because of the lease; or the PBX has no such user to write to.
                    if matches!(error.fault, Fault::State | Fault::NotFound) {
                        member.row.field_mut(field).abandon();
                        self.dirty.insert(user);
                    }
                }
                self.request_failed(user, field, error, now);
            }
        }
    }

    fn wrote(&mut self, user: PbxUserId, change: Change, written: Written, now: Moment) {
        let Some(member) = self.members.get_mut(&user) else {
            return;
        };
        let field = change.field;
        if field == Field::Dnd {
            member.approved = None;
        }
        member.succeeded(field);
        let received = member
            .sight
            .as_ref()
            .map(|sight| sight.outcome_since[field as usize].uptime);
        let report = match written {
            Written::Applied { before } => {
                member.row.field_mut(field).confirm(before, now.wall);
                member.wrote(change.to, now);
                self.counts.changes += 1;
                let latency = received
                    .filter(|_| !change.release)
                    .map(|at| now.uptime.saturating_sub(at));
                Report::Applied { change, latency }
            }
            Written::AlreadyEqual => {
                member.row.field_mut(field).abandon();
                self.observe(user, change.to, now);
                if let Some(member) = self.members.get_mut(&user) {
                    member.row.field_mut(field).settle(if change.release {
                        Settled::Released(change.to)
                    } else {
                        Settled::At(change.to)
                    });
                }
                Report::AlreadyEqual { change }
            }
            Written::Conflict { found } => {
                member.row.field_mut(field).abandon();
                self.observe(user, found, now);
                Report::Conflict { change, found }
            }
        };
        self.dirty.insert(user);
        self.report(report);
    }

    /// Two programs that fight for a value are told from a human's one change by how often it goes back and forth. For the
    /// chat status nobody is stopped: the user's own client overwrites it by itself.
    pub(super) fn note_flip(&mut self, user: PbxUserId, now: Moment) {
        let stops = self
            .members
            .get_mut(&user)
            .is_some_and(|member| member.note_flip(now));
        if stops {
            self.report(Report::Stopped {
                user,
                address: self.address_of(user),
                lasts: STOPPED_FOR,
            });
            self.due.insert(user);
            self.wake_at(user, now.uptime.saturating_add(STOPPED_FOR));
        }
    }

    fn address_of(&self, user: PbxUserId) -> Option<Address> {
        self.address(user).cloned()
    }

    pub(super) fn dnd_read(&mut self, user: PbxUserId, result: Result<bool, PortError>, now: Moment) {
        self.pbx_in_flight -= 1;
        self.readings_came(
            Field::Dnd,
            &[user],
            result.map(|on| vec![(user, Value::Dnd(on))]),
            now,
        );
    }

    pub(super) fn chat_read(
        &mut self,
        users: &[PbxUserId],
        result: Result<Vec<(PbxUserId, ChatPresence)>, PortError>,
        now: Moment,
    ) {
        self.pbx_in_flight -= 1;
        let readings = result.map(|read| {
            read.into_iter()
                .map(|(user, status)| (user, Value::Chat(status)))
                .collect()
        });
        self.readings_came(Field::Chat, users, readings, now);
    }

    /// Takes readings over that were asked for because something is due.
    fn readings_came(
        &mut self,
        field: Field,
        asked: &[PbxUserId],
        result: Result<Vec<(PbxUserId, Value)>, PortError>,
        now: Moment,
    ) {
        for user in asked {
            if field == Field::Dnd {
                self.unread_on.remove(user);
            }
            if let Some(member) = self.members.get_mut(user) {
                member.set_work(field, Work::Idle);
                self.due.insert(*user);
            }
        }
        let readings = match result {
            Ok(readings) => readings,
            Err(error) => {
                match asked {
                    [user] => self.request_failed(*user, field, error, now),
                    _ => {
                        let reports = self.links.failed(link(field), &error, now);
                        self.report_all(reports);
                    }
                }
                return;
            }
        };
        self.link_works(link(field), now);
        for &(user, value) in &readings {
            if !asked.contains(&user) {
                continue;
            }
            if let Some(member) = self.members.get_mut(&user) {
                member.was_read(field);
            }
            self.step(user, || Step::Read { field, found: value });
            self.observe(user, value, now);
        }
        for user in asked {
            if !readings.iter().any(|(read, _)| read == user) {
                let error = PortError::new(Fault::NotFound, format!("read the {field} of PBX user {user}"));
                self.failed_for(*user, field, error, now);
            }
        }
    }

    /// Takes over what the PBX was read to have. Where that proves a write whose answer was never heard, it is audited.
    pub(super) fn observe(&mut self, user: PbxUserId, value: Value, now: Moment) {
        let Some(member) = self.members.get_mut(&user) else {
            return;
        };
        let Observed { changed, proved } = member.observe(value, now);
        if changed {
            self.dirty.insert(user);
        }
        if let Some(intent) = proved {
            self.audit_found(user, intent, now);
        }
        self.note_flip(user, now);
    }

    /// A request over a link ended well. What waited for a link that this opened goes on at once.
    pub(super) fn link_works(&mut self, name: LinkName, now: Moment) {
        let reports = self.links.succeeded(name, now);
        for report in &reports {
            match report {
                Report::LinkUp { link, .. } if *link == name => {}
                Report::LinkUp {
                    link: LinkName::Roster,
                    ..
                } => self.roster.read_now(now),
                Report::LinkUp {
                    link: LinkName::Presence,
                    ..
                } => self.sweep.ask_now(now),
                _ => {}
            }
        }
        self.report_all(reports);
    }

    /// A request for one person failed. What concerns everybody is the link's matter; what concerns this person
    /// alone makes this field wait.
    pub(super) fn request_failed(&mut self, user: PbxUserId, field: Field, error: PortError, now: Moment) {
        let reports = self.links.failed_for_one(link(field), user, &error, now);
        self.report_all(reports);
        if matches!(
            error.fault,
            Fault::NotFound | Fault::Server | Fault::Protocol | Fault::Permission | Fault::State
        ) {
            self.failed_for(user, field, error, now);
        }
    }

    fn failed_for(&mut self, user: PbxUserId, field: Field, error: PortError, now: Moment) {
        let Some(member) = self.members.get_mut(&user) else {
            return;
        };
        let gone = member.standing.is_none() && !member.listed;
        if error.fault == Fault::NotFound && gone && field == Field::Dnd {
            // Whoever left the group and the PBX has nothing left that could be taken back.
            return self.forget(user);
        }
        let first = member.attempts(field) == 0;
        let again = member.failed(field, &error, now);
        self.wake_at(user, again);
        if first {
            let address = self.address_of(user);
            self.report(Report::Failed {
                user,
                address,
                field,
                error,
            });
        }
    }

    /// What a transaction of the ledger became.
    pub(super) fn committed(
        &mut self,
        intents: &[(PbxUserId, Field, Intent)],
        users: &[PbxUserId],
        removed: &[PbxUserId],
        (mode, audit): (Option<Mode>, Vec<AuditEntry>),
        result: Result<Vec<PbxUserId>, PortError>,
        now: Moment,
    ) {
        self.committing = false;
        let refused = match result {
            Ok(refused) => refused,
            Err(error) => {
                let reports = self.links.failed(LinkName::Ledger, &error, now);
                self.report_all(reports);
                self.dirty
                    .extend(users.iter().filter(|user| self.members.contains_key(user)));
                self.gone
                    .extend(removed.iter().filter(|user| !self.members.contains_key(user)));
                self.mode_to_store = self.mode_to_store.or(mode);
                self.auditing.put_back(audit);
                if !self.draining {
                    self.intended
                        .extend(intents.iter().map(|(user, field, _)| (*user, *field)));
                }
                return;
            }
        };
        self.link_works(LinkName::Ledger, now);
        for (user, field, intent) in intents {
            let (user, field) = (*user, *field);
            let Some(member) = self.members.get_mut(&user) else {
                continue;
            };
            // The row may have gone to somebody else in the meantime, and then it is not the intent that was stored.
            if let Work::Intended(change) = member.work(field)
                && member.row.field(field).intent.as_deref() == Some(intent)
            {
                let change = change.clone();
                member.set_work(field, Work::Ready(change));
                self.ready[field as usize].push_back(user);
            }
        }
        if !refused.is_empty() {
            for user in &refused {
                for field in Field::ALL {
                    self.abandon(*user, field);
                }
                self.dirty.remove(user);
            }
            self.claimed_elsewhere.extend(refused);
            self.restand(now);
        }
        self.due.extend(users.iter().filter(|user| {
            self.members
                .get(user)
                .is_some_and(|member| member.standing.is_none())
        }));
    }
}
