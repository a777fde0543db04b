//! The way of each member from a presence to a change, step by step, for whoever wants to read it. While nobody does,
//! nothing of it is computed.

use jiff::Timestamp;
use presence_mapping::{Outcome, Presence};

use super::member::{Member, Sight};
use super::{Engine, Report, UnknownBecause, Written};
use crate::aim::aim;
use crate::fault::PortError;
use crate::field_record::FieldRecord;
use crate::ids::{Address, PbxUserId};
use crate::moment::Moment;
use crate::policy::{Decision, Reading, Rest, Wanted, decide};
use crate::value::{Field, Value};

/// One step of one member.
#[derive(Clone, Debug)]
pub struct MemberStep {
    /// The member.
    pub user: PbxUserId,
    /// The member's address.
    pub address: Option<Address>,
    /// What happened.
    pub step: Step,
}

/// What happened, in the order in which it does.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// Teams said something else than before.
    Received {
        /// What it said.
        presence: Presence,
    },
    /// Teams said nothing of the member, and had said something before.
    NotReceived {
        /// Why it is not known.
        because: UnknownBecause,
    },
    /// A member is decided: the rules that won for the presence of now.
    Ruled {
        /// What Teams said last.
        presence: Presence,
        /// The rule for DND.
        dnd: String,
        /// The rule for the chat status; `None` where it is not synchronised.
        chat: Option<String>,
    },
    /// What the rules make of it.
    Outcome {
        /// The outcome.
        outcome: Outcome,
    },
    /// What the ledger holds of a field, and what the PBX said of it last.
    Remembered {
        /// The field.
        field: Field,
        /// What is remembered.
        record: FieldRecord,
        /// The last reading; it is acted on while it is fresh.
        reading: Option<Reading>,
    },
    /// Something is under way for a field, or it waits after a failure: it is not decided anew before that is over.
    Busy {
        /// The field.
        field: Field,
    },
    /// What was decided of a field.
    Decided {
        /// The field.
        field: Field,
        /// What is wanted.
        wanted: Wanted,
        /// What is done for it.
        decision: Decision,
        /// Why nothing is written, where nothing is.
        rest: Option<Rest>,
    },
    /// The breaker holds the change.
    Held {
        /// The field.
        field: Field,
        /// What was to be written.
        to: Value,
        /// When it passes if the outcome stays the same.
        until: Timestamp,
    },
    /// The PBX was read.
    Read {
        /// The field.
        field: Field,
        /// What stands there.
        found: Value,
    },
    /// A change is written; its intent is durable.
    Writing {
        /// The field.
        field: Field,
        /// The precondition: what must stand there.
        from: Value,
        /// What will stand there.
        to: Value,
    },
    /// The PBX answered to a change.
    Answered {
        /// The field.
        field: Field,
        /// What became of it.
        answer: Result<Written, PortError>,
    },
}

impl Engine {
    /// Tells each step of each member from now on, or no more.
    pub fn tell_steps(&mut self, tell: bool) {
        self.tells_steps = tell;
    }

    /// Tells one step, which is made only where somebody wants to know it.
    pub(super) fn step(&mut self, user: PbxUserId, step: impl FnOnce() -> Step) {
        if self.tells_steps {
            let step = MemberStep {
                user,
                address: self.address(user).cloned(),
                step: step(),
            };
            self.report(Report::Step(Box::new(step)));
        }
    }

    /// Tells how these users are decided now.
    pub(super) fn tell_decisions<'u>(&mut self, users: impl IntoIterator<Item = &'u PbxUserId>, now: Moment) {
        if !self.tells_steps {
            return;
        }
        for user in users {
            let steps = self
                .members
                .get(user)
                .map(|member| self.decision(*user, member, now));
            for step in steps.unwrap_or_default() {
                self.step(*user, || step);
            }
        }
    }

    fn decision(&self, user: PbxUserId, member: &Member, now: Moment) -> Vec<Step> {
        let mut steps = Vec::new();
        // What is not known any more is decided by no rule, unless it is Teams itself that says so.
        let applies = |sight: &&Sight| member.unknown.is_none() || sight.presence.is_unknown();
        if let Some(sight) = member.sight.as_ref().filter(applies) {
            let decided = self.settings.rules.decide(&sight.presence);
            steps.push(Step::Ruled {
                presence: sight.presence.clone(),
                dnd: decided.dnd_rule.to_string(),
                chat: self.settings.chat.then(|| decided.chat_rule.to_string()),
            });
            steps.push(Step::Outcome {
                outcome: sight.outcome,
            });
        }
        for field in self.fields() {
            steps.push(Step::Remembered {
                field,
                record: member.row.field(field).clone(),
                reading: member.reading(field, now),
            });
            steps.push(self.field_decision(user, member, field, now));
        }
        steps
    }

    fn field_decision(&self, user: PbxUserId, member: &Member, field: Field, now: Moment) -> Step {
        if member.is_busy(field, now) {
            return Step::Busy { field };
        }
        let subject = self.subject(user, member, now);
        let aim = aim(&self.settings, self.situation(), &subject, field);
        let decision = decide(
            member.row.field(field),
            aim.wanted,
            member.reading(field, now),
            self.settings.policy_for(field),
        );
        let rest = match decision {
            Decision::Rest(Rest::Left) => Some(aim.why),
            Decision::Rest(rest) | Decision::Settle { rest, .. } => Some(rest),
            Decision::Disown => Some(Rest::CannotRestore),
            Decision::Read { .. } | Decision::Write { .. } => None,
        };
        Step::Decided {
            field,
            wanted: aim.wanted,
            decision,
            rest,
        }
    }
}
