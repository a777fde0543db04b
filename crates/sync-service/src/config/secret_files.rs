//! The files that the configuration names: found, guarded, read.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use secrecy::zeroize::Zeroizing;
use sync_adapters::graph::AppCertificate;

use super::fault::FaultKind;
use super::secret::Secret;
use super::settings::Certificates;
use super::source::{Located, Place, Source};
use crate::tls::TlsIdentity;

/// More than any secret or bundle of certificates has, in bytes.
const LARGEST: u64 = 1 << 20;

/// Reads the files that the configuration names.
pub trait SecretFiles {
    /// Reads one file.
    ///
    /// # Errors
    /// The error of the file system; [`io::ErrorKind::NotFound`] makes the reader look in the next place.
    fn open(&self, path: &Path) -> io::Result<StoredFile>;
}

/// A file as it was found.
pub struct StoredFile {
    /// Its contents.
    pub contents: Vec<u8>,
    /// Its permission bits, as `chmod` writes them.
    pub mode: u32,
}

impl std::fmt::Debug for StoredFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredFile")
            .field("mode", &format_args!("{:o}", self.mode))
            .finish_non_exhaustive()
    }
}

/// The files of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl SecretFiles for Disk {
    fn open(&self, path: &Path) -> io::Result<StoredFile> {
        // A pipe would block the opening, so the look comes first; the mode is that of the opened file.
        if !path.metadata()?.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        let file = File::open(path)?;
        let mode = file.metadata()?.permissions().mode();
        let mut contents = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut contents)?;
        if contents.len() as u64 > LARGEST {
            return Err(io::Error::other("it is larger than 1 MiB"));
        }
        Ok(StoredFile {
            contents,
            mode: mode & 0o7777,
        })
    }
}

/// Where files are looked for, and what reads them.
pub(super) struct NamedFiles<'f> {
    pub(super) files: &'f dyn SecretFiles,
    /// The folder of the configuration file.
    pub(super) folder: &'f Path,
    /// The folder in which systemd puts credentials.
    pub(super) credentials: Option<&'f Path>,
    /// The time, where the ends of certificates are to be judged.
    pub(super) now: Option<Timestamp>,
}

/// A file with the place where it was found.
struct Found {
    path: PathBuf,
    file: StoredFile,
    /// Whether systemd guards it.
    credential: bool,
}

