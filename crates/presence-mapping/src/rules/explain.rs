use std::{
    borrow::Cow,
    fmt::{self, Display, Formatter},
};

use serde::{Deserialize, Serialize};

use crate::{
    outcome::{ChatOutcome, DndOutcome},
    pattern::{Fit, IdleFit},
    presence::{KnownReading, Presence, Reading, UnknownReason},
    rules::{
        List, RuleName, Rules,
        compiled::{chat_fallback, dnd_fallback},
        contest::{Contest, Rule},
    },
};

/// Why rules decide as they do about one presence; printed in plain words, or serialised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Explanation {
    /// The presence as Teams said it.
    pub presence: Presence,
    /// The pair it was read as, such as `Busy/InAMeeting`; `None` where it is unknown.
    pub read_as: Option<String>,
    /// Why it is unknown; `None` where it is known.
    pub unknown: Option<UnknownReason>,
    /// Do Not Disturb.
    pub dnd: FieldExplanation<DndOutcome>,
    /// The chat status.
    pub chat: FieldExplanation<ChatOutcome>,
}

/// The rule that won one field, and those that would have had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "FieldExplanationOf{O}")
)]
pub struct FieldExplanation<O> {
    /// What was decided.
    pub outcome: O,
    /// The rule that won, as [`RuleName`] prints it.
    pub rule: Cow<'static, str>,
    /// The list in which it stands; `None` for a built-in rule.
    pub list: Option<List>,
    /// The rules that fit and lost, the nearest to winning first; the built-in rule comes last.
    pub lost: Vec<LosingRule<O>>,
}

/// A rule that fits a presence and did not decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "LosingRuleOf{O}")
)]
pub struct LosingRule<O> {
    /// The rule, as [`RuleName`] prints it.
    pub rule: Cow<'static, str>,
    /// The list in which it stands; `None` for a built-in rule.
    pub list: Option<List>,
    /// What it would have decided.
    pub outcome: O,
    /// Why it did not.
    pub because: Loss,
}

/// Why a rule that fits did not decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Loss {
    /// The winner names more of the presence.
    LessSpecific,
    /// It fits because the person is out of office; the winner fits what the person does.
    OutOfOfficeOnly,
    /// It names the base of an idle variant that another rule names itself.
    IdleIsNamed,
    /// It says the same as a rule before it.
    Repeated,
    /// It is built in, for presences that no pattern fits.
    BuiltIn,
}

impl Display for Loss {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LessSpecific => "less specific",
            Self::OutOfOfficeOnly => "fits being out of office only, and the activity goes first",
            Self::IdleIsNamed => "names the base of an idle state that another pattern names itself",
            Self::Repeated => "repeats a pattern before it",
            Self::BuiltIn => "built in, for presences that no pattern fits",
        })
    }
}

impl Rules {
    /// Explains the decision about one presence: for each field the rule that won, and those that fit and lost.
    pub fn explain(&self, presence: &Presence) -> Explanation {
        let presence = presence.clone();
        match presence.reading() {
            Reading::Known(reading) => Explanation {
                read_as: Some(reading.to_string()),
                unknown: None,
                dnd: explain_field(&self.dnd, reading, dnd_fallback(reading)),
                chat: explain_field(&self.chat, reading, chat_fallback(reading)),
                presence,
            },
            Reading::Unknown(reason) => Explanation {
                read_as: None,
                unknown: Some(reason),
                dnd: built_in(RuleName::UnknownPresence, DndOutcome::Leave),
                chat: built_in(RuleName::UnknownPresence, ChatOutcome::Leave),
                presence,
            },
        }
    }
}

fn built_in<O>(rule: RuleName<'static>, outcome: O) -> FieldExplanation<O> {
    FieldExplanation {
        outcome,
        rule: rule.into_owned(),
        list: None,
        lost: Vec::new(),
    }
}

fn explain_field<O: Copy>(
    contest: &Contest<O>,
    reading: KnownReading<'_>,
    (fallback, fallback_outcome): (RuleName<'static>, O),
) -> FieldExplanation<O> {
    let idle_named = contest.names_idle(reading);
    let stands_back = |fit: Fit| idle_named && fit.idle == IdleFit::ThroughBase;
    let mut fitting: Vec<_> = contest
        .fitting(reading)
        .map(|(position, fit)| (&contest.rules[position], fit))
        .collect();
    // A stable sort, so that rules of one rank stay in the order of the table, and the first of them is the winner.
    fitting.sort_by_key(|(_, fit)| (stands_back(*fit), fit.rank()));

    let mut fitting = fitting.into_iter();
    let Some((winner, winning)) = fitting.next() else {
        return built_in(fallback, fallback_outcome);
    };
    let mut lost: Vec<_> = fitting
        .map(|(rule, fit)| LosingRule {
            rule: name(rule),
            list: Some(rule.list),
            outcome: rule.outcome,
            because: if stands_back(fit) {
                Loss::IdleIsNamed
            } else {
                loss(fit, winning)
            },
        })
        .collect();
    lost.push(LosingRule {
        rule: fallback.into_owned(),
        list: None,
        outcome: fallback_outcome,
        because: Loss::BuiltIn,
    });
    FieldExplanation {
        outcome: winner.outcome,
        rule: name(winner),
        list: Some(winner.list),
        lost,
    }
}

fn name<O>(rule: &Rule<O>) -> Cow<'static, str> {
    RuleName::Pattern(&rule.pattern).into_owned()
}

fn loss(fit: Fit, winning: Fit) -> Loss {
    if fit.specificity > winning.specificity {
        Loss::LessSpecific
    } else if fit.through > winning.through {
        Loss::OutOfOfficeOnly
    } else {
        Loss::Repeated
    }
}

impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Teams says {}", self.presence)?;
        if self.presence.out_of_office {
            f.write_str(" and out of office")?;
        }
        match (&self.read_as, self.unknown) {
            (Some(read_as), _) if !read_as.eq_ignore_ascii_case(&self.presence.to_string()) => {
                write!(f, ", read as {read_as}")?;
            }
            (_, Some(reason)) => write!(f, ", which is unknown: {reason}")?,
            _ => {}
        }
        write!(f, "\nDo Not Disturb: {}\nchat status: {}", self.dnd, self.chat)
    }
}

impl<O: Display> Display for FieldExplanation<O> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}, by ", self.outcome)?;
        place(f, &self.rule, self.list)?;
        for lost in &self.lost {
            f.write_str("\n  not ")?;
            place(f, &lost.rule, lost.list)?;
            write!(f, " ({}): {}", lost.outcome, lost.because)?;
        }
        Ok(())
    }
}

fn place(f: &mut Formatter<'_>, rule: &str, list: Option<List>) -> fmt::Result {
    match list {
        Some(list) => write!(f, "`{rule}` in `{list}`"),
        None => write!(f, "the built-in rule `{rule}`"),
    }
}
