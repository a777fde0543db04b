//! The history of every value in the PBX: who put it there, and what of that a daemon can know.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use sync_core::{Field, Login, Value};

use crate::op::DaemonId;

/// A write of unknown fate is looked for so long after the first reading that does not find it.
const LOOKED_FOR: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Slots {
    pub(crate) now: Duration,
    /// Whether the time that is stored is not the time that passed.
    pub(crate) clock_jumped: bool,
    slots: BTreeMap<(i64, Field), Slot>,
}

/// One value and what is known of its origin.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) value: Value,
    pub(crate) ours: bool,
    /// Whether a daemon has to know that it is ours.
    pub(crate) sure: bool,
    /// What stood there before the first of our writes in a row.
    pub(crate) before: Value,
    /// A human set it while a write of the same value was under way, which nobody can tell apart.
    excused: bool,
    /// Our value that a human replaced, while no daemon read the PBX.
    unseen: Option<Value>,
    /// The same, when the replacement was read and that is not stored yet.
    just_seen: Option<(Value, Duration)>,
    /// When a transaction with it last began.
    committed: Duration,
    read: Duration,
    changed: Duration,
    attempts: Vec<Attempt>,
    /// Writes under way, by daemon: whether they can only be there to take back what is ours.
    writing: [Option<bool>; 2],
    login: Option<Login>,
    /// The user left the group, and what stands there is kept.
    left: bool,
}

/// A write that was intended and is not known to have ended.
#[derive(Clone, Debug)]
struct Attempt {
    to: Value,
    /// The value of ours that it replaces.
    ours: Option<Value>,
    at: Timestamp,
    daemon: DaemonId,
    sent: bool,
    /// Whether it can only be there to take back what is ours.
    releases: bool,
    /// Whether the value that stood there was excused before.
    was_excused: bool,
    /// Since when nobody knows what became of it.
    unknown: Option<Duration>,
    /// When a daemon first looked for it, and when the daemon of now did.
    looked: Option<Duration>,
    looked_again: Option<Duration>,
    /// Its value was found, so that nobody looks for it any more.
    found: bool,
    /// Its fate is known, but not stored yet: after a crash it is unknown again. Whether a human set the same value.
    ending: Option<bool>,
}

impl Slots {
    pub(crate) fn slot(&mut self, user: i64, value: Value) -> &mut Slot {
        self.slots
            .entry((user, value.field()))
            .or_insert_with(|| Slot::new(value))
    }

    pub(crate) fn find(&self, user: i64, field: Field) -> Option<&Slot> {
        self.slots.get(&(user, field))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&(i64, Field), &Slot)> {
        self.slots.iter()
    }

    pub(crate) fn surely_silenced(&self, user: i64) -> bool {
        self.find(user, Field::Dnd)
            .is_some_and(|slot| slot.ours && slot.sure && slot.value.silences())
    }

    /// The values of writes that are under way or of unknown fate.
    pub(crate) fn under_way(&self, user: i64) -> Vec<Value> {
        let slots = self.slots.range((user, Field::Dnd)..=(user, Field::Chat));
        let attempts = slots.flat_map(|(_, slot)| &slot.attempts);
        let open = attempts.filter(|attempt| attempt.ending.is_none());
        open.map(|attempt| attempt.to).collect()
    }

    /// Whether a write that is under way can only be there to take back what is ours.
    pub(crate) fn is_being_released(&self, daemon: DaemonId, user: i64, to: Value) -> bool {
        self.find(user, to.field())
            .is_some_and(|slot| slot.is_being_released(daemon))
    }

    pub(crate) fn forget(&mut self, user: i64) {
        self.slots.retain(|(whose, _), _| *whose != user);
    }

    /// Whoever has the id from now on comes with this value.
    pub(crate) fn appeared(&mut self, user: i64, value: Value) {
        let now = self.now;
        self.slot(user, value).changed = now;
    }

    /// Nothing of this user is ours for sure any more.
    pub(crate) fn doubt(&mut self, user: i64) {
        for (_, slot) in self.slots.range_mut((user, Field::Dnd)..=(user, Field::Chat)) {
            slot.sure = false;
        }
    }

    pub(crate) fn doubt_others(&mut self, stays: impl Fn(i64) -> bool) {
        for ((user, _), slot) in &mut self.slots {
            slot.left = false;
            if !stays(*user) {
                slot.sure = false;
                slot.excused |= slot.ours;
                slot.ours = false;
                slot.left = true;
                for attempt in &mut slot.attempts {
                    attempt.was_excused = slot.excused;
                    // Whoever was forgotten is looked for no more.
                    attempt.found = true;
                }
            }
        }
    }

