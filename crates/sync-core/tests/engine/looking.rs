//! Looking at an instance: its members page by page, and what it would do under other settings. Looking changes nothing.

use presence_mapping::{Rules, RulesTable};
use sync_core::{Breaker, Engine, MemberPage, MemberQuery, Plan, Settings, Show};

use crate::support::{World, seconds};

async fn page(world: &World, query: MemberQuery) -> MemberPage {
    let now = world.now();
    world
        .handle()
        .ask(move |engine| engine.member_page(&query, now))
        .await
        .unwrap()
}

async fn under(world: &World, change: impl FnOnce(&mut Settings)) -> Plan {
    let mut settings = world.settings.clone();
    change(&mut settings);
    let now = world.now();
    let ask = move |engine: &Engine| engine.plan_under(&settings, now);
    world.handle().ask(ask).await.unwrap()
}

fn rules(dnd: &[&str]) -> Rules {
    let table = RulesTable {
        dnd: dnd.iter().map(|pattern| (*pattern).to_owned()).collect(),
        ..RulesTable::default()
    };
    Rules::new(&table).unwrap()
}

fn query(show: Show, offset: usize, limit: usize) -> MemberQuery {
    MemberQuery {
        show,
        offset,
        limit,
        ..MemberQuery::default()
    }
}

#[tokio::test(start_paused = true)]
async fn pages_hold_everybody_once_and_whoever_needs_somebody_comes_first() {
    let mut world = World::with(12);
    world.pbx.add_user(77, "nobody-in-teams@example.com", true);
    world.teams_is_silent_about(5);
    world.start().await;
    world.pass(seconds(30)).await;
    let mut seen = Vec::new();
    for offset in (0..20).step_by(4) {
        let found = page(&world, query(Show::All, offset, 4)).await;
        assert_eq!((found.members, found.fitting), (13, 13));
        seen.extend(found.page.iter().map(|member| member.pbx_user.0));
    }
    assert_eq!(seen.len(), 13);
    assert_eq!(seen[..2], [77, 5], "unmatched, then unknown, then the rest");
    let mut sorted = seen.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), 13, "{seen:?}");

    let attention = page(&world, query(Show::Attention, 0, 50)).await;
    assert_eq!(attention.fitting, 2);
    assert_eq!(page(&world, query(Show::Unmatched, 0, 50)).await.fitting, 1);
    // Whoever is joined to nobody has no presence either.
    assert_eq!(page(&world, query(Show::Unknown, 0, 50)).await.fitting, 2);
    assert_eq!(page(&world, query(Show::Ambiguous, 0, 50)).await.fitting, 0);
}

#[tokio::test(start_paused = true)]
async fn a_search_finds_address_and_login_whatever_the_case() {
    let mut world = World::with(3);
    world.start().await;
    world.settle().await;
    let all = page(&world, query(Show::All, 0, 50)).await.page;
    let address = all[1].address.as_ref().unwrap().to_string();
    let search = MemberQuery {
        search: format!(" {} ", address.to_uppercase()),
        ..query(Show::All, 0, 50)
    };
    let found = page(&world, search).await;
    assert_eq!(found.fitting, 1);
    assert_eq!(found.page[0].pbx_user, all[1].pbx_user);
    let nobody = MemberQuery {
        search: "no such person".to_owned(),
        ..query(Show::All, 0, 50)
    };
    assert_eq!(page(&world, nobody).await.fitting, 0);
}

#[tokio::test(start_paused = true)]
async fn ours_and_dnd_are_found_by_what_stands_in_the_pbx() {
    let mut world = World::with(4);
    world.teams_says(2, "Busy/InACall");
    world.start().await;
    world.settle().await;
    for show in [Show::Dnd, Show::Ours] {
        let found = page(&world, query(show, 0, 50)).await;
        let users: Vec<i64> = found.page.iter().map(|member| member.pbx_user.0).collect();
        assert_eq!(users, [2], "{show:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_rules_are_planned_without_changing_anything() {
    let mut world = World::with(3);
    world.teams_says(1, "Busy/InACall");
    world.teams_says(2, "Away/Away");
    world.start().await;
    world.settle().await;
    let writes = world.writes_of_dnd().len();
    assert!(under(&world, |_| {}).await.changes.is_empty());

    let plan = under(&world, |settings| settings.rules = rules(&["Away"])).await;
    let mut users: Vec<i64> = plan.changes.iter().map(|change| change.pbx_user.0).collect();
    users.sort_unstable();
    assert_eq!(users, [1, 2], "one is turned off, the other on");

    world.pass(seconds(120)).await;
    assert_eq!(world.writes_of_dnd().len(), writes, "asking wrote nothing");
    assert!(world.dnd(1) && !world.dnd(2));
}

#[tokio::test(start_paused = true)]
async fn a_plan_under_other_rules_says_what_the_breaker_would_hold() {
    let mut world = World::with(6);
    (1..=6).for_each(|id| world.teams_says(id, "Away/Away"));
    world.start().await;
    // Long enough that an outcome which stays the same would have been confirmed.
    world.pass(seconds(300)).await;
    let plan = under(&world, |settings| {
        settings.rules = rules(&["Away"]);
        settings.breaker = Breaker {
            share: 0.5,
            at_least: 2,
            ..Breaker::default()
        };
    })
    .await;
    assert!(plan.changes.is_empty(), "{:?}", plan.changes);
    assert_eq!(plan.held.len(), 6);
}
