//! How often the tenant is asked, on paused time: whoever just changed sooner, nobody beyond the quota, and never ever more at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use presence_mapping::Presence;
use sync_core::fakes::FakeTenant;
use sync_core::{Address, DirectoryPort, DirectoryUser, Fault, PortError, PresencePort, TeamsUserId};

use crate::support::{World, seconds, teams, user};

/// Two seconds between two sweeps; one call a sweep.
async fn calls_in_a_minute(world: &World) -> usize {
    let before = world.tenant.calls();
    world.pass(seconds(60)).await;
    world.tenant.calls() - before
}

#[tokio::test(start_paused = true)]
async fn whoever_just_changed_is_looked_at_twice_as_often_for_a_minute() {
    let mut world = World::with(5);
    world.start().await;
    world.settle().await;
    assert_eq!(calls_in_a_minute(&world).await, 30, "nobody changed");
    world.teams_says(1, "Busy/InACall");
    let calls = calls_in_a_minute(&world).await;
    assert!((58..=60).contains(&calls), "{calls} calls");
    // The last look of that minute may fall into this one.
    let calls = calls_in_a_minute(&world).await;
    assert!(
        (30..=31).contains(&calls),
        "the minute is over, and {calls} calls"
    );

    world.teams_says(2, "Busy/InACall");
    while !world.dnd(2) {
        world.pass(Duration::from_millis(10)).await;
    }
    world.teams_says(2, "Available/Available");
    world.pass(Duration::from_millis(1_200)).await;
    assert!(!world.dnd(2), "seen before the next sweep");
}

#[tokio::test(start_paused = true)]
async fn however_many_change_one_after_the_other_there_is_one_look_between_two_sweeps() {
    let mut world = World::with(5);
    // Half of it is no whole millisecond, as timers have it, so that looks and sweeps drift apart.
    world.settings.poll_interval = Duration::from_millis(201);
    world.start().await;
    world.settle().await;
    let before = world.view().await;
    for turn in 0..400 {
        let presence = ["Busy/InACall", "Available/Available"][turn / 5 % 2];
        world.teams_says(i64::try_from(turn % 5).unwrap() + 1, presence);
        world.pass(Duration::from_millis(150)).await;
    }
    let after = world.view().await;
    let (looks, sweeps) = (after.looks - before.looks, after.sweeps - before.sweeps);
    assert!(sweeps > 290, "{sweeps} sweeps");
    assert!(
        (sweeps - 10..=sweeps + 1).contains(&looks),
        "{looks} looks, {sweeps} sweeps"
    );
}

#[tokio::test(start_paused = true)]
async fn where_the_quota_leaves_no_room_nobody_is_looked_at_sooner() {
    let mut world = World::with(5);
    // A call in two seconds, and hardly one more.
    world.settings.quota_share = 0.5 / 45.0;
    world.start().await;
    world.settle().await;
    world.teams_says(1, "Busy/InACall");
    let calls = calls_in_a_minute(&world).await;
    assert!((29..=30).contains(&calls), "{calls} calls");
}

#[tokio::test(start_paused = true)]
async fn a_look_between_two_sweeps_that_fails_makes_nobody_unknown() {
    let mut world = World::with(5);
    world.settings.poll_interval = seconds(20);
    world.start().await;
    world.settle().await;
    world.teams_says(1, "Busy/InACall");
    while !world.dnd(1) {
        world.pass(Duration::from_millis(10)).await;
    }
    let error = PortError::new(Fault::Server, "read presence");
    world.tenant.fail_with(Some(error));
    world.pass(seconds(12)).await;
    assert!(world.reported("down presence"), "{:?}", world.reports());
    assert_eq!(world.view().await.unknown, 0);
    world.tenant.fail_with(None);
    world.pass(seconds(20)).await;
    assert!(world.reported("up presence"));
    assert!(world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn another_share_of_the_quota_is_another_pace() {
    let mut world = World::with(5);
    world.start().await;
    world.settle().await;
    // A hundredth of what there is, nine tenths of that for sweeps: one call in two and two ninths of a second.
    world.handle().quota(0.01).await.unwrap();
    let interval = world.view().await.sweep_interval_seconds;
    assert!((interval - 2.0 / 0.9).abs() < 1e-6, "{interval}");
    // Hardly any, and then enough again: nobody waits for a turn that was far away.
    world.handle().quota(0.000_1).await.unwrap();
    world.pass(seconds(10)).await;
    let before = world.tenant.calls();
    world.handle().quota(0.5).await.unwrap();
    assert_eq!(world.view().await.sweep_interval_seconds, 2.0);
    world.pass(seconds(5)).await;
    assert!(world.tenant.calls() - before >= 2);
}

/// A tenant that takes a minute for each answer.
struct Slow {
    tenant: Arc<FakeTenant>,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Slow {
    fn new(world: &World) -> Arc<Self> {
        Arc::new(Self {
            tenant: Arc::clone(&world.tenant),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        })
    }

    async fn takes_a_minute(&self) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(seconds(60)).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl PresencePort for Slow {
    async fn presences(&self, ids: &[TeamsUserId]) -> Result<Vec<Option<Presence>>, PortError> {
        self.takes_a_minute().await;
        self.tenant.presences(ids).await
    }
}

#[async_trait]
impl DirectoryPort for Slow {
    async fn users_by_address(&self, addresses: &[Address]) -> Result<Vec<DirectoryUser>, PortError> {
        self.takes_a_minute().await;
        self.tenant.users_by_address(addresses).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_tenant_is_asked_sixteen_times_at_once_and_not_more_often() {
    let mut world = World::with(40);
    world.settings.chunk = 1;
    let slow = Slow::new(&world);
    world
        .start_with(|ports| ports.presence = Arc::clone(&slow) as _)
        .await;
    world.pass(seconds(50)).await;
    assert_eq!(slow.most.load(Ordering::SeqCst), 16);
    world.pass(seconds(200)).await;
    assert_eq!(slow.most.load(Ordering::SeqCst), 16);
    let view = world.view().await;
    assert!(view.sweeps >= 1, "everybody gets a turn: {view:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_matched_before_everybody_is_looked_up() {
    let mut world = World::with(13);
    // Six addresses are looked up at once: the first member's and the last one's apart, and both are of one Teams user.
    world.settings.chunk = 1;
    world.pbx.add_user(13, "zoe@example.com", true);
    world.tenant.add_alias(&teams(1), "zoe@example.com");
    world.teams_says(1, "Busy/InACall");
    world.teams_says(2, "Busy/InACall");
    let slow = Slow::new(&world);
    world
        .start_with(|ports| ports.directory = Arc::clone(&slow) as _)
        .await;
    for minute in 0..3 {
        world.pass(seconds(55)).await;
        assert!(
            !world.dnd(1) && !world.dnd(2),
            "minute {minute}: not all are answered for"
        );
        world.pass(seconds(5)).await;
    }
    world.settle().await;
    assert!(world.dnd(2));
    assert_eq!(
        world
            .writes_of_dnd()
            .iter()
            .filter(|write| write.user == user(1))
            .count(),
        0,
        "two members have this Teams user, so it is nobody's"
    );
}
