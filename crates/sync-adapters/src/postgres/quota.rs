//! Which daemons draw on the presence quota of a tenant and an app.

use async_trait::async_trait;
use sync_core::{DaemonsPort, PortError, TenantApp};

use super::ledger::PostgresLedger;
use crate::state::{Cells, Connection, StateError, Transaction, with};

#[async_trait]
impl DaemonsPort for PostgresLedger {
    async fn announce(&self, daemon: &str, serves: &[TenantApp]) -> Result<Vec<usize>, PortError> {
        let announced = self.say_that_it_lives(daemon, serves).await;
        announced.map_err(|error| error.during("count the daemons of a tenant"))
    }
}

impl PostgresLedger {
    async fn say_that_it_lives(&self, daemon: &str, serves: &[TenantApp]) -> Result<Vec<usize>, StateError> {
        let mut transaction = self.store().for_leases().await?;
        transaction.lock("daemons").await?;
        let forget =
            "DELETE FROM daemons WHERE daemon = $1 OR seen < clock_timestamp() - interval '30 seconds'";
        transaction.execute(forget, with(daemon)).await?;
        for TenantApp { tenant, app } in serves {
            let say = "INSERT INTO daemons (daemon, tenant, app, seen) VALUES ($1, $2, $3, clock_timestamp()) \
                 ON CONFLICT DO NOTHING";
            let cells = with(daemon).and(&**tenant).and(&**app);
            transaction.execute(say, cells).await?;
        }
        let count = "SELECT tenant, app, CAST(count(*) AS BIGINT) FROM daemons GROUP BY tenant, app";
        let rows = transaction.fetch(count, Cells::default()).await?;
        transaction.commit().await?;
        let living = |wanted: &TenantApp| {
            for row in &rows {
                if row.text(0)? == &*wanted.tenant && row.text(1)? == &*wanted.app {
                    return Ok(usize::try_from(row.integer(2)?).unwrap_or(usize::MAX));
                }
            }
            Ok(1)
        };
        serves.iter().map(living).collect()
    }
}
