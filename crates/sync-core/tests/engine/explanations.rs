//! In each situation the explanation of a member names the true reason.

use std::time::Duration;

use sync_core::{
    DueView, ExplainView, Fault, Field, Mode, OwnerView, Policy, PortError, Rest, SkipReason, UnknownBecause,
    Value, WaitView, WorkView,
};

use crate::support::{World, seconds, user};

const ON: Value = Value::Dnd(true);
const OFF: Value = Value::Dnd(false);

/// The change of DND that is due.
fn due(view: &ExplainView) -> &DueView {
    let change = view.changes.iter().find(|change| change.field == Field::Dnd);
    change.unwrap_or_else(|| panic!("nothing is due: {view:#?}"))
}

fn waits(view: &ExplainView) -> &WaitView {
    due(view).waits.as_ref().unwrap_or_else(|| panic!("{view:#?}"))
}

/// One person in a call, whose DND is ours.
async fn in_a_call(settings: impl FnOnce(&mut World)) -> World {
    let mut world = World::with(1);
    settings(&mut world);
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    assert!(world.dnd(1));
    world
}

#[tokio::test(start_paused = true)]
async fn what_was_carried_out_is_ours_with_what_stood_there_before() {
    let world = in_a_call(|_| {}).await;
    let view = world.explain(1).await;
    let dnd = &view.member.dnd;
    assert_eq!(
        (dnd.owner, dnd.before, dnd.rest),
        (OwnerView::Us, Some(OFF), Some(Rest::InLine))
    );
    assert!(view.changes.is_empty() && view.links.is_empty());
    assert_eq!(view.rules.unwrap().dnd.rule.to_string(), "Busy/InACall");
}

#[tokio::test(start_paused = true)]
async fn a_humans_change_after_ours_stands_and_is_seen_as_drift() {
    let world = in_a_call(|world| world.settings.readback_interval = seconds(10)).await;
    world.pbx.set_by_human(1, OFF);
    world.pass(seconds(20)).await;
    let dnd = world.explain(1).await.member.dnd;
    assert_eq!(
        (dnd.owner, dnd.drift, dnd.rest),
        (OwnerView::Others, true, Some(Rest::InLine))
    );
    assert_eq!(dnd.last_write.map(|write| write.to), Some(ON));
}

