//! What in particular is to be done about a sign-in that Entra refused.

use std::fmt;

use crate::sign_in::EntraRefusal;

/// What in particular is to be done, where more than the fault is known.
///
/// Its word is lasting, so that a program can say it in another language; [`advice`](crate::Error::advice) says it in English.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Remedy {
    /// The client secret is wrong.
    SecretWrong,
    /// The client secret has expired.
    SecretExpired,
    /// The certificate is not the app's, or its signature or time is not accepted.
    CertificateNotAccepted,
    /// The certificate has expired, and was not presented.
    CertificateExpired,
    /// The tenant does not know the app.
    AppUnknown,
    /// The cloud does not know the tenant.
    TenantUnknown,
    /// The tenant does not know Microsoft Graph under this address.
    GraphUnknown,
    /// The tenant lives in another cloud.
    OtherCloud,
    /// The app registration allows no public client.
    SecretDemanded,
    /// The app is disabled in the tenant.
    AppDisabled,
    /// An administrator has to consent.
    Consent,
    /// Multi-factor authentication is needed.
    MultiFactor,
    /// A Conditional Access policy blocks the sign-in.
    ConditionalAccess,
    /// The stored sign-in has expired or was revoked.
    SignInEnded,
    /// The stored sign-in is not accepted any more.
    SignInNotAccepted,
    /// A sign-in frequency policy ended the stored sign-in.
    SignInFrequency,
    /// The account of whoever signed in is not good.
    Account,
    /// Entra has stopped an app that asks again and again.
    Looping,
    /// The app registration lacks the redirect address.
    RedirectAddress,
    /// The account is at home in another data centre than the code.
    OtherDataCentre,
    /// The code was not entered, or was used before.
    CodeNotEntered,
    /// The sign-in needs a tenant of its own.
    SharedTenant,
    /// Whoever was to sign in declined.
    Declined,
    /// The code's time is over.
    CodeExpired,
    /// Entra does not know the code.
    CodeUnknown,
}