    pub(crate) fn human(&mut self, user: i64, before: Value, value: Value) {
        let now = self.now;
        let slot = self.slot(user, before);
        if slot.ours || (slot.excused && slot.unseen.is_none()) {
            slot.unseen = Some(before);
        }
        // Whoever turns a value of ours off and on again between two readings cannot be told from us.
        slot.ours = slot.unseen == Some(value);
        slot.sure = false;
        slot.value = value;
        slot.changed = now;
        // Nor can whoever sets what we are about to set, or sets again what we are about to replace.
        let ours = |attempt: &Attempt| attempt.to == value || attempt.ours == Some(value);
        slot.excused = slot
            .attempts
            .iter()
            .any(|attempt| attempt.ending.is_none() && ours(attempt));
        for attempt in &mut slot.attempts {
            attempt.was_excused = false;
            attempt.ending = attempt.ending.map(|_| ours(attempt));
        }
    }

    /// The PBX answers a reading, which need not reach its daemon.
    pub(crate) fn read(&mut self, user: i64, value: Value) {
        let now = self.now;
        self.slot(user, value).read = now;
    }

    /// A reading reached its daemon.
    pub(crate) fn learned(&mut self, user: i64, value: Value) {
        let now = self.now;
        let slot = self.slot(user, value);
        if slot.unseen.is_some_and(|unseen| unseen != value) {
            slot.just_seen = slot.unseen.take().map(|seen| (seen, now));
        }
        for attempt in &mut slot.attempts {
            if attempt.unknown.is_some() {
                attempt.looked.get_or_insert(now);
                attempt.looked_again.get_or_insert(now);
                attempt.found |= attempt.to == value;
            }
        }
        let is_open = |attempt: &Attempt| {
            attempt
                .looked_again
                .is_none_or(|looked| now < looked + LOOKED_FOR)
        };
        slot.attempts.retain(is_open);
    }

    /// A row is stored: with an intent, or without one that was never sent. Returns the intended value where somebody put it
    /// there since the last reading.
    pub(crate) fn intended(
        &mut self,
        daemon: DaemonId,
        user: i64,
        field: Field,
        intent: Option<(Value, Timestamp)>,
    ) -> Option<Value> {
        let now = self.now;
        let slot = self.slots.get_mut(&(user, field))?;
        slot.committed = now;
        let Some((to, at)) = intent else {
            slot.end(|attempt| !attempt.sent && attempt.daemon == daemon);
            return None;
        };
        if slot
            .attempts
            .iter()
            .any(|attempt| (attempt.to, attempt.at) == (to, at))
        {
            return None;
        }
        let since = slot.read;
        let ours = slot.possibly_ours().then_some(slot.value);
        slot.attempts.push(Attempt {
            to,
            ours,
            at,
            daemon,
            sent: false,
            releases: false,
            was_excused: slot.excused,
            unknown: None,
            looked: None,
            looked_again: None,
            found: false,
            ending: None,
        });
        let stands = !slot.ours && slot.value == to && slot.changed >= since;
        slot.excused |= stands;
        stands.then_some(to)
    }

    /// A row is durable: whatever it does not intend any more has ended.
    pub(crate) fn stored(&mut self, user: i64, field: Field, intent: Option<(Value, Timestamp)>) {
        if let Some(slot) = self.slots.get_mut(&(user, field)) {
            let began = slot.committed;
            slot.just_seen.take_if(|(_, at)| *at <= began);
            slot.attempts
                .retain(|attempt| attempt.ending.is_none() || intent == Some((attempt.to, attempt.at)));
        }
    }

    /// Returns whether another write was under way.
    pub(crate) fn started(
        &mut self,
        daemon: DaemonId,
        user: i64,
        (from, to): (Value, Value),
        login: &Login,
        releases: bool,
    ) -> bool {
        let slot = self.slot(user, from);
        // Another login is another person: a write that is still under way cannot reach this one.
        let same = slot.login.replace(login.clone()).as_ref() == Some(login);
        for attempt in slot
            .attempts
            .iter_mut()
            .filter(|attempt| attempt.daemon == daemon && attempt.to == to)
        {
            attempt.sent = true;
            attempt.releases = releases;
        }
        slot.writing[daemon].replace(releases).is_some() && same
    }

