//! A failure of the client, in the engine's words.

use graph_presence::{Error, SignInError};
use sync_core::{Fault, PortError, Remedy};

/// `login` is the command that lets somebody sign in anew.
pub(super) fn mapped(error: Error, login: Option<&str>) -> PortError {
    let (fault, mut advice) = (fault(&error.fault()), error.advice());
    if let (Fault::Credentials | Fault::NobodySignedIn, Some(login)) = (fault, login) {
        advice.push_str(&format!(" To sign in anew: `{login}`."));
    }
    let remedy = error.sign_in().and_then(|error| remedy(error, login));
    // The client's outer layer says what was tried, which `doing` says already: its cause is what is new.
    let mapped = match error {
        Error::Presences { users, source } => {
            PortError::new(fault, format!("read the presence of {users} user(s)")).caused_by(source)
        }
        Error::Users { addresses, source } => {
            PortError::new(fault, format!("look up {addresses} address(es)")).caused_by(source)
        }
        Error::NoToken(source) => PortError::new(fault, "sign in to Microsoft").caused_by(source),
        other => PortError::new(fault, "ask Graph").caused_by(other),
    };
    mapped.with_advice(advice).with_remedy(remedy)
}

fn remedy(error: &SignInError, login: Option<&str>) -> Option<Remedy> {
    let remedy = error.remedy()?;
    let mut arguments = Vec::new();
    if remedy == graph_presence::Remedy::Consent {
        arguments.push(("link", error.consent_url()?.to_string()));
    }
    arguments.extend(login.map(|login| ("login", login.to_owned())));
    Some(Remedy {
        word: remedy.as_str(),
        arguments,
    })
}

fn fault(fault: &graph_presence::Fault) -> Fault {
    use graph_presence::Fault as Graph;
    match fault {
        Graph::Configuration => Fault::Configuration,
        Graph::Credentials => Fault::Credentials,
        Graph::NobodySignedIn => Fault::NobodySignedIn,
        Graph::Permission => Fault::Permission,
        Graph::Throttled { retry_after } => Fault::Throttled {
            retry_after: *retry_after,
        },
        Graph::Unreachable => Fault::Unreachable,
        Graph::Memory => Fault::State,
        _ => Fault::Protocol,
    }
}
