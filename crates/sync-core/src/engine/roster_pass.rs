//! The roster pass: members from the PBX, their Teams users from the directory.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::views::UnknownBecause;
use super::{Effect, Engine, LinkName, Member, Pending, Report};
use crate::fault::PortError;
use crate::ids::{Address, PbxUserId};
use crate::ledger_row::LedgerRow;
use crate::moment::Moment;
use crate::roster::{DirectoryUser, GuardVerdict, PbxRoster, PbxUser, Standing, standings};
use crate::settings::CHUNK;

/// The directory is asked for as many addresses at once as so many chunks of a sweep have people: what it says of each is much,
/// and is held until all of them are answered for.
const CHUNKS_LOOKED_UP: usize = 6;

/// Where the roster pass stands.
#[derive(Clone, Debug)]
pub(super) struct RosterPass {
    next: Duration,
    reading: bool,
    looking_up: bool,
    /// Addresses that the directory is still to be asked for in this pass.
    pub(super) to_look_up: VecDeque<Arc<[Address]>>,
    /// How many rosters were taken over.
    number: u64,
    /// When a roster was last taken over.
    pub(super) taken: Option<Moment>,
    /// When every address was last answered for.
    pub(super) joined: Option<Moment>,
    /// Set while a reading is held.
    pub(super) held: Option<GuardVerdict>,
    /// Since when a reading is held.
    pub(super) held_since: Option<Timestamp>,
    change: (usize, usize),
}

impl RosterPass {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            next: now.uptime,
            reading: false,
            looking_up: false,
            to_look_up: VecDeque::new(),
            number: 0,
            taken: None,
            joined: None,
            held: None,
            held_since: None,
            change: (0, 0),
        }
    }

    /// Reads the group at the next opportunity.
    pub(super) fn read_now(&mut self, now: Moment) {
        self.next = now.uptime;
    }
}

impl Engine {
    /// When the group is to be read next. A look-up that gets on is not begun anew by another reading; one that does not get on,
    /// because the directory fails, keeps nobody from leaving the group.
    pub(super) fn next_roster(&self) -> Option<Duration> {
        let looks_up = self.roster.looking_up || !self.roster.to_look_up.is_empty();
        let waits = looks_up && self.links.link(LinkName::Directory).down().is_none();
        (!self.roster.reading && !waits).then_some(self.roster.next)
    }

    pub(super) fn start_roster_pass(&mut self, now: Moment) {
        let due = self.next_roster().is_some_and(|next| now.uptime >= next);
        if due && self.pbx_slot_free() && self.links.may_start(LinkName::Roster, now) {
            self.roster.reading = true;
            self.roster.next = now.uptime.saturating_add(self.settings.roster_interval);
            self.pbx_in_flight += 1;
            self.links.started(LinkName::Roster);
            let request = self.request(Pending::Roster);
            self.effects.push(Effect::ReadRoster { request });
        } else if due && !self.links.may_start(LinkName::Roster, now) {
            // The link says when it is tried again.
            self.roster.next = self
                .links
                .closed_until(LinkName::Roster, now)
                .unwrap_or(now.uptime);
        }
        if !self.roster.looking_up
            && self.links.may_start(LinkName::Directory, now)
            && let Some(addresses) = self.roster.to_look_up.pop_front()
        {
            self.roster.looking_up = true;
            self.links.started(LinkName::Directory);
            let request = self.request(Pending::LookUp {
                addresses: Arc::clone(&addresses),
                roster: self.roster.number,
            });
            self.effects.push(Effect::LookUp { request, addresses });
        }
    }

    pub(super) fn roster_read(&mut self, result: Result<PbxRoster, PortError>, now: Moment) {
        self.roster.reading = false;
        self.pbx_in_flight -= 1;
        let roster = match result {
            Ok(roster) => roster,
            Err(error) => {
                let reports = self.links.failed(LinkName::Roster, &error, now);
                self.report_all(reports);
                if let Some(until) = self.links.closed_until(LinkName::Roster, now) {
                    self.roster.next = until;
                }
                self.lose_sight_of_the_unmatched(now);
                return;
            }
        };
        self.link_works(LinkName::Roster, now);
        self.counts.rosters += 1;

        let known: BTreeSet<PbxUserId> = self
            .members
            .iter()
            .filter(|(_, member)| member.standing.is_some())
            .map(|(user, _)| *user)
            .collect();
        let read: BTreeSet<PbxUserId> = roster.members.iter().copied().collect();
        let verdict = self.guard.judge(&known, &read, now.uptime);
        if let GuardVerdict::Hold { losing, of, until } = verdict {
            if self.roster.held.is_none() {
                self.report(Report::RosterHeld { losing, of });
            }
            self.roster.held = Some(verdict);
            self.roster.held_since.get_or_insert(now.wall);
            self.roster.next = self.roster.next.min(until);
            // After a start nobody is matched until a roster is believed, as when none can be read.
            self.lose_sight_of_the_unmatched(now);
            return;
        }
        self.roster.held = None;
        self.roster.held_since = None;
        self.take_over(&roster, now);
    }

