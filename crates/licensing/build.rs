//! Compiles the vendor's public keys in: every `issuers/*.pub`, one after the other.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script its folders by the environment"
)]
fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=issuers");
    let folder = |name| env::var_os(name).map(PathBuf::from).unwrap_or_default();
    let mut files: Vec<PathBuf> = fs::read_dir(folder("CARGO_MANIFEST_DIR").join("issuers"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "pub"));
    files.sort();
    let texts: Vec<String> = files
        .iter()
        .map(|file: &PathBuf| fs::read_to_string(Path::new(file)))
        .collect::<io::Result<_>>()?;
    fs::write(folder("OUT_DIR").join("issuers.pem"), texts.join("\n"))
}
