//! A ledger in memory, with the same rules as the durable ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::audit::{AUDIT_BATCH, AuditPosition, AuditRange, AuditRecord};
use crate::engine::{LedgerCommit, Memory, Refusal, RememberedLicence};
use crate::fault::{Fault, PortError};
use crate::gate::{SeatClaim, Seats};
use crate::ids::{InstanceName, PbxName, PbxUserId};
use crate::ledger_row::LedgerRow;
use crate::planner::Mode;
use crate::ports::{Acquired, Claim, Lease, LedgerPort, Remembered};

/// Rows of many instances, gone with the process.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    state: Mutex<State>,
    /// How long a lease lasts without being renewed; `None`: until it is given back.
    lease: Option<Duration>,
}

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<(PbxName, PbxUserId), (InstanceName, LedgerRow)>,
    modes: BTreeMap<(PbxName, InstanceName), (Mode, Option<Timestamp>)>,
    refusals: BTreeMap<(PbxName, InstanceName), Vec<Refusal>>,
    leases: BTreeMap<InstanceName, Held>,
    fence: i64,
    /// The seats of each instance: the licence's number and the users.
    seats: BTreeMap<InstanceName, (String, BTreeSet<(PbxName, PbxUserId)>)>,
    /// The text of each licence, and the latest time at which it was looked at.
    licences: BTreeMap<String, (String, Timestamp)>,
    audit: BTreeMap<AuditPosition, AuditRecord>,
}

#[derive(Debug)]
struct Held {
    holder: String,
    fence: i64,
    until: Option<Timestamp>,
}

