//! One suite for every ledger: what the engine relies on, whatever keeps the rows.
//!
//! A new ledger joins by implementing `Store` and by one line of `every_rule_holds!`.

#![expect(clippy::unwrap_used, reason = "a test that cannot keep its rows has failed")]

mod audit;
mod model;
mod postgres;
mod read_only;
mod rules;
mod sample;
mod sealed;
#[expect(unreachable_pub, reason = "the end-to-end tests share it")]
mod server;
mod settings_audit;
mod sqlite;
mod stores;

/// Makes a module of tests, one for each rule of the suite.
macro_rules! every_rule_holds {
    ($name:ident, $store:ty, [$($room:ident::$rule:ident),* $(,)?]) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $rule() {
                    if !<$store as crate::stores::Store>::is_there() {
                        return;
                    }
                    crate::$room::$rule(&<$store>::default()).await;
                }
            )*

            #[test]
            fn any_sequence_of_commits_equals_the_model() {
                if !<$store as crate::stores::Store>::is_there() {
                    return;
                }
                crate::model::any_sequence_of_commits_equals_the_model::<$store>();
            }
        }
    };
}

macro_rules! ledgers {
    ($($name:ident: $store:ty),* $(,)?) => {
        $(every_rule_holds!($name, $store, [
            rules::a_lease_is_exclusive_until_it_is_given_back,
            rules::leases_of_two_instances_do_not_meet,
            rules::a_commit_under_an_old_lease_is_refused_whole,
            rules::a_lease_that_was_given_back_is_not_renewed,
            rules::giving_an_old_lease_back_takes_nothing_from_its_successor,
            rules::what_was_committed_is_there_after_reopening,
            rules::a_row_is_replaced_whole_and_removed_for_good,
            rules::what_another_instance_claims_is_left_out_and_returned,
            rules::a_row_of_another_instance_cannot_be_removed,
            rules::a_removed_row_can_be_claimed_by_another_instance,
            rules::rows_of_another_pbx_are_never_loaded,
            rules::a_mode_lasts_until_it_is_changed,
            rules::the_instances_that_have_rows_are_remembered_with_what_they_hold,
            rules::ten_thousand_rows_survive_a_round_trip,
            rules::seats_are_counted_over_the_instances_of_one_licence,
            rules::a_user_of_one_pbx_needs_one_seat_however_many_instances_have_it,
            rules::a_new_claim_for_seats_replaces_the_old_one,
            rules::seats_of_instances_that_do_not_run_are_given_back,
            rules::counting_seats_notes_nothing,
            rules::the_latest_time_of_a_licence_never_goes_back,
            rules::the_last_licence_of_an_instance_is_kept,
            rules::seats_are_not_claimed_under_an_old_lease,
            rules::an_instance_without_a_licence_gives_its_seats_back,
            audit::what_was_audited_is_there_after_reopening,
            audit::an_entry_that_is_stored_again_is_one_entry,
            audit::records_come_oldest_first_whatever_the_order_of_storing,
            audit::pages_join_without_a_gap_or_a_double,
            audit::only_what_is_asked_for_is_read,
            audit::entries_of_refused_rows_are_left_out,
            audit::entries_under_an_old_lease_are_refused,
            audit::what_is_older_than_the_limit_is_forgotten_and_nothing_else,
            audit::forgetting_deletes_a_bounded_number_at_once,
            audit::forgetting_rows_keeps_their_audit,
        ]);)*
    };
}

ledgers! {
    memory: crate::stores::Memory,
    sqlite_file: crate::stores::Sqlite,
    postgres_server: crate::stores::Postgres,
}
