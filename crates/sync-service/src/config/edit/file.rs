//! The configuration file on its disk, with the secret files that belong to a change of it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;

use super::document::Document;
use super::error::{EditError, ReadOnly, ReadOnlyCode};
use super::overlay::MODE;
use super::revision::Revision;
use super::storage::{Rights, Storage, folder};
use super::typed::TypedSecret;
use crate::config::ConfigErrors;
use crate::config::load::read_text;

/// The rights of a configuration file that was not there before: it holds no secrets.
const NEW: Rights = Rights {
    mode: 0o640,
    owner: None,
};

/// The configuration file on its disk.
#[derive(Clone, Debug)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    storage: Arc<dyn Storage>,
}

/// What stands in the file.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its revision, also where its text is no TOML.
    pub(crate) revision: Revision,
    /// Its text, or what is wrong with it.
    pub(crate) document: Result<Document, ConfigErrors>,
}

impl ConfigFile {
    pub(crate) fn new(path: impl Into<PathBuf>, storage: Arc<dyn Storage>) -> Self {
        Self {
            path: path.into(),
            storage,
        }
    }

    /// The path, as it was named at the start of the program.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What stands in the file now.
    pub(crate) fn read(&self) -> Found {
        let contents = self.storage.read(&self.path);
        let revision = match &contents {
            Ok(contents) => Revision::of(contents),
            Err(_) => Revision::none(),
        };
        let document = match read_text(&self.path, contents) {
            Err(errors) if errors.is_absent() => Ok(Document::absent()),
            text => text.and_then(|text| Document::of_file(&text, &self.path)),
        };
        Found { revision, document }
    }

    /// Whether the file can be changed at all.
    ///
    /// # Errors
    /// Why it cannot.
    pub(crate) fn writable(&self) -> Result<(), ReadOnly> {
        let target = self.storage.target(&self.path);
        let may = target.and_then(|target| self.storage.may_replace(&target));
        may.map_err(|error| {
            let what = format!("`{}` cannot be written: {error}", self.path.display());
            ReadOnly::new(ReadOnlyCode::Unwritable, what)
        })
    }

    /// Replaces the file, and keeps what it said before beside it. Secret files come first: whoever finds the new text finds
    /// them. Everything is written under other names at first, so that little can go wrong while names are changed; where it
    /// does, or the machine stops meanwhile, the old text stands there, and is a good one.
    ///
    /// # Errors
    /// [`EditError::Write`]; then everything is as it was.
    pub(crate) fn replace(
        &self,
        old: &Document,
        new: &Document,
        secrets: &[TypedSecret],
    ) -> Result<(), EditError> {
        let target = self.storage.target(&self.path).map_err(write_error(&self.path))?;
        let mut work = Work {
            storage: self.storage.as_ref(),
            drafts: Vec::new(),
            replaced: Vec::new(),
        };
        let done = work.replace(&target, old, new, secrets);
        if done.is_err() {
            work.take_back();
        }
        done?;
        if let Err(error) = self.storage.settle(folder(&target)) {
            // The new text stands there, and only a loss of power could bring the old one back.
            tracing::error!(%error, file = %target.display(), "it is not certain that the new configuration is on the disk");
        }
        Ok(())
    }
}

/// A file with another ending.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

fn write_error(path: &Path) -> impl Fn(io::Error) -> EditError {
    let path = path.to_owned();
    move |source| EditError::Write {
        path: path.clone(),
        source,
    }
}

/// One change of files under way.
struct Work<'s> {
    storage: &'s dyn Storage,
    /// Files that nobody knows yet.
    drafts: Vec<PathBuf>,
    /// Secret files with what they held before.
    replaced: Vec<(PathBuf, Option<Zeroizing<Vec<u8>>>)>,
}

impl Work<'_> {
    fn replace(
        &mut self,
        target: &Path,
        old: &Document,
        new: &Document,
        secrets: &[TypedSecret],
    ) -> Result<(), EditError> {
        let (rights, exists) = match self.storage.rights(target) {
            Ok(rights) => (rights, true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (NEW, false),
            Err(error) => return Err(write_error(target)(error)),
        };
        for typed in secrets {
            let contents = Zeroizing::new(with_line_end(typed.secret.as_secret().expose_secret()));
            let rights = Rights {
                mode: MODE,
                owner: None,
            };
            self.draft(&typed.path, contents.as_bytes(), rights)?;
        }
        self.draft(target, new.text().as_bytes(), rights)?;
        if exists {
            let previous = beside(target, ".previous");
            self.draft(&previous, old.text().as_bytes(), rights)?;
            self.publish(&previous)?;
        }
        for typed in secrets {
            let before = match self.storage.read(&typed.path) {
                Ok(contents) => Some(Zeroizing::new(contents)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(write_error(&typed.path)(error)),
            };
            self.publish(&typed.path)?;
            self.replaced.push((typed.path.clone(), before));
            let settled = self.storage.settle(folder(&typed.path));
            settled.map_err(write_error(&typed.path))?;
        }
        self.publish(target)
    }

    fn draft(&mut self, path: &Path, contents: &[u8], rights: Rights) -> Result<(), EditError> {
        let draft = beside(path, ".new");
        self.drafts.push(draft.clone());
        let drafted = self.storage.draft(&draft, contents, rights);
        drafted.map_err(write_error(&draft))
    }

    fn publish(&mut self, path: &Path) -> Result<(), EditError> {
        let draft = beside(path, ".new");
        self.storage.rename(&draft, path).map_err(write_error(path))?;
        self.drafts.retain(|other| *other != draft);
        Ok(())
    }

    /// Makes everything as it was, as far as the disk allows.
    fn take_back(&mut self) {
        for (path, before) in std::mem::take(&mut self.replaced) {
            let rights = Rights {
                mode: MODE,
                owner: None,
            };
            let restored = match before {
                Some(contents) => self
                    .draft(&path, &contents, rights)
                    .and_then(|()| self.publish(&path)),
                None => self.storage.remove(&path).map_err(write_error(&path)),
            };
            if let Err(error) = restored {
                tracing::error!(%error, "a secret file keeps what was typed in, although the change failed");
            }
        }
        for draft in std::mem::take(&mut self.drafts) {
            // One that was never made is not there, and one that stays is replaced by the next change.
            let _ = self.storage.remove(&draft);
        }
    }
}

/// Lines end with a line break.
fn with_line_end(text: &str) -> String {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{end}")
}
