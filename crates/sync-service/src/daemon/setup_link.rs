//! One-time links to the administrator's page: whoever has one may choose the page's password.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use crate::api::new_token;

/// How long a link is good.
const LASTS: Duration = Duration::from_secs(15 * 60);

/// The link that was given out last, as long as nobody has used it. A newer one replaces it.
#[derive(Debug, Default)]
pub struct SetupLinks {
    open: Mutex<Option<(SecretString, Instant)>>,
}

impl SetupLinks {
    /// A new link's secret, and how long it is good.
    pub fn issue(&self) -> (SecretString, Duration) {
        let secret = new_token();
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((secret.clone(), Instant::now() + LASTS));
        (secret, LASTS)
    }

    /// Whether a link with this secret would be accepted now. It stays good.
    pub fn is_good(&self, secret: &str) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().is_some_and(|open| fits(open, secret))
    }

    /// Uses the link with this secret up. `false`: it was used before, is too old, or never was one.
    pub fn redeem(&self, secret: &str) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.take_if(|open| fits(open, secret)).is_some()
    }
}

fn fits((open, until): &(SecretString, Instant), secret: &str) -> bool {
    Instant::now() < *until && bool::from(open.expose_secret().as_bytes().ct_eq(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_link_is_good_once_and_for_a_quarter_of_an_hour() {
        let links = SetupLinks::default();
        assert!(!links.redeem(""));
        let (secret, lasts) = links.issue();
        let secret = secret.expose_secret();
        assert!(links.is_good(secret) && !links.is_good("another"));
        assert!(!links.redeem("another"));
        assert!(links.redeem(secret));
        assert!(!links.is_good(secret) && !links.redeem(secret));

        let (late, _) = links.issue();
        tokio::time::advance(lasts).await;
        assert!(!links.is_good(late.expose_secret()));
        assert!(!links.redeem(late.expose_secret()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_newer_link_replaces_an_older_one() {
        let links = SetupLinks::default();
        let (old, _) = links.issue();
        let (new, _) = links.issue();
        assert!(!links.redeem(old.expose_secret()));
        assert!(links.redeem(new.expose_secret()));
    }

    #[test]
    fn the_secret_is_never_shown() {
        let links = SetupLinks::default();
        let (secret, _) = links.issue();
        assert!(!format!("{links:?}").contains(secret.expose_secret()));
    }
}
