//! The file on its disk, whatever fails.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::document::Document;
use super::error::{EditError, ReadOnlyCode};
use super::faulty::FaultyDisk;
use super::file::ConfigFile;
use super::key_path::KeyPath;
use super::revision::Revision;
use super::typed::TypedSecret;
use crate::config::{Disk, Environment, load};

const OLD: &str = "version = 1\n# old\n[instances.main]\nenabled = false\n[instances.main.teams]\ntenant_id = \"contoso.example\"\n\
    client_id = \"c3d0ac7a-2d50-4a51-8c8f-7a1b0f5e2d11\"\nclient_secret_file = \"main.client_secret\"\n\
    [instances.main.starface]\nurl = \"https://pbx.example\"\ngroup = \"Teams\"\nlogin = \"0001\"\n\
    password_file = \"main.client_secret\"\n";

struct Place {
    folder: TempDir,
    old: Document,
    new: Document,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let new = OLD.replace("# old", "# new").replacen(
            "password_file = \"main.client_secret\"",
            "password_file = \"main.password\"",
            1,
        );
        let place = Self {
            folder,
            old: Document::of(OLD).unwrap(),
            new: Document::of(&new).unwrap(),
        };
        place.write("p.toml", OLD, 0o640);
        place.write("main.client_secret", "OLD-secret\n", 0o600);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn secrets(&self) -> Vec<TypedSecret> {
        ["client_secret", "password"]
            .map(|what| TypedSecret {
                key: KeyPath::new(["k"]),
                path: self.path(&format!("main.{what}")),
                secret: "NEW-secret".to_owned().into(),
            })
            .to_vec()
    }

