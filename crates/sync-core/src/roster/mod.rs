//! Who is synchronised: the members of the PBX group, each joined to one Teams user by e-mail address.

mod book;
mod guard;
mod join;

pub use book::{Book, Entry, RosterChange};
pub use guard::{GuardVerdict, RosterGuard};
pub use join::{Standing, candidates, standings};

use serde::{Deserialize, Serialize};

use crate::ids::{Address, Login, PbxUserId, TeamsUserId};

/// A user of the PBX, as its list of users shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PbxUser {
    /// The account id.
    pub id: PbxUserId,
    /// The login, compared before every write.
    pub login: Login,
    /// First and family name, for people to read.
    pub name: String,
    /// The primary e-mail address; `None` where the PBX has none or it is no address.
    pub address: Option<Address>,
}

/// One reading of the PBX: everybody that the group assigns, and all users that the service login may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PbxRoster {
    /// The group's members (`assigned == true`), whether they are logged in to the group or not.
    pub members: Vec<PbxUserId>,
    /// All users that the PBX shows. A member that is not among them is *unresolved*.
    pub users: Vec<PbxUser>,
}

/// A Teams user as the directory shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryUser {
    /// The object id.
    pub id: TeamsUserId,
    /// The upper-case `SMTP:` proxy address.
    pub primary: Option<Address>,
    /// The `mail` member.
    pub mail: Option<Address>,
    /// Every other address that the user receives mail at.
    pub aliases: Vec<Address>,
    /// The login name of the tenant, which often looks like an address and need not be one.
    pub principal: Option<Address>,
    /// Whether the account may sign in. Unknown counts as enabled.
    pub enabled: bool,
    /// Whether the user is a guest of the tenant.
    pub guest: bool,
}
