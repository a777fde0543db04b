//! What the operator can do: English sentences, chosen by fault and AADSTS number.

use crate::{error::Fault, graph_error::Permission, remedy::Remedy, sign_in::EntraRefusal};

/// What to do about a refusal: in particular where that is known, else by its fault.
pub(crate) fn of_refusal(refusal: &EntraRefusal) -> String {
    match (Remedy::of(refusal), &refusal.consent_url) {
        (Some(Remedy::Consent), Some(url)) => format!(
            "The app's permissions are not consented to. Let an administrator of the tenant grant admin consent: {url}"
        ),
        (Some(remedy), _) => remedy.advice().to_owned(),
        // Numbers of a service in trouble, whatever the error beside them says.
        (None, _) if matches!(refusal.aadsts, Some(90_055 | 50_033 | 90_006 | 90_024 | 90_033)) => {
            of_fault(&Fault::Throttled { retry_after: None }).to_owned()
        }
        (None, _) => of_fault(&refusal.said()).to_owned(),
    }
}

pub(crate) fn of_fault(fault: &Fault) -> &'static str {
    match fault {
        Fault::Configuration => "Check the tenant id, the client id and the cloud in the configuration.",
        Fault::Credentials => {
            "Check that the app's secret is valid and that tenant, app and cloud belong together; tokens of one cloud are refused by the others."
        }
        Fault::NobodySignedIn => "Sign in once, by browser or device code.",
        Fault::Permission => "Grant the app its permissions in Entra, with admin consent.",
        Fault::Throttled { .. } => "Microsoft asks for a pause. Wait; it is tried again by itself.",
        Fault::Unreachable => {
            "Check the network, the name resolution and the proxy towards Microsoft's hosts; it is tried again by itself."
        }
        Fault::Memory => "Check the state of the program and the rights of its files.",
        Fault::Protocol => {
            "The answer does not come from Microsoft as documented. Check the configured hosts, and proxies or gateways that answer in their place."
        }
    }
}

/// What to do about a 403 of Graph: a token is issued also to an app without any permission.
pub(crate) fn of_permission(permission: Permission) -> String {
    format!(
        "Give the app registration the permission `{permission}` of Microsoft Graph (an application permission where no user signs in) and grant admin consent for it. A new consent takes some minutes to work."
    )
}