impl NamedFiles<'_> {
    /// Reads a secret: one line of text that nobody else may read.
    pub(super) fn secret(&self, source: &Source<'_>, name: &Located<PathBuf>) -> Option<Secret> {
        let found = self.guarded(source, name)?;
        let shown = found.path.display();
        let Ok(text) = String::from_utf8(found.file.contents).map(Zeroizing::new) else {
            self.refuse(
                source,
                &name.place,
                format!("`{shown}` is no UTF-8 text"),
                "write the secret alone into it".to_owned(),
            );
            return None;
        };
        // Editors add a line break at the end, and some of them a mark at the beginning.
        let secret = text.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']);
        if secret.trim().is_empty() {
            self.refuse(
                source,
                &name.place,
                format!("`{shown}` is empty"),
                "write the secret into it".to_owned(),
            );
            return None;
        }
        if secret.contains(['\n', '\r']) {
            self.refuse(
                source,
                &name.place,
                format!("`{shown}` has more than one line"),
                "write the secret alone into it".to_owned(),
            );
            return None;
        }
        if secret.trim() != secret {
            source.warning(
                &name.place,
                format!("the secret in `{shown}` begins or ends with a blank"),
            );
        }
        Some(Secret::new(secret.to_owned()))
    }

    /// Reads an app's certificate and its private key from one file that nobody else may read.
    pub(super) fn app_certificate(
        &self,
        source: &Source<'_>,
        name: &Located<PathBuf>,
    ) -> Option<(PathBuf, AppCertificate)> {
        let found = self.guarded(source, name)?;
        let pem = Zeroizing::new(found.file.contents);
        match AppCertificate::from_pem(&pem) {
            Ok(certificate) => Some((found.path, certificate)),
            Err(error) => {
                let what = format!("`{}` cannot be used: {error}", found.path.display());
                self.refuse(source, &name.place, what, as_hint(error.advice()));
                None
            }
        }
    }

    /// Reads the daemon's own certificate with its chain and its private key from one file that nobody else may read.
    pub(super) fn tls_identity(
        &self,
        source: &Source<'_>,
        name: &Located<PathBuf>,
    ) -> Option<(PathBuf, TlsIdentity)> {
        let found = self.guarded(source, name)?;
        let pem = Zeroizing::new(found.file.contents);
        match TlsIdentity::from_pem(&pem) {
            Ok(identity) => Some((found.path, identity)),
            Err(error) => {
                let what = format!("`{}` cannot be used: {error}", found.path.display());
                self.refuse(source, &name.place, what, error.advice().to_owned());
                None
            }
        }
    }

    /// Where a key of the program's own is or belongs, and whether systemd guards it there. One that others may read is
    /// refused.
    pub(super) fn own_key(&self, source: &Source<'_>, name: &Located<PathBuf>) -> (PathBuf, bool) {
        let found = self
            .places(name)
            .find(|(path, lent)| self.is_there(source, &name.place, path, *lent));
        found.unwrap_or_else(|| (self.folder.join(&name.value), false))
    }

    /// The same, for the one place where it is or belongs.
    pub(super) fn own_key_at(&self, source: &Source<'_>, place: &Place, path: PathBuf) -> (PathBuf, bool) {
        self.is_there(source, place, &path, false);
        (path, false)
    }

    /// Whether there is something. Where it cannot be read, whoever needs it says so.
    fn is_there(&self, source: &Source<'_>, place: &Place, path: &Path, lent: bool) -> bool {
        match self.files.open(path) {
            Err(error) => error.kind() != io::ErrorKind::NotFound,
            Ok(file) => {
                self.guard(source, place, path, file.mode, lent);
                true
            }
        }
    }

    /// A file with a secret that nobody else may read.
    fn guarded(&self, source: &Source<'_>, name: &Located<PathBuf>) -> Option<Found> {
        let found = self.find(source, name)?;
        let Found {
            path,
            file,
            credential,
        } = &found;
        self.guard(source, &name.place, path, file.mode, *credential)
            .then_some(found)
    }

    fn guard(&self, source: &Source<'_>, place: &Place, path: &Path, mode: u32, lent: bool) -> bool {
        // systemd lends a credential to the service's user by an access list, which shows as a readable group.
        let forbidden = if lent { 0o007 } else { 0o077 };
        if mode & forbidden == 0 {
            return true;
        }
        let shown = path.display();
        self.refuse(
            source,
            place,
            format!("`{shown}` may be read by others (mode {mode:04o})"),
            format!("run `chmod 600 {shown}`, and replace a secret that others may know"),
        );
        false
    }

    /// Reads certificates in PEM form, which are no secret.
    pub(super) fn certificates(&self, source: &Source<'_>, name: &Located<PathBuf>) -> Option<Certificates> {
        let found = self.find(source, name)?;
        let pem = found.file.contents;
        let marker = b"-----BEGIN CERTIFICATE-----";
        if !pem.windows(marker.len()).any(|window| window == marker) {
            let shown = found.path.display();
            let hint = format!("turn it into PEM with `openssl x509 -inform der -in {shown}`");
            self.refuse(
                source,
                &name.place,
                format!("`{shown}` holds no certificate in PEM form"),
                hint,
            );
            return None;
        }
        Some(Certificates {
            path: found.path,
            pem,
        })
    }

    /// Reads a file that is no secret.
    pub(super) fn plain(&self, source: &Source<'_>, name: &Located<PathBuf>) -> Option<Vec<u8>> {
        self.find(source, name).map(|found| found.file.contents)
    }

    /// Reads a file that is no secret and need not be there: where it is or belongs, and what it holds.
    pub(super) fn optional(&self, name: &Located<PathBuf>) -> (PathBuf, io::Result<Vec<u8>>) {
        for (path, _) in self.places(name) {
            match self.files.open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                read => return (path, read.map(|file| file.contents)),
            }
        }
        (self.folder.join(&name.value), Err(io::ErrorKind::NotFound.into()))
    }

    /// Where a file is looked for, and whether systemd guards it there.
    fn places(&self, name: &Located<PathBuf>) -> impl Iterator<Item = (PathBuf, bool)> {
        let beside = (self.folder.join(&name.value), false);
        let lent = self
            .credentials
            .filter(|_| name.value.is_relative())
            .map(|folder| (folder.join(&name.value), true));
        std::iter::once(beside).chain(lent)
    }

    fn find(&self, source: &Source<'_>, name: &Located<PathBuf>) -> Option<Found> {
        let mut absent = Vec::new();
        for (path, credential) in self.places(name) {
            match self.files.open(&path) {
                Ok(file) => {
                    return Some(Found {
                        path,
                        file,
                        credential,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    absent.push(format!("`{}`", path.display()));
                }
                Err(error) => {
                    let what = format!("cannot read `{}`: {error}", path.display());
                    let hint =
                        "check that the file is a plain one and belongs to the user that the daemon runs as";
                    self.refuse(source, &name.place, what, hint.to_owned());
                    return None;
                }
            }
        }
        let what = format!("there is no file {}", absent.join(" nor "));
        let hint = "a relative name is looked for beside this file, then among systemd's credentials";
        self.refuse(source, &name.place, what, hint.to_owned());
        None
    }

    fn refuse(&self, source: &Source<'_>, place: &Place, what: String, hint: String) {
        source.fault(place, FaultKind::NamedFile, what, Some(hint));
    }
}

/// A sentence as the fragment that a hint is.
fn as_hint(sentence: &str) -> String {
    let mut chars = sentence.trim_end_matches('.').chars();
    let first = chars.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}
