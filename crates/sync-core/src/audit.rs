//! The audit: our own writes that the PBX took, each with the rule that caused it.
//!
//! An entry is stored in the transaction that also stores what the write made of its row, so that audit and ledger cannot
//! disagree. It names the PBX user and no address, and it says nothing of the presence.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{InstanceName, PbxName, PbxUserId};
use crate::value::{Field, Value};

/// The version of the JSON form of an [`AuditRecord`].
pub const AUDIT_VERSION: u32 = 1;

/// The most entries that one call of [`LedgerPort::forget_audit`](crate::LedgerPort::forget_audit) deletes.
pub const AUDIT_BATCH: usize = 1_000;

/// One write of ours that took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Grows with each entry under one lease. With the lease's number it is the entry's identity, so that an entry that is
    /// stored again is still one.
    pub number: u64,
    /// When it was known to have taken effect, to the millisecond.
    pub at: Timestamp,
    /// Whose value it is.
    pub user: PbxUserId,
    /// What stood there.
    pub from: Value,
    /// What was written.
    pub to: Value,
    /// The rule that won, or the reason of a release. `None` for a write that an earlier version intended.
    pub rule: Option<Arc<str>>,
    /// Whether our own value was taken back, instead of an outcome being carried out.
    pub release: bool,
    /// How it is known.
    pub result: AuditResult,
}

/// How it is known that a write took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AuditResult {
    /// The PBX confirmed it.
    Confirmed,
    /// The answer was lost, or the process ended before it came; the value was found afterwards.
    Found,
}

impl AuditResult {
    /// All results.
    pub const ALL: [Self; 2] = [Self::Confirmed, Self::Found];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Found => "found",
        }
    }
}

impl fmt::Display for AuditResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An entry as the ledger keeps it: with the instance and the PBX that it belongs to.
///
/// Its JSON form, one line for each, is what `presencectl audit` prints:
///
/// ```
/// # use sync_core::{AuditEntry, AuditRecord, AuditResult, InstanceName, PbxName, PbxUserId, Value};
/// let record = AuditRecord {
///     instance: InstanceName("main".into()),
///     pbx: PbxName("pbx.example:443".into()),
///     fence: 1,
///     entry: AuditEntry {
///         number: 1,
///         at: "2026-11-23T09:00:00.25Z".parse()?,
///         user: PbxUserId(1004),
///         from: Value::Dnd(false),
///         to: Value::Dnd(true),
///         rule: Some("Busy/InACall".into()),
///         release: false,
///         result: AuditResult::Confirmed,
///     },
/// };
/// assert_eq!(
///     serde_json::to_string(&record)?,
///     r#"{"version":1,"at":"2026-11-23T09:00:00.25Z","instance":"main","pbx":"pbx.example:443","pbx_user":1004,"field":"dnd","from":false,"to":true,"rule":"Busy/InACall","release":false,"result":"confirmed"}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "Line")]
pub struct AuditRecord {
    /// The instance that wrote.
    pub instance: InstanceName,
    /// The PBX that was written to.
    pub pbx: PbxName,
    /// The number of the lease under which the entry was stored.
    pub fence: i64,
    /// What was written.
    pub entry: AuditEntry,
}

impl AuditRecord {
    /// Where the record stands in the order in which records are read.
    pub fn position(&self) -> AuditPosition {
        AuditPosition {
            at: self.entry.at,
            instance: self.instance.clone(),
            fence: self.fence,
            number: self.entry.number,
        }
    }
}

/// A place in the audit: by time, and by instance and order of writing within one instant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditPosition {
    /// The time of the entry.
    pub at: Timestamp,
    /// The instance.
    pub instance: InstanceName,
    /// The number of the lease.
    pub fence: i64,
    /// The number of the entry.
    pub number: u64,
}

/// Which records are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRange {
    /// Those of this time and later.
    pub since: Timestamp,
    /// Those of this instance alone.
    pub instance: Option<InstanceName>,
    /// Those after this place, for the next page.
    pub after: Option<AuditPosition>,
}

impl AuditRange {
    /// Everything since `since`, of all instances.
    pub fn since(since: Timestamp) -> Self {
        Self {
            since,
            instance: None,
            after: None,
        }
    }
}

/// The JSON form.
#[derive(Serialize)]
struct Line {
    version: u32,
    at: Timestamp,
    instance: InstanceName,
    pbx: PbxName,
    pbx_user: PbxUserId,
    field: Field,
    from: Value,
    to: Value,
    rule: Option<Arc<str>>,
    release: bool,
    result: AuditResult,
}

impl From<AuditRecord> for Line {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord {
            instance, pbx, entry, ..
        } = record;
        Self {
            version: AUDIT_VERSION,
            at: entry.at,
            instance,
            pbx,
            pbx_user: entry.user,
            field: entry.to.field(),
            from: entry.from,
            to: entry.to,
            rule: entry.rule,
            release: entry.release,
            result: entry.result,
        }
    }
}
