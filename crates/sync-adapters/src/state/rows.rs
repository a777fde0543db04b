//! Rows of the ledger, written and read.

use jiff::Timestamp;
use sync_core::{Claim, FieldRecord, LedgerRow, Login, Pause, PbxUserId};

use super::cell::{Row, with};
use super::error::StateError;
use super::store::Connection;

/// Inserts or replaces, but leaves the rows of other instances alone.
const UPSERT: &str = "INSERT INTO members (pbx, \"user\", instance, login, dnd, chat, unknown_since, holding, paused) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
     ON CONFLICT (pbx, \"user\") DO UPDATE SET login = excluded.login, dnd = excluded.dnd, chat = excluded.chat, \
     unknown_since = excluded.unknown_since, holding = excluded.holding, paused = excluded.paused \
     WHERE members.instance = excluded.instance";

const REMOVE: &str = "DELETE FROM members WHERE pbx = $1 AND \"user\" = $2 AND instance = $3";

const OWN: &str = "SELECT \"user\", login, dnd, chat, unknown_since, paused FROM members \
     WHERE pbx = $1 AND instance = $2 ORDER BY \"user\"";

const OTHERS: &str = "SELECT \"user\" FROM members WHERE pbx = $1 AND instance <> $2";

/// Stores a row. `false`: another instance claims this user.
pub(super) async fn upsert(
    connection: &mut dyn Connection,
    claim: &Claim,
    row: &LedgerRow,
) -> Result<bool, StateError> {
    let unwritable = |source| StateError::Unwritable {
        user: row.user,
        source,
    };
    let json = |record: &FieldRecord| serde_json::to_string(record).map_err(unwritable);
    let paused = row.paused.map(|pause| serde_json::to_string(&pause)).transpose();
    let cells = with(&*claim.pbx.0)
        .and(row.user.0)
        .and(&*claim.instance.0)
        .and(&*row.login.0)
        .and(json(&row.dnd)?)
        .and(json(&row.chat)?)
        .and(row.unknown_since.map(|since| since.to_string()))
        .and(row.holds_something())
        .and(paused.map_err(unwritable)?);
    Ok(connection.execute(UPSERT, cells).await? > 0)
}

/// Removes a row, where it is the claimant's.
pub(super) async fn remove(
    connection: &mut dyn Connection,
    claim: &Claim,
    user: PbxUserId,
) -> Result<(), StateError> {
    let cells = with(&*claim.pbx.0).and(user.0).and(&*claim.instance.0);
    connection.execute(REMOVE, cells).await?;
    Ok(())
}

/// The rows of an instance, by user.
pub(super) async fn own(
    connection: &mut dyn Connection,
    claim: &Claim,
) -> Result<Vec<LedgerRow>, StateError> {
    let cells = with(&*claim.pbx.0).and(&*claim.instance.0);
    let rows = connection.fetch(OWN, cells).await?;
    rows.iter().map(read).collect()
}

/// The users of the same PBX that belong to other instances.
pub(super) async fn others(
    connection: &mut dyn Connection,
    claim: &Claim,
) -> Result<Vec<PbxUserId>, StateError> {
    let cells = with(&*claim.pbx.0).and(&*claim.instance.0);
    let rows = connection.fetch(OTHERS, cells).await?;
    rows.iter().map(|row| Ok(PbxUserId(row.integer(0)?))).collect()
}

fn read(row: &Row) -> Result<LedgerRow, StateError> {
    let user = PbxUserId(row.integer(0)?);
    let unreadable = |source: Box<dyn std::error::Error + Send + Sync>| StateError::Row { user, source };
    let field = |column: usize| -> Result<FieldRecord, StateError> {
        serde_json::from_str(row.text(column)?).map_err(|source| unreadable(source.into()))
    };
    let since = row.optional_text(4)?.map(str::parse::<Timestamp>).transpose();
    let paused = row
        .optional_text(5)?
        .map(serde_json::from_str::<Pause>)
        .transpose();
    Ok(LedgerRow {
        user,
        login: Login(row.text(1)?.into()),
        dnd: field(2)?,
        chat: field(3)?,
        unknown_since: since.map_err(|source| unreadable(source.into()))?,
        paused: paused.map_err(|source| unreadable(source.into()))?,
    })
}
