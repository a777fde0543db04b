//! What is held, and what an operator lets pass.

use crate::support::{World, seconds};

/// Ten people of whom everybody goes into a call at once, which is too many to believe.
async fn held_burst() -> World {
    let mut world = World::with(10);
    world.settings.breaker = sync_core::Breaker {
        share: 0.5,
        at_least: 3,
        confirm_for: seconds(600),
    };
    world.start().await;
    world.settle().await;
    for id in 1..=10 {
        world.teams_says(id, "Busy/InACall");
    }
    world.settle().await;
    assert!(world.reported("held"), "{:?}", world.reports());
    world
}

#[tokio::test(start_paused = true)]
async fn a_held_plan_that_is_approved_passes_at_once_and_its_id_stays_while_the_same_is_held() {
    let world = held_burst().await;
    let plan = world.plan().await;
    world.pass(seconds(60)).await;
    let again = world.plan().await;
    assert_eq!((again.id, again.held.len()), (plan.id, plan.held.len()));
    assert_eq!(world.view().await.held_plan, Some(plan.id));
    assert!(plan.held.len() >= 9, "{}", plan.held.len());
    assert_eq!(world.handle().approve(plan.id).await, Ok(true));
    world.settle().await;
    assert!((1..=10).all(|id| world.dnd(id)), "{:?}", world.reports());
    assert_eq!(world.view().await.held_plan, None);
}

#[tokio::test(start_paused = true)]
async fn an_approval_is_for_what_was_seen_and_for_nothing_else() {
    let world = held_burst().await;
    let plan = world.plan().await;
    world.teams_says(10, "Available/Available");
    world.settle().await;
    assert_eq!(
        world.handle().approve(plan.id).await,
        Ok(false),
        "something else is held now"
    );
    let silenced = (1..=10).filter(|id| world.dnd(*id)).count();
    assert!(silenced <= 1);
    // What was approved once is held again when it comes back as another outcome.
    let plan = world.plan().await;
    assert_eq!(world.handle().approve(plan.id).await, Ok(true));
    world.settle().await;
    for id in 1..=9 {
        world.teams_says(id, "Available/Available");
    }
    world.pass(seconds(20)).await;
    assert!((1..=9).all(|id| !world.dnd(id)), "our own is turned off unheld");
    for id in 1..=9 {
        world.teams_says(id, "Busy/InACall");
    }
    world.pass(seconds(20)).await;
    assert!((1..=9).any(|id| !world.dnd(id)), "a new burst is held anew");
}

#[tokio::test(start_paused = true)]
async fn a_held_roster_is_approved_too() {
    let mut world = World::with(10);
    world.settings.breaker = sync_core::Breaker {
        share: 0.5,
        at_least: 3,
        confirm_for: seconds(36_000),
    };
    world.teams_says(1, "Busy/InACall");
    world.start().await;
    world.settle().await;
    for id in 1..=9 {
        world.pbx.assign(id, false);
    }
    world.pass(seconds(130)).await;
    assert!(world.reported("roster held"));
    assert!(world.dnd(1));
    let plan = world.view().await.held_plan.unwrap();
    assert_eq!(world.handle().approve(plan).await, Ok(true));
    world.settle().await;
    assert_eq!(world.view().await.members, 1);
    assert!(!world.dnd(1), "whoever left is released");
}