#[tokio::test(start_paused = true)]
async fn a_humans_dnd_is_named_where_the_policy_never_clears_it() {
    let mut world = World::with(1);
    world.settings.policy = Policy::OwnOnly;
    world.pbx.set_by_human(1, ON);
    world.start().await;
    world.settle().await;
    let dnd = world.explain(1).await.member.dnd;
    assert_eq!((dnd.owner, dnd.pbx), (OwnerView::Others, Some(ON)));
    assert!(
        matches!(dnd.rest, Some(Rest::HumansDnd | Rest::InLine)),
        "{dnd:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_change_that_waits_for_a_link_names_the_link_and_its_failure() {
    let world = in_a_call(|_| {}).await;
    let down = PortError::new(Fault::Unreachable, "reach the PBX").with_advice("Look at the PBX.");
    world.pbx.fail_with(Some(down));
    world.teams_says(1, "Away/Away");
    world.settle().await;
    let view = world.explain(1).await;
    assert_eq!(
        *waits(&view),
        WaitView::Link {
            link: sync_core::LinkName::Pbx
        }
    );
    assert_eq!(
        (due(&view).to, due(&view).because.rule.as_ref()),
        (OFF, "otherwise-off")
    );
    let link = view
        .links
        .iter()
        .find(|link| link.link == sync_core::LinkName::Pbx)
        .unwrap();
    assert_eq!(link.error.as_deref(), Some("cannot reach the PBX"));
    assert_eq!(link.advice.as_deref(), Some("Look at the PBX."));
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_named_with_the_time_until_they_are_tried_again() {
    let world = in_a_call(|_| {}).await;
    world
        .pbx
        .fail_with(Some(PortError::new(Fault::Credentials, "sign in to the PBX")));
    world.teams_says(1, "Away/Away");
    world.settle().await;
    let view = world.explain(1).await;
    assert_eq!(
        *waits(&view),
        WaitView::Link {
            link: sync_core::LinkName::Pbx
        }
    );
    let left = view
        .links
        .iter()
        .filter_map(|link| link.retry_in_seconds)
        .fold(f64::MAX, f64::min);
    assert!((1_700.0..1_800.0).contains(&left), "{left}");
}

#[tokio::test(start_paused = true)]
async fn a_member_whose_own_requests_fail_says_what_failed() {
    let world = in_a_call(|_| {}).await;
    world
        .pbx
        .fail_with(Some(PortError::new(Fault::Server, "change the phone of 1")));
    world.teams_says(1, "Away/Away");
    world.pass(seconds(2)).await;
    let view = world.explain(1).await;
    let WaitView::Retry { error, seconds } = waits(&view) else {
        panic!("{view:#?}")
    };
    assert_eq!(error, "cannot change the phone of 1");
    assert!(*seconds > 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_held_change_names_the_plan_that_can_be_approved() {
    let mut world = World::with(10);
    world.settings.breaker = sync_core::Breaker {
        share: 0.5,
        at_least: 3,
        confirm_for: seconds(600),
    };
    world.start().await;
    world.settle().await;
    (1..=10).for_each(|id| world.teams_says(id, "Busy/InACall"));
    world.settle().await;
    let held = (1..=10).find(|id| !world.dnd(*id)).unwrap();
    let view = world.explain(held).await;
    let WaitView::Breaker { plan, until } = waits(&view) else {
        panic!("{view:#?}")
    };
    assert_eq!(*plan, world.view().await.held_plan);
    assert!(*until > view.member.since.unwrap());
    assert_eq!(view.member.dnd.work, WorkView::Held);
}

#[tokio::test(start_paused = true)]
async fn whoever_only_observes_says_so_of_each_change() {
    let mut world = World::with(1);
    world.settings.observe = true;
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    let view = world.explain(1).await;
    assert!(view.observe);
    assert_eq!(*waits(&view), WaitView::Observe);
    assert_eq!(
        (due(&view).to, due(&view).because.rule.as_ref()),
        (ON, "Busy/InACall")
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_presence_says_why_and_then_that_ours_is_taken_back() {
    let world = in_a_call(|world| world.settings.unknown_release_after = seconds(100)).await;
    let because = async || {
        let view = world.explain(1).await;
        assert!(view.member.unknown_for_seconds.is_some(), "{view:#?}");
        (view.member.unknown_because.unwrap(), view.member.dnd.rest)
    };
    world.teams_is_silent_about(1);
    world.settle().await;
    assert_eq!(because().await, (UnknownBecause::LeftOut, Some(Rest::Unknown)));
    world.teams_says(1, "PresenceUnknown/PresenceUnknown");
    world.settle().await;
    assert_eq!(because().await.0, UnknownBecause::Said);
    world
        .tenant
        .fail_with(Some(PortError::new(Fault::Unreachable, "read presence")));
    world.settle().await;
    assert_eq!(because().await.0, UnknownBecause::NoAnswer);
    world
        .pbx
        .fail_with(Some(PortError::new(Fault::Unreachable, "reach the PBX")));
    world.pass(seconds(120)).await;
    let view = world.explain(1).await;
    assert_eq!(
        (due(&view).release, due(&view).because.rule.as_ref()),
        (true, "unknown-presence")
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_is_joined_to_nobody_says_so() {
    let mut world = World::with(1);
    world.pbx.add_user(2, "nobody@example.com", true);
    world.start().await;
    world.settle().await;
    let address = "nobody@example.com".parse().unwrap();
    let now = sync_core::Moment {
        wall: "2026-11-23T08:00:00Z".parse().unwrap(),
        uptime: Duration::from_secs(5),
    };
    let views = world
        .handle()
        .ask(move |engine| engine.explain(&address, now))
        .await
        .unwrap();
    let member = &views[0].member;
    assert_eq!(member.skipped, Some(SkipReason::NoTeamsUser));
    assert_eq!(member.unknown_because, Some(UnknownBecause::NotJoined));
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_the_instance_is_told_from_that_of_a_member() {
    let world = in_a_call(|_| {}).await;
    let until = "2026-11-23T09:00:00Z".parse().unwrap();
    world.handle().pause_member(user(1), Some(until)).await.unwrap();
    world.settle().await;
    let view = world.explain(1).await;
    assert_eq!((view.mode, view.paused_until), (Mode::Running, None));
    assert_eq!(view.member.paused.and_then(|pause| pause.until), Some(until));
    assert_eq!(view.member.dnd.rest, Some(Rest::Paused));
    world.handle().resume_member(user(1)).await.unwrap();
    world.handle().pause(Some(until)).await.unwrap();
    world.settle().await;
    let view = world.explain(1).await;
    assert_eq!((view.mode, view.paused_until), (Mode::Paused, Some(until)));
    assert_eq!(
        (view.member.paused, view.member.dnd.rest),
        (None, Some(Rest::Paused))
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_back_says_why() {
    let fails = || Some(PortError::new(Fault::Unreachable, "reach the PBX"));
    let world = in_a_call(|_| {}).await;
    world.pbx.fail_with(fails());
    world.handle().release().await.unwrap();
    world.settle().await;
    let view = world.explain(1).await;
    assert_eq!(
        (view.mode, due(&view).because.rule.as_ref()),
        (Mode::Releasing, "release")
    );

    let mut world = in_a_call(|_| {}).await;
    world.stop().await;
    world.settings.exclude = ["person1@example.com".parse().unwrap()].into();
    world.pbx.fail_chat_with(fails());
    world.start().await;
    world.settle().await;
    let view = world.explain(1).await;
    assert_eq!(view.member.skipped, Some(SkipReason::Excluded));
    let [chat] = &view.changes[..] else {
        panic!("{view:#?}")
    };
    assert_eq!(
        (chat.field, chat.because.rule.as_ref()),
        (Field::Chat, "excluded")
    );

    let world = in_a_call(|_| {}).await;
    world.pbx.fail_chat_with(fails());
    world.pbx.assign(1, false);
    // An empty group is doubted for a minute.
    world.pass(seconds(200)).await;
    let view = world.explain(1).await;
    assert_eq!(
        view.member.standing, None,
        "whoever left and has something of ours is explained, too"
    );
    let [chat] = &view.changes[..] else {
        panic!("{view:#?}")
    };
    assert_eq!(
        (chat.field, chat.because.rule.as_ref()),
        (Field::Chat, "left-the-group")
    );
}

#[tokio::test(start_paused = true)]
async fn dnd_that_is_turned_off_later_says_so() {
    let world = in_a_call(|world| world.settings.dnd_off_after = seconds(60)).await;
    world.teams_says(1, "Away/Away");
    world.settle().await;
    assert_eq!(world.explain(1).await.member.dnd.rest, Some(Rest::Waiting));
}
