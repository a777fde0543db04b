//! The rules.

use sync_core::{
    Acquired, Claim, Fault, InstanceName, Lease, LedgerCommit, LedgerPort, Mode, PbxName, Remembered,
    SeatClaim,
};

use crate::sample::{
    NOW, claim, entry, full_row, lease, mode, remove, row, seats, upsert, user, whole_audit,
};
use crate::stores::Store;

pub(crate) async fn a_lease_is_exclusive_until_it_is_given_back(store: &impl Store) {
    let (one, other) = (store.open().await, store.open().await);
    let main = claim("main", "pbx");
    let first = lease(&*one, &main).await;
    assert_eq!(first.claim, main);
    let second = Claim {
        holder: "second".to_owned(),
        ..main.clone()
    };
    for ledger in [&one, &other] {
        assert_eq!(holder(&**ledger, &second).await, main.holder);
    }
    assert!(one.renew(&first, NOW).await.unwrap());

    one.surrender(&first).await.unwrap();
    let next = lease(&*other, &second).await;
    assert!(next.fence > first.fence);
    assert_eq!(holder(&*one, &main).await, "second");
}

/// Who keeps a claim from being granted.
async fn holder(ledger: &dyn LedgerPort, claim: &Claim) -> String {
    match ledger.acquire(claim, NOW).await.unwrap() {
        Acquired::HeldBy { holder, .. } => holder,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn leases_of_two_instances_do_not_meet(store: &impl Store) {
    let ledger = store.open().await;
    let (a, b) = (
        lease(&*ledger, &claim("a", "pbx")).await,
        lease(&*ledger, &claim("b", "pbx")).await,
    );
    ledger.commit(&a, &upsert([row(1)])).await.unwrap();
    ledger.commit(&b, &upsert([row(2)])).await.unwrap();
    ledger.surrender(&a).await.unwrap();
    assert!(ledger.renew(&b, NOW).await.unwrap());
    ledger.commit(&b, &upsert([row(3)])).await.unwrap();
}

pub(crate) async fn a_commit_under_an_old_lease_is_refused_whole(store: &impl Store) {
    let ledger = store.open().await;
    let main = claim("main", "pbx");
    let old = lease(&*ledger, &main).await;
    ledger.commit(&old, &upsert([row(1)])).await.unwrap();
    ledger.surrender(&old).await.unwrap();

    let everything = LedgerCommit {
        upsert: vec![full_row(1), row(2)],
        remove: vec![user(1)],
        mode: Some(Mode::Paused),
        audit: vec![entry(1, 1)],
        ..LedgerCommit::default()
    };
    let before = ledger.load(&main).await.unwrap();
    let refused = ledger.commit(&old, &everything).await.unwrap_err();
    assert_eq!(refused.fault, Fault::State);
    let new = lease(&*ledger, &main).await;
    assert_eq!(
        ledger.commit(&old, &everything).await.unwrap_err().fault,
        Fault::State
    );
    assert_eq!(same(&ledger.load(&main).await.unwrap()), same(&before));
    assert_eq!(whole_audit(&*ledger).await, []);
    ledger.commit(&new, &everything).await.unwrap();
    assert_ne!(same(&ledger.load(&main).await.unwrap()), same(&before));
}

pub(crate) async fn a_lease_that_was_given_back_is_not_renewed(store: &impl Store) {
    let ledger = store.open().await;
    let main = claim("main", "pbx");
    let old = lease(&*ledger, &main).await;
    ledger.surrender(&old).await.unwrap();
    assert!(!ledger.renew(&old, NOW).await.unwrap());
    let new = lease(&*ledger, &main).await;
    assert!(!ledger.renew(&old, NOW).await.unwrap());
    assert!(ledger.renew(&new, NOW).await.unwrap());
}

pub(crate) async fn giving_an_old_lease_back_takes_nothing_from_its_successor(store: &impl Store) {
    let ledger = store.open().await;
    let main = claim("main", "pbx");
    let old = lease(&*ledger, &main).await;
    ledger.surrender(&old).await.unwrap();
    let new = lease(&*ledger, &main).await;
    ledger.surrender(&old).await.unwrap();
    assert!(ledger.renew(&new, NOW).await.unwrap());
    assert!(matches!(
        ledger.acquire(&main, NOW).await.unwrap(),
        Acquired::HeldBy { .. }
    ));
    ledger.commit(&new, &upsert([row(1)])).await.unwrap();
}

pub(crate) async fn what_was_committed_is_there_after_reopening(store: &impl Store) {
    let main = claim("main", "pbx");
    let ledger = store.open().await;
    let ours = lease(&*ledger, &main).await;
    assert_eq!(
        ledger
            .commit(&ours, &upsert([full_row(2), row(1)]))
            .await
            .unwrap(),
        []
    );
    ledger.surrender(&ours).await.unwrap();
    drop(ledger);
    let memory = store.open().await.load(&main).await.unwrap();
    assert_eq!(memory.rows, [row(1), full_row(2)]);
    assert!(memory.claimed_elsewhere.is_empty());
    assert_eq!(memory.mode, Mode::Running);
}

pub(crate) async fn a_row_is_replaced_whole_and_removed_for_good(store: &impl Store) {
    let ledger = store.open().await;
    let main = claim("main", "pbx");
    let ours = lease(&*ledger, &main).await;
    ledger
        .commit(&ours, &upsert([full_row(1), full_row(2)]))
        .await
        .unwrap();
    let mut replaced = row(1);
    replaced.login = sync_core::Login("other".into());
    ledger.commit(&ours, &upsert([replaced.clone()])).await.unwrap();
    assert_eq!(ledger.load(&main).await.unwrap().rows, [replaced, full_row(2)]);
    ledger.commit(&ours, &remove(1)).await.unwrap();
    ledger.commit(&ours, &remove(77)).await.unwrap();
    assert_eq!(ledger.load(&main).await.unwrap().rows, [full_row(2)]);
}

pub(crate) async fn what_another_instance_claims_is_left_out_and_returned(store: &impl Store) {
    let ledger = store.open().await;
    let (a, b) = (claim("a", "pbx"), claim("b", "pbx"));
    let (of_a, of_b) = (lease(&*ledger, &a).await, lease(&*ledger, &b).await);
    ledger.commit(&of_a, &upsert([full_row(1)])).await.unwrap();
    let refused = ledger.commit(&of_b, &upsert([row(1), row(2)])).await.unwrap();
    assert_eq!(refused, [user(1)]);
    let (seen_by_a, seen_by_b) = (ledger.load(&a).await.unwrap(), ledger.load(&b).await.unwrap());
    assert_eq!(
        (seen_by_a.rows, seen_by_b.rows),
        (vec![full_row(1)], vec![row(2)])
    );
    assert_eq!(seen_by_a.claimed_elsewhere, [user(2)].into());
    assert_eq!(seen_by_b.claimed_elsewhere, [user(1)].into());
}

pub(crate) async fn a_row_of_another_instance_cannot_be_removed(store: &impl Store) {
    let ledger = store.open().await;
    let (a, b) = (claim("a", "pbx"), claim("b", "pbx"));
    let (of_a, of_b) = (lease(&*ledger, &a).await, lease(&*ledger, &b).await);
    ledger.commit(&of_a, &upsert([row(1)])).await.unwrap();
    ledger.commit(&of_b, &remove(1)).await.unwrap();
    assert_eq!(ledger.load(&a).await.unwrap().rows, [row(1)]);
}

pub(crate) async fn a_removed_row_can_be_claimed_by_another_instance(store: &impl Store) {
    let ledger = store.open().await;
    let (a, b) = (claim("a", "pbx"), claim("b", "pbx"));
    let (of_a, of_b) = (lease(&*ledger, &a).await, lease(&*ledger, &b).await);
    ledger.commit(&of_a, &upsert([row(1)])).await.unwrap();
    ledger.commit(&of_a, &remove(1)).await.unwrap();
    assert_eq!(ledger.commit(&of_b, &upsert([full_row(1)])).await.unwrap(), []);
    assert_eq!(ledger.load(&b).await.unwrap().rows, [full_row(1)]);
    assert_eq!(ledger.load(&a).await.unwrap().claimed_elsewhere, [user(1)].into());
}

pub(crate) async fn rows_of_another_pbx_are_never_loaded(store: &impl Store) {
    let ledger = store.open().await;
    let (old, new) = (claim("main", "old:443"), claim("main", "new:443"));
    let lease_of_old = lease(&*ledger, &old).await;
    ledger
        .commit(&lease_of_old, &upsert([full_row(1)]))
        .await
        .unwrap();
    ledger
        .commit(&lease_of_old, &mode(Mode::Releasing))
        .await
        .unwrap();
    ledger.surrender(&lease_of_old).await.unwrap();

    let memory = ledger.load(&new).await.unwrap();
    assert!(memory.rows.is_empty() && memory.claimed_elsewhere.is_empty() && memory.mode == Mode::Running);
    let lease_of_new = lease(&*ledger, &new).await;
    assert_eq!(ledger.commit(&lease_of_new, &upsert([row(1)])).await.unwrap(), []);
    ledger.commit(&lease_of_new, &remove(1)).await.unwrap();
    assert_eq!(ledger.load(&old).await.unwrap().rows, [full_row(1)]);
}

pub(crate) async fn a_mode_lasts_until_it_is_changed(store: &impl Store) {
    let main = claim("main", "pbx");
    let ledger = store.open().await;
    let ours = lease(&*ledger, &main).await;
    ledger.commit(&ours, &mode(Mode::Releasing)).await.unwrap();
    ledger.commit(&ours, &upsert([row(1)])).await.unwrap();
    ledger.surrender(&ours).await.unwrap();
    let ledger = store.open().await;
    assert_eq!(ledger.load(&main).await.unwrap().mode, Mode::Releasing);
    assert_eq!(
        ledger.load(&claim("other", "pbx")).await.unwrap().mode,
        Mode::Running
    );
    let ours = lease(&*ledger, &main).await;
    ledger.commit(&ours, &mode(Mode::Running)).await.unwrap();
    assert_eq!(ledger.load(&main).await.unwrap().mode, Mode::Running);
}

pub(crate) async fn the_instances_that_have_rows_are_remembered_with_what_they_hold(store: &impl Store) {
    let ledger = store.open().await;
    assert_eq!(ledger.remembered().await.unwrap(), []);
    let (a, b) = (claim("a", "pbx"), claim("b", "other"));
    let (of_a, of_b) = (lease(&*ledger, &a).await, lease(&*ledger, &b).await);
    let without_rows = lease(&*ledger, &claim("c", "pbx")).await;
    ledger
        .commit(&without_rows, &mode(Mode::Releasing))
        .await
        .unwrap();
    ledger
        .commit(&of_a, &upsert([full_row(1), full_row(2), row(3)]))
        .await
        .unwrap();
    ledger.commit(&of_b, &upsert([row(1)])).await.unwrap();
    let remembered = |instance: &str, pbx: &str, holding| Remembered {
        instance: InstanceName(instance.into()),
        pbx: PbxName(pbx.into()),
        holding,
    };
    assert_eq!(
        ledger.remembered().await.unwrap(),
        [remembered("a", "pbx", 2), remembered("b", "other", 0)]
    );
    ledger.commit(&of_a, &upsert([row(1)])).await.unwrap();
    assert_eq!(ledger.remembered().await.unwrap()[0], remembered("a", "pbx", 1));
}

pub(crate) async fn ten_thousand_rows_survive_a_round_trip(store: &impl Store) {
    let main = claim("main", "pbx");
    let ledger = store.open().await;
    let ours = lease(&*ledger, &main).await;
    let rows: Vec<_> = (1..=10_000)
        .map(|id| if id % 2 == 0 { full_row(id) } else { row(id) })
        .collect();
    ledger.commit(&ours, &upsert(rows.clone())).await.unwrap();
    ledger.surrender(&ours).await.unwrap();
    let loaded = store.open().await.load(&main).await.unwrap();
    assert!(loaded.rows == rows);
}

/// What a ledger tells, in a form that can be compared.
fn same(memory: &sync_core::Memory) -> (Vec<sync_core::LedgerRow>, Mode) {
    (memory.rows.clone(), memory.mode)
}

async fn taken(ledger: &dyn LedgerPort, lease: &Lease, claim: &SeatClaim) -> usize {
    ledger.take_seats(lease, claim).await.unwrap().taken
}

pub(crate) async fn seats_are_counted_over_the_instances_of_one_licence(store: &impl Store) {
    let ledger = store.open().await;
    let a = lease(&*ledger, &claim("a", "one")).await;
    let b = lease(&*ledger, &claim("b", "two")).await;
    let c = lease(&*ledger, &claim("c", "two")).await;
    assert_eq!(taken(&*ledger, &a, &seats("L1", 1, 10)).await, 10);
    assert_eq!(taken(&*ledger, &b, &seats("L1", 1, 5)).await, 15);
    assert_eq!(
        taken(&*ledger, &c, &seats("L2", 1, 7)).await,
        7,
        "another licence"
    );
    assert_eq!(taken(&*ledger, &a, &seats("L1", 1, 10)).await, 15);
}

pub(crate) async fn a_user_of_one_pbx_needs_one_seat_however_many_instances_have_it(store: &impl Store) {
    let ledger = store.open().await;
    let a = lease(&*ledger, &claim("a", "one")).await;
    let b = lease(&*ledger, &claim("b", "one")).await;
    let c = lease(&*ledger, &claim("c", "two")).await;
    assert_eq!(taken(&*ledger, &a, &seats("L1", 1, 10)).await, 10);
    assert_eq!(taken(&*ledger, &b, &seats("L1", 6, 15)).await, 15);
    assert_eq!(
        taken(&*ledger, &c, &seats("L1", 1, 1)).await,
        16,
        "seen from another PBX"
    );
}

pub(crate) async fn a_new_claim_for_seats_replaces_the_old_one(store: &impl Store) {
    let ledger = store.open().await;
    let a = lease(&*ledger, &claim("a", "one")).await;
    let b = lease(&*ledger, &claim("b", "one")).await;
    assert_eq!(taken(&*ledger, &a, &seats("L1", 1, 10)).await, 10);
    assert_eq!(taken(&*ledger, &a, &seats("L1", 9, 12)).await, 4);
    assert_eq!(taken(&*ledger, &b, &seats("L1", 1, 1)).await, 5);
    assert_eq!(taken(&*ledger, &a, &seats("L2", 9, 12)).await, 4);
    assert_eq!(taken(&*ledger, &b, &seats("L1", 1, 1)).await, 1);
}

pub(crate) async fn seats_of_instances_that_do_not_run_are_given_back(store: &impl Store) {
    let ledger = store.open().await;
    let a = lease(&*ledger, &claim("a", "one")).await;
    let b = lease(&*ledger, &claim("b", "one")).await;
    taken(&*ledger, &a, &seats("L1", 1, 10)).await;
    assert_eq!(taken(&*ledger, &b, &seats("L1", 11, 12)).await, 12);
    ledger.keep_seats_of(&[InstanceName("b".into())]).await.unwrap();
    assert_eq!(taken(&*ledger, &b, &seats("L1", 11, 12)).await, 2);
    ledger.keep_seats_of(&[]).await.unwrap();
    assert_eq!(ledger.load(&claim("b", "one")).await.unwrap().licence, None);
}

pub(crate) async fn counting_seats_notes_nothing(store: &impl Store) {
    let ledger = store.open().await;
    let owner = claim("a", "one");
    let b = lease(&*ledger, &claim("b", "one")).await;
    taken(&*ledger, &b, &seats("L1", 1, 3)).await;
    for _ in 0..2 {
        let counted = ledger.count_seats(&owner, &seats("L1", 3, 7)).await.unwrap();
        assert_eq!(counted.taken, 7);
    }
    assert_eq!(taken(&*ledger, &b, &seats("L1", 1, 3)).await, 3);
    assert_eq!(ledger.load(&owner).await.unwrap().licence, None);
}

pub(crate) async fn the_latest_time_of_a_licence_never_goes_back(store: &impl Store) {
    let ledger = store.open().await;
    let a = lease(&*ledger, &claim("a", "one")).await;
    let b = lease(&*ledger, &claim("b", "one")).await;
    let at = |seconds: u64| NOW + std::time::Duration::from_secs(seconds);
    let latest = |lease, licence, seconds| {
        let (ledger, claim) = (
            &ledger,
            SeatClaim {
                at: at(seconds),
                ..seats(licence, 1, 1)
            },
        );
        async move { ledger.take_seats(lease, &claim).await.unwrap().latest }
    };
    assert_eq!(latest(&a, "L1", 100_000).await, at(100_000));
    assert_eq!(
        latest(&b, "L1", 5).await,
        at(100_000),
        "whichever instance saw it"
    );
    assert_eq!(latest(&a, "L2", 5).await, at(5), "each licence by itself");
    assert_eq!(latest(&a, "L1", 200_000).await, at(200_000));
    assert_eq!(latest(&b, "L1", 150_000).await, at(200_000));
    assert_eq!(
        store
            .open()
            .await
            .count_seats(&claim("c", "x"), &seats("L1", 1, 1))
            .await
            .unwrap()
            .latest,
        at(200_000)
    );
}

pub(crate) async fn the_last_licence_of_an_instance_is_kept(store: &impl Store) {
    let ledger = store.open().await;
    let main = claim("main", "one");
    let ours = lease(&*ledger, &main).await;
    assert_eq!(ledger.load(&main).await.unwrap().licence, None);
    taken(&*ledger, &ours, &seats("L1", 1, 1)).await;
    taken(&*ledger, &ours, &seats("L2", 1, 1)).await;
    let renewed = SeatClaim {
        text: "another text".to_owned(),
        ..seats("L2", 1, 1)
    };
    taken(&*ledger, &ours, &renewed).await;
    ledger.surrender(&ours).await.unwrap();
    drop(ledger);
    let memory = store.open().await.load(&main).await.unwrap();
    let licence = memory.licence.unwrap();
    assert_eq!(
        (licence.identity.as_str(), licence.text.as_str()),
        ("L2", "another text")
    );
    assert_eq!(licence.latest, NOW);
}

pub(crate) async fn an_instance_without_a_licence_gives_its_seats_back(store: &impl Store) {
    let ledger = store.open().await;
    let a = lease(&*ledger, &claim("a", "one")).await;
    let b = lease(&*ledger, &claim("b", "two")).await;
    taken(&*ledger, &a, &seats("L1", 1, 10)).await;
    assert_eq!(taken(&*ledger, &b, &seats("L1", 1, 2)).await, 12);
    let frees = LedgerCommit {
        frees_seats: true,
        ..LedgerCommit::default()
    };
    ledger.commit(&a, &frees).await.unwrap();
    assert_eq!(taken(&*ledger, &b, &seats("L1", 1, 2)).await, 2);
    assert_eq!(ledger.load(&claim("a", "one")).await.unwrap().licence, None);
}

pub(crate) async fn seats_are_not_claimed_under_an_old_lease(store: &impl Store) {
    let ledger = store.open().await;
    let main = claim("main", "one");
    let old = lease(&*ledger, &main).await;
    ledger.surrender(&old).await.unwrap();
    let refused = ledger.take_seats(&old, &seats("L1", 1, 1)).await.unwrap_err();
    assert_eq!(refused.fault, Fault::State);
    assert_eq!(ledger.load(&main).await.unwrap().licence, None);
}
