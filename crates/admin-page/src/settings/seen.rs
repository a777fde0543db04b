//! What the last forms were filled with: when a form comes back because the file is another one by now, what nobody touched in
//! it must not undo what somebody else has changed.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use sync_service::config::edit::Revision;

/// More forms than this are not open at once.
const MOST: usize = 32;

/// The values of the last forms.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<VecDeque<Form>>);

#[derive(Debug)]
struct Form {
    instance: String,
    revision: Revision,
    values: Value,
}

impl Seen {
    /// A form is filled with these values.
    pub(crate) fn put(&self, instance: &str, revision: &Revision, values: &Value) {
        if self.of(instance, revision).is_some() {
            return;
        }
        let mut forms = self.forms();
        if forms.len() >= MOST {
            forms.pop_front();
        }
        forms.push_back(Form {
            instance: instance.to_owned(),
            revision: revision.clone(),
            values: values.clone(),
        });
    }

    /// What the form of this revision was filled with, where that is still known.
    pub(crate) fn of(&self, instance: &str, revision: &Revision) -> Option<Value> {
        let forms = self.forms();
        let mut known = forms.iter();
        let form = known.find(|form| form.instance == instance && form.revision == *revision)?;
        Some(form.values.clone())
    }

    fn forms(&self) -> MutexGuard<'_, VecDeque<Form>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
