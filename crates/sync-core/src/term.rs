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
