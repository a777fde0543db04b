#![doc = include_str!("../README.md")]

mod configuration;
mod counters;
mod faults;
mod generation;
mod history;
mod judge;
mod office;
mod pbx;
mod people;
mod random;
mod sandbox;
mod server;
mod sign_ins;
mod state;
mod tenant;

pub use configuration::{Auth, License, Options};
pub use counters::{Counters, Operation, UnknownOperation};
pub use faults::{Fault, FaultSyntax, Plan};
pub use generation::{ClientMethod, Credential, Generation, LoginType, OAuthRules};
pub use history::{Author, Record, Subject};
pub use judge::{Difference, Except, Verdict};
pub use office::{Day, DayEvent, Employee, Oddity, Office};
pub use sandbox::{
    Builder, CLIENT, CLIENT_SECRET, GROUP_NAME, LOGIN, MODULE, MODULE_SECRET, OAUTH_CLIENT, OAUTH_SECRET,
    PASSWORD, Pbx, Sandbox, TENANT, Tenant,
};
pub use server::StartError;
pub use state::{Group, PbxUser, Person, Said};
