use serde::{Deserialize, Serialize};

use crate::{
    outcome::{ChatOutcome, ChatStatus, DndOutcome, Outcome},
    pattern::Pattern,
    presence::{ActivityReading, KnownReading, Presence, Reading},
    rules::{
        List, RuleFault, RuleName, RulesError, RulesTable,
        contest::{Contest, Rule},
    },
    vocabulary::BaseAvailability,
};

/// The operator's rules, checked and ready to decide.
///
/// Serialised as the [`RulesTable`] they were made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "RulesTable", into = "RulesTable")]
pub struct Rules {
    table: RulesTable,
    pub(crate) dnd: Contest<DndOutcome>,
    pub(crate) chat: Contest<ChatOutcome>,
}

/// What rules say about one presence, and which of them said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Decision<'r> {
    /// What is to become of the member.
    pub outcome: Outcome,
    /// The rule that decided Do Not Disturb.
    pub dnd_rule: RuleName<'r>,
    /// The rule that decided the chat status.
    pub chat_rule: RuleName<'r>,
}

impl Rules {
    /// Checks a table.
    ///
    /// # Errors
    ///
    /// All faults of the table at once: texts that are no patterns, one pattern in both `dnd` and `leave`, chat
    /// overrides of one pattern that contradict each other. Two patterns are one where they differ in case alone, or
    /// where one is the newer spelling of the other, as `inAMeeting` is of `Busy/InAMeeting`.
    pub fn new(table: &RulesTable) -> Result<Self, RulesError> {
        let (rules, faults) = Self::compile(table.clone());
        RulesError::new(faults).map_or(Ok(rules), Err)
    }

    /// The table that the rules were made of, as it was written.
    pub fn table(&self) -> &RulesTable {
        &self.table
    }

    /// Decides both fields of one presence.
    ///
    /// Every presence has exactly one decision. In each field the most specific pattern that fits wins: a pair before
    /// `*/Activity` before an availability. Where none fits, a known presence turns Do Not Disturb off and takes its
    /// chat status from the product's table, an activity that is not known leaves Do Not Disturb, and an unknown
    /// presence leaves both. Nothing is allocated.
    pub fn decide(&self, presence: &Presence) -> Decision<'_> {
        let Reading::Known(reading) = presence.reading() else {
            return Decision {
                outcome: Outcome::LEAVE,
                dnd_rule: RuleName::UnknownPresence,
                chat_rule: RuleName::UnknownPresence,
            };
        };
        let (dnd_rule, dnd) = match self.dnd.winner(reading) {
            Some(rule) => (RuleName::Pattern(&rule.pattern), rule.outcome),
            None => dnd_fallback(reading),
        };
        let (chat_rule, chat) = match self.chat.winner(reading) {
            Some(rule) => (RuleName::Pattern(&rule.pattern), rule.outcome),
            None => chat_fallback(reading),
        };
        Decision {
            outcome: Outcome { dnd, chat },
            dnd_rule,
            chat_rule,
        }
    }

    /// Compiles what can be compiled and collects the faults of the rest.
    fn compile(table: RulesTable) -> (Self, Vec<RuleFault>) {
        let mut faults = Vec::new();
        let dnd = parsed(
            List::Dnd,
            table.dnd.iter().map(|text| (text, DndOutcome::On)),
            &mut faults,
        );
        let leave = parsed(
            List::Leave,
            table.leave.iter().map(|text| (text, DndOutcome::Leave)),
            &mut faults,
        );
        let chat = table
            .chat
            .iter()
            .map(|(text, rule)| (text, ChatOutcome::from(*rule)));
        let chat = parsed(List::Chat, chat, &mut faults);
        faults.extend(in_both_lists(&dnd, &leave));
        faults.extend(contradictions(&chat));
        let dnd = Contest {
            rules: dnd.into_iter().chain(leave).collect(),
        };
        (
            Self {
                table,
                dnd,
                chat: Contest { rules: chat },
            },
            faults,
        )
    }
}

/// What becomes of Do Not Disturb where no pattern fits a known presence.
pub(crate) fn dnd_fallback(reading: KnownReading<'_>) -> (RuleName<'static>, DndOutcome) {
    match reading.activity {
        ActivityReading::Known(_) => (RuleName::OtherwiseOff, DndOutcome::Off),
        ActivityReading::Unrecognised(_) | ActivityReading::Missing => {
            (RuleName::UnknownActivity, DndOutcome::Leave)
        }
    }
}

/// The product's chat table.
pub(crate) fn chat_fallback(reading: KnownReading<'_>) -> (RuleName<'static>, ChatOutcome) {
    let status = match reading.availability {
        BaseAvailability::Available => ChatStatus::Available,
        BaseAvailability::Busy | BaseAvailability::DoNotDisturb => ChatStatus::DoNotDisturb,
        BaseAvailability::Away | BaseAvailability::BeRightBack | BaseAvailability::Offline => {
            ChatStatus::Away
        }
    };
    (
        RuleName::ChatTable(reading.availability),
        ChatOutcome::Set(status),
    )
}

fn parsed<'t, O>(
    list: List,
    texts: impl Iterator<Item = (&'t String, O)>,
    faults: &mut Vec<RuleFault>,
) -> Vec<Rule<O>> {
    let mut rules = Vec::new();
    for (text, outcome) in texts {
        match text.parse::<Pattern>() {
            Ok(pattern) => rules.push(Rule {
                pattern,
                list,
                outcome,
            }),
            Err(reason) => faults.push(RuleFault::NotAPattern {
                list,
                pattern: text.clone(),
                reason,
            }),
        }
    }
    rules
}

fn in_both_lists<'a>(
    dnd: &'a [Rule<DndOutcome>],
    leave: &'a [Rule<DndOutcome>],
) -> impl Iterator<Item = RuleFault> + 'a {
    leave.iter().filter_map(|leave| {
        let dnd = dnd
            .iter()
            .find(|dnd| dnd.pattern.means_the_same_as(&leave.pattern))?;
        Some(RuleFault::InBothLists {
            dnd: dnd.pattern.to_string(),
            leave: leave.pattern.to_string(),
        })
    })
}

fn contradictions(chat: &[Rule<ChatOutcome>]) -> impl Iterator<Item = RuleFault> {
    chat.iter().enumerate().filter_map(|(position, second)| {
        let first = chat[..position]
            .iter()
            .find(|first| first.pattern.means_the_same_as(&second.pattern))?;
        (first.outcome != second.outcome).then(|| RuleFault::ChatContradiction {
            first: first.pattern.to_string(),
            first_rule: first.outcome.into(),
            second: second.pattern.to_string(),
            second_rule: second.outcome.into(),
        })
    })
}

/// The rules of the default table.
impl Default for Rules {
    fn default() -> Self {
        let (rules, faults) = Self::compile(RulesTable::default());
        debug_assert!(faults.is_empty(), "the default table has faults: {faults:?}");
        rules
    }
}

/// Rules are equal where their tables are written alike.
impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.table == other.table
    }
}

impl Eq for Rules {}

impl TryFrom<RulesTable> for Rules {
    type Error = RulesError;

    fn try_from(table: RulesTable) -> Result<Self, RulesError> {
        let (rules, faults) = Self::compile(table);
        RulesError::new(faults).map_or(Ok(rules), Err)
    }
}

impl From<Rules> for RulesTable {
    fn from(rules: Rules) -> Self {
        rules.table
    }
}
