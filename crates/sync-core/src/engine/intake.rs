//! Events coming in: each is joined to what it answers and handed to the part that it concerns.

use super::member::Work;
use super::{Engine, Event, Pending, RequestId};
use crate::ids::PbxUserId;
use crate::moment::Moment;
use crate::planner::Mode;
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
                if let Some(Pending::LookUp { addresses }) = self.pending.remove(&request) {
                    self.looked_up(&addresses, result, now);
                }
            }
            Event::PresencesRead { request, result } => self.presences_read(request, result, now),
            Event::DndRead { request, result } => match self.pending.remove(&request) {
                Some(Pending::Dnd { user }) => self.dnd_read(user, result, now),
                Some(Pending::Readback { user }) => self.read_back(user, result, now),
                _ => {}
            },
            Event::ChatRead { request, result } => {
                if let Some(Pending::Chat { users }) = self.pending.remove(&request) {
                    self.chat_read(&users, result, now);
                }
            }
            Event::Written { request, result } => {
                if let Some(Pending::Write { change }) = self.pending.remove(&request) {
                    self.written(&change, result, now);
                }
            }
            Event::Committed { request, result } => {
                if let Some(Pending::Commit {
                    intents,
                    users,
                    removed,
                    mode,
                    audit,
                }) = self.pending.remove(&request)
                {
                    self.committed(&intents, &users, &removed, (mode, audit), result, now);
                }
            }
            Event::SeatsTaken { request, result } => {
                if let Some(Pending::Seats { licence }) = self.pending.remove(&request) {
                    self.seats_counted(&licence, result, now);
                }
            }
            Event::Licence(holding) => self.licence_read(holding, now),
            Event::Pause => self.change_mode(Mode::Paused, true),
            Event::Resume => self.change_mode(Mode::Running, true),
            Event::Release => self.change_mode(Mode::Releasing, true),
            Event::Retire => self.change_mode(Mode::Releasing, false),
            Event::Drain => self.draining = true,
        }
    }

    fn presences_read(
        &mut self,
        request: RequestId,
        result: Result<Vec<Option<presence_mapping::Presence>>, crate::fault::PortError>,
        now: Moment,
    ) {
        if let Some(Pending::Presences {
            chunk,
            generation,
            ids,
            users,
        }) = self.pending.remove(&request)
        {
            self.chunk_answered(request, (chunk, generation), &ids, &users, result, now);
        }
    }

    /// The new mode is stored, unless the instance only ends.
    fn change_mode(&mut self, mode: Mode, stored: bool) {
        self.mode = mode;
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
