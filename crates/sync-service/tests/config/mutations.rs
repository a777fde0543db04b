//! Whatever stands in a file, it is judged and never panics.

use proptest::prelude::*;
use sync_service::config::EXAMPLE;

use crate::support::{SECRETS, read};

/// A piece of text that means something to the parser.
fn fragment() -> impl Strategy<Value = String> {
    let tokens = [
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        "=",
        ".",
        "\n",
        "#",
        "0",
        "-1",
        "1e9",
        "nan",
        "true",
        "\"\"",
        "[[",
        "]]",
        "ä",
        "\u{feff}",
        "\u{0}",
        "[instances]\n",
        "[instances.x]\n",
        "[defaults.rules.chat]\n",
        "\"0s\"",
        "1979-05-27",
    ];
    prop_oneof![
        proptest::sample::select(tokens.to_vec()).prop_map(str::to_owned),
        ".{0,8}"
    ]
}

fn check(text: &str) {
    match read(text) {
        Ok(loaded) => {
            for warning in loaded.warnings {
                assert!(!warning.what.is_empty());
            }
        }
        Err(error) => {
            let printed = error.to_string();
            assert!(!error.faults().is_empty());
            assert!(
                SECRETS.iter().all(|secret| !printed.contains(secret)),
                "{printed}"
            );
            assert!(
                error.faults().is_sorted_by_key(|fault| fault.position),
                "{printed}"
            );
            let lines = text.matches('\n').count() + 1;
            assert!(
                error
                    .faults()
                    .iter()
                    .filter_map(|fault| fault.position)
                    .all(|at| at.line <= lines),
                "{printed}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_change_of_the_example_is_judged(
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..12, fragment()), 1..4)
    ) {
        let mut text: Vec<char> = EXAMPLE.chars().collect();
        for (at, length, insert) in cuts {
            let start = at.index(text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, insert.chars());
        }
        check(&text.into_iter().collect::<String>());
    }

    #[test]
    fn any_value_of_any_line_is_judged(line in any::<prop::sample::Index>(), value in fragment()) {
        let mut lines: Vec<String> = EXAMPLE.lines().map(str::to_owned).collect();
        let keyed: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains(" = ") && !lines[*at].starts_with('#')).collect();
        let chosen = &mut lines[keyed[line.index(keyed.len())]];
        let key = chosen.split('=').next().unwrap_or_default().to_owned();
        *chosen = format!("{key}= {value}");
        check(&lines.join("\n"));
    }

    #[test]
    fn any_text_is_judged(text in any::<String>()) {
        check(&text);
    }
}
