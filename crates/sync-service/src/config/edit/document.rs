//! The text of a file, and the texts that changes make of it.

use std::fmt;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};
use toml_edit::DocumentMut;

use super::change::Change;
use super::difference::{self, Difference};
use super::effective;
use super::error::EditError;
use super::json;
use super::key_path::KeyPath;
use super::listed;
use super::revision::Revision;
use super::tree;
use crate::config::ConfigErrors;
use crate::config::load::{read_text, refuse_syntax};

/// No key of the file is that deep.
const DEEPEST: usize = 16;

/// The text of a configuration file that is TOML, whether it is a good configuration or not.
///
/// ```
/// use sync_service::config::edit::{Change, Document, KeyPath};
///
/// let document = Document::of("version = 1 # the format\n").unwrap();
/// let key = KeyPath::new(["daemon", "log"]);
/// let edited = document.edited(&[Change::Set { key, value: "warn".into() }]).unwrap();
/// assert_eq!(edited.text(), "version = 1 # the format\n\n[daemon]\nlog = \"warn\"\n");
/// ```
#[derive(Clone)]
pub struct Document {
    text: String,
    tree: DocumentMut,
    revision: Revision,
}

impl Document {
    /// Reads a file. One that does not exist is an empty document of the revision `none`.
    ///
    /// # Errors
    /// When the file cannot be read, or is no TOML: everything that is wrong with its syntax.
    pub fn open(path: &Path) -> Result<Self, ConfigErrors> {
        match read_text(path, fs::read(path)) {
            Err(errors) if errors.is_absent() => Ok(Self::absent()),
            text => Self::of_file(&text?, path),
        }
    }

    /// The document of this text.
    ///
    /// # Errors
    /// When it is no TOML: everything that is wrong with its syntax.
    pub fn of(text: &str) -> Result<Self, ConfigErrors> {
        Self::of_file(text, Path::new("presence-sync.toml"))
    }

    /// The same; `path` names the file in messages.
    pub(crate) fn of_file(text: &str, path: &Path) -> Result<Self, ConfigErrors> {
        // A mark at the beginning is no part of what is parsed, and stays.
        let tree = text
            .trim_start_matches(MARK)
            .parse()
            .map_err(|error: toml_edit::TomlError| {
                refuse_syntax(text, path, error.message(), error.span())
            })?;
        Ok(Self {
            text: text.to_owned(),
            tree,
            revision: Revision::of(text.as_bytes()),
        })
    }

