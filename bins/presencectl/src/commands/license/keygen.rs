//! `license keygen`: the keys of an issuing desk.

use std::fs;
use std::path::{Path, PathBuf};

use licensing::{KeyId, SigningKey};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::{VERSION, write_new};
use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::Failure;

#[derive(Serialize)]
struct Made<'a> {
    version: u32,
    key_id: &'a KeyId,
    private_key: &'a Path,
    public_key: &'a Path,
}

pub(super) fn run(context: &Context, folder: &Path) -> Result<Exit, Failure> {
    fs::create_dir_all(folder)
        .map_err(|error| Failure::new(error).while_doing(format!("cannot make `{}`", folder.display())))?;
    let files: [PathBuf; 2] = ["issuer.key", "issuer.pub"].map(|name| folder.join(name));
    let [private_key, public_key] = &files;
    // Both are looked at first, so that there is never half a pair.
    if let Some(there) = files.iter().find(|file| file.exists()) {
        let hint = "choose another folder: a key that is lost cannot be made again, and its licences cannot be renewed";
        return Err(Failure::message(format!(
            "`{}` is there already, and stays as it is",
            there.display()
        ))
        .with_hint(hint));
    }
    let key = SigningKey::from_seed(&context.random()?).map_err(Failure::new)?;
    write_new(private_key, key.to_pem().expose_secret(), 0o600)?;
    write_new(public_key, &key.public().to_pem(), 0o644)?;
    let made = Made {
        version: VERSION,
        key_id: key.public().id(),
        private_key,
        public_key,
    };
    context.print(&made, || {
        format!(
            "the issuer key {}\n  {}  keep it secret: whoever has it can issue licences\n  {}  for `license.issuer_keys_file`",
            made.key_id,
            private_key.display(),
            public_key.display()
        )
    })?;
    Ok(Exit::SUCCESS)
}
