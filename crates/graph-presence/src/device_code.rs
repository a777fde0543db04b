//! The device code flow: somebody signs in at any other machine.

use std::{fmt, time::Duration};

use http::{Method, header};
use oauth2::{AsyncHttpClient, DeviceAuthorizationUrl, StandardDeviceAuthorizationResponse};
use tokio::time::{Instant, sleep_until};
use url::form_urlencoded;

use crate::{
    error::Fault,
    registration::{Answer, Registration, TokenAnswer},
    sign_in::SignInError,
    user_sign_in::SignedIn,
};

/// RFC 8628, section 3.4.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What `slow_down` adds to the interval, by RFC 8628, section 3.5.
const SLOWER: Duration = Duration::from_secs(5);

/// Entra is asked at most this often, whatever it says.
const SHORTEST: Duration = Duration::from_secs(1);

/// A service in trouble is asked at least this often.
const LONGEST: Duration = Duration::from_secs(60);

/// No code is good for longer; Entra's are for fifteen minutes.
const LONGEST_LIFE: Duration = Duration::from_secs(60 * 60);

/// A sign-in by device code that has begun.
///
/// Microsoft's page
/// [OAuth 2.0 device authorization grant flow](https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code)
/// describes it. Tenants may forbid it by policy.
pub struct DeviceSignIn {
    registration: Registration,
    details: StandardDeviceAuthorizationResponse,
    begun: Instant,
}

impl DeviceSignIn {
    pub(crate) async fn begin(registration: Registration) -> Result<Self, SignInError> {
        let url = DeviceAuthorizationUrl::from_url(registration.endpoint("devicecode"));
        let http = registration.carrier([]);
        let client = registration.oauth().set_device_authorization_url(url);
        let answer = client
            .exchange_device_code()
            .add_scopes(registration.delegated_scopes())
            .request_async(&http)
            .await;
        Ok(Self {
            details: http.parsed(answer)?,
            registration,
            begun: Instant::now(),
        })
    }

    /// Where to enter the code.
    pub fn link(&self) -> &str {
        self.details.verification_uri()
    }

    /// The code to enter. It is worth nothing after its end, and before it only to whoever signs in with it.
    pub fn code(&self) -> &str {
        self.details.user_code().secret()
    }

    /// How long the code is good, from the beginning on.
    pub fn expires_in(&self) -> Duration {
        self.details.expires_in().min(LONGEST_LIFE)
    }

    /// Waits until somebody has signed in with the code. When its time is over Entra is asked once more.
    ///
    /// # Errors
    ///
    /// [`SignInError::CodeExpired`] where nobody did; [`SignInError::Refused`] where somebody declined, or where Entra
    /// refuses the code.
    pub async fn wait(&self) -> Result<SignedIn, SignInError> {
        let interval = self.details.interval().max(SHORTEST);
        let answer = ask_until(self.begun + self.expires_in(), interval, || self.poll()).await?;
        SignedIn::of(&self.registration, answer).await
    }

    async fn poll(&self) -> Result<Answer, SignInError> {
        let code = self.details.device_code().secret();
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", GRANT)
            .append_pair("client_id", self.registration.client.as_str())
            .append_pair("device_code", code)
            .finish();
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(self.registration.token_url().as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.into_bytes())
            .expect("the token address was parsed before");
        let http = self.registration.carrier([code.clone().into()]);
        let answer = http.call(request).await?;
        let answer: TokenAnswer =
            serde_json::from_slice(answer.body()).map_err(|error| http.wrong(error.into()))?;
        http.read(Ok(answer))
    }
}

/// Asks again and again, as RFC 8628 has it, and once more at the end.
///
/// The bound names the future's type, which an async closure's does not, so that a task may wait for it on any thread.
async fn ask_until<T, A: Future<Output = Result<T, SignInError>>>(
    end: Instant,
    mut interval: Duration,
    ask: impl Fn() -> A,
) -> Result<T, SignInError> {
    loop {
        let next = Instant::now() + interval;
        sleep_until(next.min(end)).await;
        let pause = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => pause(error, interval)?,
        };
        if next >= end {
            return Err(SignInError::CodeExpired);
        }
        interval = pause;
    }
}

/// How long to wait before the next question, where there is to be one.
fn pause(error: SignInError, interval: Duration) -> Result<Duration, SignInError> {
    let word = match &error {
        SignInError::Refused(refusal) => refusal.error.as_deref(),
        _ => None,
    };
    match (word, error.fault()) {
        (Some("authorization_pending"), _) => Ok(interval),
        (Some("slow_down"), _) => Ok(interval + SLOWER),
        (Some("expired_token" | "code_expired"), _) => Err(SignInError::CodeExpired),
        (
            _,
            Fault::Throttled {
                retry_after: Some(pause),
            },
        ) => Ok(pause.max(interval)),
        // RFC 8628, section 3.5: whoever gets no answer asks ever more seldom.
        (_, Fault::Throttled { .. } | Fault::Unreachable) => Ok((interval * 2).min(LONGEST.max(interval))),
        _ => Err(error),
    }
}

