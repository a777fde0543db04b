//! Who wins when a human and Teams disagree: the decision about one field of one member.
//!
//! The decision is a pure function of the outcome, the ledger's record, the last reading of the PBX and the policy.

use serde::{Deserialize, Serialize};

use crate::field_record::{FieldRecord, Settled};
use crate::value::Value;

/// Who wins when a human and Teams disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Policy {
    /// Write when the outcome changes; what a human changes afterwards stands until it changes again.
    #[default]
    LastChangeWins,
    /// The PBX always equals the outcome; drift is repaired when it is read.
    TeamsLeads,
    /// As the first, and DND is turned off only where we turned it on.
    OwnOnly,
}

/// What is wanted of a field right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing: the rules leave it, or nothing is known.
    Leave,
    /// This value, because the rules say so.
    Set(Value),
    /// That our own value is taken back, where one stands.
    TakeBack,
}

/// The last reading of a field, and whether it is recent enough to act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What the PBX said.
    pub value: Value,
    /// Whether nothing else needs to be read before a write is intended.
    pub fresh: bool,
}

/// Why a field stays as it is, for explanations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rest {
    /// The rules leave it alone.
    Left,
    /// This outcome was carried out before; whatever stands there now stands by the policy.
    InLine,
    /// The PBX was found to have the value already.
    AlreadyEqual,
    /// A human turned DND on, and the policy never turns that off.
    HumansDnd,
    /// A human changed the value after we had taken ours back.
    HumansChange,
    /// Nothing of ours stands there.
    NotOurs,
    /// What stood there before cannot be put back; our value is given up as it is.
    CannotRestore,
    /// The presence is not known.
    Unknown,
    /// DND is turned off a while after its reason has gone.
    Waiting,
    /// The instance or the member is paused.
    Paused,
    /// Something else kept changing the value back.
    Stopped,
    /// The licence does not cover the group.
    Unlicensed,
    /// The licence was not judged yet.
    Unchecked,
    /// The member is not synchronised at all.
    NotSynchronised,
}

/// What is to be done about one field of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing.
    Rest(Rest),
    /// A change is due, but the PBX has to be read first.
    Read {
        /// The value that will be wanted.
        to: Value,
    },
    /// Nothing is to be written, but the record moves on.
    Settle {
        /// How the record stands afterwards.
        settled: Settled,
        /// Why nothing is written.
        rest: Rest,
    },
    /// Our value is given up without a write.
    Disown,
    /// The PBX is to be changed.
    Write {
        /// What was read, the precondition.
        from: Value,
        /// What is to be written.
        to: Value,
        /// Whether this takes our own value back.
        release: bool,
    },
}

/// Decides about one field.
///
/// The record must already know the reading ([`FieldRecord::observed`]): a fresh reading and an unconfirmed intent
/// exclude each other.
pub fn decide(record: &FieldRecord, wanted: Wanted, reading: Option<Reading>, policy: Policy) -> Decision {
    let fresh = reading
        .filter(|reading| reading.fresh)
        .map(|reading| reading.value);
    if let Some(intent) = &record.intent {
        let to = match wanted {
            Wanted::Set(value) => value,
            Wanted::Leave => intent.to,
            Wanted::TakeBack => restorable(intent.before).unwrap_or(intent.to),
        };
        return Decision::Read { to };
    }
    match wanted {
        Wanted::Leave => Decision::Rest(Rest::Left),
        Wanted::TakeBack => take_back(record, fresh),
        Wanted::Set(value) => set(record, value, reading, fresh, policy),
    }
}

fn take_back(record: &FieldRecord, fresh: Option<Value>) -> Decision {
    let Some(ours) = record.ours else {
        return Decision::Rest(Rest::NotOurs);
    };
    let Some(to) = restorable(ours.before) else {
        return Decision::Disown;
    };
    if to == ours.value {
        return Decision::Disown;
    }
    match fresh {
        None => Decision::Read { to },
        Some(found) if found == ours.value => Decision::Write {
            from: found,
            to,
            release: true,
        },
        Some(_) => Decision::Rest(Rest::NotOurs),
    }
}

/// The value that can be put back. What was there before DND of ours is always off.
fn restorable(before: Value) -> Option<Value> {
    match before {
        Value::Dnd(_) => Some(Value::Dnd(false)),
        Value::Chat(status) => status.settable().map(|status| Value::Chat(status.into())),
    }
}

