//! Did-you-mean.

/// The candidate that a misspelt word most likely means, if one is near enough.
pub(super) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.to_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let plain = candidate.to_lowercase().replace('-', "_");
            let distance = strsim::damerau_levenshtein(&word, &plain);
            let near = distance <= (plain.chars().count() / 3).max(1);
            let begun = word.chars().count() >= 3 && plain.starts_with(&word);
            (near || begun).then_some((if near { distance } else { usize::MAX }, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The hint for a word out of a few: the one that was meant, or all of them.
pub(super) fn one_of(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write one of {}", list(candidates)),
    }
}

/// Names in a row: `` `a`, `b`, `c` ``.
pub(super) fn list(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_found_and_a_far_one_is_not() {
        let words = ["poll_interval", "roster_interval", "policy", "on_stop"];
        for (written, meant) in [
            ("poll_intervall", Some("poll_interval")),
            ("PollInterval", Some("poll_interval")),
            ("polcy", Some("policy")),
            ("on-stop", Some("on_stop")),
            ("roster", Some("roster_interval")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, words), meant, "{written}");
        }
    }
}
