//! Faults on demand: what goes wrong, for which kind of request, and how often.
//!
//! | text | what happens |
//! |---|---|
//! | `429`, `503`, any status | this status with the vendor's error body |
//! | `429@7` | the same with `Retry-After: 7` |
//! | `delay@500ms` | the answer comes later (`ms` or `s`) |
//! | `hang` | no answer at all, as from a blacklisted address |
//! | `drop` | the connection ends in the middle of the answer, and nothing was done |
//! | `lost` | the request takes effect, and then the connection ends in the middle of the answer |
//! | `html` | a page instead of JSON, as from a captive proxy |
//! | `malformed` | JSON that ends too early |
//! | `wrong-types` | JSON of another shape |
//! | `endless` | a body without an end |
//! | `drip` | a body without an end, a byte at a time |
//! | `omit` | every second person is missing (presence alone) |
//!
//! On a command line: `presence=429@7:3,phoneconfig-put=lost:1`: the kind of request, the fault, and after a colon how
//! often; without a number until it is cleared.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::counters::Operation;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// An HTTP status, with `Retry-After` in seconds where one is given.
    Status(u16, Option<u64>),
    /// The answer comes later.
    Delay(Duration),
    /// No answer.
    Hang,
    /// The connection ends in the middle of the answer; nothing was done.
    Drop,
    /// The request takes effect; its answer gets lost.
    Lost,
    /// A page instead of JSON.
    Html,
    /// JSON that ends too early.
    Malformed,
    /// JSON of another shape.
    WrongTypes,
    /// A body without an end.
    Endless,
    /// A body without an end, a byte at a time: there is always news, and never enough.
    Drip,
    /// Every second person is missing in an answer about presence.
    Omit,
}

/// A text that names no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultSyntax {
    /// Not of the form `kind=fault:count`.
    #[error("`{0}` is not like `presence=429:3`")]
    Form(String),
    /// The kind of request does not exist.
    #[error("`{0}` is no kind of request; there are {list}", list = kinds())]
    Operation(String),
    /// The fault does not exist.
    #[error(
        "`{0}` is no fault; there are a status such as 429 or 429@7, delay@500ms, hang, drop, lost, html, malformed, wrong-types, endless, drip, omit"
    )]
    Fault(String),
}

fn kinds() -> String {
    Operation::all()
        .map(|operation| operation.to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

impl FromStr for Fault {
    type Err = FaultSyntax;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || FaultSyntax::Fault(text.to_owned());
        let (word, argument) = text
            .split_once('@')
            .map_or((text, None), |(word, argument)| (word, Some(argument)));
        Ok(match (word, argument) {
            ("hang", None) => Self::Hang,
            ("drop", None) => Self::Drop,
            ("lost", None) => Self::Lost,
            ("html", None) => Self::Html,
            ("malformed", None) => Self::Malformed,
            ("wrong-types", None) => Self::WrongTypes,
            ("endless", None) => Self::Endless,
            ("drip", None) => Self::Drip,
            ("omit", None) => Self::Omit,
            ("delay", Some(time)) => Self::Delay(duration(time).ok_or_else(unknown)?),
            (status, after) => {
                let status = status
                    .parse()
                    .ok()
                    .filter(|status| (300..600).contains(status))
                    .ok_or_else(unknown)?;
                let after = after.map(str::parse).transpose().map_err(|_| unknown())?;
                Self::Status(status, after)
            }
        })
    }
}

fn duration(text: &str) -> Option<Duration> {
    if let Some(number) = text.strip_suffix("ms") {
        return number.parse().ok().map(Duration::from_millis);
    }
    text.strip_suffix('s')?.parse().ok().map(Duration::from_secs)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status, None) => write!(f, "{status}"),
            Self::Status(status, Some(after)) => write!(f, "{status}@{after}"),
            Self::Delay(time) => write!(f, "delay@{}ms", time.as_millis()),
            Self::Hang => f.write_str("hang"),
            Self::Drop => f.write_str("drop"),
            Self::Lost => f.write_str("lost"),
            Self::Html => f.write_str("html"),
            Self::Malformed => f.write_str("malformed"),
            Self::WrongTypes => f.write_str("wrong-types"),
            Self::Endless => f.write_str("endless"),
            Self::Drip => f.write_str("drip"),
            Self::Omit => f.write_str("omit"),
        }
    }
}

/// Faults, by kind of request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    faults: BTreeMap<Operation, (Fault, Option<u64>)>,
}

impl Plan {
    /// Adds a fault for the next `count` requests of a kind; without a count until it is cleared.
    pub fn set(&mut self, operation: Operation, fault: Fault, count: Option<u64>) {
        self.faults.insert(operation, (fault, count));
    }

    /// Ends the fault of a kind of request.
    pub fn clear(&mut self, operation: Operation) {
        self.faults.remove(&operation);
    }

    /// Every fault with how often it is left.
    pub fn all(&self) -> impl Iterator<Item = (Operation, Fault, Option<u64>)> + '_ {
        self.faults
            .iter()
            .map(|(operation, (fault, left))| (*operation, *fault, *left))
    }

    /// The fault of the next request, which counts it.
    pub(crate) fn next(&mut self, operation: Operation) -> Option<Fault> {
        let (fault, left) = self.faults.get_mut(&operation)?;
        let fault = *fault;
        if let Some(left) = left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.faults.remove(&operation);
            }
        }
        Some(fault)
    }
}

impl FromStr for Plan {
    type Err = FaultSyntax;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut plan = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let form = || FaultSyntax::Form(part.to_owned());
            let (operation, rest) = part.split_once('=').ok_or_else(form)?;
            let (fault, count) = match rest.rsplit_once(':') {
                Some((fault, count)) => (fault, Some(count.parse().map_err(|_| form())?)),
                None => (rest, None),
            };
            let operation = operation
                .parse()
                .map_err(|_| FaultSyntax::Operation(operation.to_owned()))?;
            plan.set(operation, fault.parse()?, count);
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_from_a_command_line() {
        let mut plan: Plan = "presence=429@7:3, phoneconfig-put=lost:1,batch=delay@500ms"
            .parse()
            .unwrap();
        assert_eq!(plan.next(Operation::PhoneconfigPut), Some(Fault::Lost));
        assert_eq!(plan.next(Operation::PhoneconfigPut), None, "once");
        for _ in 0..3 {
            assert_eq!(plan.next(Operation::Presence), Some(Fault::Status(429, Some(7))));
        }
        assert_eq!(plan.next(Operation::Presence), None);
        for _ in 0..9 {
            assert_eq!(
                plan.next(Operation::Batch),
                Some(Fault::Delay(Duration::from_millis(500))),
                "until cleared"
            );
        }
    }

    #[test]
    fn every_fault_is_printed_as_it_is_read() {
        for text in [
            "429",
            "503@7",
            "delay@20ms",
            "hang",
            "drop",
            "lost",
            "html",
            "malformed",
            "wrong-types",
            "endless",
            "drip",
            "omit",
        ] {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_fault_is_refused_with_what_there_is() {
        for (text, part) in [
            ("presence", "is not like"),
            ("presense=429", "phoneconfig-put"),
            ("presence=broken", "wrong-types"),
            ("presence=200", "is no fault"),
            ("presence=429:many", "is not like"),
        ] {
            let error = text.parse::<Plan>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
