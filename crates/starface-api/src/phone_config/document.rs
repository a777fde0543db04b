//! A phone configuration that is carried to the letter, except for one member.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::failure::Failure;

const DND: &str = "doNotDisturb";

/// A user's phone configuration (schema `PhoneConfig` of the vendor's REST description, 6.7).
///
/// Only `doNotDisturb` is understood. Every other member is kept as the text that the PBX sent - unknown ones, nulls, and
/// numbers that fit into no number type - because writing it back incompletely may change what it does not mention.
#[derive(Clone)]
pub struct PhoneConfig {
    members: Vec<(String, Box<RawValue>)>,
    /// Where `doNotDisturb` stands among the members.
    dnd_at: usize,
    dnd: bool,
}

impl PhoneConfig {
    /// Reads the JSON of a phone configuration.
    ///
    /// # Errors
    /// When it is no JSON object, or its `doNotDisturb` is missing, no boolean, or there twice.
    pub fn parse(json: &[u8]) -> Result<Self, Failure> {
        let Members(members) = serde_json::from_slice(json).map_err(|error| Failure::Json {
            what: "a phone configuration",
            line: error.line(),
            column: error.column(),
        })?;
        let mut places = members.iter().enumerate().filter(|(_, (name, _))| name == DND);
        let Some((dnd_at, (_, value))) = places.next() else {
            return Err(Failure::Senseless {
                what: "the phone configuration has no `doNotDisturb`",
            });
        };
        if places.next().is_some() {
            return Err(Failure::Senseless {
                what: "the phone configuration has two members `doNotDisturb`",
            });
        }
        let dnd = match value.get() {
            "true" => true,
            "false" => false,
            _ => {
                return Err(Failure::Senseless {
                    what: "`doNotDisturb` is not a boolean",
                });
            }
        };
        Ok(Self { members, dnd_at, dnd })
    }

    /// Whether the user does not want to be disturbed.
    #[must_use]
    pub fn do_not_disturb(&self) -> bool {
        self.dnd
    }

    /// Changes that one member.
    pub fn set_do_not_disturb(&mut self, dnd: bool) {
        self.dnd = dnd;
    }

    /// The JSON, with all members in the order in which they came.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Maps of texts to valid JSON always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for PhoneConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.members.len()))?;
        for (at, (name, value)) in self.members.iter().enumerate() {
            if at == self.dnd_at {
                map.serialize_entry(name, &self.dnd)?;
            } else {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

impl fmt::Debug for PhoneConfig {
    /// Shows the names of the other members without their values, which we do not know and which may be anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.members.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("PhoneConfig")
            .field("do_not_disturb", &self.dnd)
            .field("members", &names)
            .finish()
    }
}

/// The members of an object in their order, values unread.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    #[test]
    fn everything_but_dnd_comes_back_to_the_letter() {
        let json = r#"{"callWaiting":true,"displayNumberId":null,"doNotDisturb":false,"futureOption":{"mode":"x",
            "limits":[1,2.50,9007199254740993,123456789012345678901234567890,1e400]},"Umlaut":"Gr\u00fc\u00dfe"}"#;
        let mut config = PhoneConfig::parse(json.as_bytes()).unwrap();
        assert_eq!(config.to_json(), json);
        config.set_do_not_disturb(true);
        assert!(config.do_not_disturb());
        assert_eq!(config.to_json(), json.replacen("false", "true", 1));
    }

    #[test]
    fn a_configuration_without_one_boolean_dnd_is_an_error() {
        for json in [
            "{}",
            r#"{"doNotDisturb":null}"#,
            r#"{"doNotDisturb":"true"}"#,
            r#"{"doNotDisturb":1}"#,
            r#"{"donotdisturb":true}"#,
            r#"{"doNotDisturb":true,"doNotDisturb":false}"#,
            r#"{"doNotDisturb":true"#,
            r#"[{"doNotDisturb":true}]"#,
            "null",
            "",
        ] {
            let failure = PhoneConfig::parse(json.as_bytes()).unwrap_err();
            assert_eq!(failure.fault(), crate::Fault::Protocol, "{json}");
        }
    }

    #[test]
    fn debug_shows_no_values_that_we_do_not_know() {
        let config = PhoneConfig::parse(br#"{"doNotDisturb":true,"sipPassword":"SAMPLE"}"#).unwrap();
        let shown = format!("{config:?}");
        assert!(
            shown.contains("sipPassword") && !shown.contains("SAMPLE"),
            "{shown}"
        );
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>()
                .prop_filter("JSON has no infinities", |f| f.is_finite())
                .prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_object_survives_a_change_except_for_dnd(
            members in prop::collection::vec((any::<String>(), json()), 0..8),
            place in 0_usize..9,
            before: bool,
            after: bool,
        ) {
            let mut members: Vec<(String, Value)> =
                members.into_iter().filter(|(name, _)| name != DND).collect();
            members.insert(place.min(members.len()), (DND.to_owned(), json!(before)));
            let mut object: Map<String, Value> = members.into_iter().collect();
            let mut config = PhoneConfig::parse(json!(object).to_string().as_bytes()).unwrap();
            prop_assert_eq!(config.do_not_disturb(), before);
            config.set_do_not_disturb(after);
            object.insert(DND.to_owned(), json!(after));
            prop_assert_eq!(config.to_json(), json!(object).to_string());
        }
    }
}
