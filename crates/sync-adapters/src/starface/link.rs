//! The way to the PBX that both adapters share: one sign-in, one memory of its refusal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use starface_api::{Error, Pbx};
use sync_core::{Clock, PortError};

use super::adapter::{StarfaceAdapter, TargetGroup};
use super::failure;
use super::refusal::Refusal;

/// The way to a PBX with one login. All adapters of it share one sign-in, so that however many groups there are, wrong credentials
/// are presented once, and the session ends with the last of them.
#[derive(Clone, Debug)]
pub struct StarfaceLink {
    pub(super) pbx: Pbx,
    refusal: Arc<Refusal>,
    used: Arc<AtomicUsize>,
}

impl StarfaceLink {
    /// A way on which nothing was sent yet.
    ///
    /// Credentials that the PBX has refused are sent again when an adapter is called at least a minute later, never sooner:
    /// the caller decides how much longer it waits.
    pub fn new(pbx: Pbx, clock: Arc<dyn Clock>) -> Self {
        Self {
            pbx,
            refusal: Arc::new(Refusal::new(clock)),
            used: Arc::default(),
        }
    }

    /// The adapter for a group of the PBX.
    #[must_use]
    pub fn for_group(&self, group: TargetGroup) -> StarfaceAdapter {
        StarfaceAdapter::on(self.clone(), group)
    }

    /// Whether it is still good for something: an adapter for a group is there that was not closed, or the credentials were
    /// refused so short ago that whoever comes next must not present them again.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        self.used.load(Ordering::Acquire) > 0 || self.refusal.stands()
    }

    /// One more who uses it.
    pub(super) fn share(&self) -> Share {
        self.used.fetch_add(1, Ordering::AcqRel);
        Share {
            used: Arc::clone(&self.used),
            is_left: AtomicBool::new(false),
        }
    }

    /// Lets refused credentials be presented at the next call, however short ago they were refused.
    pub(super) fn forget_refusal(&self) {
        self.refusal.forget();
        self.pbx.forget_refusal();
    }

    /// Makes a call to the PBX, allowing refused credentials to be tried again where enough time has passed.
    pub(super) async fn call<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, PortError> {
        if self.refusal.is_over() {
            self.pbx.forget_refusal();
        }
        let result = call.await;
        if let Err(error) = &result {
            self.refusal.note(error);
        }
        result.map_err(failure::mapped)
    }
}

/// One adapter's part in the way to its PBX.
#[derive(Debug)]
pub(super) struct Share {
    used: Arc<AtomicUsize>,
    is_left: AtomicBool,
}

impl Share {
    /// Gives it up. Tells whether it was the last one.
    pub(super) fn leave(&self) -> bool {
        !self.is_left.swap(true, Ordering::AcqRel) && self.used.fetch_sub(1, Ordering::AcqRel) == 1
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.leave();
    }
}