    pub(crate) fn ended(&mut self, daemon: DaemonId, user: i64, to: Value, known: bool) {
        let now = self.now;
        let slot = self.slot(user, to);
        slot.writing[daemon] = None;
        let of_this = |attempt: &Attempt| {
            attempt.daemon == daemon && attempt.unknown.is_none() && attempt.ending.is_none()
        };
        if known {
            slot.end(of_this);
        }
        for attempt in slot.attempts.iter_mut().filter(|attempt| of_this(attempt)) {
            attempt.unknown = Some(now);
        }
    }

    pub(crate) fn landed(&mut self, user: i64, before: Value, to: Value, late: bool) {
        let now = self.now;
        let jumped = self.clock_jumped;
        let slot = self.slot(user, before);
        let goes_on = slot.possibly_ours() && slot.value == before;
        // A human's value that nobody read does not break the row of our writes.
        if !goes_on && slot.unseen != Some(before) {
            slot.before = before;
        }
        let was_ours = slot.possibly_ours();
        // Where a clock jumped, a late write may have been given up, and then it is what stood there before.
        let given_up = jumped && slot.ours && !slot.sure;
        let expected = slot.attempts.iter().any(|attempt| {
            attempt.to == to
                && attempt.ending.is_none()
                && !attempt.found
                && attempt.looked.is_none_or(|looked| now < looked + LOOKED_FOR)
        });
        slot.value = to;
        // DND that is off is nobody's, and so is a chat status that stands there as it did before.
        slot.ours = to.silences() || (to.field() == Field::Chat && to != slot.before);
        let doubtful = to.field() == Field::Chat && (slot.excused || given_up);
        // Whether it is what stood there before depends on what a daemon could know of that.
        slot.excused = !slot.sure && !slot.ours;
        slot.sure = !doubtful && !slot.left && (!late || (expected && !jumped));
        let mut attempts = slot.attempts.iter();
        let releases = late && attempts.any(|attempt| attempt.to == to && attempt.releases);
        if to.field() == Field::Chat && (releases || slot.writing.contains(&Some(true))) {
            // It puts back what stood there before, as far as its daemon could know that.
            (slot.ours, slot.excused) = (false, true);
        }
        // Nor can anybody tell that a late write of ours replaced a value of ours, before somebody reads it.
        slot.unseen = (late && was_ours).then_some(before);
    }

    pub(crate) fn life_ended(&mut self, daemon: DaemonId) {
        let now = self.now;
        for slot in self.slots.values_mut() {
            slot.writing[daemon] = None;
            if let Some((seen, _)) = slot.just_seen.take() {
                slot.excused |= slot.value == seen;
                slot.unseen = Some(seen);
            }
            for attempt in slot
                .attempts
                .iter_mut()
                .filter(|attempt| attempt.daemon == daemon)
            {
                let same = slot.value == attempt.to || attempt.ours == Some(slot.value);
                slot.excused |= attempt.ending == Some(true) && same;
                attempt.ending = None;
                attempt.unknown = attempt.unknown.or(Some(now));
                attempt.looked_again = None;
                attempt.sent = true;
            }
        }
    }
}

impl Slot {
    const fn new(value: Value) -> Self {
        Self {
            value,
            ours: false,
            sure: false,
            before: value,
            excused: false,
            unseen: None,
            just_seen: None,
            committed: Duration::ZERO,
            read: Duration::ZERO,
            changed: Duration::ZERO,
            attempts: Vec::new(),
            writing: [None; 2],
            login: None,
            left: false,
        }
    }

    /// The fate of these attempts is known, to their daemon at least.
    fn end(&mut self, which: impl Fn(&Attempt) -> bool) {
        let excused = self.excused;
        let (mut ended, mut before) = (false, false);
        for attempt in self.attempts.iter_mut().filter(|attempt| which(attempt)) {
            attempt.ending = Some(excused);
            ended = true;
            before |= attempt.was_excused;
        }
        if ended && self.attempts.iter().all(|attempt| attempt.ending.is_some()) {
            self.excused = before;
        }
    }

    pub(crate) fn is_being_released(&self, daemon: DaemonId) -> bool {
        self.writing[daemon] == Some(true)
    }

    /// Whether a daemon may take the value for ours.
    pub(crate) const fn possibly_ours(&self) -> bool {
        self.ours || self.excused
    }
}