fn set(
    record: &FieldRecord,
    value: Value,
    reading: Option<Reading>,
    fresh: Option<Value>,
    policy: Policy,
) -> Decision {
    let drifted = reading.is_some_and(|reading| reading.value != value && reading.value.is_somebodys());
    let due = match record.settled {
        Settled::At(settled) => settled != value || (policy == Policy::TeamsLeads && drifted),
        Settled::Never | Settled::Released(_) => true,
    };
    if !due {
        return Decision::Rest(Rest::InLine);
    }
    let settle = |rest| Decision::Settle {
        settled: Settled::At(value),
        rest,
    };
    let Some(found) = fresh else {
        return Decision::Read { to: value };
    };
    if found == value {
        return settle(Rest::AlreadyEqual);
    }
    if let Settled::Released(put_back) = record.settled
        && found != put_back
        && policy != Policy::TeamsLeads
    {
        return settle(Rest::HumansChange);
    }
    if policy == Policy::OwnOnly && value == Value::Dnd(false) && record.ours.is_none() {
        return settle(Rest::HumansDnd);
    }
    Decision::Write {
        from: found,
        to: value,
        release: false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::field_record::{Intent, Ours};
    use crate::value::ChatPresence;

    const ON: Value = Value::Dnd(true);
    const OFF: Value = Value::Dnd(false);
    const POLICIES: [Policy; 3] = [Policy::LastChangeWins, Policy::TeamsLeads, Policy::OwnOnly];

    fn record(settled: Settled, ours: Option<Value>) -> FieldRecord {
        let ours = ours.map(|value| Ours {
            value,
            before: OFF,
            since: Timestamp::UNIX_EPOCH,
        });
        FieldRecord {
            settled,
            ours,
            ..FieldRecord::default()
        }
    }

    fn fresh(value: Value) -> Option<Reading> {
        Some(Reading { value, fresh: true })
    }

    fn stale(value: Value) -> Option<Reading> {
        Some(Reading { value, fresh: false })
    }

    #[test]
    fn at_first_sight_the_outcome_is_due_and_the_pbx_is_read_first() {
        for policy in POLICIES {
            let decision = decide(&record(Settled::Never, None), Wanted::Set(ON), None, policy);
            assert_eq!(decision, Decision::Read { to: ON });
        }
    }

    #[test]
    fn an_outcome_that_did_not_change_writes_nothing() {
        for policy in POLICIES {
            let decision = decide(&record(Settled::At(ON), Some(ON)), Wanted::Set(ON), None, policy);
            assert_eq!(decision, Decision::Rest(Rest::InLine));
        }
    }

    #[test]
    fn a_humans_change_stands_except_where_teams_leads() {
        let ours_gone = record(Settled::At(ON), None);
        for (policy, expected) in [
            (Policy::LastChangeWins, Decision::Rest(Rest::InLine)),
            (Policy::OwnOnly, Decision::Rest(Rest::InLine)),
            (
                Policy::TeamsLeads,
                Decision::Write {
                    from: OFF,
                    to: ON,
                    release: false,
                },
            ),
        ] {
            assert_eq!(
                decide(&ours_gone, Wanted::Set(ON), fresh(OFF), policy),
                expected,
                "{policy:?}"
            );
        }
    }

    #[test]
    fn drift_seen_long_ago_is_read_again_before_it_is_repaired() {
        let decision = decide(
            &record(Settled::At(ON), None),
            Wanted::Set(ON),
            stale(OFF),
            Policy::TeamsLeads,
        );
        assert_eq!(decision, Decision::Read { to: ON });
    }

    #[test]
    fn own_only_turns_off_only_what_it_turned_on() {
        let not_ours = record(Settled::At(ON), None);
        let decision = decide(&not_ours, Wanted::Set(OFF), fresh(ON), Policy::OwnOnly);
        assert_eq!(
            decision,
            Decision::Settle {
                settled: Settled::At(OFF),
                rest: Rest::HumansDnd
            }
        );
        let ours = record(Settled::At(ON), Some(ON));
        let decision = decide(&ours, Wanted::Set(OFF), fresh(ON), Policy::OwnOnly);
        assert_eq!(
            decision,
            Decision::Write {
                from: ON,
                to: OFF,
                release: false
            }
        );
    }

    #[test]
    fn the_other_policies_turn_off_a_humans_dnd_when_the_outcome_changes() {
        for policy in [Policy::LastChangeWins, Policy::TeamsLeads] {
            let decision = decide(
                &record(Settled::At(ON), None),
                Wanted::Set(OFF),
                fresh(ON),
                policy,
            );
            assert_eq!(
                decision,
                Decision::Write {
                    from: ON,
                    to: OFF,
                    release: false
                }
            );
        }
    }

    #[test]
    fn a_value_found_equal_is_settled_without_a_write() {
        for policy in POLICIES {
            let decision = decide(&record(Settled::Never, None), Wanted::Set(ON), fresh(ON), policy);
            assert_eq!(
                decision,
                Decision::Settle {
                    settled: Settled::At(ON),
                    rest: Rest::AlreadyEqual
                }
            );
        }
    }

    #[test]
    fn leave_changes_nothing() {
        for policy in POLICIES {
            let decision = decide(
                &record(Settled::At(ON), Some(ON)),
                Wanted::Leave,
                fresh(OFF),
                policy,
            );
            assert_eq!(decision, Decision::Rest(Rest::Left));
        }
    }

    #[test]
    fn an_unconfirmed_write_is_looked_at_before_anything_else() {
        let mut record = record(Settled::At(OFF), None);
        record.intend(Intent {
            to: ON,
            before: OFF,
            release: false,
            at: Timestamp::UNIX_EPOCH,
            rule: None,
        });
        for (wanted, to) in [
            (Wanted::Leave, ON),
            (Wanted::Set(ON), ON),
            (Wanted::TakeBack, OFF),
        ] {
            assert_eq!(
                decide(&record, wanted, None, Policy::OwnOnly),
                Decision::Read { to }
            );
        }
    }

    #[test]
    fn taking_back_touches_only_what_is_ours() {
        let nobodys = record(Settled::At(ON), None);
        assert_eq!(
            decide(&nobodys, Wanted::TakeBack, fresh(ON), Policy::TeamsLeads),
            Decision::Rest(Rest::NotOurs)
        );
        let ours = record(Settled::At(ON), Some(ON));
        assert_eq!(
            decide(&ours, Wanted::TakeBack, fresh(ON), Policy::OwnOnly),
            Decision::Write {
                from: ON,
                to: OFF,
                release: true
            }
        );
    }

    #[test]
    fn what_a_human_put_in_place_of_ours_is_not_taken_back() {
        let [ours, before, humans] = [
            ChatPresence::Away,
            ChatPresence::Available,
            ChatPresence::DoNotDisturb,
        ]
        .map(Value::Chat);
        let record = FieldRecord {
            ours: Some(Ours {
                value: ours,
                before,
                since: Timestamp::UNIX_EPOCH,
            }),
            ..FieldRecord::default()
        };
        assert_eq!(
            decide(&record, Wanted::TakeBack, fresh(humans), Policy::TeamsLeads),
            Decision::Rest(Rest::NotOurs)
        );
    }

    #[test]
    fn a_chat_status_that_nobody_can_set_is_not_put_back() {
        let ours = Ours {
            value: Value::Chat(ChatPresence::Away),
            before: Value::Chat(ChatPresence::Unavailable),
            since: Timestamp::UNIX_EPOCH,
        };
        let record = FieldRecord {
            ours: Some(ours),
            ..FieldRecord::default()
        };
        assert_eq!(
            decide(&record, Wanted::TakeBack, None, Policy::OwnOnly),
            Decision::Disown
        );
    }

    #[test]
    fn after_a_release_the_outcome_is_applied_anew_unless_a_human_changed_the_value() {
        let released = record(Settled::Released(OFF), None);
        let again = decide(&released, Wanted::Set(ON), fresh(OFF), Policy::LastChangeWins);
        assert_eq!(
            again,
            Decision::Write {
                from: OFF,
                to: ON,
                release: false
            }
        );
        let by_human = decide(&released, Wanted::Set(OFF), fresh(ON), Policy::LastChangeWins);
        assert_eq!(
            by_human,
            Decision::Settle {
                settled: Settled::At(OFF),
                rest: Rest::HumansChange
            }
        );
    }
}
