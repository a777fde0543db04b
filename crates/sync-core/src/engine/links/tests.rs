//! How a link closes and opens, and what the others of its side do meanwhile.

use jiff::Timestamp;

use super::*;
use crate::engine::refusals::Fingerprints;

fn at(seconds: u64) -> Moment {
    Moment {
        wall: Timestamp::UNIX_EPOCH,
        uptime: Duration::from_secs(seconds),
    }
}

fn links() -> Links {
    Links::new(
        1,
        Refusals::remembering(Fingerprints::default(), Vec::new()),
        at(0),
    )
    .0
}

fn error(fault: Fault) -> PortError {
    PortError::new(fault, "try")
}

#[test]
fn a_failed_link_is_tried_by_one_request_when_its_time_has_come() {
    let mut links = links();
    links.started(LinkName::Pbx);
    let told = error(Fault::Throttled {
        retry_after: Some(Duration::from_secs(7)),
    });
    assert_eq!(links.failed(LinkName::Pbx, &told, at(0)).len(), 1);
    assert!(!links.may_start(LinkName::Pbx, at(6)));
    assert!(links.may_start(LinkName::Pbx, at(7)));
    links.started(LinkName::Pbx);
    assert!(
        !links.may_start(LinkName::Pbx, at(8)),
        "one at a time until it succeeds"
    );
    assert_eq!(links.succeeded(LinkName::Pbx, at(8)).len(), 1);
    assert!(links.may_start(LinkName::Pbx, at(8)));
}

#[test]
fn a_wait_that_was_asked_for_is_not_cut_short_by_what_was_under_way() {
    let mut links = links();
    for _ in 0..3 {
        links.started(LinkName::Presence);
    }
    let told = error(Fault::Throttled {
        retry_after: Some(Duration::from_secs(300)),
    });
    links.failed(LinkName::Presence, &told, at(0));
    links.succeeded(LinkName::Presence, at(1));
    assert!(!links.may_start(LinkName::Presence, at(2)));
    links.failed(LinkName::Presence, &error(Fault::Unreachable), at(3));
    assert!(!links.may_start(LinkName::Presence, at(299)));
    assert!(links.may_start(LinkName::Presence, at(300)));
}

#[test]
fn what_was_under_way_when_somebody_asked_to_try_again_is_no_new_refusal() {
    let mut links = links();
    links.started(LinkName::Pbx);
    links.started(LinkName::Pbx);
    links.failed(LinkName::Pbx, &error(Fault::Credentials), at(0));
    links.try_again(&Side::ALL, at(1));
    assert!(
        !links.may_start(LinkName::Pbx, at(1)),
        "the other one is not answered yet"
    );
    links.failed(LinkName::Pbx, &error(Fault::Credentials), at(2));
    assert_eq!(links.refusals.times(Side::Pbx), 1);
    assert!(links.may_start(LinkName::Pbx, at(2)));
    links.started(LinkName::Pbx);
    links.failed(LinkName::Pbx, &error(Fault::Credentials), at(3));
    assert_eq!(links.refusals.times(Side::Pbx), 2);
}

#[test]
fn a_wait_that_was_asked_for_outlasts_refused_credentials_that_are_accepted_again() {
    let mut links = links();
    links.started(LinkName::Chat);
    let told = error(Fault::Throttled {
        retry_after: Some(Duration::from_secs(60)),
    });
    links.failed(LinkName::Chat, &told, at(0));
    links.failed(LinkName::Pbx, &error(Fault::Credentials), at(0));
    links.try_again(&Side::ALL, at(1));
    links.started(LinkName::Pbx);
    links.succeeded(LinkName::Pbx, at(1));
    assert!(!links.may_start(LinkName::Chat, at(59)));
    assert_eq!(links.next_wake(at(59)), Some(Duration::from_secs(60)));
    assert!(links.may_start(LinkName::Chat, at(60)));
}

#[test]
fn a_wait_that_was_asked_for_twice_ends_with_the_later_one() {
    let mut links = links();
    links.started(LinkName::Pbx);
    links.started(LinkName::Pbx);
    let told = error(Fault::Throttled {
        retry_after: Some(Duration::from_secs(60)),
    });
    links.failed(LinkName::Pbx, &told, at(0));
    assert!(links.failed(LinkName::Pbx, &told, at(8)).is_empty());
    assert!(!links.may_start(LinkName::Pbx, at(67)));
    assert!(links.may_start(LinkName::Pbx, at(68)));
}

#[test]
fn the_same_failure_is_told_once() {
    let mut links = links();
    assert_eq!(
        links
            .failed(LinkName::Pbx, &error(Fault::Unreachable), at(0))
            .len(),
        1
    );
    assert_eq!(
        links
            .failed(LinkName::Pbx, &error(Fault::Unreachable), at(100))
            .len(),
        0
    );
    assert_eq!(
        links
            .failed(LinkName::Pbx, &error(Fault::Protocol), at(300))
            .len(),
        0,
        "the text is the same"
    );
    let other = PortError::new(Fault::Protocol, "read");
    assert_eq!(links.failed(LinkName::Pbx, &other, at(900)).len(), 1);
}