impl Remedy {
    /// All of them.
    pub const ALL: [Self; 25] = [
        Self::SecretWrong,
        Self::SecretExpired,
        Self::CertificateNotAccepted,
        Self::CertificateExpired,
        Self::AppUnknown,
        Self::TenantUnknown,
        Self::GraphUnknown,
        Self::OtherCloud,
        Self::SecretDemanded,
        Self::AppDisabled,
        Self::Consent,
        Self::MultiFactor,
        Self::ConditionalAccess,
        Self::SignInEnded,
        Self::SignInNotAccepted,
        Self::SignInFrequency,
        Self::Account,
        Self::Looping,
        Self::RedirectAddress,
        Self::OtherDataCentre,
        Self::CodeNotEntered,
        Self::SharedTenant,
        Self::Declined,
        Self::CodeExpired,
        Self::CodeUnknown,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecretWrong => "secret-wrong",
            Self::SecretExpired => "secret-expired",
            Self::CertificateNotAccepted => "certificate-not-accepted",
            Self::CertificateExpired => "certificate-expired",
            Self::AppUnknown => "app-unknown",
            Self::TenantUnknown => "tenant-unknown",
            Self::GraphUnknown => "graph-unknown",
            Self::OtherCloud => "other-cloud",
            Self::SecretDemanded => "secret-demanded",
            Self::AppDisabled => "app-disabled",
            Self::Consent => "consent",
            Self::MultiFactor => "multi-factor",
            Self::ConditionalAccess => "conditional-access",
            Self::SignInEnded => "sign-in-ended",
            Self::SignInNotAccepted => "sign-in-not-accepted",
            Self::SignInFrequency => "sign-in-frequency",
            Self::Account => "account",
            Self::Looping => "looping",
            Self::RedirectAddress => "redirect-address",
            Self::OtherDataCentre => "other-data-centre",
            Self::CodeNotEntered => "code-not-entered",
            Self::SharedTenant => "shared-tenant",
            Self::Declined => "declined",
            Self::CodeExpired => "code-expired",
            Self::CodeUnknown => "code-unknown",
        }
    }

    /// The OAuth error alone tells it, where no number tells more. Numbers of Microsoft's page
    /// [Microsoft Entra authentication error codes](https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
    pub(crate) fn of(refusal: &EntraRefusal) -> Option<Self> {
        Some(match refusal.aadsts {
            Some(7_000_215) => Self::SecretWrong,
            Some(7_000_222) => Self::SecretExpired,
            Some(700_027 | 700_024 | 50_012) => Self::CertificateNotAccepted,
            Some(700_016) => Self::AppUnknown,
            Some(90_002) => Self::TenantUnknown,
            Some(500_011) => Self::GraphUnknown,
            Some(90_038 | 900_382 | 900_432) => Self::OtherCloud,
            Some(7_000_218) => Self::SecretDemanded,
            Some(7_000_112 | 70_001) => Self::AppDisabled,
            Some(65_001 | 90_094 | 65_004) => Self::Consent,
            Some(50_076 | 50_074 | 50_079 | 50_072 | 50_078) => Self::MultiFactor,
            Some(53_000..=53_003 | 530_032 | 50_131) => Self::ConditionalAccess,
            Some(700_082 | 70_008 | 50_173 | 50_132 | 50_133) => Self::SignInEnded,
            Some(70_043) => Self::SignInFrequency,
            Some(50_057 | 50_055 | 50_034) => Self::Account,
            Some(50_196) => Self::Looping,
            Some(50_011) => Self::RedirectAddress,
            Some(50_134) => Self::OtherDataCentre,
            Some(90_119 | 90_120) => Self::CodeNotEntered,
            Some(9_001_023) => Self::SharedTenant,
            Some(90_055 | 50_033 | 90_006 | 90_024 | 90_033) => return None,
            _ => match refusal.error.as_deref()? {
                "authorization_declined" | "access_denied" => Self::Declined,
                "expired_token" | "code_expired" => Self::CodeExpired,
                "bad_verification_code" => Self::CodeUnknown,
                "invalid_grant" | "interaction_required" | "login_required" => Self::SignInNotAccepted,
                _ => return None,
            },
        })
    }

    /// It in English sentences.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::SecretWrong => {
                "The client secret is wrong. Use the secret's value, not its id: make a new client secret in the app registration and put its value into the secret file."
            }
            Self::SecretExpired => {
                "The client secret has expired. Make a new client secret in the app registration and put its value into the secret file."
            }
            Self::CertificateNotAccepted => {
                "Entra does not accept the certificate. Check that this certificate is uploaded to the app registration and that this machine's clock is right."
            }
            Self::CertificateExpired => {
                "Make a new certificate, upload it to the app registration and put it into the file with its key."
            }
            Self::AppUnknown => {
                "The tenant does not know the app. Check the client id and the tenant id, and that the app is registered in this cloud."
            }
            Self::TenantUnknown => {
                "This cloud does not know the tenant. Check the tenant id, and the cloud: a tenant of another national cloud is unknown here."
            }
            Self::GraphUnknown => {
                "The tenant does not know Microsoft Graph under this address. Check that the cloud is the tenant's own."
            }
            Self::OtherCloud => "The tenant lives in another cloud. Choose that cloud in the configuration.",
            Self::SecretDemanded => {
                "Entra demands a secret. Allow public client flows in the app registration, or sign in with a secret or a certificate."
            }
            Self::AppDisabled => {
                "The app is disabled in this tenant. Enable sign-in for it under Enterprise applications in Entra."
            }
            Self::Consent => {
                "The app's permissions are not consented to. Let an administrator of the tenant grant admin consent in the app registration."
            }
            Self::MultiFactor => "Multi-factor authentication is needed. Sign in interactively once more.",
            Self::ConditionalAccess => {
                "A Conditional Access policy blocks the sign-in. Ask the tenant's administrator to except this app or this host."
            }
            Self::SignInEnded => "The stored sign-in has expired or was revoked. Sign in again.",
            Self::SignInNotAccepted => "The stored sign-in is not accepted any more. Sign in again.",
            Self::SignInFrequency => {
                "A sign-in frequency policy ended the stored sign-in, and will do so again. Sign in again, or use a client secret or a certificate."
            }
            Self::Account => {
                "The account is disabled, unknown, or its password has expired. Check the account in Entra."
            }
            Self::Looping => {
                "Entra has stopped an app that asks again and again. Wait some minutes, and look for a second program that signs in as this app."
            }
            Self::RedirectAddress => {
                "The app registration does not have the redirect address. Add `http://localhost` to it, under Authentication, as an address of `Mobile and desktop applications`."
            }
            Self::OtherDataCentre => {
                "The account is at home in another data centre than the code. Begin the sign-in anew."
            }
            Self::CodeNotEntered => {
                "The code was not entered, or was used before. Begin the sign-in anew, and enter the new code."
            }
            Self::SharedTenant => {
                "The sign-in needs a tenant of its own. Configure the directory (tenant) id instead of a shared name."
            }
            Self::Declined => {
                "Whoever was to sign in declined, or may not consent to the app's permissions. Sign in anew and accept, or let an administrator consent."
            }
            Self::CodeExpired => "The code's time is over. Begin anew, and enter the code in time.",
            Self::CodeUnknown => "Entra does not know this code. Begin the sign-in anew.",
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
