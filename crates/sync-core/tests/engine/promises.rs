//! Each test is one sentence of the promise.

use crate::support::{World, seconds, user};
use sync_core::{ChatPresence, Fault, LinkName, Mode, Policy, PortError, Value};

const ON: Value = Value::Dnd(true);
const OFF: Value = Value::Dnd(false);

#[tokio::test(start_paused = true)]
async fn each_documented_state_sets_dnd_and_chat_as_the_table_says() {
    let mut world = World::with(7);
    let table = [
        ("Available/Available", false, ChatPresence::Available),
        ("Busy/InAMeeting", true, ChatPresence::DoNotDisturb),
        ("DoNotDisturb/Presenting", true, ChatPresence::DoNotDisturb),
        ("BeRightBack/BeRightBack", false, ChatPresence::Away),
        ("Away/Away", false, ChatPresence::Away),
        ("Offline/OffWork", false, ChatPresence::Away),
        ("Busy/Busy", false, ChatPresence::DoNotDisturb),
    ];
    for (id, (text, ..)) in (1..).zip(table) {
        world.teams_says(id, text);
    }
    world.start().await;
    world.settle().await;
    for (id, (text, dnd, chat)) in (1..).zip(table) {
        assert_eq!((world.dnd(id), world.chat(id)), (dnd, chat), "{text}");
    }
    assert!(
        world.pbx.writes().iter().all(|write| write.user != user(900)),
        "nobody else is touched"
    );
}

#[tokio::test(start_paused = true)]
async fn a_steady_sweep_costs_one_call_per_chunk_and_no_pbx_call() {
    let mut world = World::with(651);
    world.settings.roster_interval = seconds(100_000);
    world.start().await;
    world.pass(seconds(60)).await;
    let (calls, requests) = (world.tenant.calls(), world.pbx.requests());
    world.pass(seconds(200)).await;
    assert_eq!(world.tenant.calls() - calls, 200, "two chunks every two seconds");
    assert_eq!(world.pbx.requests(), requests);
}

#[tokio::test(start_paused = true)]
async fn a_restart_with_nothing_changed_writes_nothing_and_reads_nobody() {
    let mut world = World::with(20);
    world.teams_says(3, "Busy/InACall");
    world.start().await;
    world.settle().await;
    let (writes, requests) = (world.pbx.writes().len(), world.pbx.requests());
    world.stop().await;
    world.start().await;
    world.settle().await;
    assert_eq!(
        (world.pbx.writes().len(), world.pbx.requests()),
        (writes, requests)
    );
    assert!(world.dnd(3));
}

