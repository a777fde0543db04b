//! Somebody signs in for the app, once: by browser or by device code.

use std::fmt;

use secrecy::SecretString;

use crate::{
    account::{self, Account},
    browser::BrowserSignIn,
    cloud::Cloud,
    device_code::DeviceSignIn,
    error::ProtocolError,
    exchange::Trace,
    graph_error::Permission,
    ids::{ClientId, TenantId},
    registration::{Answer, Registration},
    sign_in::SignInError,
};

/// Lets somebody sign in for an app that is a public client, with the two permissions to read and nothing else.
///
/// What comes of it is a refresh token; [`Delegated`](crate::Delegated) goes on with that.
#[derive(Clone)]
pub struct UserSignIn(Registration);

impl UserSignIn {
    /// For `client` in `tenant` of `cloud`. Nothing is sent yet.
    ///
    /// `http` must not follow redirects, or codes could be sent elsewhere.
    pub fn new(http: reqwest::Client, cloud: &Cloud, tenant: &TenantId, client: &ClientId) -> Self {
        Self(Registration::new(http, cloud, tenant, client))
    }

    /// Begins a sign-in by browser, whose end the browser tells at `http://localhost` with this port. Nothing is sent yet.
    ///
    /// The app registration has `http://localhost` as its redirect address, of which Entra ignores the port:
    /// [Redirect URI restrictions](https://learn.microsoft.com/entra/identity-platform/reply-url).
    pub fn browser(&self, port: u16) -> BrowserSignIn {
        BrowserSignIn::new(self.0.clone(), port)
    }

    /// Begins a sign-in by device code: asks Entra for the code.
    ///
    /// # Errors
    ///
    /// [`SignInError`] where there is none to be had.
    pub async fn device_code(&self) -> Result<DeviceSignIn, SignInError> {
        DeviceSignIn::begin(self.0.clone()).await
    }
}

impl fmt::Debug for UserSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSignIn")
            .field("tenant", &self.0.tenant)
            .field("client", &self.0.client)
            .finish_non_exhaustive()
    }
}

/// Somebody signed in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// The token for [`RefreshTokens`](crate::RefreshTokens).
    pub refresh_token: SecretString,
    /// Permissions that were asked for and not granted.
    pub missing: Vec<Permission>,
    /// Who it was, where Entra or Graph says so.
    pub account: Option<Account>,
}

impl SignedIn {
    /// What the answer to a sign-in comes to; without a token for the next time it is worth nothing.
    pub(crate) async fn of(registration: &Registration, answer: Answer) -> Result<Self, SignInError> {
        let refresh_token = answer.refresh.ok_or_else(|| SignInError::Protocol {
            trace: Trace::new(),
            source: ProtocolError::Member("refresh_token".to_owned()),
        })?;
        let granted = |permission: &Permission| {
            let name = permission.to_string();
            answer.scopes.as_ref().is_none_or(|scopes| {
                // They come as short names or with Graph's address before them.
                let last = |scope: &String| scope.rsplit('/').next().unwrap_or_default().to_owned();
                scopes
                    .iter()
                    .map(last)
                    .any(|scope| scope.eq_ignore_ascii_case(&name))
            })
        };
        let account = match answer.id_token.as_ref().and_then(account::of_id_token) {
            Some(account) => Some(account),
            None => registration.who(&answer.granted.token).await,
        };
        let wanted = [Permission::PresenceReadAll, Permission::UserReadAll];
        Ok(Self {
            refresh_token,
            missing: wanted
                .into_iter()
                .filter(|permission| !granted(permission))
                .collect(),
            account,
        })
    }
}
