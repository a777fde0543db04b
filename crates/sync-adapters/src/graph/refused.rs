//! Ids that Graph refuses.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sync_core::TeamsUserId;

/// Left out of calls until the directory names them again, which happens within the hour for whoever is still there.
#[derive(Debug, Default)]
pub(super) struct RefusedIds(Mutex<HashSet<TeamsUserId>>);

impl RefusedIds {
    /// Those of `ids` that are not refused.
    pub(super) fn without<'a>(&self, ids: &'a [TeamsUserId]) -> impl Iterator<Item = &'a TeamsUserId> {
        let refused = self.ids();
        let kept: Vec<&TeamsUserId> = ids.iter().filter(|id| !refused.contains(id)).collect();
        kept.into_iter()
    }

    pub(super) fn add(&self, ids: impl ExactSizeIterator<Item = TeamsUserId>) {
        if ids.len() > 0 {
            tracing::warn!(
                users = ids.len(),
                "Graph refuses the ids of some users; their presence stays unknown"
            );
            self.ids().extend(ids);
        }
    }

    pub(super) fn forget<'a>(&self, ids: impl Iterator<Item = &'a TeamsUserId>) {
        let mut refused = self.ids();
        if !refused.is_empty() {
            ids.for_each(|id| _ = refused.remove(id));
        }
    }

    fn ids(&self) -> MutexGuard<'_, HashSet<TeamsUserId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
