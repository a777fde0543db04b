//! Whoever guesses: after a few wrong passwords each further one has to wait, longer each time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// So many wrong passwords are free.
const FREE: u32 = 5;
/// The first wait.
const FIRST: Duration = Duration::from_secs(30);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// After so long without a wrong one all is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);

/// The wrong passwords of the last hour, whoever sent them: behind a proxy all of them come from one address. Whoever owns
/// the machine gets in by a one-time link meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<Wrong>);

#[derive(Debug, Default)]
struct Wrong {
    count: u32,
    last: Option<Instant>,
    open_at: Option<Instant>,
}

impl Attempts {
    /// Takes part in guessing: an attempt counts as wrong until [`Self::was_right`]. So many at once are no way around it.
    ///
    /// # Errors
    /// How long to wait, where this one comes too early; it is not judged then.
    pub(crate) fn begin(&self) -> Result<(), Duration> {
        let now = Instant::now();
        let mut wrong = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong
            .last
            .is_some_and(|last| now.duration_since(last) >= FORGOTTEN)
        {
            *wrong = Wrong::default();
        }
        if let Some(left) = wrong
            .open_at
            .map(|open| open.saturating_duration_since(now))
            .filter(|left| !left.is_zero())
        {
            return Err(left);
        }
        wrong.count += 1;
        wrong.last = Some(now);
        if wrong.count >= FREE {
            let times = 1_u32 << (wrong.count - FREE).min(10);
            wrong.open_at = Some(now + (FIRST * times).min(LONGEST));
        }
        Ok(())
    }

    /// The password was right: nobody guesses.
    pub(crate) fn was_right(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Wrong::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_five_wrong_ones_each_has_to_wait_longer() {
        let attempts = Attempts::default();
        for _ in 0..5 {
            assert_eq!(attempts.begin(), Ok(()));
        }
        assert_eq!(attempts.begin(), Err(FIRST));
        tokio::time::advance(FIRST).await;
        assert_eq!(attempts.begin(), Ok(()));
        assert_eq!(attempts.begin(), Err(FIRST * 2));
        for _ in 0..20 {
            let wait = attempts.begin().unwrap_err();
            assert!(wait <= LONGEST);
            tokio::time::advance(wait).await;
            assert_eq!(attempts.begin(), Ok(()));
        }
        tokio::time::advance(FORGOTTEN).await;
        for _ in 0..5 {
            assert_eq!(attempts.begin(), Ok(()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_right_one_forgets_the_wrong_ones() {
        let attempts = Attempts::default();
        for _ in 0..4 {
            assert_eq!(attempts.begin(), Ok(()));
        }
        assert_eq!(attempts.begin(), Ok(()));
        attempts.was_right();
        for _ in 0..5 {
            assert_eq!(attempts.begin(), Ok(()));
        }
    }
}
