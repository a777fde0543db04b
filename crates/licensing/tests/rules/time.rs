//! When a licence is in force, in which phase, and when that changes.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use licensing::{Ending, Licence, NotInForce, OperatingMode, Phase, WARN_DAYS};

use crate::desk::{demand, key, licence, terms, time, verified};

const NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);
const DAY: i64 = 24 * 60 * 60;

/// What can be said about a licence by time alone.
fn state(licence: &Licence, at: Timestamp) -> Result<Phase, NotInForce> {
    licence.in_force(at).map(|in_force| in_force.phase())
}

fn just_before(at: Timestamp) -> Timestamp {
    at - NANOSECOND
}

fn with_grace(grace_days: u16) -> Licence {
    let mut terms = terms();
    terms.grace_days = grace_days;
    licence(&terms)
}

fn changes(licence: &Licence) -> Vec<Timestamp> {
    let first = licence.next_change(Timestamp::MIN);
    std::iter::successors(first, |at| licence.next_change(*at)).collect()
}

#[test]
fn a_licence_is_valid_from_its_first_moment_until_just_before_its_last() {
    let licence = with_grace(0);
    let [from, until] = [terms().from, terms().until];
    let early = Err(NotInForce::NotYetValid { from });
    let expired = Err(NotInForce::Expired {
        since: until,
        grace_days: 0,
    });
    assert_eq!(state(&licence, Timestamp::MIN), early);
    assert_eq!(state(&licence, just_before(from)), early);
    assert_eq!(state(&licence, from), Ok(Phase::Valid));
    assert_eq!(
        state(&licence, just_before(until)),
        Ok(Phase::Ending(Ending { within_days: 1 }))
    );
    assert_eq!(state(&licence, until), expired);
    assert_eq!(state(&licence, Timestamp::MAX), expired);
}

#[test]
fn grace_follows_the_end_and_only_the_end() {
    let licence = with_grace(14);
    let [from, until] = [terms().from, terms().until];
    let grace_until = time("2027-01-15T00:00:00Z");
    assert_eq!(state(&licence, until), Ok(Phase::Grace { until: grace_until }));
    assert_eq!(
        state(&licence, just_before(grace_until)),
        Ok(Phase::Grace { until: grace_until })
    );
    assert_eq!(
        state(&licence, grace_until),
        Err(NotInForce::Expired {
            since: until,
            grace_days: 14
        })
    );
    assert_eq!(
        state(&licence, just_before(from)),
        Err(NotInForce::NotYetValid { from })
    );
}

#[test]
fn grace_covers_nothing_that_the_licence_does_not() {
    let licence = with_grace(14);
    let in_force = licence.in_force(terms().until).unwrap();
    assert!(in_force.covers(&demand(), 50).is_ok());
    assert!(in_force.covers(&demand(), 51).is_err());
}

#[test]
fn reminders_fall_due_30_14_7_and_1_days_before_the_end() {
    let licence = with_grace(3);
    let due = [
        (30, "2026-12-02T00:00:00Z"),
        (14, "2026-12-18T00:00:00Z"),
        (7, "2026-12-25T00:00:00Z"),
        (1, "2026-12-31T00:00:00Z"),
    ];
    assert_eq!(due.map(|(days, _)| days), WARN_DAYS);
    let mut before = Phase::Valid;
    for (within_days, at) in due {
        let ending = Phase::Ending(Ending { within_days });
        assert_eq!(state(&licence, just_before(time(at))), Ok(before));
        assert_eq!(state(&licence, time(at)), Ok(ending));
        before = ending;
    }
    let mut expected = vec![terms().from];
    expected.extend(due.map(|(_, at)| time(at)));
    expected.extend([terms().until, time("2027-01-04T00:00:00Z")]);
    assert_eq!(changes(&licence), expected);
}

