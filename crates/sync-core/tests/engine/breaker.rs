//! What the breaker counts.

use sync_core::Breaker;

use crate::support::{World, seconds};

#[tokio::test(start_paused = true)]
async fn a_member_who_comes_and_goes_is_one_member() {
    let mut world = World::with(10);
    world.settings.breaker = Breaker {
        share: 0.2,
        at_least: 3,
        confirm_for: seconds(600),
    };
    world.start().await;
    world.settle().await;
    for _ in 0..4 {
        world.teams_says(1, "Busy/InACall");
        world.settle().await;
        assert!(world.dnd(1), "{:?}", world.reports());
        world.teams_says(1, "Available/Available");
        world.settle().await;
    }
    world.teams_says(2, "Busy/InACall");
    world.settle().await;
    assert!(world.dnd(2), "two members of ten are no burst");
    world.teams_says(3, "Busy/InACall");
    world.settle().await;
    assert!(!world.dnd(3), "and three are");
    assert!(world.reported("held"), "{:?}", world.reports());
}
