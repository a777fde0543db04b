//! Any text as a configuration file: nothing panics, whatever is refused has a reason with its place, and no message shows a
//! secret that a file holds.

use std::io;
use std::path::Path;

use sync_service::config::{Environment, SecretFiles, StoredFile, parse};

const SECRET: &str = "SAMPLE-secret-of-a-file";

/// Every file that is named is there.
struct Files;

impl SecretFiles for Files {
    fn open(&self, _: &Path) -> io::Result<StoredFile> {
        Ok(StoredFile {
            contents: SECRET.as_bytes().to_vec(),
            mode: 0o600,
        })
    }
}

pub(crate) fn check(text: &str) {
    match parse(
        text,
        Path::new("/etc/presence-sync.toml"),
        &Environment::read(|_| None),
        &Files,
    ) {
        Ok(loaded) => assert!(loaded.warnings.iter().all(|warning| !warning.what.is_empty())),
        Err(errors) => {
            let printed = format!("{errors} {errors:?}");
            assert!(!errors.faults().is_empty());
            assert!(
                errors.faults().is_sorted_by_key(|fault| fault.position),
                "{printed}"
            );
            assert!(!printed.contains(SECRET), "{printed}");
        }
    }
}
