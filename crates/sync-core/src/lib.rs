#![doc = include_str!("../README.md")]

mod aim;
mod audit;
mod checker;
mod driver;
mod engine;
#[cfg(feature = "fakes")]
pub mod fakes;
mod fault;
mod field_record;
mod gate;
mod ids;
mod ledger_row;
mod moment;
mod plan;
mod planner;
mod policy;
mod ports;
mod roster;
#[cfg(feature = "schema")]
pub mod schema;
mod settings;
mod term;
mod value;

pub use aim::{Situation, skip_reason, wanted};
pub use audit::{
    AUDIT_BATCH, AUDIT_VERSION, AuditEntry, AuditPosition, AuditRange, AuditRecord, AuditResult,
};
pub use checker::{Checked, Context, Facts, Promise, Violation, check};
pub use driver::{Driver, Ended, Handle, NotRunning, Observer, Ports};
pub use engine::{
    DueView, Effect, Engine, Event, ExplainView, FieldView, Fingerprint, Fingerprints, Health, InstanceView,
    LedgerCommit, LicenceView, LicenceWarning, LinkName, LinkView, MemberPage, MemberQuery, MemberStep,
    MemberView, Memory, OwnerView, Readiness, Refusal, Refusals, RemedyView, RememberedLicence, Report,
    RequestId, RuleView, Show, Side, Step, UnknownBecause, WaitView, WorkView, Write, Written,
};
pub use fault::{Fault, PortError, Remedy};
pub use field_record::{FieldRecord, Intent, LastWrite, Look, Observed, Ours, Settled, Stray};
pub use gate::{Gate, GateView, Holding, SeatClaim, Seats, Shut};
pub use ids::{Address, InstanceName, Login, NotAnAddress, PbxName, PbxUserId, TeamsUserId};
pub use ledger_row::{LedgerRow, Pause};
pub use moment::{Clock, Moment};
pub use plan::{
    Because, Change, Held, HeldReason, NotAPlanId, PLAN_VERSION, Plan, PlanId, SkipReason, Skipped,
};
pub use planner::{Later, Mode, Proposal, Settlement, Subject, propose};
pub use policy::{Decision, Policy, Reading, Rest, Wanted, decide};
pub use ports::{
    Acquired, ChatPort, Claim, DaemonsPort, DirectoryPort, Lease, LedgerPort, PbxPort, PresencePort,
    Remembered, TenantApp,
};
#[cfg(feature = "mock")]
pub use ports::{
    MockChatPort, MockDaemonsPort, MockDirectoryPort, MockLedgerPort, MockPbxPort, MockPresencePort,
};
pub use roster::{
    Book, DirectoryUser, Entry, GuardVerdict, PbxRoster, PbxUser, RosterChange, RosterGuard, Standing,
    candidates, standings,
};
pub use settings::{Breaker, CHUNK, QUOTA_CALLS, QUOTA_WINDOW, Settings};
pub use value::{ChatPresence, Field, Value};
