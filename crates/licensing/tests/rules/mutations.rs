//! No change of a valid licence verifies. Blanks and line breaks are the one thing that may be added.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use licensing::{Licence, OperatingMode, Terms};

use crate::desk::{decoded, encoded, issuers, key, licence, other_key, parts, terms};

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BLANKS: [&str; 5] = [" ", "\n", "\r\n", "\t", "\x0c"];

/// The order of the group of Ed25519, the smallest byte first: <https://www.rfc-editor.org/rfc/rfc8032#section-5.1>.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn valid() -> String {
    key().issue(&terms()).unwrap()
}

/// Another valid licence of the same desk, with another length.
fn another_terms() -> Terms {
    Terms {
        number: "T-0002".parse().unwrap(),
        customer: "Another Example AG".parse().unwrap(),
        mode: OperatingMode::FullIntegration,
        seats: 10_000,
        grace_days: 30,
        ..terms()
    }
}

fn dense(contents: &[u8]) -> Vec<u8> {
    let contents = contents.strip_prefix("\u{feff}".as_bytes()).unwrap_or(contents);
    let kept = contents.iter().filter(|byte| !byte.is_ascii_whitespace());
    kept.copied().collect()
}

fn verifies(contents: &[u8]) -> bool {
    Licence::verified(contents, &issuers()).is_ok()
}

/// Something that is done to a text, at a place in it.
#[derive(Clone, Debug)]
enum Change {
    Replace(Vec<u8>),
    Insert(Vec<u8>),
    Delete(usize),
    Duplicate(usize),
    Swap(Index),
    Truncate,
    Repeat,
}

impl Change {
    fn apply(&self, text: &mut Vec<u8>, place: Index) {
        let at = place.index(text.len());
        let end = |count: usize| (at + count).min(text.len());
        match self {
            Self::Replace(with) => drop(text.splice(at..end(with.len()), with.iter().copied())),
            Self::Insert(what) => drop(text.splice(at..at, what.iter().copied())),
            Self::Delete(count) => drop(text.drain(at..end(*count))),
            Self::Duplicate(count) => {
                let copy = text[at..end(*count)].to_vec();
                text.splice(at..at, copy);
            }
            Self::Swap(with) => {
                let with = with.index(text.len());
                text.swap(at, with);
            }
            Self::Truncate => text.truncate(at),
            Self::Repeat => text.extend_from_within(..),
        }
    }
}

/// Mostly letters of licences, so that texts still have their form.
fn some_bytes() -> impl Strategy<Value = Vec<u8>> {
    let letter = prop_oneof![
        12 => select(ALPHABET),
        1 => select(&b".=+/ \n"[..]),
        1 => any::<u8>(),
    ];
    vec(letter, 1..5)
}

fn change() -> impl Strategy<Value = (Change, Index)> {
    let change = prop_oneof![
        6 => some_bytes().prop_map(Change::Replace),
        6 => some_bytes().prop_map(Change::Insert),
        4 => (1..9_usize).prop_map(Change::Delete),
        4 => (1..90_usize).prop_map(Change::Duplicate),
        4 => any::<Index>().prop_map(Change::Swap),
        1 => Just(Change::Truncate),
        1 => Just(Change::Repeat),
    ];
    (change, any::<Index>())
}

#[test]
fn no_flipped_bit_verifies() {
    let valid = valid().into_bytes();
    for bit in 0..valid.len() * 8 {
        let mut flipped = valid.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!verifies(&flipped), "bit {bit}");
    }
}

#[test]
fn no_flipped_bit_below_the_encoding_verifies() {
    let valid = valid();
    for part in 0..3 {
        let original = decoded(parts(&valid)[part]);
        for bit in 0..original.len() * 8 {
            let mut flipped = original.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let mut parts = parts(&valid).map(str::to_owned);
            parts[part] = encoded(flipped);
            assert!(!verifies(parts.join(".").as_bytes()), "part {part}, bit {bit}");
        }
    }
}

#[test]
fn no_other_last_character_of_a_part_verifies() {
    let valid = valid();
    let ends: Vec<_> = valid
        .match_indices('.')
        .map(|(end, _)| end)
        .chain([valid.len()])
        .collect();
    for end in ends {
        for letter in ALPHABET {
            let mut other = valid.clone().into_bytes();
            other[end - 1] = *letter;
            assert_eq!(verifies(&other), other == valid.as_bytes());
        }
    }
}

#[test]
fn a_signature_has_one_form_only() {
    let valid = valid();
    let [head, body, signature] = parts(&valid);
    let mut bytes = decoded(signature);
    let mut carry = 0;
    for (byte, more) in bytes[32..].iter_mut().zip(ORDER) {
        carry += u16::from(*byte) + u16::from(more);
        *byte = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    assert_eq!(carry, 0);
    let other = format!("{head}.{body}.{}", encoded(bytes));
    assert!(!verifies(other.as_bytes()));
}

#[test]
fn no_parts_of_two_licences_together_verify() {
    let texts = [
        valid(),
        key().issue(&another_terms()).unwrap(),
        other_key().issue(&terms()).unwrap(),
    ];
    let [ours, another, foreign] = texts.each_ref().map(|text| parts(text));
    let all = [ours, another, foreign];
    for (a, b, c) in (0..27).map(|i| (i / 9, i / 3 % 3, i % 3)) {
        let text = [all[a][0], all[b][1], all[c][2]].join(".");
        let good = texts[..2].contains(&text);
        assert_eq!(verifies(text.as_bytes()), good, "{a} {b} {c}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_changed_licence_verifies(changes in vec(change(), 1..4)) {
        let valid = valid().into_bytes();
        let mut text = valid.clone();
        for (change, place) in changes {
            if !text.is_empty() {
                change.apply(&mut text, place);
            }
        }
        prop_assert_eq!(verifies(&text), dense(&text) == valid, "{}", String::from_utf8_lossy(&text));
    }

    #[test]
    fn no_splice_of_two_licences_verifies(first: Index, second: Index, turned: bool) {
        let mut texts = [valid(), key().issue(&another_terms()).unwrap()];
        if turned {
            texts.reverse();
        }
        let [head, tail] = &texts;
        let text = head[..first.index(head.len())].to_owned() + &tail[second.index(tail.len())..];
        prop_assert_eq!(verifies(text.as_bytes()), texts.contains(&text), "{}", text);
    }

    #[test]
    fn blanks_and_line_breaks_may_be_added_anywhere(
        blanks in vec((any::<Index>(), select(&BLANKS[..])), 0..60),
        mark: bool,
    ) {
        let mut text = valid();
        for (place, blank) in blanks {
            text.insert_str(place.index(text.len() + 1), blank);
        }
        if mark {
            text.insert(0, '\u{feff}');
        }
        let read = Licence::verified(text.as_bytes(), &issuers()).unwrap();
        prop_assert_eq!(&read, &licence(&terms()));
        prop_assert_eq!(read.text(), valid());
    }
}
