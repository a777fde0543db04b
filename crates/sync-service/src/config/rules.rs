//! `[instances.X.rules]`: the operator's table, checked by the crate that knows its meaning.

use presence_mapping::{ChatRule, List, RuleFault, Rules, RulesTable};

use super::fault::FaultKind;
use super::hint;
use super::key::Kind;
use super::reader::Reader;
use super::source::{Located, Place};
use super::values::{text, wrong_type};

/// More patterns than this nobody needs: Teams has six availabilities and some fifteen activities. Each is compared with all
/// others.
pub const MOST_PATTERNS: usize = 500;

/// Reads the rules of an instance.
pub(super) fn read(rules: &Reader<'_>) -> Option<Rules> {
    compile(rules, true)
}

/// Reads `[defaults.rules]` by itself: what it contradicts is seen only with the lists of an instance.
pub(super) fn check_defaults(rules: &Reader<'_>) {
    compile(rules, false);
}

fn compile(rules: &Reader<'_>, whole: bool) -> Option<Rules> {
    let dnd_list = rules.texts("dnd");
    let leave_list = rules.texts("leave");
    let chat = chat(rules);
    let complete = dnd_list.is_some() && leave_list.is_some();
    let (dnd, leave) = (dnd_list.unwrap_or_default(), leave_list.unwrap_or_default());
    if dnd.len() + leave.len() + chat.len() > MOST_PATTERNS {
        let what = format!("there are more than {MOST_PATTERNS} patterns");
        let hint = "remove those that repeat each other; `*/Activity` stands for every availability";
        rules
            .source
            .fault(&rules.place, FaultKind::BadValue, what, Some(hint.to_owned()));
        return None;
    }
    let mut table = RulesTable {
        dnd: plain(&dnd),
        leave: plain(&leave),
        ..RulesTable::default()
    };
    for (pattern, rule) in &chat {
        table.set_chat(pattern.value.clone(), *rule);
    }
    let place_of = |list: List, pattern: &str| {
        let named = |located: &&Located<String>| located.value == pattern;
        let found = match list {
            List::Dnd => dnd.iter().find(named),
            List::Leave => leave.iter().find(named),
            _ => chat.iter().rev().map(|(pattern, _)| pattern).find(named),
        };
        found.map_or_else(|| rules.place.clone(), |located| located.place.clone())
    };
    match Rules::new(&table) {
        Ok(compiled) => {
            for remark in compiled.lint().iter().filter(|_| whole) {
                rules
                    .source
                    .warning(&place_of(remark.list, &remark.pattern), remark.to_string());
            }
            complete.then_some(compiled)
        }
        Err(error) => {
            for fault in error.faults() {
                let (place, kind, hint) = match fault {
                    RuleFault::InBothLists { leave, .. } => (
                        place_of(List::Leave, leave),
                        FaultKind::Contradiction,
                        "keep it in one of the two lists",
                    ),
                    RuleFault::ChatContradiction { second, .. } => (
                        place_of(List::Chat, second),
                        FaultKind::Contradiction,
                        "keep one of the two",
                    ),
                    RuleFault::NotAPattern { list, pattern, .. } => {
                        (place_of(*list, pattern), FaultKind::BadValue, PATTERN_HINT)
                    }
                    _ => (rules.place.clone(), FaultKind::BadValue, PATTERN_HINT),
                };
                if whole || kind != FaultKind::Contradiction {
                    rules
                        .source
                        .fault(&place, kind, fault.to_string(), Some(hint.to_owned()));
                }
            }
            None
        }
    }
}

const PATTERN_HINT: &str =
    "write `Availability`, `Availability/Activity` or `*/Activity`, such as \"Busy/InACall\"";

/// The overrides; an instance's own come after those of `[defaults]`, and so win pattern by pattern.
fn chat(rules: &Reader<'_>) -> Vec<(Located<String>, ChatRule)> {
    let words = match rules.kind_of("chat") {
        Some(Kind::PatternTable(words)) => words,
        _ => &[],
    };
    let mut overrides = Vec::new();
    for (key, value, path) in rules.entries("chat") {
        let pattern = Located {
            value: key.get_ref().to_string(),
            place: Place {
                at: Some(key.span().start),
                path: path.clone(),
            },
        };
        let place = Place {
            at: Some(value.span().start),
            path,
        };
        match text(value.get_ref()).map(|word| (word, word.parse())) {
            Ok((_, Ok(rule))) => overrides.push((pattern, rule)),
            Ok((word, Err(_))) => {
                let what = format!("`{word}` is no chat status");
                rules
                    .source
                    .fault(&place, FaultKind::BadValue, what, Some(hint::one_of(word, words)));
            }
            Err(_) if !value.get_ref().is_str() => {
                let refusal = wrong_type(
                    value.get_ref(),
                    "a text",
                    format!("write one of {}", hint::list(words)),
                );
                rules
                    .source
                    .fault(&place, refusal.kind, refusal.what, refusal.hint);
            }
            Err(refusal) => rules
                .source
                .fault(&place, refusal.kind, refusal.what, refusal.hint),
        }
    }
    overrides
}

fn plain(patterns: &[Located<String>]) -> Vec<String> {
    patterns.iter().map(|pattern| pattern.value.clone()).collect()
}
