//! The golden vectors are judged as they have to be.

use std::fs;

use licensing::{Issuers, Licence, Phase, Refusal};

use crate::desk::{demand, now};
use crate::expected::{USERS, accepted, refused};
use crate::vectors::{ISSUER, README, folder, licences};

fn outcome(contents: &[u8], issuers: &Issuers) -> Result<Phase, Refusal> {
    let licence = Licence::verified(contents, issuers)?;
    let in_force = licence.in_force(now())?;
    in_force.covers(&demand(), USERS)?;
    Ok(in_force.phase())
}

fn stored_issuers() -> Issuers {
    Issuers::from_pem(&fs::read(folder().join(ISSUER)).unwrap()).unwrap()
}

fn stored(file: &str) -> Vec<u8> {
    fs::read(folder().join(file)).unwrap()
}

#[test]
fn a_licence_that_does_is_accepted_in_its_phase() {
    for (file, phase) in accepted() {
        assert_eq!(outcome(&stored(file), &stored_issuers()), Ok(phase), "{file}");
    }
}

#[test]
fn a_licence_that_does_not_is_refused_for_its_own_reason() {
    for (file, why, code, message) in refused() {
        let refusal = outcome(&stored(file), &stored_issuers()).unwrap_err();
        assert_eq!(refusal.to_string(), message, "{file}");
        assert_eq!(refusal.code(), code, "{file}");
        assert_eq!(refusal, why, "{file}");
    }
}

#[test]
fn every_vector_has_its_outcome() {
    let mut judged: Vec<_> = accepted().into_iter().map(|(file, _)| file).collect();
    judged.extend(refused().into_iter().map(|(file, ..)| file));
    judged.sort_unstable();
    assert_eq!(judged, licences().into_keys().collect::<Vec<_>>());
}

#[test]
fn the_table_for_other_desks_says_the_same() {
    let readme = String::from_utf8(stored(README)).unwrap();
    let said = |file: &str| {
        let start = format!("| `{file}` |");
        let row = readme.lines().find(|line| line.starts_with(&start));
        row.unwrap_or_else(|| panic!("{file} is not in the table"))
            .to_owned()
    };
    for (file, phase) in accepted() {
        let word = match phase {
            Phase::Valid => "| accepted |",
            Phase::Ending(_) => "| accepted, ends within 14 days |",
            Phase::Grace { .. } => "| accepted, in its days of grace |",
        };
        assert!(said(file).ends_with(word), "{file}: {word}");
    }
    for (file, _, code, message) in refused() {
        let end = format!("| `{code}`: {message} |");
        assert!(said(file).ends_with(&end), "{file}: {end}");
    }
}

#[test]
fn every_code_is_explained_in_the_documentation_of_the_crate() {
    let documentation = include_str!("../../README.md");
    for (file, _, code, _) in refused() {
        assert!(
            documentation.contains(&format!("\n| `{code}` | ")),
            "{file}: {code}"
        );
    }
}
