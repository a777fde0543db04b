//! One suite for every ledger: what the engine relies on, whatever keeps the rows.
//!
//! A new ledger joins by implementing `Store` and by one line of `every_rule_holds!`.

#![expect(clippy::unwrap_used, reason = "a test that cannot keep its rows has failed")]

mod model;
mod read_only;
mod rules;
mod sample;
mod sqlite;
mod stores;

/// Makes a module of tests, one for each rule of the suite.
macro_rules! every_rule_holds {
    ($name:ident, $store:ty, [$($rule:ident),* $(,)?]) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $rule() {
                    crate::rules::$rule(&<$store>::default()).await;
                }
            )*

            #[test]
            fn any_sequence_of_commits_equals_the_model() {
                crate::model::any_sequence_of_commits_equals_the_model::<$store>();
            }
        }
    };
}

macro_rules! ledgers {
    ($($name:ident: $store:ty),* $(,)?) => {
        $(every_rule_holds!($name, $store, [
            a_lease_is_exclusive_until_it_is_given_back,
            leases_of_two_instances_do_not_meet,
            a_commit_under_an_old_lease_is_refused_whole,
            a_lease_that_was_given_back_is_not_renewed,
            giving_an_old_lease_back_takes_nothing_from_its_successor,
            what_was_committed_is_there_after_reopening,
            a_row_is_replaced_whole_and_removed_for_good,
            what_another_instance_claims_is_left_out_and_returned,
            a_row_of_another_instance_cannot_be_removed,
            a_removed_row_can_be_claimed_by_another_instance,
            rows_of_another_pbx_are_never_loaded,
            a_mode_lasts_until_it_is_changed,
            the_instances_that_have_rows_are_remembered_with_what_they_hold,
            ten_thousand_rows_survive_a_round_trip,
            seats_are_counted_over_the_instances_of_one_licence,
            a_user_of_one_pbx_needs_one_seat_however_many_instances_have_it,
            a_new_claim_for_seats_replaces_the_old_one,
            seats_of_instances_that_do_not_run_are_given_back,
            counting_seats_notes_nothing,
            the_latest_time_of_a_licence_never_goes_back,
            the_last_licence_of_an_instance_is_kept,
            seats_are_not_claimed_under_an_old_lease,
            an_instance_without_a_licence_gives_its_seats_back,
        ]);)*
    };
}

ledgers! {
    memory: crate::stores::Memory,
    sqlite_file: crate::stores::Sqlite,
}
