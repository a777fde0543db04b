//! A failure of the client, in the engine's words.

use std::borrow::Cow;

use starface_api::Error;
use sync_core::{Fault, PortError, Side};

pub(super) fn mapped(error: Error) -> PortError {
    let fault = match (&error, error.fault()) {
        // The group is what the operator configured; nobody in it was asked for.
        (
            Error::Group { .. } | Error::Groups(_) | Error::Users(_) | Error::SignIn { .. },
            starface_api::Fault::NotFound,
        ) => Fault::Configuration,
        (_, fault) => mapped_fault(fault),
    };
    let mapped = PortError::new(fault, doing(&error)).with_advice(error.advice());
    // Every call signs in first; the companion module's own refusal comes after that.
    let mapped = match &error {
        Error::SignIn { .. } => mapped.refused_by(Side::Pbx),
        _ => mapped,
    };
    // The client's outer layer says what was tried, which `doing` says already: its cause is what is new.
    match error.failure() {
        Some(failure) => mapped.caused_by(failure.clone()),
        None => mapped.caused_by(error),
    }
}

fn doing(error: &Error) -> Cow<'static, str> {
    match error {
        Error::SignIn { login, .. } => format!("sign in to the PBX as `{login}`").into(),
        Error::Users(_) => "read the users of the PBX".into(),
        Error::Groups(_) => "read the groups of the PBX".into(),
        Error::Group { group, .. } => format!("read group {group} of the PBX").into(),
        Error::NoSuchGroup { .. } | Error::AmbiguousGroup { .. } => "find the group".into(),
        Error::ReadPhoneConfig { user, .. } => format!("read DND of PBX user {user}").into(),
        Error::WritePhoneConfig { user, .. } => format!("write DND of PBX user {user}").into(),
        Error::SetChat { user, .. } => format!("set the chat status of PBX user {user}").into(),
        Error::ReadChat(_) => "read chat statuses".into(),
        Error::ModuleName { .. } => "speak to the companion module".into(),
        _ => "ask the PBX".into(),
    }
}

fn mapped_fault(fault: starface_api::Fault) -> Fault {
    use starface_api::Fault as Starface;
    match fault {
        Starface::Configuration => Fault::Configuration,
        Starface::Credentials => Fault::Credentials,
        Starface::Permission => Fault::Permission,
        Starface::NotFound => Fault::NotFound,
        Starface::Throttled { retry_after } => Fault::Throttled { retry_after },
        Starface::Unreachable => Fault::Unreachable,
        Starface::Server => Fault::Server,
        _ => Fault::Protocol,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use starface_api::{Failure, GroupId, Login, ServerText, UserId};

    use super::*;

    fn status(status: u16) -> Failure {
        Failure::Status {
            status,
            text: ServerText::default(),
            retry_after: None,
        }
    }

    #[test]
    fn each_failure_keeps_its_fault_and_says_once_what_was_tried() {
        let late = || Failure::TimedOut {
            after: Duration::from_secs(10),
        };
        let user = UserId::new(1004);
        let rows = [
            (
                Error::SignIn {
                    login: Login::new("0001"),
                    source: late(),
                },
                Fault::Unreachable,
                "cannot sign in to the PBX as `0001`: the PBX did not answer within 10 s",
            ),
            (
                Error::ReadPhoneConfig {
                    user,
                    source: status(404),
                },
                Fault::NotFound,
                "cannot read DND of PBX user 1004: the PBX answered 404",
            ),
            (
                Error::WritePhoneConfig {
                    user,
                    source: status(500),
                },
                Fault::Server,
                "cannot write DND of PBX user 1004: the PBX answered 500",
            ),
            (
                Error::Group {
                    group: GroupId::new(7),
                    source: status(404),
                },
                Fault::Configuration,
                "cannot read group 7 of the PBX: the PBX answered 404",
            ),
            (
                Error::Users(status(403)),
                Fault::Permission,
                "cannot read the users of the PBX: the PBX answered 403",
            ),
            (
                Error::Users(status(429)),
                Fault::Throttled { retry_after: None },
                "cannot read the users of the PBX: the PBX answered 429",
            ),
            (
                Error::NoSuchGroup {
                    name: "teams".into(),
                    near: vec!["Teams".into()],
                },
                Fault::Configuration,
                "cannot find the group: the PBX has no group named `teams`; similar: `Teams`",
            ),
            (
                Error::SetChat {
                    user,
                    source: Failure::ModuleRefused {
                        text: ServerText::default(),
                    },
                },
                Fault::Configuration,
                "cannot set the chat status of PBX user 1004: the companion module refused",
            ),
            (
                Error::ReadChat(Failure::XmlRpc { what: "it is HTML" }),
                Fault::Protocol,
                "cannot read chat statuses: the answer is not XML-RPC: it is HTML",
            ),
        ];
        for (error, fault, chain) in rows {
            let advice = error.advice();
            let mapped = mapped(error);
            assert_eq!((mapped.fault, mapped.chain().as_str()), (fault, chain));
            assert_eq!(mapped.advice.as_deref(), Some(advice));
        }
    }
}
