//! The page's password: only its argon2id hash is kept, in a file beside the state that nobody else may read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sync_service::private_file;
use tokio::sync::Semaphore;

/// Fewer characters than this are refused.
pub(crate) const SHORTEST: usize = 12;
/// More than this nobody types, and hashing costs.
const LONGEST: usize = 1024;
/// The version of the file.
const VERSION: u32 = 1;

/// Where the password's hash is kept.
#[derive(Clone, Debug)]
pub(crate) struct PasswordFile {
    path: PathBuf,
    /// Hashing takes some 20 MB; one at a time bounds what strangers can make the daemon use.
    one_at_a_time: Arc<Semaphore>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    password: String,
}

/// The password cannot be used or stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    /// It is too short.
    #[error("the password has fewer than {SHORTEST} characters")]
    Short,
    /// It is too long.
    #[error("the password has more than {LONGEST} characters")]
    Long,
    /// The file cannot be read or written.
    #[error("cannot use `{path}`", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Hashing failed.
    #[error("cannot hash the password")]
    Hash,
}

impl PasswordFile {
    /// The file that belongs to a state file.
    pub(crate) fn beside(state: &Path) -> Self {
        Self {
            path: private_file::beside(state, ".page"),
            one_at_a_time: Arc::new(Semaphore::new(1)),
        }
    }

    /// Whether somebody has chosen a password.
    pub(crate) fn is_set(&self) -> bool {
        self.path.exists()
    }

    /// Whether this is the password. Where none was chosen, none is.
    pub(crate) async fn is(&self, password: SecretString) -> Result<bool, PasswordError> {
        let stored = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            read => read.and_then(|text| Ok(serde_json::from_slice::<Stored>(&text)?)),
        };
        let stored = stored.map_err(|source| self.unusable(source))?;
        if password.expose_secret().chars().count() > LONGEST {
            return Ok(false);
        }
        self.hashing(move || {
            let hash = PasswordHash::new(&stored.password).map_err(|_| PasswordError::Hash)?;
            let bytes = password.expose_secret().as_bytes();
            Ok(Argon2::default().verify_password(bytes, &hash).is_ok())
        })
        .await
    }

    /// Whether this may become the password.
    pub(crate) fn permits(password: &SecretString) -> Result<(), PasswordError> {
        match password.expose_secret().chars().count() {
            length if length < SHORTEST => Err(PasswordError::Short),
            length if length > LONGEST => Err(PasswordError::Long),
            _ => Ok(()),
        }
    }

    /// Makes this the password.
    pub(crate) async fn choose(&self, password: SecretString) -> Result<(), PasswordError> {
        Self::permits(&password)?;
        let hash = self
            .hashing(move || {
                let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
                Ok(hash.map_err(|_| PasswordError::Hash)?.to_string())
            })
            .await?;
        let stored = Stored {
            version: VERSION,
            password: hash,
        };
        let text = serde_json::to_vec(&stored).map_err(io::Error::from);
        text.and_then(|text| private_file::replace(&self.path, &text))
            .map_err(|source| self.unusable(source))
    }

    async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _turn = self
            .one_at_a_time
            .acquire()
            .await
            .map_err(|_| PasswordError::Hash)?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| PasswordError::Hash)?
    }

    fn unusable(&self, source: io::Error) -> PasswordError {
        PasswordError::File {
            path: self.path.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn secret(text: &str) -> SecretString {
        text.to_owned().into()
    }

    #[tokio::test]
    async fn only_the_hash_is_kept_and_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = PasswordFile::beside(&folder.path().join("state.db"));
        assert!(!file.is_set());
        assert!(!file.is(secret("")).await.unwrap(), "nobody chose the empty one");
        file.choose(secret("correct horse battery")).await.unwrap();
        let path = folder.path().join("state.db.page");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("$argon2id$") && !text.contains("horse"), "{text}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(file.is(secret("correct horse battery")).await.unwrap());
        assert!(!file.is(secret("correct horse batterx")).await.unwrap());

        file.choose(secret("another one, longer")).await.unwrap();
        assert!(!file.is(secret("correct horse battery")).await.unwrap());
    }

    #[tokio::test]
    async fn a_short_one_is_refused_and_the_old_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = PasswordFile::beside(&folder.path().join("state.db"));
        file.choose(secret("correct horse battery")).await.unwrap();
        assert!(matches!(
            file.choose(secret("elf Zeichen")).await,
            Err(PasswordError::Short)
        ));
        let long = "x".repeat(LONGEST + 1);
        assert!(matches!(
            file.choose(secret(&long)).await,
            Err(PasswordError::Long)
        ));
        assert!(!file.is(secret(&long)).await.unwrap());
        assert!(file.is(secret("correct horse battery")).await.unwrap());
    }

    #[tokio::test]
    async fn a_file_that_is_no_such_file_is_no_open_door() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("state.db.page"), "{}").unwrap();
        let file = PasswordFile::beside(&folder.path().join("state.db"));
        assert!(matches!(
            file.is(secret("")).await,
            Err(PasswordError::File { .. })
        ));
    }
}
