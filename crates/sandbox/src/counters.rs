//! How many requests came, of which kind, and how they were answered.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::generation::Credential;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Entra's token endpoint.
    Token,
    /// Entra's page for a sign-in by browser.
    Authorize,
    /// Entra's endpoint for device codes.
    DeviceCode,
    /// `getPresencesByUserId`.
    Presence,
    /// `$batch` of user look-ups.
    Batch,
    /// `GET /users` outside a batch.
    Directory,
    /// The discovery document of version 10, and where clients look for it.
    Discovery,
    /// The token endpoint of version 10.
    PbxToken,
    /// `GET /rest/login`.
    LoginTemplate,
    /// `POST /rest/login`.
    Login,
    /// `DELETE /rest/login`.
    Logout,
    /// `GET /rest/users…`, the phone configuration aside.
    Users,
    /// `GET /rest/groups…`.
    Groups,
    /// `GET …/phoneconfig`.
    PhoneconfigGet,
    /// `PUT …/phoneconfig`.
    PhoneconfigPut,
    /// The module's `setChatPresence`.
    ChatSet,
    /// The module's `getChatPresence`.
    ChatGet,
    /// Everything else that the tenant is asked.
    TenantOther,
    /// Everything else that the PBX is asked.
    Other,
}

const NAMES: [(Operation, &str); 19] = [
    (Operation::Token, "token"),
    (Operation::Authorize, "authorize"),
    (Operation::DeviceCode, "device-code"),
    (Operation::Presence, "presence"),
    (Operation::Batch, "batch"),
    (Operation::Directory, "directory"),
    (Operation::Discovery, "discovery"),
    (Operation::PbxToken, "pbx-token"),
    (Operation::LoginTemplate, "login-template"),
    (Operation::Login, "login"),
    (Operation::Logout, "logout"),
    (Operation::Users, "users"),
    (Operation::Groups, "groups"),
    (Operation::PhoneconfigGet, "phoneconfig-get"),
    (Operation::PhoneconfigPut, "phoneconfig-put"),
    (Operation::ChatSet, "chat-set"),
    (Operation::ChatGet, "chat-get"),
    (Operation::TenantOther, "tenant-other"),
    (Operation::Other, "other"),
];

impl Operation {
    /// All kinds.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.into_iter().map(|(operation, _)| operation)
    }

    /// Whether the PBX answers it, and not the tenant.
    pub fn is_pbx(self) -> bool {
        !matches!(
            self,
            Self::Token
                | Self::Authorize
                | Self::DeviceCode
                | Self::Presence
                | Self::Batch
                | Self::Directory
                | Self::TenantOther
        )
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES
            .iter()
            .find(|(operation, _)| operation == self)
            .map_or("other", |(_, name)| name);
        f.write_str(name)
    }
}

/// A word that names no kind of request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of request")]
pub struct UnknownOperation(pub String);

impl FromStr for Operation {
    type Err = UnknownOperation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = NAMES.iter().find(|(_, name)| *name == text);
        found
            .map(|(operation, _)| *operation)
            .ok_or_else(|| UnknownOperation(text.to_owned()))
    }
}

/// Counts since the start, or since they were reset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    answered: BTreeMap<(Operation, u16), u64>,
    wrong: BTreeMap<Credential, u64>,
    now: [usize; 2],
    most: [usize; 2],
}

impl Counters {
    /// Requests of one kind, however they were answered.
    pub fn of(&self, operation: Operation) -> u64 {
        self.answered
            .iter()
            .filter(|((kind, _), _)| *kind == operation)
            .map(|(_, count)| count)
            .sum()
    }

    /// Requests of one kind that were answered with `status`; 0 stands for no whole answer.
    pub fn with_status(&self, operation: Operation, status: u16) -> u64 {
        self.answered
            .get(&(operation, status))
            .copied()
            .unwrap_or_default()
    }

    /// How often the PBX was shown a wrong credential of this kind.
    pub fn wrong(&self, credential: Credential) -> u64 {
        self.wrong.get(&credential).copied().unwrap_or_default()
    }

    /// All requests to the PBX.
    pub fn pbx(&self) -> u64 {
        self.answered
            .iter()
            .filter(|((kind, _), _)| kind.is_pbx())
            .map(|(_, count)| count)
            .sum()
    }

    /// All requests to the tenant, sign-ins included.
    pub fn tenant(&self) -> u64 {
        self.answered
            .iter()
            .filter(|((kind, _), _)| !kind.is_pbx())
            .map(|(_, count)| count)
            .sum()
    }

    /// The most requests that the PBX had to answer at once.
    pub fn most_at_once_pbx(&self) -> usize {
        self.most[1]
    }

    /// The most requests that the tenant had to answer at once.
    pub fn most_at_once_tenant(&self) -> usize {
        self.most[0]
    }

    /// Every kind and status with its count.
    pub fn all(&self) -> impl Iterator<Item = (Operation, u16, u64)> + '_ {
        self.answered
            .iter()
            .map(|((operation, status), count)| (*operation, *status, *count))
    }

    pub(crate) fn wrong_one(&mut self, credential: Credential) {
        *self.wrong.entry(credential).or_default() += 1;
    }

    pub(crate) fn begin(&mut self, operation: Operation) {
        let side = usize::from(operation.is_pbx());
        self.now[side] += 1;
        self.most[side] = self.most[side].max(self.now[side]);
    }

    pub(crate) fn end(&mut self, operation: Operation, status: u16) {
        let side = usize::from(operation.is_pbx());
        self.now[side] = self.now[side].saturating_sub(1);
        *self.answered.entry((operation, status)).or_default() += 1;
    }

    pub(crate) fn reset(&mut self) {
        self.answered.clear();
        self.wrong.clear();
        self.most = self.now;
    }
}
