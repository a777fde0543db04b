//! Seats of licences, noted and counted.

use jiff::Timestamp;
use sqlx::{Executor, Row, SqliteConnection};
use sync_core::{Claim, RememberedLicence, SeatClaim, Seats};

use super::error::StateError;

/// The latest time of a licence is stored again after so many milliseconds, so that a steady state hardly writes. What a
/// restart may lose of it is little beside the day that a clock may be wrong by.
const STORE_TIME_AFTER: i64 = 5 * 60 * 1_000;

/// What is stored of a claim.
pub(super) struct Noted {
    same_users: bool,
    same_text: bool,
    latest: Option<i64>,
    /// The count, where nothing has changed since it was made.
    pub(super) taken: Option<usize>,
}

/// The users of a claim as they are stored.
fn users(claim: &SeatClaim) -> String {
    let ids: Vec<String> = claim.users.iter().map(|user| user.0.to_string()).collect();
    format!("[{}]", ids.join(","))
}

/// Looks at what is stored already.
pub(super) async fn noted(
    connection: &mut SqliteConnection,
    owner: &Claim,
    claim: &SeatClaim,
) -> Result<Noted, StateError> {
    let query =
        sqlx::query("SELECT text, latest, taken FROM licences WHERE identity = ?").bind(&claim.licence);
    let licence = connection.fetch_optional(query).await?;
    let query =
        sqlx::query("SELECT 1 FROM seats WHERE instance = ? AND pbx = ? AND licence = ? AND users = ?")
            .bind(&*owner.instance.0)
            .bind(&*owner.pbx.0)
            .bind(&claim.licence)
            .bind(users(claim));
    let same_users = connection.fetch_optional(query).await?.is_some();
    let text: Option<String> = licence.as_ref().map(|row| row.try_get(0)).transpose()?;
    let taken: Option<Option<i64>> = licence.as_ref().map(|row| row.try_get(2)).transpose()?;
    Ok(Noted {
        same_users,
        same_text: text.as_deref() == Some(claim.text.as_str()),
        latest: licence.map(|row| row.try_get(1)).transpose()?,
        taken: taken.flatten().and_then(|taken| usize::try_from(taken).ok()),
    })
}

impl Noted {
    /// Whether nothing has to be written.
    pub(super) fn suffices(&self, claim: &SeatClaim) -> bool {
        let recent = self
            .latest
            .is_some_and(|latest| claim.at.as_millisecond() < latest.saturating_add(STORE_TIME_AFTER));
        self.same_users && self.same_text && recent
    }

    /// The answer to the claim, were so many seats taken.
    pub(super) fn answer(&self, taken: usize, claim: &SeatClaim) -> Seats {
        let stored = self
            .latest
            .and_then(|latest| Timestamp::from_millisecond(latest).ok());
        Seats {
            taken,
            latest: stored.map_or(claim.at, |stored| stored.max(claim.at)),
        }
    }
}

/// Stores the claim in place of what the instance claimed before.
pub(super) async fn note(
    connection: &mut SqliteConnection,
    owner: &Claim,
    claim: &SeatClaim,
) -> Result<(), StateError> {
    let licence = sqlx::query(
        "INSERT INTO licences (identity, text, latest) VALUES (?, ?, ?) ON CONFLICT (identity) DO UPDATE SET \
         text = excluded.text, latest = max(licences.latest, excluded.latest)",
    );
    let licence = licence
        .bind(&claim.licence)
        .bind(&claim.text)
        .bind(claim.at.as_millisecond());
    connection.execute(licence).await?;
    // The instance may have had seats of another licence until now.
    forget_counts(connection).await?;
    let taken = i64::try_from(claim.users.len()).unwrap_or(i64::MAX);
    let seats = sqlx::query(
        "INSERT INTO seats (instance, pbx, licence, taken, users) VALUES (?, ?, ?, ?, ?) ON CONFLICT (instance) DO \
         UPDATE SET pbx = excluded.pbx, licence = excluded.licence, taken = excluded.taken, users = excluded.users",
    );
    let seats = seats
        .bind(&*owner.instance.0)
        .bind(&*owner.pbx.0)
        .bind(&claim.licence)
        .bind(taken)
        .bind(users(claim));
    connection.execute(seats).await?;
    Ok(())
}

