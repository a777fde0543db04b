//! A ledger that is read and never written, for dry runs.

use async_trait::async_trait;
use jiff::Timestamp;
use sync_core::{
    Acquired, AuditRange, AuditRecord, Claim, InstanceName, Lease, LedgerCommit, LedgerPort, Memory,
    PbxUserId, PortError, Remembered, SeatClaim, Seats,
};

/// Reads from the ledger inside and writes nothing to it.
///
/// A lease is granted at once and taken from nobody, so a dry run shows what a daemon that runs at the same time would do.
/// What is committed is forgotten. The other ports are not held back by this: a dry run must not be given ports that write.
#[derive(Debug)]
pub struct ReadOnlyLedger<L> {
    ledger: L,
}

impl<L: LedgerPort> ReadOnlyLedger<L> {
    /// Reads from `ledger`.
    pub fn new(ledger: L) -> Self {
        Self { ledger }
    }

    #[cfg(feature = "state")]
    pub(crate) fn inside(&self) -> &L {
        &self.ledger
    }
}

#[async_trait]
impl<L: LedgerPort> LedgerPort for ReadOnlyLedger<L> {
    async fn acquire(&self, claim: &Claim, _: Timestamp) -> Result<Acquired, PortError> {
        Ok(Acquired::Granted(Lease {
            claim: claim.clone(),
            fence: 0,
            lasts: None,
        }))
    }

    async fn renew(&self, _: &Lease, _: Timestamp) -> Result<bool, PortError> {
        Ok(true)
    }

    async fn surrender(&self, _: &Lease) -> Result<(), PortError> {
        Ok(())
    }

    async fn load(&self, claim: &Claim) -> Result<Memory, PortError> {
        self.ledger.load(claim).await
    }

    async fn commit(&self, lease: &Lease, commit: &LedgerCommit) -> Result<Vec<PbxUserId>, PortError> {
        let claimed = self.ledger.load(&lease.claim).await?.claimed_elsewhere;
        Ok(commit
            .upsert
            .iter()
            .map(|row| row.user)
            .filter(|user| claimed.contains(user))
            .collect())
    }

    async fn take_seats(&self, lease: &Lease, claim: &SeatClaim) -> Result<Seats, PortError> {
        self.count_seats(&lease.claim, claim).await
    }

    async fn count_seats(&self, owner: &Claim, claim: &SeatClaim) -> Result<Seats, PortError> {
        self.ledger.count_seats(owner, claim).await
    }

    async fn keep_seats_of(&self, _: &[InstanceName]) -> Result<(), PortError> {
        Ok(())
    }

    async fn remembered(&self) -> Result<Vec<Remembered>, PortError> {
        self.ledger.remembered().await
    }
    async fn audit(&self, range: &AuditRange, limit: usize) -> Result<Vec<AuditRecord>, PortError> {
        self.ledger.audit(range, limit).await
    }

    async fn forget_audit(&self, _: Timestamp) -> Result<usize, PortError> {
        Ok(0)
    }
}
