//! The time for which a lease is surely ours: what may begin within it, and what may go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use crate::fault::{Fault, PortError};
use crate::moment::Clock;

/// No request to the PBX starts within this time before the lease ends.
const LEASE_MARGIN: Duration = Duration::from_secs(3);

/// The time for which the lease is surely ours.
pub(crate) struct Term {
    pub(crate) clock: Arc<dyn Clock>,
    /// Milliseconds of uptime.
    pub(crate) deadline: Arc<AtomicU64>,
}

impl Term {
    /// Goes on with a write only as long as the lease is ours: one write is several requests, and the process may be stopped
    /// for a while between any two of them.
    pub(crate) async fn within<T>(
        &self,
        write: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, PortError> {
        let mut write = std::pin::pin!(write);
        let mut begun = false;
        std::future::poll_fn(|context| {
            let latest = self
                .deadline
                .load(Ordering::SeqCst)
                .saturating_sub(millis(LEASE_MARGIN));
            if millis(self.clock.now().uptime) < latest {
                begun = true;
                return write.as_mut().poll(context);
            }
            // What was begun may have taken effect; of what was not, that is certain.
            let fault = if begun { Fault::Unreachable } else { Fault::State };
            Poll::Ready(Err(PortError::new(fault, "write: the lease may have run out")))
        })
        .await
    }
}

pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use jiff::Timestamp;

    use super::*;
    use crate::moment::Moment;

    /// A clock that somebody sets: seconds of uptime.
    struct HandClock(AtomicU64);

    impl Clock for HandClock {
        fn now(&self) -> Moment {
            Moment {
                wall: Timestamp::UNIX_EPOCH,
                uptime: Duration::from_secs(self.0.load(Ordering::SeqCst)),
            }
        }
    }

    fn term(seconds: u64) -> (Arc<HandClock>, Term) {
        let clock = Arc::new(HandClock(AtomicU64::new(0)));
        let deadline = Arc::new(AtomicU64::new(seconds * 1_000));
        let term = Term {
            clock: Arc::clone(&clock) as _,
            deadline,
        };
        (clock, term)
    }

    /// A write of two requests, between which the process is stopped for so long.
    async fn write(clock: &HandClock, stopped: u64, requests: &AtomicU64) -> Result<(), PortError> {
        requests.fetch_add(1, Ordering::SeqCst);
        let mut answered = false;
        poll_fn(|context| {
            if std::mem::replace(&mut answered, true) {
                return Poll::Ready(());
            }
            clock.0.fetch_add(stopped, Ordering::SeqCst);
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        requests.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    #[tokio::test]
    async fn whoever_wakes_up_after_the_term_does_not_begin_the_second_request() {
        for (stopped, sent) in [(8, 2), (9, 1), (3_600, 1)] {
            let (clock, term) = term(12);
            let requests = AtomicU64::new(0);
            let written = term.within(write(&clock, stopped, &requests)).await;
            assert_eq!(requests.load(Ordering::SeqCst), sent, "stopped for {stopped} s");
            let fault = written.err().map(|error| error.fault);
            // It was begun, so that nobody knows what became of it.
            assert_eq!(fault, (sent == 1).then_some(Fault::Unreachable));
        }
    }

    #[tokio::test]
    async fn a_renewal_meanwhile_lets_it_go_on_and_without_a_term_nothing_begins() {
        let (clock, lasting) = term(12);
        let requests = AtomicU64::new(0);
        lasting.deadline.store(60_000, Ordering::SeqCst);
        lasting.within(write(&clock, 20, &requests)).await.unwrap();
        let (clock, over) = term(3);
        let refused = over.within(write(&clock, 0, &requests)).await.unwrap_err();
        assert_eq!(
            (refused.fault, requests.load(Ordering::SeqCst)),
            (Fault::State, 2)
        );
    }
}
