//! The audit, written, read and forgotten.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Executor, Row, SqliteConnection};
use sync_core::{
    AUDIT_BATCH, AuditEntry, AuditRange, AuditRecord, AuditResult, InstanceName, Lease, PbxName, PbxUserId,
    Value,
};

use super::error::StateError;

const ADD: &str = "INSERT INTO audit (at, instance, fence, number, pbx, user, from_value, to_value, rule, release, result) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";

/// A page that begins at a time.
const FROM: &str = "SELECT * FROM audit WHERE at >= ?1 AND (?2 IS NULL OR instance = ?2) \
     ORDER BY at, instance, fence, number LIMIT ?3";

/// A page that goes on after the last record of the one before. It does not name the beginning of the range again, so that
/// there is but one place in the index to begin at.
const AFTER: &str = "SELECT * FROM audit WHERE (at, instance, fence, number) > (?1, ?2, ?3, ?4) \
     AND (?5 IS NULL OR instance = ?5) ORDER BY at, instance, fence, number LIMIT ?6";

const FORGET: &str = "DELETE FROM audit WHERE (at, instance, fence, number) IN \
     (SELECT at, instance, fence, number FROM audit WHERE at < ? ORDER BY at LIMIT ?)";

/// Stores an entry, unless it is there already.
pub(super) async fn add(
    connection: &mut SqliteConnection,
    lease: &Lease,
    entry: &AuditEntry,
) -> Result<(), StateError> {
    let json = |value: &Value| {
        serde_json::to_string(value).map_err(|source| StateError::Unwritable {
            user: entry.user,
            source,
        })
    };
    let query = sqlx::query(ADD)
        .bind(entry.at.as_millisecond())
        .bind(&*lease.claim.instance.0)
        .bind(lease.fence)
        .bind(number(entry.number))
        .bind(&*lease.claim.pbx.0)
        .bind(entry.user.0)
        .bind(json(&entry.from)?)
        .bind(json(&entry.to)?)
        .bind(entry.rule.as_deref())
        .bind(entry.release)
        .bind(entry.result.as_str());
    connection.execute(query).await?;
    Ok(())
}

/// One page of a range.
pub(super) async fn page(
    connection: &mut SqliteConnection,
    range: &AuditRange,
    limit: usize,
) -> Result<Vec<AuditRecord>, StateError> {
    let instance = range.instance.as_ref().map(|instance| &*instance.0);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let since = first_millisecond(range.since);
    let query = match range.after.as_ref().filter(|after| after.at >= range.since) {
        Some(after) => sqlx::query(AFTER)
            .bind(after.at.as_millisecond())
            .bind(&*after.instance.0)
            .bind(after.fence)
            .bind(number(after.number)),
        None => sqlx::query(FROM).bind(since),
    };
    let query = query.bind(instance).bind(limit);
    let rows = connection.fetch_all(query).await?;
    rows.iter().map(read).collect()
}

/// Deletes the oldest entries from before a time, and tells how many.
pub(super) async fn forget(
    connection: &mut SqliteConnection,
    before: Timestamp,
) -> Result<usize, StateError> {
    let query = sqlx::query(FORGET)
        .bind(first_millisecond(before))
        .bind(i64::try_from(AUDIT_BATCH).unwrap_or(i64::MAX));
    let deleted = connection.execute(query).await?.rows_affected();
    Ok(usize::try_from(deleted).unwrap_or(usize::MAX))
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The first whole millisecond that is not before a time: entries have whole ones.
pub(super) fn first_millisecond(at: Timestamp) -> i64 {
    let whole = at.as_millisecond();
    match Timestamp::from_millisecond(whole) {
        Ok(start) if start < at => whole.saturating_add(1),
        _ => whole,
    }
}

fn read(row: &SqliteRow) -> Result<AuditRecord, StateError> {
    let user = PbxUserId(row.try_get("user")?);
    let damaged = |source: Box<dyn std::error::Error + Send + Sync>| StateError::Row { user, source };
    let value = |column: &str| -> Result<Value, StateError> {
        let json: &str = row.try_get(column)?;
        serde_json::from_str(json).map_err(|source| damaged(source.into()))
    };
    let at = Timestamp::from_millisecond(row.try_get("at")?).map_err(|source| damaged(source.into()))?;
    let word: &str = row.try_get("result")?;
    let result = AuditResult::ALL
        .into_iter()
        .find(|result| result.as_str() == word)
        .ok_or_else(|| damaged(format!("`{word}` is no result of a write").into()))?;
    let number: i64 = row.try_get("number")?;
    Ok(AuditRecord {
        instance: InstanceName(row.try_get::<&str, _>("instance")?.into()),
        pbx: PbxName(row.try_get::<&str, _>("pbx")?.into()),
        fence: row.try_get("fence")?,
        entry: AuditEntry {
            number: u64::try_from(number).unwrap_or_default(),
            at,
            user,
            from: value("from_value")?,
            to: value("to_value")?,
            rule: row.try_get::<Option<&str>, _>("rule")?.map(Into::into),
            release: row.try_get("release")?,
            result,
        },
    })
}
