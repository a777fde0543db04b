//! What the operator can do: English sentences, chosen by fault and AADSTS number.

use crate::{error::Fault, graph_error::Permission, sign_in::EntraRefusal};

/// Numbers of Microsoft's page
/// [Microsoft Entra authentication error codes](https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
pub(crate) fn of_refusal(refusal: &EntraRefusal) -> String {
    let fixed = match refusal.aadsts {
        Some(7_000_215) => {
            "The client secret is wrong. Use the secret's value, not its id: make a new client secret in the app registration and put its value into the secret file."
        }
        Some(7_000_222) => {
            "The client secret has expired. Make a new client secret in the app registration and put its value into the secret file."
        }
        Some(700_027 | 700_024 | 50_012) => {
            "Entra does not accept the certificate. Check that this certificate is uploaded to the app registration and that this machine's clock is right."
        }
        Some(700_016) => {
            "The tenant does not know the app. Check the client id and the tenant id, and that the app is registered in this cloud."
        }
        Some(90_002) => {
            "This cloud does not know the tenant. Check the tenant id, and the cloud: a tenant of another national cloud is unknown here."
        }
        Some(500_011) => {
            "The tenant does not know Microsoft Graph under this address. Check that the cloud is the tenant's own."
        }
        Some(90_038 | 900_382 | 900_432) => {
            "The tenant lives in another cloud. Choose that cloud in the configuration."
        }
        Some(7_000_218) => {
            "Entra demands a secret. Allow public client flows in the app registration, or sign in with a secret or a certificate."
        }
        Some(7_000_112 | 70_001) => {
            "The app is disabled in this tenant. Enable sign-in for it under Enterprise applications in Entra."
        }
        Some(65_001 | 90_094 | 65_004) => return consent(refusal),
        Some(50_076 | 50_074 | 50_079 | 50_072 | 50_078) => {
            "Multi-factor authentication is needed. Sign in interactively once more."
        }
        Some(53_000..=53_003 | 530_032 | 50_131) => {
            "A Conditional Access policy blocks the sign-in. Ask the tenant's administrator to except this app or this host."
        }
        Some(700_082 | 70_008 | 50_173 | 50_132 | 50_133) => {
            "The stored sign-in has expired or was revoked. Sign in again."
        }
        Some(70_043) => {
            "A sign-in frequency policy ended the stored sign-in, and will do so again. Sign in again, or use a client secret or a certificate."
        }
        Some(50_057 | 50_055 | 50_034) => {
            "The account is disabled, unknown, or its password has expired. Check the account in Entra."
        }
        Some(50_196) => {
            "Entra has stopped an app that asks again and again. Wait some minutes, and look for a second program that signs in as this app."
        }
        Some(50_011) => {
            "The app registration does not have the redirect address. Add `http://localhost` to it, under Authentication, as an address of `Mobile and desktop applications`."
        }
        Some(50_134) => {
            "The account is at home in another data centre than the code. Begin the sign-in anew."
        }
        Some(90_119 | 90_120) => {
            "The code was not entered, or was used before. Begin the sign-in anew, and enter the new code."
        }
        Some(9_001_023) => {
            "The sign-in needs a tenant of its own. Configure the directory (tenant) id instead of a shared name."
        }
        Some(90_055 | 50_033 | 90_006 | 90_024 | 90_033) => of_fault(&Fault::Throttled { retry_after: None }),
        _ => of_error(refusal),
    };
    fixed.to_owned()
}

/// What the OAuth error alone tells, where no number tells more.
fn of_error(refusal: &EntraRefusal) -> &'static str {
    match refusal.error.as_deref() {
        Some("authorization_declined" | "access_denied") => {
            "Whoever was to sign in declined, or may not consent to the app's permissions. Sign in anew and accept, or let an administrator consent."
        }
        Some("expired_token" | "code_expired") => {
            "The code's time is over. Begin anew, and enter the code in time."
        }
        Some("bad_verification_code") => "Entra does not know this code. Begin the sign-in anew.",
        Some("invalid_grant" | "interaction_required" | "login_required") => {
            "The stored sign-in is not accepted any more. Sign in again."
        }
        _ => of_fault(&refusal.said()),
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

fn consent(refusal: &EntraRefusal) -> String {
    let ask =
        "The app's permissions are not consented to. Let an administrator of the tenant grant admin consent";
    match &refusal.consent_url {
        Some(url) => format!("{ask}: {url}"),
        None => format!("{ask} in the app registration."),
    }
}
