//! Claims, leases and rows to test with.

use jiff::Timestamp;
use sync_core::{
    Acquired, AuditEntry, AuditRange, AuditRecord, AuditResult, ChatPresence, Claim, InstanceName, Intent,
    Lease, LedgerCommit, LedgerPort, LedgerRow, Login, Mode, Pause, PbxName, PbxUserId, SeatClaim, Value,
};

pub(crate) const NOW: Timestamp = Timestamp::UNIX_EPOCH;

pub(crate) fn claim(instance: &str, pbx: &str) -> Claim {
    Claim {
        instance: InstanceName(instance.into()),
        pbx: PbxName(pbx.into()),
        holder: format!("{instance} on host.example"),
        settings: None,
    }
}

pub(crate) async fn lease(ledger: &dyn LedgerPort, claim: &Claim) -> Lease {
    match ledger.acquire(claim, NOW).await.unwrap() {
        Acquired::Granted(lease) => lease,
        other => panic!("not granted: {other:?}"),
    }
}

pub(crate) const fn user(id: i64) -> PbxUserId {
    PbxUserId(id)
}

/// A row that holds nothing.
pub(crate) fn row(id: i64) -> LedgerRow {
    LedgerRow::new(user(id), Login(format!("{id:04}").into()))
}

/// A row with every member filled in, holding DND.
pub(crate) fn full_row(id: i64) -> LedgerRow {
    let at: Timestamp = "2026-11-23T09:00:00.123456789Z".parse().unwrap();
    let mut row = row(id);
    row.dnd.intend(Intent {
        to: Value::Dnd(true),
        before: Value::Dnd(false),
        release: false,
        at,
        rule: Some("Busy/InACall".into()),
    });
    row.dnd.confirm(Value::Dnd(false), at);
    let (to, before) = (
        Value::Chat(ChatPresence::DoNotDisturb),
        Value::Chat(ChatPresence::Other),
    );
    row.chat.intend(Intent {
        to,
        before,
        release: true,
        at,
        rule: None,
    });
    row.unknown_since = Some(at);
    row.paused = Some(Pause { until: Some(at) });
    row
}

pub(crate) fn upsert(rows: impl IntoIterator<Item = LedgerRow>) -> LedgerCommit {
    LedgerCommit {
        upsert: rows.into_iter().collect(),
        ..LedgerCommit::default()
    }
}

pub(crate) fn remove(id: i64) -> LedgerCommit {
    LedgerCommit {
        remove: vec![user(id)],
        ..LedgerCommit::default()
    }
}

/// An entry of the audit with this number, of a second of the same number.
pub(crate) fn entry(number: u64, id: i64) -> AuditEntry {
    AuditEntry {
        number,
        at: second(number),
        user: user(id),
        from: Value::Dnd(false),
        to: Value::Dnd(true),
        rule: Some("*/Presenting".into()),
        release: false,
        result: AuditResult::Confirmed,
    }
}

pub(crate) fn second(number: u64) -> Timestamp {
    NOW + std::time::Duration::from_secs(number)
}

pub(crate) fn audit(entries: impl IntoIterator<Item = AuditEntry>) -> LedgerCommit {
    LedgerCommit {
        audit: entries.into_iter().collect(),
        ..LedgerCommit::default()
    }
}

/// Everything that the audit has.
pub(crate) async fn whole_audit(ledger: &dyn LedgerPort) -> Vec<AuditRecord> {
    ledger
        .audit(&AuditRange::since(Timestamp::MIN), usize::MAX)
        .await
        .unwrap()
}

/// A claim for seats of users `from` to `to`.
pub(crate) fn seats(licence: &str, from: i64, to: i64) -> SeatClaim {
    SeatClaim {
        licence: licence.to_owned(),
        text: format!("text of {licence}"),
        users: (from..=to).map(user).collect(),
        at: NOW,
    }
}

pub(crate) fn mode(mode: Mode) -> LedgerCommit {
    LedgerCommit {
        mode: Some(mode),
        ..LedgerCommit::default()
    }
}