/// Counts the distinct PBX users of a claim and of the other instances with the same licence. Users are looked at one by
/// one only where instances share a PBX, too.
pub(super) async fn count(
    connection: &mut SqliteConnection,
    owner: &Claim,
    claim: &SeatClaim,
) -> Result<usize, StateError> {
    let elsewhere = sqlx::query(
        "SELECT coalesce(sum(number), 0) FROM (\
           SELECT CASE WHEN count(*) = 1 THEN sum(taken) ELSE (\
             SELECT count(DISTINCT value) FROM seats AS same, json_each(same.users) \
             WHERE same.licence = ?1 AND same.pbx = seats.pbx AND same.instance <> ?2) END AS number \
           FROM seats WHERE licence = ?1 AND instance <> ?2 AND pbx <> ?3 GROUP BY pbx)",
    );
    let elsewhere = elsewhere
        .bind(&claim.licence)
        .bind(&*owner.instance.0)
        .bind(&*owner.pbx.0);
    let elsewhere: i64 = connection.fetch_one(elsewhere).await?.try_get(0)?;
    let here = sqlx::query(
        "SELECT count(*) FROM (SELECT value FROM json_each(?4) UNION SELECT value FROM seats, json_each(seats.users) \
         WHERE licence = ?1 AND instance <> ?2 AND pbx = ?3)",
    );
    let here = here
        .bind(&claim.licence)
        .bind(&*owner.instance.0)
        .bind(&*owner.pbx.0)
        .bind(users(claim));
    let here: i64 = connection.fetch_one(here).await?.try_get(0)?;
    Ok(usize::try_from(elsewhere + here).unwrap_or_default())
}

/// Keeps a count until the next change.
pub(super) async fn keep_count(
    connection: &mut SqliteConnection,
    claim: &SeatClaim,
    taken: usize,
) -> Result<(), StateError> {
    let query = sqlx::query("UPDATE licences SET taken = ? WHERE identity = ?")
        .bind(i64::try_from(taken).unwrap_or(i64::MAX))
        .bind(&claim.licence);
    connection.execute(query).await?;
    Ok(())
}

/// The licence that an instance last counted seats for.
pub(super) async fn licence(
    connection: &mut SqliteConnection,
    owner: &Claim,
) -> Result<Option<RememberedLicence>, StateError> {
    let query = sqlx::query(
        "SELECT licences.identity, licences.text, licences.latest FROM seats \
         JOIN licences ON licences.identity = seats.licence WHERE seats.instance = ?",
    );
    let Some(row) = connection.fetch_optional(query.bind(&*owner.instance.0)).await? else {
        return Ok(None);
    };
    let latest = Timestamp::from_millisecond(row.try_get(2)?).unwrap_or(Timestamp::MIN);
    Ok(Some(RememberedLicence {
        identity: row.try_get(0)?,
        text: row.try_get(1)?,
        latest,
    }))
}

/// Deletes the seats of one instance.
pub(super) async fn free(connection: &mut SqliteConnection, owner: &Claim) -> Result<(), StateError> {
    let query = sqlx::query("DELETE FROM seats WHERE instance = ?");
    connection.execute(query.bind(&*owner.instance.0)).await?;
    forget_counts(connection).await
}

async fn forget_counts(connection: &mut SqliteConnection) -> Result<(), StateError> {
    connection
        .execute(sqlx::query("UPDATE licences SET taken = NULL"))
        .await?;
    Ok(())
}

/// Deletes the seats of all instances but these.
pub(super) async fn keep(connection: &mut SqliteConnection, instances: &[String]) -> Result<(), StateError> {
    let names = serde_json::Value::from(instances.to_vec()).to_string();
    let query = sqlx::query("DELETE FROM seats WHERE instance NOT IN (SELECT value FROM json_each(?))");
    if connection.execute(query.bind(names)).await?.rows_affected() > 0 {
        forget_counts(connection).await?;
    }
    Ok(())
}
