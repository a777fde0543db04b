//! What is to be changed.

use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

use super::key_path::KeyPath;
use super::revision::Revision;
use crate::config::Secret;

/// A change of one key. As JSON an object with one member named after it: `{"set":{"key":"daemon.log","value":"warn"}}`,
/// `{"remove":{"key":"daemon.log"}}`, `{"secret":{"key":"instances.main.starface.password_file","secret":"…"}}`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(rename = "SettingsEditChange")]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Change {
    /// The key has this value from now on. An object is a table, and takes the place of what stood in it.
    Set {
        /// The key.
        key: KeyPath,
        /// Its value.
        value: Value,
    },
    /// The key is not written any more; a table goes with all that stands in it.
    Remove {
        /// The key.
        key: KeyPath,
    },
    /// A key `…_file` names a file of ours with these contents: a secret in one line, or a certificate with its key.
    Secret {
        /// The key.
        key: KeyPath,
        /// The contents. They never print.
        #[schemars(with = "String")]
        secret: Secret,
    },
}

/// Changes that belong together: all of them are made, or none.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(rename = "SettingsEdit")]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The revision of the file that whoever made the edit had before them.
    pub base: Revision,
    /// The changes, in their order.
    pub changes: Vec<Change>,
}

impl Edit {
    /// The edit as JSON, with the secrets in it: for a request to the daemon, and for nothing that anybody reads.
    pub(crate) fn exposed(&self) -> Value {
        let changes = self.changes.iter().map(Change::exposed);
        json!({"base": self.base, "changes": changes.collect::<Vec<_>>()})
    }
}

impl Change {
    /// The key that is changed.
    pub fn key(&self) -> &KeyPath {
        match self {
            Self::Set { key, .. } | Self::Remove { key } | Self::Secret { key, .. } => key,
        }
    }

    /// The change as the JSON that it is read from, with the secret in it: for a request to the daemon or a file that its
    /// owner alone may read, and for nothing that anybody reads.
    pub fn exposed(&self) -> Value {
        match self {
            Self::Set { key, value } => json!({"set": {"key": key, "value": value}}),
            Self::Remove { key } => json!({"remove": {"key": key}}),
            Self::Secret { key, secret } => {
                json!({"secret": {"key": key, "secret": secret.as_secret().expose_secret()}})
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_edit_is_read_from_json() {
        let edit: Edit = serde_json::from_value(json!({"base": "none", "changes": [
            {"set": {"key": "a.\"b/c\"", "value": {"d": [1]}}},
            {"remove": {"key": "e"}},
            {"secret": {"key": "f_file", "secret": "SAMPLE"}},
        ]}))
        .unwrap();
        let secret = Secret::from("SAMPLE".to_owned());
        let expected = [
            Change::Set {
                key: KeyPath::new(["a", "b/c"]),
                value: json!({"d": [1]}),
            },
            Change::Remove {
                key: KeyPath::new(["e"]),
            },
            Change::Secret {
                key: KeyPath::new(["f_file"]),
                secret,
            },
        ];
        let again: Edit = serde_json::from_value(edit.exposed()).unwrap();
        assert_eq!(again, edit, "what is sent is what is read");
        assert_eq!((edit.base, edit.changes), (Revision::none(), expected.to_vec()));
    }

    #[test]
    fn a_typed_secret_shows_neither_where_it_is_good_nor_where_it_is_not() {
        let secret = |secret: Value| {
            let text = json!({"secret": {"key": "f_file", "secret": secret}});
            serde_json::from_value::<Change>(text)
        };
        assert!(!format!("{:?}", secret(json!("SAMPLE")).unwrap()).contains("SAMPLE"));
        for other in [json!(4711), json!(["SAMPLE"]), json!({"a": "SAMPLE"})] {
            let error = secret(other).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("4711") && !shown.contains("SAMPLE"), "{shown}");
        }
    }

    #[test]
    fn an_unknown_member_is_refused() {
        for text in [
            json!({"set": {"key": "a", "value": 1, "more": 1}}),
            json!({"put": {"key": "a", "value": 1}}),
            json!({"remove": {"key": ""}}),
            json!({"remove": {}}),
        ] {
            assert!(serde_json::from_value::<Change>(text.clone()).is_err(), "{text}");
        }
    }
}
