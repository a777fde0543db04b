//! Files that are not on the disk yet, before those that are.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use crate::config::{Secret, SecretFiles, StoredFile};

/// The rights of a file of ours.
pub(super) const MODE: u32 = 0o600;

/// Lets a configuration be checked with secrets that were typed in, as if their files were there already.
pub struct Overlay<'f> {
    files: &'f dyn SecretFiles,
    typed: BTreeMap<PathBuf, Secret>,
}

impl<'f> Overlay<'f> {
    /// Nothing yet, over these files.
    pub fn over(files: &'f dyn SecretFiles) -> Self {
        Self {
            files,
            typed: BTreeMap::new(),
        }
    }

    /// The same with one file more, of mode 0600.
    #[must_use]
    pub fn with(mut self, path: impl Into<PathBuf>, contents: Secret) -> Self {
        self.typed.insert(path.into(), contents);
        self
    }
}

impl SecretFiles for Overlay<'_> {
    fn open(&self, path: &Path) -> io::Result<StoredFile> {
        match self.typed.get(path) {
            Some(secret) => Ok(StoredFile {
                contents: secret.as_secret().expose_secret().as_bytes().to_vec(),
                mode: MODE,
            }),
            None => self.files.open(path),
        }
    }
}

impl fmt::Debug for Overlay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overlay")
            .field("typed", &self.typed.keys())
            .finish_non_exhaustive()
    }
}
