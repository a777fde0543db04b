//! What `--version` says beside the version: the commit and the day of the build.
//!
//! A build is reproducible where `SOURCE_DATE_EPOCH` is set; `PRESENCE_SYNC_COMMIT` names the commit where there is no git.

use std::env::var;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

const DAY: u64 = 24 * 60 * 60;

#[expect(
    clippy::disallowed_methods,
    reason = "a build script speaks to cargo on standard output, and its surroundings are its arguments"
)]
fn main() {
    let commit = var("PRESENCE_SYNC_COMMIT")
        .ok()
        .or_else(|| git(&["rev-parse", "--short=12", "HEAD"]))
        .unwrap_or_else(|| "unknown commit".to_owned());
    let seconds = var("SOURCE_DATE_EPOCH")
        .ok()
        .and_then(|seconds| seconds.parse().ok())
        .or_else(|| Some(SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs()))
        .unwrap_or_default();
    let (year, month, day) = date(seconds / DAY);
    let version = var("CARGO_PKG_VERSION").unwrap_or_default();
    println!("cargo::rustc-env=PRESENCE_SYNC_VERSION={version} ({commit}, {year:04}-{month:02}-{day:02})");

    println!("cargo::rerun-if-env-changed=PRESENCE_SYNC_COMMIT");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    // It changes with every commit and every checkout.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
    println!("cargo::rerun-if-changed=../build.rs");
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !said.trim().is_empty()).then(|| said.trim().to_owned())
}

/// The date of a day since 1970-01-01. Years are counted from March on, so that a leap day is the last of its year.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}