#[tokio::test(start_paused = true)]
async fn a_humans_change_before_a_restart_stands_as_its_policy_says() {
    for (policy, stays_off) in [
        (Policy::LastChangeWins, true),
        (Policy::OwnOnly, true),
        (Policy::TeamsLeads, false),
    ] {
        let mut world = World::with(1);
        world.settings.policy = policy;
        world.settings.readback_interval = seconds(60);
        world.teams_says(1, "Busy/InACall");
        world.start().await;
        world.settle().await;
        world.stop().await;
        world.pbx.set_by_human(1, OFF);
        world.start().await;
        world.pass(seconds(130)).await;
        assert_eq!(!world.dnd(1), stays_off, "{policy:?}");
        assert!(world.reported("drift 1"), "{policy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn own_only_never_clears_a_humans_dnd() {
    let mut world = World::with(2);
    world.settings.policy = Policy::OwnOnly;
    world.pbx.set_by_human(1, ON);
    world.start().await;
    world.settle().await;
    for text in [
        "Busy/InACall",
        "Available/Available",
        "DoNotDisturb/DoNotDisturb",
        "Offline/OffWork",
    ] {
        world.teams_says(1, text);
        world.teams_says(2, text);
        world.settle().await;
        assert!(world.dnd(1), "{text}");
    }
    assert!(!world.dnd(2), "what we turned on we turn off");
}

#[tokio::test(start_paused = true)]
async fn the_chat_status_changes_without_touching_a_humans_dnd() {
    let mut world = World::with(1);
    world.start().await;
    world.settle().await;
    world.pbx.set_by_human(1, ON);
    world.teams_says(1, "Away/Away");
    world.settle().await;
    assert_eq!((world.dnd(1), world.chat(1)), (true, ChatPresence::Away));
}

#[tokio::test(start_paused = true)]
async fn nobody_stays_silenced_when_presence_stays_unknown_and_it_is_applied_anew() {
    let mut world = World::with(2);
    world.teams_says(1, "Busy/InACall");
    world.pbx.set_by_human(2, ON);
    world.settings.policy = Policy::OwnOnly;
    world.teams_says(2, "Busy/InACall");
    world.start().await;
    world.settle().await;
    world.teams_is_silent_about(1);
    world.teams_is_silent_about(2);
    world.pass(seconds(14 * 60)).await;
    assert!(world.dnd(1));
    world.pass(seconds(2 * 60)).await;
    assert!(!world.dnd(1), "ours is taken back");
    assert!(world.dnd(2), "a human's is not");
    assert_eq!(
        world.chat(1),
        ChatPresence::Available,
        "what stood there is put back"
    );
    world.teams_says(1, "Busy/InACall");
    world.settle().await;
    assert!(world.dnd(1), "applied anew");
}

#[tokio::test(start_paused = true)]
async fn the_time_of_not_knowing_survives_restarts() {
    let mut world = World::with(1);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    world.teams_is_silent_about(1);
    world.pass(seconds(8 * 60)).await;
    world.kill().await;
    world.start().await;
    world.pass(seconds(8 * 60)).await;
    assert!(!world.dnd(1), "sixteen minutes in all");
}

#[tokio::test(start_paused = true)]
async fn after_a_start_one_sweep_is_tried_before_anything_is_taken_back() {
    let mut world = World::with(1);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    world.teams_is_silent_about(1);
    world.settle().await;
    world.kill().await;
    world.pass(seconds(3_600)).await;
    world.teams_says(1, "Busy/InACall");
    let writes = world.pbx.writes().len();
    world.start().await;
    world.settle().await;
    assert!(world.dnd(1));
    assert_eq!(world.pbx.writes().len(), writes);
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_tenant_holds_the_state_and_then_releases_ours() {
    let mut world = World::with(3);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    world
        .tenant
        .fail_with(Some(PortError::new(Fault::Unreachable, "connect")));
    world.pass(seconds(10 * 60)).await;
    assert!(world.dnd(1));
    assert!(world.reported("down presence: cannot connect"));
    world.pass(seconds(6 * 60)).await;
    assert!(!world.dnd(1));
    world.tenant.fail_with(None);
    world.pass(seconds(65)).await;
    assert!(world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_refuses_us_leaves_nobody_silenced_in_any_chunk() {
    let mut world = World::with(2_000);
    let silent = [1, 700, 1_400, 2_000];
    for id in silent {
        world.teams_says(id, "Busy/InACall");
    }
    world.settings.roster_interval = seconds(100_000);
    world.start().await;
    world.pass(seconds(30)).await;
    assert_eq!(silent.map(|id| world.dnd(id)), [true; 4]);
    world
        .tenant
        .fail_with(Some(PortError::new(Fault::Credentials, "sign in")));
    world.pass(seconds(17 * 60)).await;
    assert_eq!(silent.map(|id| world.dnd(id)), [false; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_restart_without_a_readable_group_takes_ours_back_after_its_time() {
    let mut world = World::with(2);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    world.stop().await;
    world
        .pbx
        .fail_roster_with(Some(PortError::new(Fault::Configuration, "find the group")));
    world.start().await;
    world.pass(seconds(10 * 60)).await;
    assert!(world.dnd(1));
    world.pass(seconds(8 * 60)).await;
    assert!(!world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn whoever_left_and_is_unknown_to_the_chat_still_gets_dnd_taken_back() {
    let mut world = World::with(3);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    world.pbx.hide_from_chat(1);
    world.pbx.assign(1, false);
    world.pass(seconds(200)).await;
    assert!(!world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn a_release_ends_where_the_chat_status_is_not_synchronised_any_more() {
    let mut world = World::with(2);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    world.stop().await;
    world.settings.chat = false;
    world.start().await;
    world.settle().await;
    world.handle().release().await.unwrap();
    world.settle().await;
    assert!(!world.dnd(1));
    assert!(world.handle().ask(sync_core::Engine::is_released).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_the_group_gets_ours_taken_back_and_is_left_alone() {
    let mut world = World::with(3);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    world.pbx.assign(1, false);
    world.pass(seconds(70)).await;
    assert!(!world.dnd(1));
    let writes = world.pbx.writes().len();
    world.pbx.set_by_human(1, ON);
    world.teams_says(1, "Away/Away");
    world.pass(seconds(70)).await;
    assert_eq!(world.pbx.writes().len(), writes);
    assert_eq!(world.view().await.members, 2);
}

#[tokio::test(start_paused = true)]
async fn an_excluded_address_is_never_touched() {
    let mut world = World::with(2);
    world
        .settings
        .exclude
        .insert("person1@example.com".parse().unwrap());
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    assert!(world.pbx.writes().iter().all(|write| write.user != user(1)));
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_of_the_pbx_the_presence_of_then_is_applied_not_a_replay() {
    let mut world = World::with(1);
    world.start().await;
    world.settle().await;
    let before = world.writes_of_dnd().len();
    world
        .pbx
        .fail_with(Some(PortError::new(Fault::Unreachable, "connect")));
    for text in ["Busy/InACall", "Available/Available", "Busy/InAMeeting"] {
        world.teams_says(1, text);
        world.settle().await;
    }
    world.pbx.fail_with(None);
    world.pass(seconds(130)).await;
    assert!(world.dnd(1));
    assert_eq!(world.writes_of_dnd().len() - before, 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_is_ours_and_not_repeated() {
    let mut world = World::with(1);
    world.settings.policy = Policy::OwnOnly;
    world.settings.chat = false;
    world.start().await;
    world.settle().await;
    world.pbx.lose_answers(1);
    world.teams_says(1, "Busy/InACall");
    world.pass(seconds(70)).await;
    assert_eq!(
        world.writes_of_dnd().len(),
        1,
        "read, found, and not written again"
    );
    world.teams_says(1, "Available/Available");
    world.settle().await;
    assert!(!world.dnd(1), "it was ours");
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_moment_and_started_again_it_converges_without_orphans() {
    for step in 0..60_u64 {
        let mut world = World::with(4);
        world.settings.policy = Policy::OwnOnly;
        world.pbx.set_by_human(4, ON);
        world.start().await;
        world.settle().await;
        for id in 1..=4 {
            world.teams_says(id, "Busy/InACall");
        }
        // The sweep comes within two seconds; the polls of the tasks in between are where the process dies.
        tokio::time::sleep(std::time::Duration::from_millis(1_990)).await;
        for _ in 0..step {
            tokio::task::yield_now().await;
        }
        world.kill().await;
        world.teams_says(1, "Available/Available");
        world.start().await;
        world.settle().await;
        assert_eq!(
            [1, 2, 3, 4].map(|id| world.dnd(id)),
            [false, true, true, true],
            "step {step}"
        );
        for id in 1..=4 {
            world.teams_says(id, "Available/Available");
        }
        world.settle().await;
        assert_eq!(
            [1, 2, 3, 4].map(|id| world.dnd(id)),
            [false, false, false, true],
            "step {step}"
        );
        for write in world.pbx.writes() {
            assert_ne!(write.from, write.to, "no write where nothing differs");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_at_once_are_held_until_the_outcome_was_seen_long_enough() {
    let mut world = World::with(20);
    world.settings.breaker = sync_core::Breaker::default();
    world.start().await;
    world.settle().await;
    for id in 1..=15 {
        world.teams_says(id, "Busy/InAMeeting");
    }
    world.settle().await;
    assert_eq!((1..=20).filter(|id| world.dnd(*id)).count(), 0);
    let plan = world.plan().await;
    assert_eq!((plan.held.len(), plan.changes.len()), (15, 0));
    assert!(world.reported("held 15 of 20"));
    world.teams_says(1, "Available/Available");
    world.pass(seconds(65)).await;
    assert_eq!((1..=20).filter(|id| world.dnd(*id)).count(), 14);
    assert!(world.plan().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn releases_pass_the_breaker() {
    let mut world = World::with(20);
    for id in 1..=20 {
        world.teams_says(id, "Busy/InAMeeting");
    }
    world.start().await;
    world.settle().await;
    world.stop().await;
    world.settings.breaker = sync_core::Breaker::default();
    world.start().await;
    world.settle().await;
    world.handle().release().await.unwrap();
    world.settle().await;
    assert_eq!((1..=20).filter(|id| world.dnd(*id)).count(), 0);
    assert!(world.reported("released"));
}

#[tokio::test(start_paused = true)]
async fn a_collapsing_roster_is_held_until_it_is_seen_again() {
    let mut world = World::with(20);
    world.settings.breaker = sync_core::Breaker {
        confirm_for: seconds(150),
        ..sync_core::Breaker::default()
    };
    world.teams_says(1, "Busy/InAMeeting");
    world.start().await;
    world.settle().await;
    for id in 1..=20 {
        world.pbx.assign(id, false);
    }
    world.pass(seconds(70)).await;
    assert!(world.reported("roster held, losing 20 of 20"));
    assert!(world.dnd(1));
    world.pass(seconds(180)).await;
    assert!(!world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn a_pause_freezes_writes_and_survives_a_restart() {
    let mut world = World::with(1);
    world.start().await;
    world.settle().await;
    let writes = world.pbx.writes().len();
    world.handle().pause(None).await.unwrap();
    world.teams_says(1, "Busy/InACall");
    world.settle().await;
    world.stop().await;
    world.start().await;
    world.settle().await;
    assert_eq!(world.pbx.writes().len(), writes);
    assert_eq!(world.view().await.mode, Mode::Paused);
    world.handle().resume().await.unwrap();
    world.settle().await;
    assert!(world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn a_release_takes_back_what_is_ours_and_pauses_until_resumed() {
    let mut world = World::with(3);
    world.teams_says(1, "Busy/InACall");
    world.pbx.set_by_human(2, ON);
    world.settings.policy = Policy::OwnOnly;
    world.start().await;
    world.settle().await;
    world.handle().release().await.unwrap();
    world.settle().await;
    assert_eq!([1, 2, 3].map(|id| world.dnd(id)), [false, true, false]);
    assert_eq!(world.chat(1), ChatPresence::Available);
    assert_eq!(world.view().await.owned, 0);
    world.teams_says(3, "Busy/InACall");
    world.settle().await;
    assert!(!world.dnd(3), "paused");
    world.handle().resume().await.unwrap();
    world.settle().await;
    assert_eq!([1, 2, 3].map(|id| world.dnd(id)), [true, true, true]);
}

#[tokio::test(start_paused = true)]
async fn a_release_that_was_interrupted_goes_on_after_a_restart() {
    let mut world = World::with(3);
    for id in 1..=3 {
        world.teams_says(id, "Busy/InACall");
    }
    world.start().await;
    world.settle().await;
    world
        .pbx
        .fail_with(Some(PortError::new(Fault::Unreachable, "connect")));
    world.handle().release().await.unwrap();
    world.settle().await;
    world.kill().await;
    world.pbx.fail_with(None);
    world.start().await;
    world.settle().await;
    assert_eq!([1, 2, 3].map(|id| world.dnd(id)), [false; 3]);
    assert_eq!(world.view().await.mode, Mode::Paused);
    world.stop().await;
    world.start().await;
    world.settle().await;
    assert_eq!(world.view().await.mode, Mode::Paused, "and stays paused");
    assert_eq!([1, 2, 3].map(|id| world.dnd(id)), [false; 3]);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_retires_gives_everything_back_and_is_not_paused_for_the_next_start() {
    let mut world = World::with(2);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    world.handle().retire().await.unwrap();
    world.settle().await;
    assert!(!world.dnd(1));
    world.stop().await;
    world.start().await;
    world.settle().await;
    assert_eq!(world.view().await.mode, Mode::Running);
    assert!(world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn observing_plans_and_writes_nothing() {
    let mut world = World::with(2);
    world.settings.observe = true;
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    let plan = world.plan().await;
    assert_eq!(world.pbx.writes(), []);
    assert_eq!(plan.changes.len(), 2, "DND and chat of one member: {plan:?}");
    assert!(
        plan.changes
            .iter()
            .all(|change| change.pbx_user == user(1) && change.from.is_some())
    );
}

#[tokio::test(start_paused = true)]
async fn dnd_is_turned_off_only_after_the_configured_wait() {
    let mut world = World::with(1);
    world.settings.dnd_off_after = seconds(20);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    world.teams_says(1, "Busy/Busy");
    world.pass(seconds(10)).await;
    assert!(world.dnd(1));
    world.teams_says(1, "Busy/InAMeeting");
    world.pass(seconds(40)).await;
    assert!(world.dnd(1));
    world.teams_says(1, "Available/Available");
    world.pass(seconds(12)).await;
    world.teams_says(1, "Away/Away");
    world.pass(seconds(13)).await;
    assert!(!world.dnd(1), "another chat status does not start the wait anew");
    assert_eq!(world.writes_of_dnd().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_not_tried_again_before_half_an_hour() {
    let mut world = World::with(1);
    world
        .pbx
        .fail_with(Some(PortError::new(Fault::Credentials, "sign in")));
    world.start().await;
    world.pass(seconds(29 * 60)).await;
    let view = world.view().await;
    assert_eq!(view.rosters, 0);
    let link = view
        .links
        .iter()
        .find(|link| link.link == LinkName::Roster)
        .unwrap();
    assert_eq!(
        (link.state.as_str(), link.fault.as_deref()),
        ("down", Some("credentials"))
    );
    assert_eq!(world.reports().len(), 1, "told once: {:?}", world.reports());
    world.pbx.fail_with(None);
    world.pass(seconds(2 * 60)).await;
    assert_eq!(world.view().await.members, 1);
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_fails_leaves_dnd_working_and_the_instance_degraded() {
    let mut world = World::with(1);
    world.start().await;
    world.settle().await;
    assert_eq!(world.view().await.readiness.state, sync_core::Health::Ready);
    world.pbx.fail_chat_with(Some(PortError::new(
        Fault::Configuration,
        "call the companion module",
    )));
    world.teams_says(1, "Busy/InACall");
    world.settle().await;
    assert!(world.dnd(1));
    assert_eq!(world.chat(1), ChatPresence::Available);
    assert_eq!(world.view().await.readiness.state, sync_core::Health::Degraded);
    world.pbx.fail_chat_with(None);
    world.pass(seconds(61)).await;
    assert_eq!(world.chat(1), ChatPresence::DoNotDisturb);
}

#[tokio::test(start_paused = true)]
async fn a_recycled_id_inherits_nothing() {
    let mut world = World::with(2);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    world.stop().await;
    let recycled = std::sync::Arc::new(sync_core::fakes::FakePbx::new());
    recycled.add_user(2, "person2@example.com", true);
    recycled.add_user_with_login(1, "5001", "somebody@example.com", true);
    recycled.set_by_human(1, ON);
    world.pbx = recycled;
    world.start().await;
    world.pass(seconds(130)).await;
    assert!(world.dnd(1), "the new owner of the id keeps a DND of their own");
    assert_eq!(world.pbx.writes(), []);
}
