//! A disk that fails at a chosen step, for tests.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::storage::{Rights, Storage};
use crate::config::Disk;

/// The disk of this machine; from the step `at` on, or at it alone, whatever is written fails.
#[derive(Debug)]
pub(crate) struct FaultyDisk {
    steps: AtomicUsize,
    at: usize,
    for_good: bool,
    pub(crate) unwritable: AtomicBool,
}

impl FaultyDisk {
    /// The machine stops at this step: from there on nothing is written any more.
    pub(crate) fn stops_at(at: usize) -> Self {
        Self {
            steps: AtomicUsize::new(0),
            at,
            for_good: true,
            unwritable: AtomicBool::new(false),
        }
    }

    /// This step fails, and no other.
    pub(crate) fn fails_at(at: usize) -> Self {
        Self {
            for_good: false,
            ..Self::stops_at(at)
        }
    }

    /// Whether the step came.
    pub(crate) fn failed(&self) -> bool {
        self.steps.load(Ordering::SeqCst) > self.at
    }

    fn step(&self) -> io::Result<()> {
        let step = self.steps.fetch_add(1, Ordering::SeqCst);
        let fails = if self.for_good {
            step >= self.at
        } else {
            step == self.at
        };
        match fails {
            true => Err(io::Error::other("the disk fails")),
            false => Ok(()),
        }
    }
}

impl Storage for FaultyDisk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Disk.read(path)
    }

    fn target(&self, path: &Path) -> io::Result<PathBuf> {
        Disk.target(path)
    }

    fn rights(&self, path: &Path) -> io::Result<Rights> {
        Disk.rights(path)
    }

    fn may_replace(&self, path: &Path) -> io::Result<()> {
        match self.unwritable.load(Ordering::SeqCst) {
            true => Err(io::ErrorKind::PermissionDenied.into()),
            false => Disk.may_replace(path),
        }
    }

    fn draft(&self, path: &Path, contents: &[u8], rights: Rights) -> io::Result<()> {
        if let Err(error) = self.step() {
            // Half of it may be there.
            let _ = Disk.draft(path, &contents[..contents.len() / 2], rights);
            return Err(error);
        }
        Disk.draft(path, contents, rights)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Disk.remove(path)
    }

    fn settle(&self, folder: &Path) -> io::Result<()> {
        self.step()?;
        Disk.settle(folder)
    }
}