    fn replace(&self, disk: &Arc<FaultyDisk>) -> Result<(), EditError> {
        let file = ConfigFile::new(self.path("p.toml"), Arc::clone(disk) as _);
        file.replace(&self.old, &self.new, &self.secrets())
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn the_new_text_is_there_with_its_secrets_and_the_old_text_beside_it() {
    let place = Place::new();
    place
        .replace(&Arc::new(FaultyDisk::fails_at(usize::MAX)))
        .unwrap();
    assert_eq!(
        place.names(),
        ["main.client_secret", "main.password", "p.toml", "p.toml.previous"]
    );
    assert_eq!(
        (
            place.read("p.toml").as_str(),
            place.read("p.toml.previous").as_str()
        ),
        (place.new.text(), OLD)
    );
    assert_eq!(
        (mode(&place.path("p.toml")), mode(&place.path("p.toml.previous"))),
        (0o640, 0o640)
    );
    for secret in ["main.client_secret", "main.password"] {
        assert_eq!(
            (place.read(secret).as_str(), mode(&place.path(secret))),
            ("NEW-secret\n", 0o600)
        );
    }
}

#[test]
fn wherever_the_machine_stops_the_file_is_the_old_one_or_the_new_one_and_is_good() {
    let mut outcomes = Vec::new();
    for step in 0.. {
        let place = Place::new();
        let disk = Arc::new(FaultyDisk::stops_at(step));
        let done = place.replace(&disk);
        let loaded = load(&place.path("p.toml"), &Environment::default());
        assert!(loaded.is_ok(), "step {step}: {loaded:?}");
        let text = place.read("p.toml");
        assert_eq!(done.is_ok(), text == place.new.text(), "step {step}");
        assert!(done.is_ok() || text == OLD, "step {step}");
        for name in place.names().iter().filter(|name| name.starts_with("main.")) {
            assert_eq!(mode(&place.path(name)), 0o600, "step {step}: {name}");
        }
        // What was left behind is in nobody's way.
        let again = place.replace(&Arc::new(FaultyDisk::stops_at(usize::MAX)));
        assert!(again.is_ok(), "step {step}: {again:?}");
        assert_eq!(place.names().len(), 4, "step {step}: {:?}", place.names());
        outcomes.push(done.is_ok());
        if !disk.failed() {
            break;
        }
    }
    assert!(outcomes.len() > 8, "{outcomes:?}");
    assert_eq!(
        outcomes.iter().filter(|done| **done).count(),
        2,
        "the last step, and none: {outcomes:?}"
    );
}

#[test]
fn whichever_step_fails_everything_is_as_it_was() {
    for step in 0.. {
        let place = Place::new();
        let disk = Arc::new(FaultyDisk::fails_at(step));
        match place.replace(&disk) {
            Ok(()) if !disk.failed() => break,
            Ok(()) => assert_eq!(place.read("p.toml"), place.new.text(), "step {step}"),
            Err(error) => {
                assert!(matches!(error, EditError::Write { .. }), "step {step}: {error}");
                assert_eq!(place.read("p.toml"), OLD, "step {step}");
                assert_eq!(place.read("main.client_secret"), "OLD-secret\n", "step {step}");
                let names = place.names();
                assert!(
                    names
                        .iter()
                        .all(|name| !name.ends_with(".new") && name != "main.password"),
                    "step {step}: {names:?}"
                );
            }
        }
    }
}

#[test]
fn a_link_stays_and_its_target_is_replaced() {
    for exists in [true, false] {
        let place = Place::new();
        let elsewhere = tempfile::tempdir().unwrap();
        let target = elsewhere.path().join("real.toml");
        if exists {
            fs::rename(place.path("p.toml"), &target).unwrap();
        } else {
            fs::remove_file(place.path("p.toml")).unwrap();
        }
        symlink(&target, place.path("p.toml")).unwrap();
        place
            .replace(&Arc::new(FaultyDisk::fails_at(usize::MAX)))
            .unwrap();
        assert_eq!(fs::read_link(place.path("p.toml")).unwrap(), target);
        assert_eq!(fs::read_to_string(&target).unwrap(), place.new.text());
        assert_eq!(elsewhere.path().join("real.toml.previous").exists(), exists);
        assert!(!place.path("p.toml.previous").exists());
    }
}

#[test]
fn a_file_keeps_its_rights_and_a_new_one_is_for_its_owner_and_group() {
    for kept in [0o600, 0o644] {
        let place = Place::new();
        place.write("p.toml", OLD, kept);
        let owner = std::os::unix::fs::chown(place.path("p.toml"), Some(1234), Some(1235));
        place
            .replace(&Arc::new(FaultyDisk::fails_at(usize::MAX)))
            .unwrap();
        assert_eq!(mode(&place.path("p.toml")), kept);
        if owner.is_ok() {
            let found = fs::metadata(place.path("p.toml")).unwrap();
            assert_eq!((found.uid(), found.gid()), (1234, 1235));
        }
    }
    let place = Place::new();
    fs::remove_file(place.path("p.toml")).unwrap();
    place
        .replace(&Arc::new(FaultyDisk::fails_at(usize::MAX)))
        .unwrap();
    assert_eq!(mode(&place.path("p.toml")), 0o640);
    assert!(!place.path("p.toml.previous").exists());
}

#[test]
fn a_folder_in_its_place_is_neither_read_nor_replaced() {
    let place = Place::new();
    fs::remove_file(place.path("p.toml")).unwrap();
    fs::create_dir(place.path("p.toml")).unwrap();
    let file = ConfigFile::new(place.path("p.toml"), Arc::new(Disk));
    let error = file.read().document.unwrap_err();
    assert!(!error.is_absent(), "{error}");
    let error = place
        .replace(&Arc::new(FaultyDisk::fails_at(usize::MAX)))
        .unwrap_err();
    assert!(matches!(error, EditError::Write { .. }), "{error}");
    assert!(place.path("p.toml").is_dir());
    assert_eq!(place.names(), ["main.client_secret", "p.toml", "p.toml.previous"]);
}

#[test]
fn what_may_not_be_written_says_why() {
    let place = Place::new();
    // Not even root writes there.
    let file = ConfigFile::new("/proc/self/p.toml", Arc::new(Disk));
    let found = file.read();
    assert_eq!(
        (found.revision, found.document.unwrap().text()),
        (Revision::none(), "")
    );
    let disk = FaultyDisk::fails_at(usize::MAX);
    disk.unwritable.store(true, std::sync::atomic::Ordering::SeqCst);
    let file = ConfigFile::new(place.path("p.toml"), Arc::new(disk));
    let reason = file.writable().unwrap_err();
    assert_eq!(reason.code, ReadOnlyCode::Unwritable);
    assert!(
        reason
            .message
            .contains("p.toml` cannot be written: permission denied"),
        "{reason}"
    );
    ConfigFile::new(place.path("p.toml"), Arc::new(Disk))
        .writable()
        .unwrap();
    let nowhere = ConfigFile::new(place.path("nowhere/p.toml"), Arc::new(Disk));
    assert_eq!(nowhere.writable().unwrap_err().code, ReadOnlyCode::Unwritable);
}

#[test]
fn a_text_that_is_no_toml_has_a_revision_all_the_same() {
    let place = Place::new();
    place.write("p.toml", "version = ", 0o600);
    let found = ConfigFile::new(place.path("p.toml"), Arc::new(Disk)).read();
    assert_eq!(found.revision, Revision::of(b"version = "));
    assert!(found.document.is_err());
}
