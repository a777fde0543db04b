//! The port for the ledger, but for leases: its failures say what was tried.

use jiff::Timestamp;
use sync_core::{
    AuditRange, AuditRecord, Claim, InstanceName, Lease, LedgerCommit, Memory, PbxUserId, PortError,
    Remembered, SeatClaim, Seats,
};

use super::error::StateError;
use super::ledger::Tables;

fn during(doing: &'static str) -> impl FnOnce(StateError) -> PortError {
    move |error| error.during(doing)
}

impl Tables {
    pub(crate) async fn load(&self, claim: &Claim) -> Result<Memory, PortError> {
        self.read(claim).await.map_err(during("read the ledger"))
    }

    pub(crate) async fn commit(
        &self,
        lease: &Lease,
        commit: &LedgerCommit,
    ) -> Result<Vec<PbxUserId>, PortError> {
        let stored = self.store(lease, commit).await;
        stored.map_err(during("store in the ledger"))
    }

    pub(crate) async fn take_seats(&self, lease: &Lease, claim: &SeatClaim) -> Result<Seats, PortError> {
        let noted = self.note_seats(lease, claim).await;
        noted.map_err(during("count the seats of the licence"))
    }

    pub(crate) async fn count_seats(&self, owner: &Claim, claim: &SeatClaim) -> Result<Seats, PortError> {
        let counted = self.look_at_seats(owner, claim).await;
        counted.map_err(during("count the seats of the licence"))
    }

    pub(crate) async fn keep_seats_of(&self, instances: &[InstanceName]) -> Result<(), PortError> {
        let freed = self.free_seats(instances).await;
        freed.map_err(during("give seats back"))
    }

    pub(crate) async fn remembered(&self) -> Result<Vec<Remembered>, PortError> {
        let instances = self.instances().await;
        instances.map_err(during("read which instances the ledger knows"))
    }

    pub(crate) async fn audit(
        &self,
        range: &AuditRange,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, PortError> {
        let page = self.page(range, limit).await;
        page.map_err(during("read the audit"))
    }

    pub(crate) async fn forget_audit(&self, before: Timestamp) -> Result<usize, PortError> {
        let forgotten = self.forget_older(before).await;
        forgotten.map_err(during("delete old entries of the audit"))
    }
}