impl MemoryLedger {
    /// An empty ledger whose leases last until they are given back.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty ledger whose leases have to be renewed.
    pub fn with_leases_of(lease: Duration) -> Self {
        Self {
            lease: Some(lease),
            ..Self::default()
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn until(&self, now: Timestamp) -> Option<Timestamp> {
        self.lease.and_then(|lease| now.saturating_add(lease).ok())
    }
}

impl State {
    fn is_current(&self, lease: &Lease) -> bool {
        self.leases
            .get(&lease.claim.instance)
            .is_some_and(|held| held.fence == lease.fence)
    }

    /// The seats of a licence, were this claim noted.
    fn seats_with(&self, owner: &Claim, claim: &SeatClaim) -> Seats {
        let others = self
            .seats
            .iter()
            .filter(|(instance, (licence, _))| **instance != owner.instance && *licence == claim.licence);
        let mut users: BTreeSet<_> = others.flat_map(|(_, (_, users))| users.iter().cloned()).collect();
        users.extend(claim.users.iter().map(|user| (owner.pbx.clone(), *user)));
        let known = self.licences.get(&claim.licence).map(|(_, latest)| *latest);
        Seats {
            taken: users.len(),
            latest: known.map_or(claim.at, |known| known.max(claim.at)),
        }
    }
}

#[async_trait]
impl LedgerPort for MemoryLedger {
    async fn acquire(&self, claim: &Claim, now: Timestamp) -> Result<Acquired, PortError> {
        let mut state = self.state();
        if let Some(held) = state.leases.get(&claim.instance)
            && held.until.is_none_or(|until| now < until)
        {
            return Ok(Acquired::HeldBy {
                holder: held.holder.clone(),
                until: held.until,
            });
        }
        state.fence += 1;
        let fence = state.fence;
        let held = Held {
            holder: claim.holder.clone(),
            fence,
            until: self.until(now),
        };
        state.leases.insert(claim.instance.clone(), held);
        Ok(Acquired::Granted(Lease {
            claim: claim.clone(),
            fence,
            lasts: self.lease,
        }))
    }

    async fn renew(&self, lease: &Lease, now: Timestamp) -> Result<bool, PortError> {
        let until = self.until(now);
        let mut state = self.state();
        if !state.is_current(lease) {
            return Ok(false);
        }
        if let Some(held) = state.leases.get_mut(&lease.claim.instance) {
            held.until = until;
        }
        Ok(true)
    }

    async fn surrender(&self, lease: &Lease) -> Result<(), PortError> {
        let mut state = self.state();
        if state.is_current(lease) {
            state.leases.remove(&lease.claim.instance);
        }
        Ok(())
    }

    async fn load(&self, claim: &Claim) -> Result<Memory, PortError> {
        let state = self.state();
        let key = (claim.pbx.clone(), claim.instance.clone());
        let mode = state.modes.get(&key);
        let (mode, paused_until) = mode.copied().unwrap_or_default();
        let mut memory = Memory {
            mode,
            paused_until,
            refusals: state.refusals.get(&key).cloned().unwrap_or_default(),
            licence: state.seats.get(&claim.instance).and_then(|(identity, _)| {
                let (text, latest) = state.licences.get(identity)?.clone();
                let identity = identity.clone();
                Some(RememberedLicence {
                    identity,
                    text,
                    latest,
                })
            }),
            ..Memory::default()
        };
        for ((pbx, user), (instance, row)) in &state.rows {
            if *pbx == claim.pbx && *instance == claim.instance {
                memory.rows.push(row.clone());
            } else if *pbx == claim.pbx {
                memory.claimed_elsewhere.insert(*user);
            }
        }
        Ok(memory)
    }

    async fn commit(&self, lease: &Lease, commit: &LedgerCommit) -> Result<Vec<PbxUserId>, PortError> {
        let mut state = self.state();
        if !state.is_current(lease) {
            return Err(PortError::new(
                Fault::State,
                "store: the lease belongs to somebody else",
            ));
        }
        let Claim { instance, pbx, .. } = &lease.claim;
        let mut refused = Vec::new();
        for row in &commit.upsert {
            let key = (pbx.clone(), row.user);
            if state.rows.get(&key).is_some_and(|(owner, _)| owner != instance) {
                refused.push(row.user);
            } else {
                state.rows.insert(key, (instance.clone(), row.clone()));
            }
        }
        for user in &commit.remove {
            let key = (pbx.clone(), *user);
            if state.rows.get(&key).is_some_and(|(owner, _)| owner == instance) {
                state.rows.remove(&key);
            }
        }
        for entry in commit.audit.iter().filter(|entry| !refused.contains(&entry.user)) {
            let record = AuditRecord {
                instance: instance.clone(),
                pbx: pbx.clone(),
                fence: lease.fence,
                entry: entry.clone(),
            };
            state.audit.entry(record.position()).or_insert(record);
        }
        if let Some(mode) = commit.mode {
            let mode = (mode, commit.paused_until);
            state.modes.insert((pbx.clone(), instance.clone()), mode);
        }
        if let Some(refusals) = &commit.refusals {
            let key = (pbx.clone(), instance.clone());
            state.refusals.insert(key, refusals.clone());
        }
        if commit.frees_seats {
            let instance = lease.claim.instance.clone();
            state.seats.remove(&instance);
        }
        Ok(refused)
    }

    async fn take_seats(&self, lease: &Lease, claim: &SeatClaim) -> Result<Seats, PortError> {
        let mut state = self.state();
        if !state.is_current(lease) {
            return Err(PortError::new(
                Fault::State,
                "count seats: the lease belongs to somebody else",
            ));
        }
        let seats = state.seats_with(&lease.claim, claim);
        let Claim { instance, pbx, .. } = &lease.claim;
        let users = claim.users.iter().map(|user| (pbx.clone(), *user)).collect();
        state
            .seats
            .insert(instance.clone(), (claim.licence.clone(), users));
        state
            .licences
            .insert(claim.licence.clone(), (claim.text.clone(), seats.latest));
        Ok(seats)
    }

    async fn count_seats(&self, owner: &Claim, claim: &SeatClaim) -> Result<Seats, PortError> {
        Ok(self.state().seats_with(owner, claim))
    }

    async fn keep_seats_of(&self, instances: &[InstanceName]) -> Result<(), PortError> {
        self.state()
            .seats
            .retain(|instance, _| instances.contains(instance));
        Ok(())
    }

    async fn remembered(&self) -> Result<Vec<Remembered>, PortError> {
        let mut found: BTreeMap<(InstanceName, PbxName), usize> = BTreeMap::new();
        for ((pbx, _), (instance, row)) in &self.state().rows {
            *found.entry((instance.clone(), pbx.clone())).or_default() += usize::from(row.holds_something());
        }
        Ok(found
            .into_iter()
            .map(|((instance, pbx), holding)| Remembered {
                instance,
                pbx,
                holding,
            })
            .collect())
    }

    async fn audit(&self, range: &AuditRange, limit: usize) -> Result<Vec<AuditRecord>, PortError> {
        let state = self.state();
        let meant = state.audit.iter().filter(|(position, record)| {
            record.entry.at >= range.since
                && range
                    .instance
                    .as_ref()
                    .is_none_or(|instance| record.instance == *instance)
                && range.after.as_ref().is_none_or(|after| *position > after)
        });
        Ok(meant.take(limit).map(|(_, record)| record.clone()).collect())
    }

    async fn forget_audit(&self, before: Timestamp) -> Result<usize, PortError> {
        let mut state = self.state();
        let old: Vec<AuditPosition> = state
            .audit
            .keys()
            .take_while(|position| position.at < before)
            .take(AUDIT_BATCH)
            .cloned()
            .collect();
        for position in &old {
            state.audit.remove(position);
        }
        Ok(old.len())
    }
}
