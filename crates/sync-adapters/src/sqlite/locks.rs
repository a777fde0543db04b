//! Leases as locks on files, which end with the process by themselves.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sync_core::InstanceName;

use crate::state::StateError;

/// The locks that one ledger holds. Two ledgers exclude each other, in one process as well as in two.
#[derive(Debug)]
pub(super) struct Locks {
    state: PathBuf,
    held: Mutex<HashMap<InstanceName, Held>>,
}

#[derive(Debug)]
struct Held {
    fence: i64,
    /// The lock lasts as long as this stays open.
    _file: File,
}

impl Locks {
    pub(super) fn beside(state: &Path) -> Self {
        Self {
            state: state.to_owned(),
            held: Mutex::default(),
        }
    }

    /// Locks an instance; `None` where somebody has it. The file stays there for good, for the lock is on what is open and
    /// not on the name: were it removed, two could have it.
    pub(super) fn try_lock(&self, instance: &InstanceName) -> Result<Option<File>, StateError> {
        let path = self.path(instance);
        let open = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path);
        let file = open.map_err(|source| StateError::File {
            path: path.clone(),
            source,
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(StateError::File { path, source }),
        }
    }

    pub(super) fn keep(&self, instance: &InstanceName, fence: i64, file: File) {
        self.held().insert(instance.clone(), Held { fence, _file: file });
    }

    pub(super) fn is_held(&self, instance: &InstanceName, fence: i64) -> bool {
        self.held().get(instance).is_some_and(|held| held.fence == fence)
    }

    /// Unlocks an instance, where it is this lease that holds it.
    pub(super) fn release(&self, instance: &InstanceName, fence: i64) {
        let mut held = self.held();
        if held.get(instance).is_some_and(|held| held.fence == fence) {
            held.remove(instance);
        }
    }

    /// `state.db.main.lock`. What is no letter, digit, dash or underscore is written as its number, so that no name leads
    /// into another folder and no two names meet.
    fn path(&self, instance: &InstanceName) -> PathBuf {
        let mut path = OsString::from(&self.state);
        path.push(".");
        for byte in instance.0.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
                path.push(char::from(byte).to_string());
            } else {
                path.push(format!("%{byte:02x}"));
            }
        }
        path.push(".lock");
        PathBuf::from(path)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<InstanceName, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_an_instance_leads_into_another_folder() {
        let locks = Locks::beside(Path::new("/var/lib/x/state.db"));
        for (name, expected) in [
            ("main", "/var/lib/x/state.db.main.lock"),
            ("../a.b", "/var/lib/x/state.db.%2e%2e%2fa%2eb.lock"),
            ("ä", "/var/lib/x/state.db.%c3%a4.lock"),
        ] {
            assert_eq!(locks.path(&InstanceName(name.into())), Path::new(expected));
        }
    }
}
