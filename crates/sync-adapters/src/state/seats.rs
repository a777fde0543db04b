//! Seats of licences, noted and counted.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sync_core::{Claim, InstanceName, RememberedLicence, SeatClaim, Seats};

use super::cell::{nothing, with};
use super::error::StateError;
use super::store::Connection;

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
    connection: &mut dyn Connection,
    owner: &Claim,
    claim: &SeatClaim,
) -> Result<Noted, StateError> {
    let licence = "SELECT text, latest, taken FROM licences WHERE identity = $1";
    let licence = connection.fetch_first(licence, with(&claim.licence)).await?;
    let same = "SELECT taken FROM seats WHERE instance = $1 AND pbx = $2 AND licence = $3 AND users = $4";
    let cells = with(&*owner.instance.0)
        .and(&*owner.pbx.0)
        .and(&claim.licence)
        .and(users(claim));
    let same_users = connection.fetch_first(same, cells).await?.is_some();
    let (mut same_text, mut latest, mut taken) = (false, None, None);
    if let Some(licence) = licence {
        same_text = licence.text(0)? == claim.text;
        latest = Some(licence.integer(1)?);
        taken = licence.optional_integer(2)?;
    }
    Ok(Noted {
        same_users,
        same_text,
        latest,
        taken: taken.and_then(|taken| usize::try_from(taken).ok()),
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
    connection: &mut dyn Connection,
    owner: &Claim,
    claim: &SeatClaim,
) -> Result<(), StateError> {
    let licence = "INSERT INTO licences (identity, text, latest) VALUES ($1, $2, $3) ON CONFLICT (identity) DO UPDATE SET \
         text = excluded.text, \
         latest = CASE WHEN excluded.latest > licences.latest THEN excluded.latest ELSE licences.latest END";
    let cells = with(&claim.licence)
        .and(&claim.text)
        .and(claim.at.as_millisecond());
    connection.execute(licence, cells).await?;
    // The instance may have had seats of another licence until now.
    forget_counts(connection).await?;
    let seats = "INSERT INTO seats (instance, pbx, licence, taken, users) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (instance) DO UPDATE SET pbx = excluded.pbx, licence = excluded.licence, taken = excluded.taken, \
         users = excluded.users";
    let cells = with(&*owner.instance.0)
        .and(&*owner.pbx.0)
        .and(&claim.licence)
        .and(claim.users.len())
        .and(users(claim));
    connection.execute(seats, cells).await?;
    Ok(())
}

/// Counts the distinct PBX users of a claim and of the other instances with the same licence. Users are looked at one by
/// one only where instances share a PBX, too.
pub(super) async fn count(
    connection: &mut dyn Connection,
    owner: &Claim,
    claim: &SeatClaim,
) -> Result<usize, StateError> {
    let at_pbxs = "SELECT pbx, count(*), CAST(sum(taken) AS BIGINT) FROM seats \
         WHERE licence = $1 AND instance <> $2 GROUP BY pbx";
    let cells = with(&claim.licence).and(&*owner.instance.0);
    let mut taken = 0;
    let mut own: BTreeSet<i64> = claim.users.iter().map(|user| user.0).collect();
    for at_pbx in connection.fetch(at_pbxs, cells).await? {
        let (pbx, instances) = (at_pbx.text(0)?, at_pbx.integer(1)?);
        if pbx == &*owner.pbx.0 {
            own.extend(users_at(connection, owner, claim, pbx).await?);
        } else if instances == 1 {
            taken += usize::try_from(at_pbx.integer(2)?).unwrap_or_default();
        } else {
            taken += users_at(connection, owner, claim, pbx).await?.len();
        }
    }
    Ok(taken + own.len())
}

/// The users of one PBX whom other instances need seats of the licence for.
async fn users_at(
    connection: &mut dyn Connection,
    owner: &Claim,
    claim: &SeatClaim,
    pbx: &str,
) -> Result<BTreeSet<i64>, StateError> {
    let lists = "SELECT users FROM seats WHERE licence = $1 AND instance <> $2 AND pbx = $3";
    let cells = with(&claim.licence).and(&*owner.instance.0).and(pbx);
    let mut distinct = BTreeSet::new();
    for list in connection.fetch(lists, cells).await? {
        let users: Vec<i64> = serde_json::from_str(list.text(0)?).map_err(|_| StateError::Column(0))?;
        distinct.extend(users);
    }
    Ok(distinct)
}

/// Keeps a count until the next change.
pub(super) async fn keep_count(
    connection: &mut dyn Connection,
    claim: &SeatClaim,
    taken: usize,
) -> Result<(), StateError> {
    let keep = "UPDATE licences SET taken = $1 WHERE identity = $2";
    connection.execute(keep, with(taken).and(&claim.licence)).await?;
    Ok(())
}

/// The licence that an instance last counted seats for.
pub(super) async fn licence(
    connection: &mut dyn Connection,
    owner: &Claim,
) -> Result<Option<RememberedLicence>, StateError> {
    let last = "SELECT licences.identity, licences.text, licences.latest FROM seats \
         JOIN licences ON licences.identity = seats.licence WHERE seats.instance = $1";
    let Some(row) = connection.fetch_first(last, with(&*owner.instance.0)).await? else {
        return Ok(None);
    };
    Ok(Some(RememberedLicence {
        identity: row.text(0)?.to_owned(),
        text: row.text(1)?.to_owned(),
        latest: Timestamp::from_millisecond(row.integer(2)?).unwrap_or(Timestamp::MIN),
    }))
}

/// Deletes the seats of one instance.
pub(super) async fn free(connection: &mut dyn Connection, instance: &InstanceName) -> Result<(), StateError> {
    let delete = "DELETE FROM seats WHERE instance = $1";
    connection.execute(delete, with(&*instance.0)).await?;
    forget_counts(connection).await
}

async fn forget_counts(connection: &mut dyn Connection) -> Result<(), StateError> {
    let forget = "UPDATE licences SET taken = NULL WHERE taken IS NOT NULL";
    connection.execute(forget, nothing()).await?;
    Ok(())
}

/// Deletes the seats of all instances but these.
pub(super) async fn keep(
    connection: &mut dyn Connection,
    instances: &[InstanceName],
) -> Result<(), StateError> {
    for row in connection.fetch("SELECT instance FROM seats", nothing()).await? {
        let instance = InstanceName(row.text(0)?.into());
        if !instances.contains(&instance) {
            free(connection, &instance).await?;
        }
    }
    Ok(())
}
