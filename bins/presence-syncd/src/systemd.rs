//! What the daemon tells systemd. Where none listens, nothing happens.
//!
//! <https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html>

use std::convert::Infallible;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{Interval, MissedTickBehavior, interval};

pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd cannot be told");
    }
}

/// The watchdog of systemd, fed twice as often as it wants to be.
#[derive(Debug)]
pub(crate) struct Watchdog(Option<Interval>);

impl Watchdog {
    pub(crate) fn new() -> Self {
        let every =
            sd_notify::watchdog_enabled().map(|patience| (patience / 2).max(Duration::from_millis(1)));
        Self(every.map(|every| {
            let mut ticks = interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        }))
    }

    /// Feeds the watchdog for as long as it is waited for.
    pub(crate) async fn feed(&mut self) -> Infallible {
        let Some(ticks) = &mut self.0 else {
            return std::future::pending().await;
        };
        loop {
            ticks.tick().await;
            tell(&[NotifyState::Watchdog]);
        }
    }
}
