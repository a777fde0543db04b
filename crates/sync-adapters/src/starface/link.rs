//! The way to the PBX that both adapters share: one sign-in, one memory of its refusal.

use std::sync::Arc;

use starface_api::{Error, Pbx};
use sync_core::{Clock, PortError};

use super::failure;
use super::refusal::Refusal;

#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) pbx: Pbx,
    refusal: Arc<Refusal>,
}

impl Link {
    pub(super) fn new(pbx: Pbx, clock: Arc<dyn Clock>) -> Self {
        Self {
            pbx,
            refusal: Arc::new(Refusal::new(clock)),
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
