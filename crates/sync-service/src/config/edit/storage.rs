//! The disk, step by step, so that a test can let each step fail.

use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::super::Disk;

/// Whose a file is, and who may use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rights {
    /// The permission bits, as `chmod` writes them.
    pub(crate) mode: u32,
    /// User and group; `None`: whoever makes the file.
    pub(crate) owner: Option<(u32, u32)>,
}

/// The steps that a change of files is made of.
pub(crate) trait Storage: fmt::Debug + Send + Sync {
    /// The contents of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Where links lead to; the path itself where there is nothing.
    fn target(&self, path: &Path) -> io::Result<PathBuf>;

    /// Whose a file is.
    fn rights(&self, path: &Path) -> io::Result<Rights>;

    /// Whether a file may be written and replaced by this process, or made where there is none.
    fn may_replace(&self, path: &Path) -> io::Result<()>;

    /// Makes a new file, in place of a draft that was left behind; what it holds is on the disk afterwards.
    fn draft(&self, path: &Path, contents: &[u8], rights: Rights) -> io::Result<()>;

    /// Gives a file another name, in place of whatever has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Returns when the names in a folder are on the disk.
    fn settle(&self, folder: &Path) -> io::Result<()>;
}

/// The folder of a file.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

impl Storage for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn target(&self, path: &Path) -> io::Result<PathBuf> {
        match fs::canonicalize(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // A link to a file that is yet to be made.
                let link = fs::read_link(path).ok();
                Ok(link.map_or_else(|| path.to_owned(), |link| folder(path).join(link)))
            }
            found => found,
        }
    }

    fn rights(&self, path: &Path) -> io::Result<Rights> {
        let found = path.metadata()?;
        Ok(Rights {
            mode: found.mode() & 0o7777,
            owner: Some((found.uid(), found.gid())),
        })
    }

    fn may_replace(&self, path: &Path) -> io::Result<()> {
        let may = |path: &Path, access| accessat(CWD, path, access, AtFlags::EACCESS);
        match may(path, Access::WRITE_OK) {
            Err(rustix::io::Errno::NOENT) => {}
            found => found?,
        }
        Ok(may(folder(path), Access::WRITE_OK | Access::EXEC_OK)?)
    }

    fn draft(&self, path: &Path, contents: &[u8], rights: Rights) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
        if let Some((user, group)) = rights.owner {
            // Only root may give a file away; the group can often be kept all the same.
            if fchown(&file, Some(user), Some(group)).is_err() {
                let _ = fchown(&file, None, Some(group));
            }
        }
        file.set_permissions(Permissions::from_mode(rights.mode))?;
        file.write_all(contents)?;
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn settle(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}
