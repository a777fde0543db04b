//! The documented word that an operator may have meant.

use crate::{
    pattern::Pattern,
    vocabulary::{Activity, Availability, KnownActivity, KnownAvailability, Vocabulary},
};

/// The pattern that may have been meant by one with an unknown word; `None` where nothing is near.
pub(crate) fn suggestion(pattern: &Pattern) -> Option<String> {
    match pattern.words() {
        (Some(availability), None) => match Activity::parse(availability).known() {
            Some(word) => Some(format!("*/{word}")),
            None => corrected::<KnownAvailability>(availability).map(str::to_owned),
        },
        (None, Some(activity)) => match Availability::parse(activity).known() {
            Some(word) => Some(word.as_str().to_owned()),
            None => Some(format!("*/{}", corrected::<KnownActivity>(activity)?)),
        },
        (Some(availability), Some(activity)) => Some(format!(
            "{}/{}",
            corrected::<KnownAvailability>(availability)?,
            corrected::<KnownActivity>(activity)?
        )),
        (None, None) => None,
    }
}

/// The nearest documented word, at most a third of whose letters differ.
fn corrected<V: Vocabulary>(text: &str) -> Option<&'static str> {
    let text = letters(text);
    V::WORDS
        .iter()
        .map(|word| word.spellings()[0])
        .map(|word| (distance(&text, &letters(word)), word))
        .filter(|(distance, word)| distance * 3 <= word.len())
        .min()
        .map(|(_, word)| word)
}

/// Case and marks between words are the likeliest differences and count for nothing.
fn letters(text: &str) -> Vec<char> {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// How many letters are to be inserted, removed, replaced or swapped with their neighbour.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for i in 0..one.len() {
        let mut row = vec![i + 1];
        for j in 0..other.len() {
            let replaced = last[j] + usize::from(one[i] != other[j]);
            let mut least = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && one[i] == other[j - 1] && one[i - 1] == other[j] {
                least = least.min(before_last[j - 1] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        for (written, meant) in [
            ("Busy/InAMeating", Some("Busy/InAMeeting")),
            ("Bussy/InAMeating", Some("Busy/InAMeeting")),
            ("Bsuy/InACall", Some("Busy/InACall")),
            ("busy/in-a-call", Some("Busy/InACall")),
            ("*/InMeeting", Some("*/InAMeeting")),
            ("Do_Not_Disturb", Some("DoNotDisturb")),
            ("OutOfOffice", Some("*/OutOfOffice")),
            ("*/BusyIdle", Some("BusyIdle")),
            ("*/InAHologram", None),
            ("Hovering", None),
        ] {
            assert_eq!(
                suggestion(&written.parse().unwrap()).as_deref(),
                meant,
                "{written}"
            );
        }
    }
}
