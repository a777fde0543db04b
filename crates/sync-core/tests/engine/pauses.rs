//! Who is left alone for a while: paused by the operator, or fought over by two programs.

use sync_core::{ChatPresence, Mode, Policy, Value};

use crate::support::{World, seconds, user};

const OFF: Value = Value::Dnd(false);

#[tokio::test(start_paused = true)]
async fn two_programs_that_fight_for_dnd_are_parted_for_an_hour() {
    let mut world = World::with(1);
    world.settings.policy = Policy::TeamsLeads;
    world.settings.readback_interval = seconds(60);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    for round in 1..=3 {
        assert!(world.dnd(1), "round {round}");
        world.pbx.set_by_human(1, OFF);
        world.pass(seconds(62)).await;
    }
    assert!(world.reported("stopped 1"), "{:?}", world.reports());
    assert!(!world.dnd(1), "the other one has it");
    let plan = world.plan().await;
    assert_eq!(plan.skipped[0].reason.to_string(), "stopped");
    let writes = world.writes_of_dnd().len();
    world.pass(seconds(50 * 60)).await;
    assert_eq!(world.writes_of_dnd().len(), writes);
    world.teams_says(1, "Away/Away");
    world.settle().await;
    assert_eq!(world.chat(1), ChatPresence::Away, "the chat status goes on");
    world.teams_says(1, "Busy/InACall");
    world.pass(seconds(12 * 60)).await;
    assert!(world.dnd(1), "after an hour it goes on");
    assert!(world.plan().await.skipped.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_human_who_changes_dnd_now_and_then_is_no_other_program() {
    let mut world = World::with(1);
    world.settings.policy = Policy::TeamsLeads;
    world.settings.readback_interval = seconds(60);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    for _ in 0..6 {
        world.pass(seconds(6 * 60)).await;
        assert!(world.dnd(1));
        world.pbx.set_by_human(1, OFF);
    }
    assert!(!world.reported("stopped"), "{:?}", world.reports());
}

#[tokio::test(start_paused = true)]
async fn a_member_who_is_paused_is_left_alone_and_goes_on_by_themselves() {
    let mut world = World::with(2);
    world.start().await;
    world.settle().await;
    let until = "2026-11-23T09:00:00Z".parse().unwrap();
    world.handle().pause_member(user(1), Some(until)).await.unwrap();
    world.teams_says(1, "Busy/InACall");
    world.teams_says(2, "Busy/InACall");
    world.settle().await;
    assert_eq!((world.dnd(1), world.dnd(2)), (false, true));
    let plan = world.plan().await;
    assert_eq!(plan.skipped.len(), 1);
    assert_eq!(plan.skipped[0].reason.to_string(), "paused");

    // A restart does not end it; its time does.
    world.stop().await;
    world.start().await;
    world.pass(seconds(30 * 60)).await;
    assert!(!world.dnd(1));
    world.pass(seconds(31 * 60)).await;
    assert!(world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn nobody_stays_silenced_in_a_pause_of_their_own_when_presence_stays_unknown() {
    let mut world = World::with(1);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    world.handle().pause_member(user(1), None).await.unwrap();
    world.teams_says(1, "Available/Available");
    world.pass(seconds(600)).await;
    assert!(world.dnd(1), "a pause freezes");
    world.teams_is_silent_about(1);
    world.pass(seconds(16 * 60)).await;
    assert!(!world.dnd(1));
    world.handle().resume_member(user(1)).await.unwrap();
    world.teams_says(1, "Busy/InACall");
    world.settle().await;
    assert!(world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_the_instance_ends_at_its_time_also_over_a_restart() {
    let mut world = World::with(1);
    world.settings.poll_interval = seconds(100);
    world.start().await;
    world.settle().await;
    let until = "2026-11-23T08:20:00Z".parse().unwrap();
    world.handle().pause(Some(until)).await.unwrap();
    world.teams_says(1, "Busy/InACall");
    world.pass(seconds(10 * 60)).await;
    assert!(!world.dnd(1));
    assert_eq!(world.view().await.paused_until, Some(until));
    world.stop().await;
    world.start().await;
    world.pass(seconds(60)).await;
    assert_eq!(world.view().await.mode, Mode::Paused);
    world.pass(seconds(10 * 60)).await;
    assert_eq!(world.view().await.mode, Mode::Running);
    assert!(world.dnd(1));
    assert_eq!(world.memory().await.mode, Mode::Running);
}
