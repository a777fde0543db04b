//! The audit, written, read and forgotten.

use jiff::Timestamp;
use sync_core::{
    AUDIT_BATCH, AuditEntry, AuditRange, AuditRecord, AuditResult, InstanceName, Lease, PbxName, PbxUserId,
    Value,
};

use super::cell::{Row, with};
use super::error::StateError;
use super::store::Connection;

const ADD: &str = "INSERT INTO audit (at, instance, fence, number, pbx, \"user\", from_value, to_value, rule, release, result) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";

/// A page that begins at a time.
const FROM: &str = "SELECT at, instance, fence, number, pbx, \"user\", from_value, to_value, rule, release, result \
     FROM audit WHERE at >= $1 AND ($2 IS NULL OR instance = $2) ORDER BY at, instance, fence, number LIMIT $3";

/// A page that goes on after the last record of the one before. It does not name the beginning of the range again, so that
/// there is but one place in the index to begin at.
const AFTER: &str = "SELECT at, instance, fence, number, pbx, \"user\", from_value, to_value, rule, release, result \
     FROM audit WHERE (at, instance, fence, number) > ($1, $2, $3, $4) \
     AND ($5 IS NULL OR instance = $5) ORDER BY at, instance, fence, number LIMIT $6";

const FORGET: &str = "DELETE FROM audit WHERE (at, instance, fence, number) IN \
     (SELECT at, instance, fence, number FROM audit WHERE at < $1 ORDER BY at LIMIT $2)";

/// Stores an entry, unless it is there already.
pub(super) async fn add(
    connection: &mut dyn Connection,
    lease: &Lease,
    entry: &AuditEntry,
) -> Result<(), StateError> {
    let json = |value: &Value| {
        serde_json::to_string(value).map_err(|source| StateError::Unwritable {
            user: entry.user,
            source,
        })
    };
    let cells = with(entry.at.as_millisecond())
        .and(&*lease.claim.instance.0)
        .and(lease.fence)
        .and(entry.number)
        .and(&*lease.claim.pbx.0)
        .and(entry.user.0)
        .and(json(&entry.from)?)
        .and(json(&entry.to)?)
        .and(entry.rule.as_deref())
        .and(entry.release)
        .and(entry.result.as_str());
    connection.execute(ADD, cells).await?;
    Ok(())
}

/// One page of a range.
pub(super) async fn page(
    connection: &mut dyn Connection,
    range: &AuditRange,
    limit: usize,
) -> Result<Vec<AuditRecord>, StateError> {
    let instance = range.instance.as_ref().map(|instance| &*instance.0);
    let (statement, cells) = match range.after.as_ref().filter(|after| after.at >= range.since) {
        Some(after) => {
            let position = with(after.at.as_millisecond()).and(&*after.instance.0);
            (AFTER, position.and(after.fence).and(after.number))
        }
        None => (FROM, with(first_millisecond(range.since))),
    };
    let rows = connection
        .fetch(statement, cells.and(instance).and(limit))
        .await?;
    rows.iter().map(read).collect()
}

/// Deletes the oldest entries from before a time, and tells how many.
pub(super) async fn forget(connection: &mut dyn Connection, before: Timestamp) -> Result<usize, StateError> {
    let cells = with(first_millisecond(before)).and(AUDIT_BATCH);
    let deleted = connection.execute(FORGET, cells).await?;
    Ok(usize::try_from(deleted).unwrap_or(usize::MAX))
}

/// The first whole millisecond that is not before a time: entries have whole ones.
pub(super) fn first_millisecond(at: Timestamp) -> i64 {
    let whole = at.as_millisecond();
    match Timestamp::from_millisecond(whole) {
        Ok(start) if start < at => whole.saturating_add(1),
        _ => whole,
    }
}

fn read(row: &Row) -> Result<AuditRecord, StateError> {
    let user = PbxUserId(row.integer(5)?);
    let damaged = |source: Box<dyn std::error::Error + Send + Sync>| StateError::Row { user, source };
    let value = |column: usize| -> Result<Value, StateError> {
        serde_json::from_str(row.text(column)?).map_err(|source| damaged(source.into()))
    };
    let at = Timestamp::from_millisecond(row.integer(0)?).map_err(|source| damaged(source.into()))?;
    let word = row.text(10)?;
    let result = AuditResult::ALL
        .into_iter()
        .find(|result| result.as_str() == word)
        .ok_or_else(|| damaged(format!("`{word}` is no result of a write").into()))?;
    Ok(AuditRecord {
        instance: InstanceName(row.text(1)?.into()),
        pbx: PbxName(row.text(4)?.into()),
        fence: row.integer(2)?,
        entry: AuditEntry {
            number: u64::try_from(row.integer(3)?).unwrap_or_default(),
            at,
            user,
            from: value(6)?,
            to: value(7)?,
            rule: row.optional_text(8)?.map(Into::into),
            release: row.integer(9)? != 0,
            result,
        },
    })
}
