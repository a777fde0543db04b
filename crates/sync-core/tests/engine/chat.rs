//! The chat status over time.

use sync_core::{ChatPresence, Policy, Value};

use crate::support::{World, seconds};

#[tokio::test(start_paused = true)]
async fn a_chat_status_that_the_users_client_overwrote_is_set_again_whatever_the_policy() {
    for policy in [Policy::LastChangeWins, Policy::OwnOnly, Policy::TeamsLeads] {
        let mut world = World::with(3);
        world.settings.policy = policy;
        world.settings.chat_reassert = seconds(60);
        world.teams_says(1, "Busy/Busy");
        world.start().await;
        world.settle().await;
        world.pbx.set_by_human(1, Value::Chat(ChatPresence::Available));
        world.pass(seconds(50)).await;
        assert_eq!(
            world.chat(1),
            ChatPresence::Available,
            "{policy:?}: not before its turn"
        );
        world.pass(seconds(15)).await;
        assert_eq!(world.chat(1), ChatPresence::DoNotDisturb, "{policy:?}");
        assert!(world.reported("drift 1"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_round_of_chat_statuses_is_one_call_and_writes_nothing_where_nothing_changed() {
    let mut world = World::with(400);
    world.settings.chat_reassert = seconds(60);
    world.settings.roster_interval = seconds(100_000);
    world.start().await;
    world.pass(seconds(61)).await;
    let (requests, writes) = (world.pbx.requests(), world.pbx.writes().len());
    world.pass(seconds(600)).await;
    assert_eq!(
        world.pbx.requests() - requests,
        10,
        "one call a minute for everybody"
    );
    assert_eq!(world.pbx.writes().len(), writes);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_not_signed_in_to_the_chat_is_not_set_again() {
    let mut world = World::with(1);
    world.settings.chat_reassert = seconds(60);
    world.start().await;
    world.settle().await;
    world.pbx.set_by_human(1, Value::Chat(ChatPresence::Unavailable));
    let writes = world.pbx.writes().len();
    world.pass(seconds(600)).await;
    assert_eq!(world.pbx.writes().len(), writes);
    world.pbx.set_by_human(1, Value::Chat(ChatPresence::Away));
    world.pass(seconds(65)).await;
    assert_eq!(
        world.chat(1),
        ChatPresence::Available,
        "who signs in again is set again"
    );
}

#[tokio::test(start_paused = true)]
async fn with_no_time_for_it_a_chat_status_that_was_overwritten_stands() {
    let mut world = World::with(1);
    world.start().await;
    world.settle().await;
    world.pbx.set_by_human(1, Value::Chat(ChatPresence::Away));
    world.pass(seconds(600)).await;
    assert_eq!(world.chat(1), ChatPresence::Away);
}
