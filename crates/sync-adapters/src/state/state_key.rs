//! The key that seals secrets in the state: 32 random bytes in a file of its own.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::rand;
use secrecy::zeroize::Zeroizing;

/// The length of the key, in bytes.
const LENGTH: usize = 32;

/// So that keys of this file are no keys for anything else.
const SALT: &[u8] = b"teams-presence-sync state key 1";

/// The key of a state, from which one key for each purpose is derived.
#[derive(Clone)]
pub struct StateKey(Prk);

impl StateKey {
    /// Reads the key from its file. `lent`: systemd guards the file, and shows its access list as the group's rights.
    ///
    /// # Errors
    /// When there is none (see [`StateKeyError::is_absent`]), it is not one, or others may read it.
    pub fn read(path: &Path, lent: bool) -> Result<Self, StateKeyError> {
        let refuse = |source| StateKeyError::File {
            path: path.to_owned(),
            source,
        };
        // A pipe would block the opening, so the look comes first; the mode is that of the opened file.
        if !path.metadata().map_err(refuse)?.is_file() {
            return Err(StateKeyError::NotAKey(path.to_owned()));
        }
        let file = File::open(path).map_err(refuse)?;
        let mode = file.metadata().map_err(refuse)?.permissions().mode() & 0o7777;
        let forbidden = if lent { 0o007 } else { 0o077 };
        if mode & forbidden != 0 {
            return Err(StateKeyError::Readable {
                path: path.to_owned(),
                mode,
            });
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH + 1));
        let limit = LENGTH as u64 + 1;
        file.take(limit).read_to_end(&mut bytes).map_err(refuse)?;
        if bytes.len() != LENGTH {
            return Err(StateKeyError::NotAKey(path.to_owned()));
        }
        Ok(Self::of(&bytes))
    }

    /// Reads the key, or makes one for its owner alone where there is none. Of two processes that make it at the same time
    /// both get the same.
    ///
    /// # Errors
    /// As [`StateKey::read`]; also when the file cannot be made.
    pub fn read_or_make(path: &Path, lent: bool) -> Result<Self, StateKeyError> {
        match Self::read(path, lent) {
            Err(error) if error.is_absent() => {
                make(path).map_err(|source| StateKeyError::Unmakable {
                    path: path.to_owned(),
                    source,
                })?;
                Self::read(path, lent)
            }
            read => read,
        }
    }

    fn of(bytes: &[u8]) -> Self {
        Self(Salt::new(HKDF_SHA256, SALT).extract(bytes))
    }

    /// A name for the key that tells nothing of it.
    pub(crate) fn name(&self) -> String {
        let mut name = [0; 8];
        self.expand(&[b"name"], &mut name);
        name.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Encrypts a text, bound to what `about` says.
    pub(super) fn seal(&self, purpose: &str, about: &[u8], text: &[u8]) -> Result<Vec<u8>, Broken> {
        // Room for the tag, so that no copy of the text is left behind.
        let mut sealed = Vec::with_capacity(text.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(text);
        let nonce = self
            .cipher(purpose)?
            .seal_in_place_append_tag(Aad::from(about), &mut sealed)
            .map_err(|_| Broken)?;
        let mut whole = nonce.as_ref().to_vec();
        whole.append(&mut sealed);
        Ok(whole)
    }

    /// Decrypts what was sealed for the same purpose and about the same.
    pub(super) fn open(
        &self,
        purpose: &str,
        about: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Broken> {
        let (nonce, text) = sealed
            .split_at_checked(aws_lc_rs::aead::NONCE_LEN)
            .ok_or(Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Broken)?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = self
            .cipher(purpose)?
            .open_in_place(nonce, Aad::from(about), &mut text)
            .map_err(|_| Broken)?
            .len();
        text.truncate(length);
        Ok(text)
    }

    /// A key of its own for another purpose than sealing.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        self.expand(&[b"derive ", purpose.as_bytes()], key.as_mut());
        key
    }

    fn cipher(&self, purpose: &str) -> Result<RandomizedNonceKey, Broken> {
        let mut key = Zeroizing::new([0; 32]);
        self.expand(&[b"seal ", purpose.as_bytes()], key.as_mut());
        RandomizedNonceKey::new(&AES_256_GCM, key.as_ref()).map_err(|_| Broken)
    }

    fn expand(&self, label: &[&[u8]], out: &mut [u8]) {
        struct Length(usize);
        impl KeyType for Length {
            fn len(&self) -> usize {
                self.0
            }
        }
        let length = Length(out.len());
        let filled = self.0.expand(label, length).and_then(|okm| okm.fill(out));
        // Going on would seal with a key of zeros.
        filled.expect("so few bytes can always be derived");
    }
}

impl fmt::Debug for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateKey(…)")
    }
}

/// Something sealed could not be opened, or nothing could be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// Writes a new key beside its place and links it there, so that it is there whole or not at all, and replaces none.
fn make(path: &Path) -> io::Result<()> {
    let mut key = Zeroizing::new([0; LENGTH]);
    rand::fill(key.as_mut()).map_err(|_| io::Error::other("the system has no randomness"))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut number = [0; 8];
    rand::fill(&mut number).map_err(|_| io::Error::other("the system has no randomness"))?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{:x}", u64::from_ne_bytes(number)));
    let draft = PathBuf::from(draft);
    let mut options = OpenOptions::new();
    let written = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| {
            file.write_all(key.as_ref())?;
            file.sync_all()
        });
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    // It is a copy by now, or nothing.
    let _ = fs::remove_file(&draft);
    linked?;
    File::open(folder)?.sync_all()
}

/// There is no key to use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateKeyError {
    /// The file cannot be read.
    #[error("`{path}` cannot be read")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file cannot be made.
    #[error("`{path}` cannot be made")]
    Unmakable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file holds something else.
    #[error("`{0}` does not hold {LENGTH} bytes, as a key does")]
    NotAKey(PathBuf),
    /// Others may read the file.
    #[error("`{path}` may be read by others (mode {mode:04o})")]
    Readable {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

impl StateKeyError {
    /// Whether there is no such file.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// What the operator can do about it.
    pub fn advice(&self) -> String {
        match self {
            Self::File { .. } | Self::Unmakable { .. } => {
                "Let the daemon's user read the file, and write into its folder; or name another one as `daemon.state_key_file`."
                    .to_owned()
            }
            Self::NotAKey(path) => format!(
                "Put the old key back as `{0}`, or remove it: a new one is made, and whoever signed in has to sign in again.",
                path.display()
            ),
            Self::Readable { path, .. } => format!(
                "Run `chmod 600 {0}`. If others may have read it, remove it, and sign in again.",
                path.display()
            ),
        }
    }
}
