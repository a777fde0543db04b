//! How long the audit is kept: `daemon.audit_days`.

use std::time::Duration;

use jiff::Timestamp;
use sync_adapters::state::SettingsAudit;
use sync_core::{AUDIT_BATCH, LedgerPort, PortError};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Deletes what is older than so many days, transaction by transaction, and tells how many entries that were.
///
/// # Errors
/// When the state cannot be written. What was deleted before stays deleted.
pub(crate) async fn forget_old(
    ledger: &dyn LedgerPort,
    audit_days: u16,
    now: Timestamp,
) -> Result<usize, PortError> {
    let before = beginning(audit_days, now);
    batch_by_batch(|| ledger.forget_audit(before)).await
}

/// Deletes changes of the settings in the same way.
///
/// # Errors
/// When the state cannot be written. What was deleted before stays deleted.
pub(crate) async fn forget_old_changes(
    audit: &SettingsAudit,
    audit_days: u16,
    now: Timestamp,
) -> Result<usize, PortError> {
    let before = beginning(audit_days, now);
    batch_by_batch(|| audit.forget(before)).await
}

/// Deletes until a batch is not full any more.
async fn batch_by_batch<F: Future<Output = Result<usize, PortError>>>(
    forget: impl Fn() -> F,
) -> Result<usize, PortError> {
    let mut forgotten = 0;
    loop {
        let deleted = forget().await?;
        forgotten += deleted;
        if deleted < AUDIT_BATCH {
            return Ok(forgotten);
        }
        // Whoever stores results goes first.
        tokio::task::yield_now().await;
    }
}

/// What is kept begins here.
fn beginning(audit_days: u16, now: Timestamp) -> Timestamp {
    now.saturating_sub(DAY * u32::from(audit_days))
        .unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use sync_adapters::memory::MemoryLedger;
    use sync_adapters::sqlite::SqliteLedger;
    use sync_core::{
        Acquired, AuditEntry, AuditRange, AuditResult, Claim, InstanceName, LedgerCommit, PbxName, PbxUserId,
        Value,
    };

    use super::*;

    #[tokio::test]
    async fn changes_of_the_settings_are_kept_as_long() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let ledger = SqliteLedger::open(folder.path().join("state.db")).await.unwrap();
        let audit = ledger.settings_audit();
        let old = AUDIT_BATCH + 3;
        for _ in 0..old {
            let at = now - DAY * 30 - Duration::from_millis(1);
            audit.add(at, "page", None, &serde_json::json!([])).await.unwrap();
        }
        let at = now - DAY * 30;
        audit.add(at, "page", None, &serde_json::json!([])).await.unwrap();
        assert_eq!(forget_old_changes(&audit, 30, now).await.unwrap(), old);
        assert_eq!(audit.page(Timestamp::MIN, None, old).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_is_older_than_its_days_is_deleted_however_much_it_is() {
        let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let ledger = MemoryLedger::new();
        let claim = Claim {
            instance: InstanceName("main".into()),
            pbx: PbxName("pbx".into()),
            holder: "test".to_owned(),
            settings: None,
        };
        let Acquired::Granted(lease) = ledger.acquire(&claim, now).await.unwrap() else {
            panic!("the lease is free")
        };
        let entry = |number: u64, age: Duration| AuditEntry {
            number,
            at: now - age,
            user: PbxUserId(1),
            from: Value::Dnd(false),
            to: Value::Dnd(true),
            rule: None,
            release: false,
            result: AuditResult::Confirmed,
        };
        let old = u64::try_from(AUDIT_BATCH * 2 + 7).unwrap();
        let mut audit: Vec<_> = (1..=old)
            .map(|number| entry(number, DAY * 30 + Duration::from_secs(number)))
            .collect();
        audit.push(entry(old + 1, DAY * 30));
        audit.push(entry(old + 2, Duration::ZERO));
        let commit = LedgerCommit {
            audit,
            ..LedgerCommit::default()
        };
        ledger.commit(&lease, &commit).await.unwrap();
        assert_eq!(
            forget_old(&ledger, 30, now).await.unwrap(),
            usize::try_from(old).unwrap()
        );
        let left = ledger
            .audit(&AuditRange::since(Timestamp::MIN), usize::MAX)
            .await
            .unwrap();
        assert_eq!(
            left.iter().map(|record| record.entry.number).collect::<Vec<_>>(),
            [old + 1, old + 2]
        );
    }
}
