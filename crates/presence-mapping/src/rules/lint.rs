use std::collections::BTreeSet;

use crate::{
    pattern::{ActivityKey, AvailabilityKey, Pattern},
    presence::{ActivityReading, KnownReading},
    rules::{
        Problem, Remark, Rules,
        contest::{Contest, Rule},
    },
    spelling,
    vocabulary::{Availability, BaseAvailability, KnownActivity, KnownAvailability, Meaning},
};

impl Rules {
    /// Looks for patterns that can never win, and for words that nobody documents.
    ///
    /// Whether a pattern can win is not guessed but tried: every presence that these rules could tell apart is decided,
    /// and a pattern that decided none of them can never decide one.
    pub fn lint(&self) -> Vec<Remark> {
        let mut remarks = lint_field(&self.dnd);
        remarks.extend(lint_field(&self.chat));
        remarks
    }
}

fn lint_field<O>(contest: &Contest<O>) -> Vec<Remark> {
    let readings = readings(contest);
    let winners: BTreeSet<_> = readings
        .iter()
        .filter_map(|reading| contest.winning_position(*reading))
        .collect();
    (0..contest.rules.len())
        .filter_map(|position| {
            let pattern = &contest.rules[position].pattern;
            let problem = if winners.contains(&position) {
                odd_word(pattern)?
            } else {
                why_never(contest, &readings, position)
            };
            Some(remark(&contest.rules[position], problem))
        })
        .collect()
}

fn remark<O>(rule: &Rule<O>, problem: Problem) -> Remark {
    let suggestion = match problem {
        Problem::UnknownAvailability { .. } | Problem::UnknownActivity { .. } => {
            spelling::suggestion(&rule.pattern)
        }
        Problem::NamesUnknown
        | Problem::Repeated { .. }
        | Problem::Shadowed { .. }
        | Problem::ActivityIgnored { .. } => None,
    };
    Remark {
        list: rule.list,
        pattern: rule.pattern.to_string(),
        problem,
        suggestion,
    }
}

fn why_never<O>(contest: &Contest<O>, readings: &[KnownReading<'_>], position: usize) -> Problem {
    let pattern = &contest.rules[position].pattern;
    match (pattern.shape().availability_key(), pattern.shape().activity_key()) {
        (Some(AvailabilityKey::Unrecognised(word)), _) => {
            return Problem::UnknownAvailability {
                word: word.to_string(),
            };
        }
        (Some(AvailabilityKey::Unknown), _) | (_, Some(ActivityKey::Unknown)) => {
            return Problem::NamesUnknown;
        }
        _ => {}
    }
    let mut before = contest.rules[..position].iter();
    if let Some(other) = before.find(|other| other.pattern.means_the_same_as(pattern)) {
        return Problem::Repeated {
            other: other.pattern.to_string(),
        };
    }
    let winners: BTreeSet<_> = readings
        .iter()
        .filter(|reading| pattern.fit(reading).is_some())
        .filter_map(|reading| contest.winning_position(*reading))
        .collect();
    Problem::Shadowed {
        by: winners
            .into_iter()
            .map(|winner| contest.rules[winner].pattern.to_string())
            .collect(),
    }
}

/// What is odd about a pattern that can win.
fn odd_word(pattern: &Pattern) -> Option<Problem> {
    if let Some(ActivityKey::Unrecognised(word)) = pattern.shape().activity_key() {
        return Some(Problem::UnknownActivity {
            word: word.to_string(),
        });
    }
    let (Some(availability), Some(_)) = pattern.words() else {
        return None;
    };
    match Availability::parse(availability).known()?.meaning() {
        Meaning::Pair(base, activity) => Some(Problem::ActivityIgnored {
            read_as: format!("{base}/{activity}"),
        }),
        Meaning::Base(_) | Meaning::Idle(_) | Meaning::Unknown => None,
    }
}

/// Every reading that the patterns of this field can tell apart.
///
/// A word that no pattern names is as good as a missing one, so the missing one stands for all of them.
fn readings<O>(contest: &Contest<O>) -> Vec<KnownReading<'_>> {
    let named = contest
        .rules
        .iter()
        .filter_map(|rule| match rule.pattern.shape().activity_key() {
            Some(ActivityKey::Unrecognised(word)) => Some(ActivityReading::Unrecognised(word)),
            _ => None,
        });
    let documented = KnownActivity::ALL
        .iter()
        .filter(|word| **word != KnownActivity::PresenceUnknown);
    let activities: Vec<_> = [ActivityReading::Missing]
        .into_iter()
        .chain(documented.map(|word| ActivityReading::Known(*word)))
        .chain(named)
        .collect();

    let mut readings = Vec::new();
    for (availability, idle) in availabilities() {
        for activity in &activities {
            for out_of_office in [false, true] {
                readings.push(KnownReading {
                    availability,
                    idle,
                    activity: *activity,
                    out_of_office,
                });
            }
        }
    }
    readings
}

/// Every availability that a reading can have, and whether it is idle.
fn availabilities() -> impl Iterator<Item = (BaseAvailability, bool)> {
    KnownAvailability::ALL
        .iter()
        .filter_map(|word| match word.meaning() {
            Meaning::Base(base) => Some((base, false)),
            Meaning::Idle(base) => Some((base, true)),
            Meaning::Pair(..) | Meaning::Unknown => None,
        })
}
