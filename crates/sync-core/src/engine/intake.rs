//! Events coming in: each is joined to what it answers and handed to the part that it concerns.

use std::time::Duration;

use super::member::Work;
use super::{Engine, Event, Pending, Report, RequestId};
use crate::ids::PbxUserId;
use crate::ledger_row::Pause;
use crate::moment::Moment;
use crate::planner::Mode;
use crate::settings::LEAST_SHARE;
use crate::value::Field;

impl Engine {
    pub(super) fn take_in(&mut self, event: Event, now: Moment) {
        match event {
            Event::Tick => {}
            Event::RosterRead { request, result } => {
                if let Some(Pending::Roster) = self.pending.remove(&request) {
                    self.roster_read(result, now);
                }
            }
            Event::LookedUp { request, result } => {
                if let Some(Pending::LookUp { addresses, roster }) = self.pending.remove(&request) {
                    self.looked_up(&addresses, roster, result, now);
                }
            }
            Event::PresencesRead { request, result } => self.presences_read(request, result, now),
            Event::DndRead { request, result } => match self.pending.remove(&request) {
                Some(Pending::Dnd { user }) => self.dnd_read(user, result, now),
                Some(Pending::Readback { user }) => self.read_back(user, result, now),
                _ => {}
            },
            Event::ChatRead { request, result } => match self.pending.remove(&request) {
                Some(Pending::Chat { users }) => self.chat_read(&users, result, now),
                Some(Pending::ChatRound { users }) => self.chat_round_read(&users, result, now),
                _ => {}
            },
            Event::Written { request, result } => {
                if let Some(Pending::Write { user, change }) = self.pending.remove(&request) {
                    self.written(user, &change, result, now);
                }
            }
            Event::Committed { request, result } => {
                if let Some(Pending::Commit {
                    intents,
                    users,
                    removed,
                    mode,
                    frees_seats,
                    audit,
                    refusals,
                }) = self.pending.remove(&request)
                {
                    if result.is_err() {
                        self.gate.to_free |= frees_seats;
                    } else if let Some(refusals) = refusals {
                        self.links.refusals.stored(refusals);
                    }
                    self.committed(&intents, &users, &removed, (mode, audit), result, now);
                }
            }
            Event::SeatsTaken { request, result } => {
                if let Some(Pending::Seats { licence }) = self.pending.remove(&request) {
                    self.seats_counted(&licence, result, now);
                }
            }
            Event::Licence(holding) => self.licence_read(holding, now),
            Event::Approve(plan) => self.approve(plan, now),
            Event::Pause { until } => {
                self.change_mode(Mode::Paused, true);
                self.paused_until = until;
            }
            Event::PauseMember { user, until } => self.pause_member(user, Some(Pause { until }), now),
            Event::ResumeMember { user } => self.pause_member(user, None, now),
            Event::Resume => self.change_mode(Mode::Running, true),
            Event::Release => self.change_mode(Mode::Releasing, true),
            Event::Retire => self.change_mode(Mode::Releasing, false),
            Event::TryAgain { sides } => {
                self.links.try_again(&sides, now);
                self.roster.read_now(now);
                self.sweep.ask_now(now);
            }
            Event::Quota { share } => {
                self.settings.quota_share = share.clamp(LEAST_SHARE, 1.0);
                if let Some(interval) = self.sweep.pace(&self.settings, now) {
                    self.report(Report::SweepStretched { interval });
                }
            }
            Event::Drain => self.draining = true,
        }
    }

    fn presences_read(
        &mut self,
        request: RequestId,
        result: Result<Vec<Option<presence_mapping::Presence>>, crate::fault::PortError>,
        now: Moment,
    ) {
        match self.pending.remove(&request) {
            Some(Pending::Presences {
                chunk,
                generation,
                ids,
                users,
            }) => self.chunk_answered(request, (chunk, generation), &ids, &users, result, now),
            Some(Pending::Recent { ids, users }) => self.recent_answered(request, &ids, &users, result, now),
            _ => {}
        }
    }

    fn pause_member(&mut self, user: PbxUserId, pause: Option<Pause>, now: Moment) {
        let Some(member) = self.members.get_mut(&user) else {
            return;
        };
        member.row.paused = pause;
        self.dirty.insert(user);
        self.due.insert(user);
        self.wake_after_pause(user, now);
    }

    /// A pause that ends by itself makes the member due then.
    pub(super) fn wake_after_pause(&mut self, user: PbxUserId, now: Moment) {
        let until = self
            .members
            .get(&user)
            .and_then(|member| member.row.paused?.until);
        if let Some(until) = until {
            let left = until.duration_since(now.wall);
            let left = Duration::try_from(left).unwrap_or_default();
            self.wake_at(user, now.uptime.saturating_add(left));
        }
    }

    /// The pause of the instance ends by itself.
    pub(super) fn end_pause(&mut self, now: Moment) {
        let over = self.paused_until.is_some_and(|until| now.wall >= until);
        if over && self.mode == Mode::Paused {
            self.change_mode(Mode::Running, true);
        }
    }

    /// The new mode is stored, unless the instance only ends.
    fn change_mode(&mut self, mode: Mode, stored: bool) {
        self.mode = mode;
        self.paused_until = None;
        self.retiring = !stored;
        if stored {
            self.mode_to_store = Some(mode);
        }
        self.replan_everybody();
    }

    /// Plans everybody anew. What was queued for another purpose is queued anew where it is still wanted.
    pub(super) fn replan_everybody(&mut self) {
        for user in std::mem::take(&mut self.chat_reads) {
            self.unqueue(user, Field::Chat);
        }
        for user in std::mem::take(&mut self.dnd_reads) {
            self.unqueue(user, Field::Dnd);
        }
        self.unread_on.clear();
        self.due.extend(self.members.keys());
    }

    fn unqueue(&mut self, user: PbxUserId, field: Field) {
        if let Some(member) = self.members.get_mut(&user) {
            member.set_work(field, Work::Idle);
        }
    }
}
