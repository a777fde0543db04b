//! Credentials that were refused: what is remembered of them, so that a restart does not present them again at once.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::backoff::wait;
use super::link_name::LinkName;
use crate::fault::{Fault, PortError};
use crate::moment::Moment;

/// Whom credentials are presented to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Microsoft Entra.
    Teams,
    /// The PBX.
    Pbx,
    /// The companion module in the PBX, which has a sign-in of its own.
    Module,
}

impl Side {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Teams, Self::Pbx, Self::Module];

    /// The word for it: `teams`, `pbx` or `module`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Teams => "teams",
            Self::Pbx => "pbx",
            Self::Module => "module",
        }
    }

    /// The links that depend on these credentials, the one that tries them first before the others.
    pub(super) fn links(self) -> &'static [LinkName] {
        match self {
            Self::Teams => &[LinkName::Presence, LinkName::Directory],
            Self::Pbx => &[LinkName::Roster, LinkName::Pbx, LinkName::Chat],
            Self::Module => &[LinkName::Chat],
        }
    }

    /// Whose credentials a link presents itself; `None`: it presents none.
    pub(super) fn of(link: LinkName) -> Option<Self> {
        match link {
            LinkName::Presence | LinkName::Directory => Some(Self::Teams),
            LinkName::Roster | LinkName::Pbx => Some(Self::Pbx),
            LinkName::Chat => Some(Self::Module),
            LinkName::Ledger => None,
        }
    }
}

/// What tells credentials from others without saying what they are.
///
/// It covers everything that decides whether they are accepted: where they are presented, as whom, how, and the secret. The
/// default names none: it stands for credentials that could not be named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub Box<str>);

/// The fingerprints of the credentials that an engine's ports present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprints(pub BTreeMap<Side, Fingerprint>);

impl Fingerprints {
    /// The one of a side; that which names nothing where there is none.
    pub fn of(&self, side: Side) -> Fingerprint {
        self.0.get(&side).cloned().unwrap_or_default()
    }
}

/// Credentials that were refused, as the ledger remembers them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// By whom.
    pub side: Side,
    /// Which they were.
    pub fingerprint: Fingerprint,
    /// When they were presented last.
    pub at: Timestamp,
    /// How often in a row they were refused, at least once: the more often, the longer they are kept back.
    pub times: u32,
    /// What was tried, fit for "cannot …".
    pub doing: String,
    /// Why that failed, with all causes.
    pub cause: String,
    /// What the operator should do, where that is known.
    pub advice: Option<String>,
}

impl Refusal {
    fn new(side: Side, fingerprint: Fingerprint, times: u32, error: &PortError, at: Timestamp) -> Self {
        let doing = error.to_string();
        let cause = error.chain();
        let cause = cause.strip_prefix(&doing).unwrap_or_default();
        Self {
            side,
            fingerprint,
            at,
            times,
            doing: error.doing.clone().into_owned(),
            cause: cause.trim_start_matches(": ").to_owned(),
            advice: error.advice.clone().map(Into::into),
        }
    }

    /// How long they are still kept back. A clock that was set makes that no longer than it was at first.
    pub(super) fn left(&self, now: Timestamp) -> Duration {
        let whole = wait(Fault::Credentials, self.times.saturating_sub(1), 0.0);
        let passed = Duration::try_from(now.duration_since(self.at)).unwrap_or_default();
        whole.saturating_sub(passed)
    }

    /// The failure, told again.
    pub(super) fn error(&self) -> PortError {
        let mut error = PortError::new(Fault::Credentials, self.doing.clone());
        error.advice = self.advice.clone().map(Into::into);
        if self.cause.is_empty() {
            error
        } else {
            error.caused_by(Told(self.cause.clone()))
        }
    }
}

/// A cause that is known by its text alone.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Told(String);

/// What is known of refused credentials, and what of it is stored.
#[derive(Clone, Debug)]
pub struct Refusals {
    fingerprints: Fingerprints,
    known: BTreeMap<Side, Refusal>,
    stored: Vec<Refusal>,
}

impl Refusals {
    /// Knows what is `stored`, as far as it is about these credentials: whatever was refused to other ones counts no more. Where the credentials of now have no name, they may be the
    /// same.
    pub fn remembering(fingerprints: Fingerprints, stored: Vec<Refusal>) -> Self {
        let same = |refusal: &&Refusal| {
            let now = fingerprints.of(refusal.side);
            refusal.fingerprint == now || now == Fingerprint::default()
        };
        let known = stored
            .iter()
            .filter(same)
            .map(|refusal| (refusal.side, refusal.clone()))
            .collect();
        Self {
            fingerprints,
            known,
            stored,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Refusal> {
        self.known.values()
    }

    /// How often in a row the credentials of a side were refused.
    pub fn times(&self, side: Side) -> u32 {
        self.known.get(&side).map_or(0, |refusal| refusal.times)
    }

    /// They were presented and refused, once more where they were before.
    pub fn refused(&mut self, side: Side, error: &PortError, now: Moment) {
        let times = self.times(side).saturating_add(1);
        let refusal = Refusal::new(side, self.fingerprints.of(side), times, error, now.wall);
        self.known.insert(side, refusal);
    }

    /// They were accepted.
    pub fn accepted(&mut self, side: Side) {
        self.known.remove(&side);
    }

    /// What is to be stored in place of what is stored; `None`: nothing has changed.
    pub fn to_store(&self) -> Option<Vec<Refusal>> {
        let known: Vec<Refusal> = self.known.values().cloned().collect();
        (known != self.stored).then_some(known)
    }

    pub(super) fn stored(&mut self, refusals: Vec<Refusal>) {
        self.stored = refusals;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn refusal(times: u32) -> Refusal {
        let error = PortError::new(Fault::Credentials, "read the group")
            .caused_by(PortError::new(Fault::Credentials, "sign in"))
            .with_advice("Correct the password.");
        Refusal::new(Side::Pbx, Fingerprint("one".into()), times, &error, at(10_000))
    }

    #[test]
    fn a_refusal_is_told_again_word_for_word() {
        let error = refusal(1).error();
        assert_eq!(error.chain(), "cannot read the group: cannot sign in");
        assert_eq!(error.advice.as_deref(), Some("Correct the password."));
        assert_eq!(error.fault, Fault::Credentials);
    }

    #[test]
    fn credentials_are_kept_back_for_what_is_left_of_their_wait() {
        let left = |times, now| refusal(times).left(at(now)).as_secs();
        assert_eq!(left(1, 10_000), 1_800);
        assert_eq!(left(1, 11_000), 800);
        assert_eq!(left(1, 20_000), 0);
        assert_eq!(left(2, 11_000), 7_200 - 1_000);
        assert_eq!(left(9, 10_000), 6 * 3_600);
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_prolong_the_wait() {
        assert_eq!(refusal(1).left(at(0)).as_secs(), 1_800);
    }

    #[test]
    fn other_credentials_are_not_kept_back() {
        let prints = |text: &str| Fingerprints([(Side::Pbx, Fingerprint(text.into()))].into());
        let known = |text| Refusals::remembering(prints(text), vec![refusal(1)]);
        assert_eq!(known("one").times(Side::Pbx), 1);
        assert_eq!(known("one").to_store(), None);
        assert_eq!(known("two").times(Side::Pbx), 0);
        assert_eq!(known("two").to_store(), Some(Vec::new()), "it is forgotten");
        assert_eq!(known("").times(Side::Pbx), 1, "they may be the same");
    }
}
