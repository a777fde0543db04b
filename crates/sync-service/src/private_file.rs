//! Small files beside the state that their owner alone may read, each of them replaced at once.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file with this ending that belongs to a state file: its name with `.api`, for example, behind it.
pub fn beside(state: &Path, ending: &str) -> PathBuf {
    let mut name = state.file_name().unwrap_or_default().to_owned();
    name.push(OsStr::new(ending));
    state.with_file_name(name)
}

/// Puts these contents into the file. Whoever reads it finds what was there before or all of this, and only its owner can.
///
/// # Errors
/// When the file cannot be written. What was there before stays.
pub fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let fresh = beside(path, ".new");
    remove(&fresh)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(contents)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// Removes the file, where there is one.
///
/// # Errors
/// When it stays.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn it_is_the_owners_alone_and_replaced_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = beside(&folder.path().join("state.db"), ".page");
        assert_eq!(path, folder.path().join("state.db.page"));
        fs::write(beside(&path, ".new"), "left behind").unwrap();
        for contents in ["first", "second"] {
            replace(&path, contents.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), contents);
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!beside(&path, ".new").exists());
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(!path.exists());
    }
}
