#![doc = include_str!("../README.md")]

mod outcome;
mod pattern;
mod presence;
mod rules;
mod spelling;
mod vocabulary;

pub use self::outcome::{ChatOutcome, ChatRule, ChatStatus, DndOutcome, Outcome, UnknownWord};
pub use self::pattern::{Pattern, PatternError};
pub use self::presence::{ActivityReading, KnownReading, Presence, PresenceError, Reading, UnknownReason};
pub use self::rules::{
    Decision, Explanation, FieldExplanation, List, LosingRule, Loss, Problem, Remark, RuleFault, RuleName,
    Rules, RulesError, RulesTable,
};
pub use self::vocabulary::{
    Activity, Availability, BaseAvailability, KnownActivity, KnownAvailability, Value, Vocabulary,
};