#[test]
fn refused_credentials_close_the_whole_side_for_half_an_hour_then_longer() {
    let mut links = links();
    assert_eq!(
        links
            .failed(LinkName::Roster, &error(Fault::Credentials), at(0))
            .len(),
        1
    );
    for link in [LinkName::Roster, LinkName::Pbx, LinkName::Chat] {
        assert!(!links.may_start(link, at(1_799)), "{link}");
    }
    assert!(
        links.may_start(LinkName::Presence, at(1)),
        "the other side goes on"
    );
    assert!(links.may_start(LinkName::Roster, at(1_800)));
    assert!(
        !links.may_start(LinkName::Pbx, at(1_800)),
        "only one tries the credentials again"
    );
    links.failed(LinkName::Roster, &error(Fault::Credentials), at(1_800));
    assert!(!links.may_start(LinkName::Roster, at(1_800 + 7_199)));
    assert!(!links.may_start(LinkName::Pbx, at(1_800 + 7_199)));
    assert!(links.may_start(LinkName::Roster, at(1_800 + 7_200)));
    links.succeeded(LinkName::Roster, at(9_000));
    assert!(
        links.may_start(LinkName::Pbx, at(9_000)),
        "what worked once works for all"
    );
}

#[test]
fn where_nobody_has_signed_in_one_link_looks_again_soon_and_no_refusal_is_known() {
    let mut links = links();
    for second in [0, 10, 20, 30] {
        let told = links.failed(LinkName::Presence, &error(Fault::NobodySignedIn), at(second));
        assert_eq!(told.len(), usize::from(second == 0), "told once");
        assert!(!links.may_start(LinkName::Presence, at(second + 9)));
        assert!(links.may_start(LinkName::Presence, at(second + 10)));
        assert!(
            !links.may_start(LinkName::Directory, at(second + 19)),
            "behind it"
        );
    }
    assert_eq!(links.refusals.to_store(), None);
    links.started(LinkName::Presence);
    links.succeeded(LinkName::Presence, at(40));
    assert!(links.may_start(LinkName::Directory, at(40)));
}

#[test]
fn an_outage_before_a_refusal_does_not_make_its_wait_longer() {
    let mut links = links();
    for second in [0, 100, 200, 300] {
        links.failed(LinkName::Roster, &error(Fault::Unreachable), at(second));
    }
    links.failed(LinkName::Roster, &error(Fault::Credentials), at(400));
    assert!(links.may_start(LinkName::Roster, at(400 + 1_800)));
}

#[test]
fn a_refusal_is_forgotten_once_the_credentials_were_accepted_and_not_before() {
    let mut links = links();
    let sides = |links: &Links| links.refusals.iter().map(|known| known.side).collect::<Vec<_>>();
    links.failed(LinkName::Chat, &error(Fault::Credentials), at(0));
    links.failed(LinkName::Pbx, &error(Fault::Credentials), at(0));
    links.failed(LinkName::Roster, &error(Fault::Unreachable), at(1_900));
    assert_eq!(sides(&links), [Side::Pbx, Side::Module]);
    links.succeeded(LinkName::Roster, at(2_000));
    assert_eq!(sides(&links), [Side::Module]);
    links.succeeded(LinkName::Chat, at(2_000));
    assert_eq!(sides(&links), []);
}

#[test]
fn what_somebody_has_to_mend_is_tried_again_at_once_and_what_the_other_side_asked_for_is_not() {
    let mut links = links();
    let told = error(Fault::Throttled {
        retry_after: Some(Duration::from_secs(900)),
    });
    links.failed(LinkName::Presence, &told, at(0));
    links.failed(LinkName::Pbx, &error(Fault::Credentials), at(0));
    links.try_again(&[Side::Teams, Side::Module], at(60));
    assert!(!links.may_start(LinkName::Pbx, at(60)), "its side is not meant");
    links.try_again(&[Side::Teams, Side::Pbx], at(60));
    assert!(links.may_start(LinkName::Pbx, at(60)));
    assert!(
        !links.may_start(LinkName::Roster, at(60)),
        "one presents the credentials before the others"
    );
    assert!(!links.may_start(LinkName::Presence, at(60)));
    links.failed(LinkName::Pbx, &error(Fault::Credentials), at(61));
    assert!(
        !links.may_start(LinkName::Pbx, at(61 + 7_199)),
        "refused again is refused twice"
    );
}

#[test]
fn a_sign_in_to_the_pbx_that_the_chat_met_closes_the_whole_side() {
    let mut links = links();
    let refused = error(Fault::Credentials).refused_by(Side::Pbx);
    links.failed(LinkName::Chat, &refused, at(0));
    for link in [LinkName::Roster, LinkName::Pbx, LinkName::Chat] {
        assert!(!links.may_start(link, at(1_799)), "{link}");
    }
    assert_eq!(links.refusals.times(Side::Pbx), 1);
    assert_eq!(links.refusals.times(Side::Module), 0);
}

#[test]
fn where_the_module_alone_refuses_the_credentials_dnd_goes_on() {
    let mut links = links();
    links.failed(LinkName::Chat, &error(Fault::Credentials), at(0));
    assert!(!links.may_start(LinkName::Chat, at(1_799)));
    assert!(links.may_start(LinkName::Pbx, at(0)));
    assert!(links.may_start(LinkName::Roster, at(0)));
    links.started(LinkName::Roster);
    links.succeeded(LinkName::Roster, at(1));
    assert!(
        !links.may_start(LinkName::Chat, at(1)),
        "a sign-in to REST says nothing about the module's"
    );
}

#[test]
fn one_persons_failure_is_not_the_links_until_it_repeats() {
    let mut links = links();
    for id in [1, 2, 3, 4, 1, 2, 3, 4] {
        assert!(
            links
                .failed_for_one(LinkName::Pbx, PbxUserId(id), &error(Fault::Server), at(0))
                .is_empty()
        );
    }
    assert!(links.may_start(LinkName::Pbx, at(0)));
    assert_eq!(
        links
            .failed_for_one(LinkName::Pbx, PbxUserId(5), &error(Fault::Server), at(0))
            .len(),
        1
    );
    assert!(!links.may_start(LinkName::Pbx, at(0)));
}
