//! Programs of the tests that are written for node, with packages of npm.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why there is something that cannot be tested here.
#[derive(Debug)]
pub struct Absent(pub String);

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Copies the node program in the folder `name` of this package into `target`, the test's `CARGO_TARGET_TMPDIR`, and installs
/// its packages there, in the versions of its lock file and once for all runs. Tells the folder.
///
/// # Errors
/// Where npm is missing, or its registry at the first time.
pub fn installed(name: &str, target: &str) -> Result<PathBuf, Absent> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let folder = Path::new(target).join(name);
    copy(&source, &folder);
    let lock = fs::read(source.join("package-lock.json")).expect("the lock file can be read");
    let mark = folder.join("node_modules/installed.json");
    if fs::read(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(folder);
    }
    let installed = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--fetch-retries=1", "--fetch-timeout=20000"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Absent(format!("npm cannot be started: {error}")))?;
    if !installed.status.success() {
        let said = String::from_utf8_lossy(&installed.stderr);
        return Err(Absent(format!("npm cannot install what `{name}` needs: {said}")));
    }
    fs::write(mark, lock).expect("the folder can be written");
    Ok(folder)
}

/// Copies a folder with all that is in it, except for packages that somebody installed there.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_name() == "node_modules" {
            continue;
        }
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("the file can be copied");
        }
    }
}
