//! The error of every operation, whose fault it was, and what to do about it.

use thiserror::Error;

use crate::failure::Failure;
use crate::ids::{GroupId, Login, UserId};

/// An operation that did not succeed.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum Error {
    /// Signing in, which every other operation needs first.
    #[error("signing in to the PBX as `{login}` failed")]
    SignIn {
        /// Who was to be signed in.
        login: Login,
        /// What went wrong.
        #[source]
        source: Failure,
    },
    /// [`Pbx::users`](crate::Pbx::users).
    #[error("reading the users of the PBX failed")]
    Users(#[source] Failure),
    /// [`Pbx::groups`](crate::Pbx::groups), also as the first half of [`Pbx::group_by_name`](crate::Pbx::group_by_name).
    #[error("reading the groups of the PBX failed")]
    Groups(#[source] Failure),
    /// [`Pbx::group`](crate::Pbx::group).
    #[error("reading group {group} failed")]
    Group {
        /// Which group.
        group: GroupId,
        /// What went wrong.
        #[source]
        source: Failure,
    },
    /// No group has this name.
    #[error("the PBX has no group named `{name}`{}", similar(near))]
    NoSuchGroup {
        /// The name that was looked for.
        name: String,
        /// Names of the PBX that resemble it, best first.
        near: Vec<String>,
    },
    /// Several groups have this name.
    #[error("the PBX has {} groups named `{name}`: {}", ids.len(), listed(ids))]
    AmbiguousGroup {
        /// The name that was looked for.
        name: String,
        /// The groups of that name.
        ids: Vec<GroupId>,
    },
    /// [`Pbx::phone_config`](crate::Pbx::phone_config), also as the first half of [`Pbx::change_dnd`](crate::Pbx::change_dnd).
    #[error("reading the phone configuration of user {user} failed")]
    ReadPhoneConfig {
        /// Whose.
        user: UserId,
        /// What went wrong.
        #[source]
        source: Failure,
    },
    /// The writing half of [`Pbx::change_dnd`](crate::Pbx::change_dnd). Whether it took effect is not known when the
    /// PBX could not be reached or was too slow.
    #[error("writing the phone configuration of user {user} failed")]
    WritePhoneConfig {
        /// Whose.
        user: UserId,
        /// What went wrong.
        #[source]
        source: Failure,
    },
    /// [`Pbx::server_version`](crate::Pbx::server_version).
    #[error("reading the version of the PBX failed")]
    ServerVersion(#[source] Failure),
    /// [`ChatModule::set`](crate::ChatModule::set).
    #[error("setting the chat status of user {user} failed")]
    SetChat {
        /// Whose.
        user: UserId,
        /// What went wrong.
        #[source]
        source: Failure,
    },
    /// [`ChatModule::read`](crate::ChatModule::read).
    #[error("reading chat statuses failed")]
    ReadChat(#[source] Failure),
    /// The companion module's name is empty or cannot stand in a method name.
    #[error("`{name}` cannot be the name of a companion module")]
    ModuleName {
        /// The name.
        name: String,
    },
}

impl Error {
    /// What went wrong on the wire, where that was the reason.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::SignIn { source, .. }
            | Self::Users(source)
            | Self::Groups(source)
            | Self::Group { source, .. }
            | Self::ReadPhoneConfig { source, .. }
            | Self::WritePhoneConfig { source, .. }
            | Self::ServerVersion(source)
            | Self::SetChat { source, .. }
            | Self::ReadChat(source) => Some(source),
            Self::NoSuchGroup { .. } | Self::AmbiguousGroup { .. } | Self::ModuleName { .. } => None,
        }
    }
}

fn similar(near: &[String]) -> String {
    if near.is_empty() {
        return String::new();
    }
    let names: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    format!("; similar: {}", names.join(", "))
}

fn listed(ids: &[GroupId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fault::Fault;

    #[test]
    fn a_message_is_a_fragment_that_does_not_repeat_its_source() {
        let source = Failure::TimedOut {
            after: Duration::from_secs(10),
        };
        let error = Error::ReadPhoneConfig {
            user: UserId::new(1004),
            source,
        };
        assert_eq!(
            error.to_string(),
            "reading the phone configuration of user 1004 failed"
        );
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "the PBX did not answer within 10 s");
        assert!(error.advice().contains("blacklisted"));
    }

    #[test]
    fn groups_are_listed_so_that_one_can_be_chosen() {
        let error = Error::AmbiguousGroup {
            name: "Teams".into(),
            ids: vec![GroupId::new(7), GroupId::new(12)],
        };
        assert_eq!(error.to_string(), "the PBX has 2 groups named `Teams`: 7, 12");
        let error = Error::NoSuchGroup {
            name: "teams".into(),
            near: vec!["Teams".into()],
        };
        assert_eq!(
            error.to_string(),
            "the PBX has no group named `teams`; similar: `Teams`"
        );
        assert_eq!(error.fault(), Fault::Configuration);
    }
}
