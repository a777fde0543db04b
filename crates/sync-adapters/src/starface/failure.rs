//! A failure of the client, in the engine's words.

use std::borrow::Cow;

use starface_api::{Error, Failure, TokenRefusal};
use sync_core::{Fault, PortError, Remedy, Side};

pub(super) fn mapped(error: Error) -> PortError {
    let fault = match (&error, error.fault()) {
        // The group is what the operator configured; nobody in it was asked for.
        (
            Error::Group { .. } | Error::Groups(_) | Error::Users(_) | Error::SignIn { .. },
            starface_api::Fault::NotFound,
        ) => Fault::Configuration,
        (_, fault) => mapped_fault(fault),
    };
    let mapped = PortError::new(fault, doing(&error))
        .with_advice(error.advice())
        .with_remedy(remedy(&error));
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

/// The words of all remedies that failures of a PBX name, for whoever says them in another language.
pub const REMEDIES: [&str; 14] = [
    "no-such-group",
    "ambiguous-group",
    "pbx-untrusted",
    "no-oauth",
    "no-oauth-client",
    "sign-in-elsewhere",
    "oauth-client-refused",
    "oauth-scope-refused",
    "oauth-grant-refused",
    "oauth-user-refused",
    "module-not-found",
    "module-refused",
    "module-senseless",
    "module-sign-in",
];

/// What in particular is to be done, where the client's advice goes by more than the fault.
fn remedy(error: &Error) -> Option<Remedy> {
    let chat = matches!(error, Error::SetChat { .. } | Error::ReadChat(_));
    let word = match (error, error.failure()) {
        (Error::NoSuchGroup { .. }, _) => "no-such-group",
        (Error::AmbiguousGroup { .. }, _) => "ambiguous-group",
        (_, Some(Failure::Untrusted(_))) => "pbx-untrusted",
        (_, Some(Failure::NoOAuth)) => "no-oauth",
        (_, Some(Failure::NoOAuthClient)) => "no-oauth-client",
        (_, Some(Failure::SignInElsewhere { .. })) => "sign-in-elsewhere",
        (_, Some(Failure::TokenRefused { reason, .. })) => match reason {
            TokenRefusal::Client => "oauth-client-refused",
            TokenRefusal::Scope => "oauth-scope-refused",
            TokenRefusal::Grant => "oauth-grant-refused",
            _ => "oauth-user-refused",
        },
        (_, Some(Failure::RpcFault { .. })) if chat => "module-not-found",
        (_, Some(Failure::ModuleRefused { .. })) if chat => "module-refused",
        (_, Some(Failure::Senseless { .. })) if chat => "module-senseless",
        (_, Some(Failure::CredentialsRefused { .. })) if chat => "module-sign-in",
        _ => return None,
    };
    Some(Remedy {
        word,
        arguments: Vec::new(),
    })
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
    fn what_is_known_in_particular_has_a_word_and_only_the_module_has_its_own() {
        let text = ServerText::default;
        let sign_in = |source| Error::SignIn {
            login: Login::new("0001"),
            source,
        };
        let refused = |reason| Failure::TokenRefused {
            status: 401,
            reason,
            text: text(),
        };
        let password = || Failure::CredentialsRefused {
            status: 401,
            text: text(),
        };
        let fault = || Failure::RpcFault {
            code: 0,
            text: text(),
        };
        let rows = [
            (Error::ReadChat(fault()), Some("module-not-found")),
            (
                Error::ReadChat(Failure::ModuleRefused { text: text() }),
                Some("module-refused"),
            ),
            (
                Error::ReadChat(Failure::Senseless { what: "nothing" }),
                Some("module-senseless"),
            ),
            (Error::ReadChat(password()), Some("module-sign-in")),
            (sign_in(password()), None),
            (sign_in(Failure::NoOAuth), Some("no-oauth")),
            (sign_in(Failure::NoOAuthClient), Some("no-oauth-client")),
            (
                sign_in(Failure::SignInElsewhere { host: "a".into() }),
                Some("sign-in-elsewhere"),
            ),
            (
                sign_in(refused(TokenRefusal::Client)),
                Some("oauth-client-refused"),
            ),
            (sign_in(refused(TokenRefusal::User)), Some("oauth-user-refused")),
            (sign_in(refused(TokenRefusal::Other)), Some("oauth-user-refused")),
            (sign_in(refused(TokenRefusal::Scope)), Some("oauth-scope-refused")),
            (sign_in(refused(TokenRefusal::Grant)), Some("oauth-grant-refused")),
            (Error::Users(status(403)), None),
            (Error::Users(Failure::Senseless { what: "nothing" }), None),
        ];
        for (error, word) in rows {
            let told = format!("{error:?}");
            let found = mapped(error).remedy.map(|remedy| remedy.word);
            assert_eq!(found, word, "{told}");
            assert!(found.is_none_or(|word| REMEDIES.contains(&word)), "{told}");
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