    fn take_over(&mut self, roster: &PbxRoster, now: Moment) {
        let change = self.book.take_over(roster, &self.settings.exclude);
        self.roster.change = (change.joined.len(), change.left.len());
        self.forget_recycled_ids(roster);
        let mut new = Vec::new();
        for (&user, entry) in self.book.entries() {
            match self.members.get_mut(&user) {
                // A member that was unresolved until now gets its login.
                Some(member) if member.row.login.0.is_empty() => member.row.login = entry.login.clone(),
                Some(_) => {}
                None => {
                    let row = LedgerRow::new(user, entry.login.clone());
                    new.push((user, Member::new(row, Standing::NotLookedUp, now)));
                }
            }
        }
        if !new.is_empty() {
            // Two maps made one have full nodes; one that grows by ascending ids has half-empty ones.
            self.members.append(&mut new.into_iter().collect());
        }
        let listed: BTreeMap<PbxUserId, &PbxUser> = roster.users.iter().map(|user| (user.id, user)).collect();
        for (user, member) in &mut self.members {
            let shown = listed.get(user);
            member.listed = shown.is_some();
            member.former = shown
                .filter(|_| !self.book.entries().contains_key(user))
                .map(|shown| Box::new((*shown).clone()));
        }
        self.roster.taken = Some(now);
        self.roster.number += 1;
        self.seats_are_due(self.roster.change.0);
        let due = self.book.addresses_due(now.uptime);
        self.restand(now);
        let at_once = self.settings.chunk.clamp(1, CHUNK) * CHUNKS_LOOKED_UP;
        self.roster.to_look_up = due.chunks(at_once).map(Arc::from).collect();
        if due.is_empty() {
            self.roster_complete(now);
        }
    }

    /// A row never applies to somebody else who got the same id: what it remembers is forgotten, unwritten.
    fn forget_recycled_ids(&mut self, roster: &PbxRoster) {
        let mut recycled = Vec::new();
        for user in &roster.users {
            if let Some(member) = self.members.get(&user.id)
                && !member.row.login.0.is_empty()
                && member.row.login != user.login
            {
                recycled.push(user.id);
            }
        }
        for user in recycled {
            self.forget(user);
        }
    }

    /// Drops everything that is known of a PBX user.
    pub(super) fn forget(&mut self, user: PbxUserId) {
        self.members.remove(&user);
        self.due.remove(&user);
        self.dirty.remove(&user);
        self.chat_reads.remove(&user);
        self.unread_on.remove(&user);
        self.dnd_reads.retain(|queued| *queued != user);
        for queue in &mut self.ready {
            queue.retain(|queued| *queued != user);
        }
        self.intended.retain(|(queued, _)| *queued != user);
        self.held.retain(|(held, _), _| *held != user);
        // What was asked for this user says nothing about whoever gets the id, or comes back.
        for pending in self.pending.values_mut() {
            pending.forget(user);
        }
        self.gone.insert(user);
    }

    pub(super) fn looked_up(
        &mut self,
        asked: &[Address],
        roster: u64,
        result: Result<Vec<DirectoryUser>, PortError>,
        now: Moment,
    ) {
        self.roster.looking_up = false;
        match result {
            Ok(users) => {
                self.link_works(LinkName::Directory, now);
                self.book.note_answer(asked, &users);
                // Who shares a Teams user with whom is known when the last address is answered for, and not before.
                if self.roster.to_look_up.is_empty() {
                    self.book.take_answers(now.uptime);
                    self.restand(now);
                    self.roster_complete(now);
                }
            }
            Err(error) => {
                let reports = self.links.failed(LinkName::Directory, &error, now);
                self.report_all(reports);
                self.lose_sight_of_the_unmatched(now);
                // A later roster has a list of its own.
                if roster == self.roster.number {
                    self.roster.to_look_up.push_front(asked.into());
                }
            }
        }
    }

    /// Whoever has no match yet is unknown from now on; whoever has one keeps it.
    fn lose_sight_of_the_unmatched(&mut self, now: Moment) {
        let mut lost = Vec::new();
        for (user, member) in &mut self.members {
            if matches!(member.standing, Some(Standing::NotLookedUp))
                && member.lose_sight(UnknownBecause::NoAnswer, now)
            {
                lost.push(*user);
            }
        }
        for user in lost {
            self.sight_changed(user);
        }
    }

    fn roster_complete(&mut self, now: Moment) {
        self.roster.joined = Some(now);
        let matched = self.matched();
        if matched == 0 {
            self.sweep.trivially_complete(now);
        }
        let (joined, left) = self.roster.change;
        let members = self.book.entries().len();
        self.report(Report::Roster {
            members,
            matched,
            joined,
            left,
        });
    }

    pub(super) fn matched(&self) -> usize {
        self.sweep.matched()
    }

    /// Gives every member its standing anew, and the sweep its chunks.
    pub(super) fn restand(&mut self, now: Moment) {
        let standings = standings(self.book.entries());
        for (user, member) in &mut self.members {
            let standing = if self.claimed_elsewhere.contains(user) {
                standings.contains_key(user).then_some(Standing::OtherInstance)
            } else {
                standings.get(user).cloned()
            };
            if member.standing == standing {
                continue;
            }
            let matched_before = member.teams_user().cloned();
            member.standing = standing;
            if member.teams_user() != matched_before.as_ref() {
                // Another person's presence says nothing about this one.
                member.sight = None;
            }
            let unmatched =
                member.teams_user().is_none() && !matches!(member.standing, Some(Standing::NotLookedUp));
            if unmatched && member.lose_sight(UnknownBecause::NotJoined, now) && member.row.holds_something()
            {
                self.dirty.insert(*user);
            }
            self.due.insert(*user);
        }
        let matched = self
            .members
            .iter()
            .filter_map(|(user, member)| Some((member.teams_user()?.clone(), *user)));
        let stretched = self.sweep.lay_out(matched, &self.settings, now);
        if let Some(interval) = stretched {
            self.report(Report::SweepStretched { interval });
        }
    }
}