    /// The document of a file that does not exist.
    pub(crate) fn absent() -> Self {
        Self {
            text: String::new(),
            tree: DocumentMut::new(),
            revision: Revision::none(),
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The revision of the text.
    pub fn revision(&self) -> &Revision {
        &self.revision
    }

    /// What is written, exactly; also what should not be there, such as a secret. [`Document::shown`] is for others' eyes.
    pub fn values(&self) -> Value {
        json::of_table(self.tree.as_table())
    }

    /// What is written, without what might be a secret at a wrong place: `…` stands for whatever an unknown key says, and
    /// for the name and password in an address.
    pub fn shown(&self) -> Value {
        listed::shown(&self.values())
    }

    /// The keys of an instance as they take effect: its own, else those of `[defaults]`, else what is built in. Each in the
    /// form that the file has (`"2s"`). A key that has no default and is not written is left out.
    pub fn effective(&self, instance: &str) -> Value {
        effective::of_instance(&self.shown(), instance)
    }

    /// The document after these changes. What they do not name stays as it is written, and so does what says already what it
    /// should. New keys come last in their table, new tables get a header of their own, behind those of the same table. A new
    /// file begins with `version = 1`.
    ///
    /// # Errors
    /// [`EditError::Impossible`] where a change does not fit, such as a key below a key that is no table. A
    /// [`Change::Secret`] never does: it needs a file, which a document does not have.
    pub fn edited(&self, changes: &[Change]) -> Result<Self, EditError> {
        let mut tree = self.tree.clone();
        let mut expected = self.values();
        let version = KeyPath::new(["version"]);
        let begins =
            tree.as_table().is_empty() && changes.iter().any(|change| matches!(change, Change::Set { .. }));
        if begins {
            begin(&mut tree, &version)?;
            set_value(&mut expected, version.parts(), &1.into());
        }
        for change in changes {
            apply(&mut tree, change)?;
            match change {
                Change::Set { key, value } => set_value(&mut expected, key.parts(), value),
                _ => remove_value(&mut expected, change.key().parts()),
            }
        }
        if json::same(&expected, &self.values()) {
            return Ok(self.clone());
        }
        let text = self.in_its_form(&tree.to_string());
        let edited = Self::of(&text).map_err(|errors| unfit(changes, &errors.to_string()))?;
        // Whatever became of the text, it says what it should and nothing else, or nobody gets to see it.
        match difference::between(&without_empty(&expected), &without_empty(&edited.values())).first() {
            None => Ok(edited),
            Some(other) => Err(EditError::impossible(
                &other.key,
                "it is written in a form that cannot be changed here",
            )),
        }
    }

    /// What another document says otherwise, key by key, in the order of the file. What might be a secret at a wrong place
    /// is not shown.
    pub fn differences(&self, new: &Self) -> Vec<Difference> {
        let mut found = difference::between(&self.values(), &new.values());
        for difference in &mut found {
            let shown = |value: &mut Option<Value>| {
                *value = value.take().map(|value| listed::shown_at(&difference.key, value));
            };
            shown(&mut difference.before);
            shown(&mut difference.after);
        }
        found
    }

    /// Ends of lines and the mark at the beginning as this text has them.
    fn in_its_form(&self, text: &str) -> String {
        let mark = if self.text.starts_with(MARK) {
            "\u{feff}"
        } else {
            ""
        };
        let text = if self.text.contains("\r\n") {
            text.replace("\r\n", "\n").replace('\n', "\r\n")
        } else {
            text.to_owned()
        };
        format!("{mark}{text}")
    }
}

/// Some editors put it at the beginning of a file.
const MARK: char = '\u{feff}';

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text may hold a secret that somebody wrote at a wrong place.
        f.debug_struct("Document")
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

/// Comments alone, which a file may begin with, stay at its beginning.
fn begin(tree: &mut DocumentMut, version: &KeyPath) -> Result<(), EditError> {
    let comments = tree.trailing().as_str().unwrap_or_default().to_owned();
    tree.set_trailing("");
    let root = tree.as_table_mut();
    tree::set(root, version, &1.into()).map_err(|what| EditError::impossible(version, what))?;
    if let Some(mut key) = root.key_mut("version").filter(|_| !comments.trim().is_empty()) {
        key.leaf_decor_mut().set_prefix(comments);
    }
    Ok(())
}

fn apply(tree: &mut DocumentMut, change: &Change) -> Result<(), EditError> {
    let key = change.key();
    let refuse = |what: String| EditError::impossible(key, what);
    if key.parts().len() > DEEPEST {
        return Err(refuse("it is deeper than any key".to_owned()));
    }
    match change {
        Change::Set { value, .. } => tree::set(tree.as_table_mut(), key, value).map_err(refuse),
        Change::Remove { .. } => {
            if let Some(comments) = tree::remove(tree.as_table_mut(), key).map_err(refuse)? {
                let rest = tree.trailing().as_str().unwrap_or_default();
                let all = format!("{comments}{rest}");
                tree.set_trailing(all);
            }
            Ok(())
        }
        Change::Secret { .. } => Err(refuse("a secret needs a file of its own".to_owned())),
    }
}

fn unfit(changes: &[Change], what: &str) -> EditError {
    let key = changes
        .first()
        .map_or_else(|| KeyPath::new::<String>([]), |change| change.key().clone());
    EditError::impossible(&key, format!("the text would be no TOML any more: {what}"))
}

/// What a change means, without any text.
fn set_value(values: &mut Value, path: &[String], value: &Value) {
    let Some((name, below)) = path.split_first() else {
        *values = value.clone();
        return;
    };
    if let Some(members) = values.as_object_mut() {
        let member = members
            .entry(name.as_str())
            .or_insert_with(|| Value::Object(Map::new()));
        set_value(member, below, value);
    }
}

fn remove_value(values: &mut Value, path: &[String]) {
    let Some((name, below)) = path.split_first() else {
        return;
    };
    let Some(members) = values.as_object_mut() else {
        return;
    };
    if below.is_empty() {
        members.shift_remove(name);
    } else if let Some(member) = members.get_mut(name) {
        remove_value(member, below);
    }
}

/// A table without a header of its own goes with the last key in it, so that empty tables prove nothing.
fn without_empty(values: &Value) -> Value {
    let Some(members) = values.as_object() else {
        return values.clone();
    };
    let full = members
        .iter()
        .map(|(name, value)| (name.clone(), without_empty(value)));
    let full = full.filter(|(_, value)| value.as_object().is_none_or(|below| !below.is_empty()));
    Value::Object(full.collect())
}
