//! Writes that may still take effect although their time-out was reported and the PBX did not show them: the PBX is read
//! once more when that cannot be any longer, so that what came late is not left behind as nobody's.

use std::collections::BTreeSet;

use super::Engine;
use super::member::Work;
use crate::ids::PbxUserId;
use crate::moment::Moment;
use crate::value::Field;

impl Engine {
    pub(super) fn look_for_strays(&mut self, users: &BTreeSet<PbxUserId>, now: Moment) {
        for &user in users {
            for field in Field::ALL {
                self.look_for_stray(user, field, now);
            }
        }
    }

    fn look_for_stray(&mut self, user: PbxUserId, field: Field, now: Moment) {
        let Some(member) = self.members.get_mut(&user) else {
            return;
        };
        let Some(stray) = &member.row.field(field).stray else {
            return;
        };
        if let Some(remaining) = stray.remaining(now.wall) {
            return self.wake_at(user, now.uptime.saturating_add(remaining));
        }
        // Whatever is under way for the field makes the user due again when it has ended.
        if member.is_busy(field, now) {
            return;
        }
        member.set_work(field, Work::Reading);
        match field {
            Field::Dnd => self.dnd_reads.push_back(user),
            Field::Chat => {
                self.chat_reads.insert(user);
            }
        }
    }
}
