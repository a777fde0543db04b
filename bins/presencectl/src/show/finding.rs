//! The findings of a diagnosis, line by line.

use std::fmt::Write;

use sync_core::InstanceName;
use sync_service::doctor::{InWords, Verdict, Words};

/// One finding; `before` is the instance of the one before it, so that each instance is named once.
pub(crate) fn finding(finding: &InWords, before: Option<&InstanceName>, words: &Words) -> String {
    let mut text = String::new();
    if let Some(instance) = finding
        .instance
        .as_ref()
        .filter(|instance| Some(*instance) != before)
    {
        let _ = writeln!(text, "\n{}", words.say_of("frame-instance", instance));
    }
    let verdict = words.say(&format!("verdict-{}", word(finding.verdict)));
    let _ = writeln!(
        text,
        "{verdict:<15}{:<18} {}",
        finding.check.as_str(),
        finding.message
    );
    for detail in &finding.details {
        let _ = writeln!(text, "{:15}{:18}   {detail}", "", "");
    }
    if let Some(remedy) = &finding.remedy {
        let _ = writeln!(
            text,
            "{:15}{:18}   {}: {remedy}",
            "",
            "",
            words.say("frame-remedy")
        );
        let _ = writeln!(
            text,
            "{:15}{:18}   {}: {}",
            "",
            "",
            words.say("frame-more"),
            finding.documentation
        );
    }
    text
}

/// What it all comes to; `tried`: whether there was an instance to try.
pub(crate) fn verdict(verdict: Verdict, tried: bool, words: &Words) -> String {
    words.say(match (verdict, tried) {
        (Verdict::Failure, _) => "frame-bad",
        (_, false) => "frame-nothing",
        (Verdict::Warning, true) => "frame-warnings",
        (Verdict::Ok | Verdict::Skipped, true) => "frame-good",
    })
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Skipped => "skipped",
        Verdict::Warning => "warning",
        Verdict::Failure => "failure",
    }
}
