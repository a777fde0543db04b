//! Somebody who turns Do Not Disturb on by hand: a choice that has to stand.

use std::collections::BTreeMap;
use std::time::Duration;

use presence_mapping::{DndOutcome, Presence, Rules};

/// Somebody whose DND the rules want off at `noon` and ever after, so that nothing but a fault would undo what they
/// turn on by hand. `events` are those of the whole day, in order.
pub(super) fn candidate<P: Ord + Copy>(
    rules: &Rules,
    events: impl Iterator<Item = (Duration, P, Presence)>,
    noon: Duration,
) -> Option<P> {
    let mut fits: BTreeMap<P, bool> = BTreeMap::new();
    for (at, person, presence) in events {
        let off = rules.decide(&presence).outcome.dnd == DndOutcome::Off;
        let known = fits.entry(person).or_insert(off);
        *known = if at <= noon { off } else { *known && off };
    }
    fits.into_iter().find(|(_, fits)| *fits).map(|(person, _)| person)
}

#[cfg(test)]
mod tests {
    use presence_mapping::RulesTable;

    use super::*;

    #[test]
    fn only_somebody_whose_dnd_stays_off_is_asked() {
        let rules = Rules::new(&RulesTable::default()).unwrap();
        let hour = |hour: u64| Duration::from_secs(hour * 3600);
        let mut events = vec![
            (hour(1), 1, "Busy/InAMeeting"),
            (hour(2), 2, "Busy/InACall"),
            (hour(3), 2, "Available/Available"),
            (hour(3), 3, "Available/Available"),
            (hour(6), 3, "Busy/InAMeeting"),
            (hour(7), 3, "Available/Available"),
        ];
        let asked = |events: &[(Duration, i32, &str)]| {
            let events = events
                .iter()
                .map(|(at, person, presence)| (*at, *person, presence.parse().unwrap()));
            candidate(&rules, events, hour(5))
        };
        assert_eq!(asked(&events), Some(2), "1 is in a meeting, 3 will be");
        events.push((hour(8), 2, "PresenceUnknown/PresenceUnknown"));
        assert_eq!(asked(&events), None, "nothing is known of 2 in the evening");
    }
}
