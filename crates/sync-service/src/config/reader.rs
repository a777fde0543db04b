//! Reading the tables of the file by the list of keys: what is asked for is typed, what nobody asks for is a fault.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::FaultKind;
use super::key::{Key, Kind, Need, Section};
use super::keys;
use super::source::{Located, Place, Source};
use super::wording::{example, joined, unknown_key_hint};

/// One table of the file with those behind it that give what it does not say.
#[derive(Clone)]
pub(super) struct Reader<'d> {
    pub(super) source: &'d Source<'d>,
    pub(super) section: &'static Section,
    /// Where the table stands, or should stand.
    pub(super) place: Place,
    /// The table itself and those behind it; none where nothing is written.
    pub(super) layers: Vec<Layer<'d>>,
}

/// One table as it is written.
#[derive(Clone)]
pub(super) struct Layer<'d> {
    pub(super) table: &'d DeTable<'d>,
    pub(super) place: Place,
}

/// Why a value is refused.
pub(super) struct Refusal {
    pub(super) kind: FaultKind,
    pub(super) what: String,
    pub(super) hint: Option<String>,
}

impl<'d> Reader<'d> {
    /// The reader of the whole file.
    pub(super) fn file(source: &'d Source<'d>, table: &'d DeTable<'d>) -> Self {
        let place = Place {
            at: None,
            path: String::new(),
        };
        Self::unwritten_table(source, &keys::FILE, place.clone()).with_layer(table, place)
    }

    /// A reader that answers with defaults alone.
    pub(super) fn unwritten_table(source: &'d Source<'d>, section: &'static Section, place: Place) -> Self {
        Self {
            source,
            section,
            place,
            layers: Vec::new(),
        }
    }

    /// The same reader, falling back to another of the same section.
    pub(super) fn over(mut self, defaults: &Self) -> Self {
        self.layers.extend(defaults.layers.iter().cloned());
        self
    }

    /// Where a key of this table stands, if it is written, else where the table does.
    pub(super) fn place_of(&self, name: &str) -> Place {
        match self.find(name) {
            Some((value, path)) => Place {
                at: Some(value.span().start),
                path,
            },
            None => Place {
                at: self.place.at,
                path: joined(&self.place.path, name),
            },
        }
    }

    /// Whether a key is written.
    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    pub(super) fn kind_of(&self, name: &str) -> Option<Kind> {
        self.key(name).map(|key| key.kind)
    }

    /// One value: found or taken from its default, and converted.
    pub(super) fn read<T>(
        &self,
        name: &str,
        convert: impl FnOnce(&DeValue<'_>) -> Result<T, Refusal>,
    ) -> Option<Located<T>> {
        let key = self.key(name)?;
        let Some((value, path)) = self.find(name) else {
            return self.unwritten(key, convert);
        };
        let place = Place {
            at: Some(value.span().start),
            path,
        };
        match convert(value.get_ref()) {
            Err(refusal) => self
                .source
                .fault(&place, refusal.kind, refusal.what, refusal.hint),
            Ok(value) => return Some(Located { value, place }),
        }
        None
    }

    fn unwritten<T>(
        &self,
        key: &'static Key,
        convert: impl FnOnce(&DeValue<'_>) -> Result<T, Refusal>,
    ) -> Option<Located<T>> {
        let path = joined(&self.place.path, key.name);
        match key.need {
            Need::Optional | Need::Usual => None,
            Need::Required => {
                self.missing(key.name, format!("write `{}`", example(key)));
                None
            }
            Need::Default(text) => {
                let value = DeValue::parse(text)
                    .ok()
                    .and_then(|value| convert(value.get_ref()).ok());
                debug_assert!(value.is_some(), "the default of `{path}` is not a good one");
                Some(Located {
                    value: value?,
                    place: Place { at: None, path },
                })
            }
        }
    }

    /// Says that a key is missing from this table.
    pub(super) fn missing(&self, name: &str, hint: String) {
        let place = Place {
            at: self.place.at,
            path: joined(&self.place.path, name),
        };
        self.source
            .fault(&place, FaultKind::Missing, "is missing", Some(hint));
    }

    pub(super) fn with_layer(mut self, table: &'d DeTable<'d>, place: Place) -> Self {
        for key in table.keys() {
            if self.section.key(key.get_ref()).is_none() {
                self.unknown(key, &place);
            }
        }
        if self.layers.is_empty() {
            self.place = place.clone();
        }
        self.layers.push(Layer { table, place });
        self
    }

    fn unknown(&self, key: &Spanned<toml::de::DeString<'_>>, table: &Place) {
        let place = Place {
            at: Some(key.span().start),
            path: joined(&table.path, key.get_ref()),
        };
        let hint = unknown_key_hint(self.section, key.get_ref(), &table.path);
        self.source
            .fault(&place, FaultKind::UnknownKey, "there is no such key", Some(hint));
    }

    fn find(&self, name: &str) -> Option<(&'d Spanned<DeValue<'d>>, String)> {
        self.layers.iter().find_map(|layer| {
            layer
                .table
                .get(name)
                .map(|value| (value, joined(&layer.place.path, name)))
        })
    }

    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        let key = self.section.key(name);
        debug_assert!(
            key.is_some(),
            "`{name}` is not in the list of `{}`",
            self.section.path
        );
        key
    }
}