#[test]
fn a_reminder_before_the_begin_of_a_short_licence_is_no_change() {
    let mut terms = terms();
    terms.until = time("2026-01-08T00:00:00Z");
    let licence = licence(&terms);
    let ending = |within_days| Ok(Phase::Ending(Ending { within_days }));
    assert_eq!(state(&licence, terms.from), ending(7));
    let expected = [terms.from, time("2026-01-07T00:00:00Z"), terms.until];
    assert_eq!(changes(&licence), expected);
}

#[test]
fn times_before_1970_and_finer_than_a_second_are_rounded_down_all_the_same() {
    let mut terms = terms();
    terms.issued = time("1969-12-31T23:59:58.5Z");
    terms.from = time("1969-12-31T23:59:59.5Z");
    terms.until = time("1970-01-01T00:00:00.5Z");
    let licence = verified(&key().issue(&terms).unwrap()).unwrap();
    assert_eq!(licence.terms().issued, time("1969-12-31T23:59:58Z"));
    assert_eq!(licence.terms().from, time("1969-12-31T23:59:59Z"));
    assert_eq!(licence.terms().until, time("1970-01-01T00:00:00Z"));
}

#[test]
fn a_licence_without_an_end_in_sight_never_overflows() {
    let mut terms = terms();
    terms.from = Timestamp::MIN;
    terms.until = Timestamp::MAX;
    terms.grace_days = 366;
    let licence = licence(&terms);
    assert_eq!(state(&licence, Timestamp::MIN), Ok(Phase::Valid));
    assert!(state(&licence, just_before(Timestamp::MAX)).is_ok());
    assert_eq!(licence.next_change(Timestamp::MAX), None);
}

/// Licences of up to a hundred days, so that reminders fall before, on and after their begin.
fn any_licence() -> impl Strategy<Value = Licence> {
    let length = prop_oneof![1..100 * DAY, (1..100_i64).prop_map(|days| days * DAY)];
    (length, 0..40_u16).prop_map(|(length, grace_days)| {
        let mut terms = terms();
        terms.until = terms.from + SignedDuration::from_secs(length);
        terms.grace_days = grace_days;
        licence(&terms)
    })
}

fn within(licence: &Licence, margin: i64) -> Range<i128> {
    let day = i128::from(margin) * 1_000_000_000;
    licence.terms().from.as_nanosecond() - day..licence.terms().grace_until().as_nanosecond() + day
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn between_two_changes_nothing_changes_and_at_each_something_does(
        (licence, moments) in any_licence().prop_flat_map(|licence| {
            let moments = prop::collection::vec(within(&licence, 40 * DAY), 20);
            (Just(licence), moments)
        }),
    ) {
        for at in moments {
            let at = Timestamp::from_nanosecond(at).unwrap();
            let before_next = licence.next_change(at).map_or(Timestamp::MAX, just_before);
            prop_assert_eq!(state(&licence, at), state(&licence, before_next));
        }
        for change in changes(&licence) {
            prop_assert_ne!(state(&licence, just_before(change)), state(&licence, change));
            prop_assert_eq!(licence.next_change(just_before(change)), Some(change));
        }
    }

    #[test]
    fn whoever_is_covered_is_covered_with_fewer_users_too(
        seats in 1..=u32::MAX,
        users in prop_oneof![0..100_usize, any::<usize>()],
        fewer in any::<prop::sample::Index>(),
        needed in prop::sample::select(&OperatingMode::ALL[..]),
        licensed in prop::sample::select(&OperatingMode::ALL[..]),
    ) {
        let mut terms = terms();
        terms.seats = seats;
        terms.mode = licensed;
        let licence = licence(&terms);
        let in_force = licence.in_force(terms.from).unwrap();
        let mut demand = demand();
        demand.mode = needed;
        let covered = |users| in_force.covers(&demand, users).is_ok();
        let fewer = fewer.index(users.saturating_add(1));
        prop_assert!(covered(fewer) || !covered(users), "{users} and not {fewer} of {seats}");
        let most = usize::try_from(seats).unwrap();
        prop_assert_eq!(covered(most), licensed.includes(needed));
        prop_assert!(!covered(most + 1));
    }
}
