//! What an operator can do about an error.

use crate::error::Error;
use crate::failure::{Failure, TokenRefusal};
use crate::fault::Fault;

impl Error {
    /// What an operator can do about it, as whole sentences.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        if let Some(advice) = self.failure().and_then(Failure::sign_in_advice) {
            return advice;
        }
        match (self, self.fault()) {
            (Self::NoSuchGroup { .. }, _) => {
                "Name an existing group; the name must be equal to the letter, capitals included."
            }
            (Self::AmbiguousGroup { .. }, _) => "Name the group by its id instead of its name.",
            (Self::ModuleName { .. }, _) => "Give the instance name under which the module runs on the PBX.",
            (Self::SetChat { .. } | Self::ReadChat(_), fault) => self.chat_advice(fault),
            (_, Fault::Credentials) => {
                "Check login and password by signing in to the PBX's web page, then correct the settings. Do not try \
                 it again and again: the PBX blacklists addresses that fail repeatedly."
            }
            (Self::SignIn { .. }, Fault::NotFound | Fault::Configuration) => {
                "Check the address: the sign-in of the REST interface was not found there. Give the address itself, \
                 not one that redirects."
            }
            (_, Fault::Permission) => {
                "Give the user an administrator's rights on the PBX: it reads users and groups and changes the settings of others."
            }
            (_, Fault::NotFound) => "Check on the PBX whether it still exists, and that the user may see it.",
            (_, fault) => general_advice(fault),
        }
    }

    fn chat_advice(&self, fault: Fault) -> &'static str {
        match (self.failure(), fault) {
            (Some(Failure::RpcFault { .. }), _) => {
                "Check that the companion module is installed and active, that its instance name is the one in the \
                 settings, and that its entry points are called setChatPresence and getChatPresence."
            }
            (Some(Failure::ModuleRefused { .. }), _) => {
                "Check that the shared secret is the same in the settings and in the module, and see the module's log on the PBX."
            }
            (Some(Failure::Senseless { .. }), _) => {
                "Check that the module's entry points are functions made in the module designer, with the input and \
                 output variables of its description; aimed at a Java class they receive nothing."
            }
            (Some(Failure::CredentialsRefused { .. }), _) => {
                "The PBX accepts the user for its REST interface but not for XML-RPC, for example because an external identity \
                 provider is attached to it. Chat status is not tried again until the settings change."
            }
            (_, fault) => general_advice(fault),
        }
    }
}

impl Failure {
    /// What to do about a sign-in or a connection, where more than the fault is known.
    fn sign_in_advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::Untrusted(_) => {
                "Compare the certificate's SHA-256 fingerprint with the one that the PBX shows on its own web page, in a network \
                 that you trust. Then name the authority's certificate in `ca_file`, or pin this one with `certificate_sha256`."
            }
            Self::NoOAuth => {
                "Set `auth` to `auto` or `nonce`: this PBX is older than version 10. Where it is not, check its address."
            }
            Self::NoOAuthClient => {
                "Put the secret of the client `rest-client-headless` (on the PBX under Server, Status, REST API) into a file, and \
                 name that in `oauth_client_secret_file`."
            }
            Self::SignInElsewhere { .. } => {
                "Give the address under which the PBX knows itself, if that host is the PBX. Signing in through the vendor's cloud \
                 is not supported."
            }
            Self::TokenRefused { reason, .. } => reason.advice(),
            _ => return None,
        })
    }
}

impl TokenRefusal {
    fn advice(self) -> &'static str {
        match self {
            Self::Client => {
                "Check `oauth_client_id` and the client's secret: on the PBX under Server, Status, REST API. Do not try it again and \
                 again: the PBX blacklists addresses that fail repeatedly."
            }
            Self::User | Self::Other => {
                "Check login and password by signing in to the PBX's web page (a new user has to change the first password there), \
                 that the user has the right to use the API with the OAuth password grant, and the client's secret. Do not try it \
                 again and again: the PBX blacklists addresses that fail repeatedly."
            }
            Self::Scope => {
                "The PBX accepts no known scope for this client. Name the right one in `oauth_scope`, or leave it out if it is set."
            }
            Self::Grant => "Choose a client in `oauth_client_id` that may use the OAuth password grant.",
        }
    }
}

fn general_advice(fault: Fault) -> &'static str {
    match fault {
        Fault::Configuration => {
            "Check the address of the PBX in the settings; give the one that it does not redirect."
        }
        Fault::Credentials => "Check login and password.",
        Fault::Permission => "Check the rights of the user on the PBX.",
        Fault::NotFound => "Check the address of the PBX and what is named there.",
        Fault::Throttled { .. } => "Nothing to do: it is tried again when the PBX allows it.",
        Fault::Unreachable => {
            "Check that the PBX runs and that its address, port and certificate are right. A PBX that has blacklisted this \
             machine does not answer either: see its list of blocked addresses, and put this machine on its whitelist."
        }
        Fault::Server => {
            "See the PBX's own log; if it concerns one user only, save that user's phone settings once on the PBX."
        }
        Fault::Protocol => {
            "Check that the address is that of a STARFACE PBX, and report the version of the PBX with this message."
        }
    }
}
