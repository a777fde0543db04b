//! Rows of the ledger, written and read.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Executor, Row, SqliteConnection};
use sync_core::{Claim, FieldRecord, LedgerRow, Login, Pause, PbxUserId};

use super::error::StateError;

/// Inserts or replaces, but leaves the rows of other instances alone.
const UPSERT: &str = "INSERT INTO members (pbx, user, instance, login, dnd, chat, unknown_since, holding, paused) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
     ON CONFLICT (pbx, user) DO UPDATE SET login = excluded.login, dnd = excluded.dnd, chat = excluded.chat, \
     unknown_since = excluded.unknown_since, holding = excluded.holding, paused = excluded.paused \
     WHERE members.instance = excluded.instance";

const REMOVE: &str = "DELETE FROM members WHERE pbx = ? AND user = ? AND instance = ?";

const OWN: &str = "SELECT user, login, dnd, chat, unknown_since, paused FROM members WHERE pbx = ? AND instance = ? ORDER BY user";

const OTHERS: &str = "SELECT user FROM members WHERE pbx = ? AND instance <> ?";

/// Stores a row. `false`: another instance claims this user.
pub(super) async fn upsert(
    connection: &mut SqliteConnection,
    claim: &Claim,
    row: &LedgerRow,
) -> Result<bool, StateError> {
    let unwritable = |source| StateError::Unwritable {
        user: row.user,
        source,
    };
    let json = |record: &FieldRecord| serde_json::to_string(record).map_err(unwritable);
    let paused = row.paused.map(|pause| serde_json::to_string(&pause)).transpose();
    let query = sqlx::query(UPSERT)
        .bind(&*claim.pbx.0)
        .bind(row.user.0)
        .bind(&*claim.instance.0)
        .bind(&*row.login.0)
        .bind(json(&row.dnd)?)
        .bind(json(&row.chat)?)
        .bind(row.unknown_since.map(|since| since.to_string()))
        .bind(row.holds_something())
        .bind(paused.map_err(unwritable)?);
    Ok(connection.execute(query).await?.rows_affected() > 0)
}

/// Removes a row, where it is the claimant's.
pub(super) async fn remove(
    connection: &mut SqliteConnection,
    claim: &Claim,
    user: PbxUserId,
) -> Result<(), StateError> {
    let query = sqlx::query(REMOVE)
        .bind(&*claim.pbx.0)
        .bind(user.0)
        .bind(&*claim.instance.0);
    connection.execute(query).await?;
    Ok(())
}

/// The rows of an instance, by user.
pub(super) async fn own(
    connection: &mut SqliteConnection,
    claim: &Claim,
) -> Result<Vec<LedgerRow>, StateError> {
    let query = sqlx::query(OWN).bind(&*claim.pbx.0).bind(&*claim.instance.0);
    let rows = connection.fetch_all(query).await?;
    rows.iter().map(read).collect()
}

/// The users of the same PBX that belong to other instances.
pub(super) async fn others(
    connection: &mut SqliteConnection,
    claim: &Claim,
) -> Result<Vec<PbxUserId>, StateError> {
    let query = sqlx::query(OTHERS).bind(&*claim.pbx.0).bind(&*claim.instance.0);
    let rows = connection.fetch_all(query).await?;
    rows.iter()
        .map(|row| Ok(PbxUserId(row.try_get("user")?)))
        .collect()
}

fn read(row: &SqliteRow) -> Result<LedgerRow, StateError> {
    let user = PbxUserId(row.try_get("user")?);
    let unreadable = |source: Box<dyn std::error::Error + Send + Sync>| StateError::Row { user, source };
    let field = |column: &str| -> Result<FieldRecord, StateError> {
        let json: &str = row.try_get(column)?;
        serde_json::from_str(json).map_err(|source| unreadable(source.into()))
    };
    let since: Option<&str> = row.try_get("unknown_since")?;
    let since = since.map(str::parse::<Timestamp>).transpose();
    let paused: Option<&str> = row.try_get("paused")?;
    let paused = paused.map(serde_json::from_str::<Pause>).transpose();
    Ok(LedgerRow {
        user,
        login: Login(row.try_get::<&str, _>("login")?.into()),
        dnd: field("dnd")?,
        chat: field("chat")?,
        unknown_since: since.map_err(|source| unreadable(source.into()))?,
        paused: paused.map_err(|source| unreadable(source.into()))?,
    })
}