impl fmt::Debug for DeviceSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceSignIn")
            .field("client", &self.registration.client)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::{
        exchange::{Trace, TransportError},
        sign_in::EntraRefusal,
    };

    fn refused(status: u16, error: &str, retry_after: Option<u64>) -> SignInError {
        SignInError::Refused(Box::new(EntraRefusal {
            status,
            error: Some(error.to_owned()),
            aadsts: None,
            description: None,
            retry_after: retry_after.map(Duration::from_secs),
            told_again: false,
            consent_url: None,
            trace: Trace::new(),
        }))
    }

    fn silence() -> SignInError {
        SignInError::Transport {
            trace: Trace::new(),
            source: TransportError::TimedOut(Duration::from_secs(30)),
        }
    }

    /// When Entra was asked, in seconds from the beginning, and what came of it; the last answer is given for ever.
    async fn asked(life: u64, answers: Vec<Result<(), SignInError>>) -> (Vec<u64>, Result<(), SignInError>) {
        let begun = Instant::now();
        let (times, answers) = (RefCell::new(Vec::new()), RefCell::new(answers));
        let ended = ask_until(
            begun + Duration::from_secs(life),
            Duration::from_secs(5),
            || async {
                times.borrow_mut().push(begun.elapsed().as_secs());
                let mut answers = answers.borrow_mut();
                if answers.len() > 1 {
                    answers.remove(0)
                } else {
                    answers[0].clone()
                }
            },
        )
        .await;
        (times.into_inner(), ended)
    }

    #[tokio::test(start_paused = true)]
    async fn entra_is_asked_at_the_interval_until_somebody_has_signed_in() {
        let pending = || Err(refused(400, "authorization_pending", None));
        let (times, ended) = asked(900, vec![pending(), pending(), Ok(())]).await;
        assert_eq!(times, [5, 10, 15]);
        assert!(ended.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn slow_down_makes_every_later_pause_longer_by_five_seconds() {
        let pending = || Err(refused(400, "authorization_pending", None));
        let slower = || Err(refused(400, "slow_down", None));
        let (times, ended) = asked(900, vec![slower(), pending(), slower(), pending(), Ok(())]).await;
        assert_eq!(times, [5, 15, 25, 40, 55]);
        assert!(ended.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_time_is_over_entra_is_asked_once_more() {
        let (times, ended) = asked(12, vec![Err(refused(400, "authorization_pending", None))]).await;
        assert_eq!(times, [5, 10, 12]);
        assert!(matches!(ended, Err(SignInError::CodeExpired)), "{ended:?}");
        let pending = || Err(refused(400, "authorization_pending", None));
        let (times, ended) = asked(12, vec![pending(), pending(), Ok(())]).await;
        assert_eq!((times.as_slice(), ended.is_ok()), (&[5, 10, 12][..], true));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_decided_ends_the_questions() {
        for error in [
            "authorization_declined",
            "bad_verification_code",
            "invalid_client",
            "interaction_required",
        ] {
            let (times, ended) = asked(900, vec![Err(refused(400, error, None))]).await;
            assert_eq!(times, [5], "{error}");
            let Err(SignInError::Refused(refusal)) = ended else {
                panic!("{ended:?}")
            };
            assert_eq!(refusal.error.as_deref(), Some(error));
        }
        for error in ["expired_token", "code_expired"] {
            let (times, ended) = asked(900, vec![Err(refused(400, error, None))]).await;
            assert_eq!(times, [5], "{error}");
            assert!(matches!(ended, Err(SignInError::CodeExpired)), "{ended:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_in_trouble_is_asked_ever_more_seldom_and_its_pauses_are_kept() {
        let (times, ended) = asked(900, vec![Err(silence()), Err(silence()), Ok(())]).await;
        assert_eq!((times.as_slice(), ended.is_ok()), (&[5, 15, 35][..], true));
        let trouble = Err(refused(503, "temporarily_unavailable", None));
        let (times, _) = asked(900, vec![trouble, Ok(())]).await;
        assert_eq!(times, [5, 15]);
        let told = Err(refused(429, "temporarily_unavailable", Some(70)));
        let (times, _) = asked(900, vec![told, Ok(())]).await;
        assert_eq!(times, [5, 75]);
    }
}
