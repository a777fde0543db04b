//! Secrets that were typed in: which file is theirs.

use std::path::{self, Component, Path, PathBuf};

use super::change::Change;
use super::error::EditError;
use super::key_path::KeyPath;
use super::listed;
use crate::config::Secret;
use crate::config::key::{Kind, Section};
use crate::config::keys;

/// A secret with the file that it belongs into.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TypedSecret {
    /// The key that names the file.
    pub(crate) key: KeyPath,
    /// The file.
    pub(crate) path: PathBuf,
    /// Its contents.
    pub(crate) secret: Secret,
}

/// Parts secrets from the other changes: each becomes a file of ours in `folder` (that of the state), and its key names that
/// file, relative to the folder of the configuration file `config` where it lies below that.
///
/// # Errors
/// When a key names no file that could be typed in.
pub(crate) fn placed(
    changes: &[Change],
    config: &Path,
    folder: &Path,
) -> Result<(Vec<Change>, Vec<TypedSecret>), EditError> {
    let mut others = Vec::with_capacity(changes.len());
    let mut typed: Vec<TypedSecret> = Vec::new();
    for change in changes {
        let Change::Secret { key, secret } = change else {
            others.push(change.clone());
            continue;
        };
        let name =
            file_name(key).ok_or_else(|| EditError::impossible(key, "no file can be typed in for it"))?;
        let (written, path) = named(config, folder, &name)
            .ok_or_else(|| EditError::impossible(key, "the path of its file is no UTF-8 text"))?;
        others.push(Change::Set {
            key: key.clone(),
            value: written.into(),
        });
        // Of two for one key the later one counts, as with every other change.
        typed.retain(|other| other.path != path);
        typed.push(TypedSecret {
            key: key.clone(),
            path,
            secret: secret.clone(),
        });
    }
    Ok((others, typed))
}

/// The name of the file for a key `…_file`: what it is, after the instance that it is for. `None` for other keys, and for
/// the keys of the program's own.
fn file_name(key: &KeyPath) -> Option<String> {
    let (_, listed) = listed::key(key)?;
    let what = listed.name.strip_suffix("_file")?;
    if !matches!(listed.kind, Kind::File) || matches!(listed.name, "state_key_file" | "issuer_keys_file") {
        return None;
    }
    match key.parts() {
        [instances, instance, tables @ .., _] if instances == "instances" => {
            let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if instance.is_empty() || !instance.chars().all(legal) {
                return None;
            }
            let table = tables.first().filter(|_| !is_unique(listed.name));
            let parts = [Some(instance), table].into_iter().flatten().map(String::as_str);
            Some(parts.chain([what]).collect::<Vec<_>>().join("."))
        }
        [table, _] => Some(format!("{table}.{what}")),
        _ => None,
    }
}

/// Whether an instance has but one key of this name.
fn is_unique(name: &str) -> bool {
    let named = |(_, section): &(String, &Section)| {
        section.path.starts_with("instances.") && section.key(name).is_some()
    };
    keys::FILE.tree().iter().filter(|found| named(found)).count() == 1
}

/// How the configuration names a file of a folder, and where it finds the file then.
fn named(config: &Path, folder: &Path, name: &str) -> Option<(String, PathBuf)> {
    let home = config.parent().unwrap_or(Path::new(""));
    let file = folder.join(name);
    let below = file.strip_prefix(home).ok().filter(|below| {
        below
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
    });
    let written = match below {
        Some(below) => below.to_owned(),
        None => path::absolute(&file).ok()?,
    };
    Some((written.to_str()?.to_owned(), home.join(&written)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_its_instance_and_what_it_is() {
        for (key, name) in [
            (
                "instances.main.teams.client_secret_file",
                Some("main.client_secret"),
            ),
            (
                "instances.main.teams.client_certificate_file",
                Some("main.client_certificate"),
            ),
            ("instances.main.starface.password_file", Some("main.password")),
            (
                "instances.b-2.starface.oauth_client_secret_file",
                Some("b-2.oauth_client_secret"),
            ),
            (
                "instances.main.starface.chat.shared_secret_file",
                Some("main.shared_secret"),
            ),
            ("instances.main.teams.ca_file", Some("main.teams.ca")),
            ("instances.main.starface.ca_file", Some("main.starface.ca")),
            ("instances.main.license_file", Some("main.license")),
            ("license.key_file", Some("license.key")),
            ("daemon.tls_certificate_file", Some("daemon.tls_certificate")),
            ("daemon.state_key_file", None),
            ("license.issuer_keys_file", None),
            ("daemon.listen", None),
            ("instances.main.starface.password", None),
            ("instances.\"../main\".starface.password_file", None),
            ("instances.\"\".starface.password_file", None),
            ("instances.MAIN.starface.password_file", None),
        ] {
            assert_eq!(file_name(&key.parse().unwrap()).as_deref(), name, "{key}");
        }
    }

    #[test]
    fn the_files_of_different_keys_differ() {
        let all = keys::FILE.tree().into_iter().flat_map(|(path, section)| {
            let parts: Vec<String> = path.split('.').map(|part| part.replace('X', "main")).collect();
            section.keys.iter().map(move |key| {
                KeyPath::new(parts.iter().filter(|part| !part.is_empty()).cloned()).below(key.name)
            })
        });
        let mut names: Vec<String> = all.filter_map(|key| file_name(&key)).collect();
        let count = names.len();
        assert!(count >= 10, "{names:?}");
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_file_below_the_configuration_is_named_relative_to_it_and_any_other_in_full() {
        for (config, folder, written, path) in [
            ("/etc/p/p.toml", "/etc/p", "f", "/etc/p/f"),
            ("/etc/p/p.toml", "/etc/p/state", "state/f", "/etc/p/state/f"),
            ("/etc/p/p.toml", "/var/lib/p", "/var/lib/p/f", "/var/lib/p/f"),
            ("/etc/p/p.toml", "/etc/p/../q", "/etc/p/../q/f", "/etc/p/../q/f"),
            ("p.toml", "", "f", "f"),
        ] {
            let found = named(Path::new(config), Path::new(folder), "f");
            assert_eq!(
                found,
                Some((written.to_owned(), path.into())),
                "{config} {folder}"
            );
        }
    }
}
