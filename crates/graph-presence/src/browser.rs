//! The authorization code flow with PKCE, for a browser on this machine.

use std::fmt;

use oauth2::{AuthUrl, AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl};
use url::{Url, form_urlencoded};

use crate::{
    exchange::{Trace, clean},
    registration::Registration,
    sign_in::{EntraRefusal, SignInError, aadsts_of},
    user_sign_in::SignedIn,
};

/// A sign-in by browser that has begun.
///
/// Microsoft's page
/// [OAuth 2.0 authorization code flow](https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow)
/// describes it, and RFC 8252 what an app on somebody's own machine has to look after.
pub struct BrowserSignIn {
    registration: Registration,
    redirect: RedirectUrl,
    link: Url,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
}

impl BrowserSignIn {
    pub(crate) fn new(registration: Registration, port: u16) -> Self {
        let redirect = RedirectUrl::new(format!("http://localhost:{port}")).expect("an address with a port");
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (link, state) = registration
            .oauth()
            .set_auth_uri(AuthUrl::from_url(registration.endpoint("authorize")))
            .set_redirect_uri(redirect.clone())
            .authorize_url(CsrfToken::new_random)
            .add_scopes(registration.delegated_scopes())
            .add_extra_param("response_mode", "query")
            // Whoever is signed in at this browser is seldom whom the daemon is to read as.
            .add_extra_param("prompt", "select_account")
            .set_pkce_challenge(challenge)
            .url();
        Self {
            registration,
            redirect,
            link,
            state,
            verifier,
        }
    }

    /// What to open in the browser. There is no secret in it.
    pub fn link(&self) -> &Url {
        &self.link
    }

    /// Goes on with what the browser brought to the redirect address: the query, without its question mark.
    ///
    /// # Errors
    ///
    /// [`SignInError::AnotherSignIn`] where it belongs to another sign-in, and this one goes on. [`SignInError`] for
    /// everything else, and this one is over.
    pub async fn finish(&self, query: &str) -> Result<SignedIn, SignInError> {
        let code = self.code(query)?;
        let verifier = PkceCodeVerifier::new(self.verifier.secret().clone());
        let secrets = [code.secret().clone().into(), verifier.secret().clone().into()];
        let http = self.registration.carrier(secrets);
        let answer = self
            .registration
            .oauth()
            .set_redirect_uri(self.redirect.clone())
            .exchange_code(code)
            .set_pkce_verifier(verifier)
            .request_async(&http)
            .await;
        SignedIn::of(&self.registration, http.read(answer)?).await
    }

    fn code(&self, query: &str) -> Result<AuthorizationCode, SignInError> {
        let field = |wanted: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.into_owned())
        };
        if field("state").as_deref() != Some(self.state.secret()) {
            return Err(SignInError::AnotherSignIn);
        }
        if let Some(error) = field("error") {
            let description = field("error_description").unwrap_or_default();
            let line = description.lines().next().unwrap_or_default();
            return Err(self.registration.refusal(EntraRefusal {
                status: 400,
                error: Some(clean(&error, 64)),
                aadsts: aadsts_of(line),
                description: Some(clean(line, 300)).filter(|line| !line.is_empty()),
                retry_after: None,
                told_again: false,
                consent_url: None,
                trace: Trace::new(),
            }));
        }
        field("code")
            .map(AuthorizationCode::new)
            .ok_or(SignInError::AnotherSignIn)
    }
}

impl fmt::Debug for BrowserSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserSignIn")
            .field("client", &self.registration.client)
            .finish_non_exhaustive()
    }
}
