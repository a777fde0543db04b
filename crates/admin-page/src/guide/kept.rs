//! What was typed so far, in a file beside the state: the set-up goes on where it was when the daemon is started anew.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sync_service::config::edit::Change;
use sync_service::private_file;

use super::draft::Draft;
use super::step::Step;

/// The version of the file.
const VERSION: u32 = 1;

/// The file. It holds secrets as they were typed, is its owner's alone, and is removed at the end of the set-up.
#[derive(Debug)]
pub(super) struct DraftFile(PathBuf);

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    changes: Vec<Value>,
    done: Vec<String>,
    licence: Option<(String, u32)>,
}

impl DraftFile {
    pub(super) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// What was typed before this process began. A file that cannot be used is left alone until something is typed.
    pub(super) fn read(&self) -> Draft {
        let text = match std::fs::read(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Draft::default(),
            read => read,
        };
        let stored = text.and_then(|text| Ok(serde_json::from_slice::<Stored>(&text)?));
        let draft = stored.and_then(|stored| match stored.version {
            VERSION => stored.into_draft(),
            version => Err(io::Error::other(format!("its version is {version}"))),
        });
        draft.unwrap_or_else(|error| {
            let path = self.0.display();
            // An error of the reader could quote what was typed.
            tracing::warn!(kind = %error.kind(), "the set-up begins anew, because {path} cannot be used");
            Draft::default()
        })
    }

    pub(super) fn keep(&self, draft: &Draft) -> io::Result<()> {
        if draft.changes.is_empty() && draft.done.is_empty() {
            return private_file::remove(&self.0);
        }
        let stored = Stored {
            version: VERSION,
            changes: draft.changes.values().map(Change::exposed).collect(),
            done: draft.done.iter().map(|step| step.word().to_owned()).collect(),
            licence: draft.licence.clone(),
        };
        private_file::replace(&self.0, &serde_json::to_vec(&stored)?)
    }
}

impl Stored {
    fn into_draft(self) -> io::Result<Draft> {
        let mut draft = Draft {
            licence: self.licence,
            ..Draft::default()
        };
        for change in self.changes {
            draft.take(vec![serde_json::from_value(change)?]);
        }
        // What the check found is not kept, so that it is made again.
        let steps = self.done.iter().filter_map(|word| Step::named(word));
        draft.done = steps.filter(|step| *step != Step::Check).collect();
        Ok(draft)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use sync_service::config::edit::KeyPath;

    use super::super::INSTANCE;
    use super::*;
    use crate::settings::key;

    fn draft() -> Draft {
        let mut draft = Draft {
            done: vec![Step::Pbx, Step::Check],
            licence: Some(("SAMPLE-LICENCE".to_owned(), 25)),
            ..Draft::default()
        };
        draft.take(vec![
            Change::Set {
                key: key(INSTANCE, "starface.url"),
                value: "https://pbx.example".into(),
            },
            Change::Remove {
                key: key(INSTANCE, "starface.ca_file"),
            },
            Change::Secret {
                key: KeyPath::new(["license", "key_file"]),
                secret: "SAMPLE-LICENCE".to_owned().into(),
            },
        ]);
        draft
    }

    #[test]
    fn what_was_typed_is_there_again_and_the_check_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db.setup");
        let file = DraftFile::at(path.clone());
        assert!(file.read().changes.is_empty());
        let draft = draft();
        file.keep(&draft).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = DraftFile::at(path.clone()).read();
        assert_eq!(again.changes, draft.changes);
        assert_eq!((again.done, again.licence), (vec![Step::Pbx], draft.licence));
        file.keep(&Draft::default()).unwrap();
        assert!(!path.exists(), "nothing of it stays");
    }

    #[test]
    fn a_file_that_cannot_be_used_is_no_draft_and_stays_until_something_is_typed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db.setup");
        let file = DraftFile::at(path.clone());
        for text in [
            "",
            "{}",
            r#"{"version":2,"changes":[],"done":["pbx"],"licence":null}"#,
        ] {
            fs::write(&path, text).unwrap();
            assert!(file.read().done.is_empty(), "{text}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        file.keep(&draft()).unwrap();
        assert_eq!(file.read().done, [Step::Pbx]);
    }
}
