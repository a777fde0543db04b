//! The tables of the file: one below another, one behind another.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::fault::FaultKind;
use super::hint;
use super::key::{Key, Kind, Need, Section};
use super::reader::Reader;
use super::source::{Located, Place};
use super::wording::{joined, with_article};

/// A key of the operator's own, its value, and its path.
pub(super) type Entry<'d> = (&'d Spanned<DeString<'d>>, &'d Spanned<DeValue<'d>>, String);

impl<'d> Reader<'d> {
    /// A table below this one. Where it is not written, its reader answers with defaults alone.
    pub(super) fn table(&self, name: &str) -> Self {
        let section = match self.kind_of(name) {
            Some(Kind::Table(section)) => section,
            other => unlisted(name, other.is_some()),
        };
        let place = Place {
            at: self.place.at,
            path: joined(&self.place.path, name),
        };
        let mut below = Self::unwritten_table(self.source, section, place);
        for (table, place) in self.tables(name) {
            below = below.with_layer(table, place);
        }
        below
    }

    /// A table below this one that has to be written; `None`, and a fault, where it is not.
    pub(super) fn required_table(&self, name: &str) -> Option<Self> {
        let below = self.table(name);
        if !self.has(name) {
            let needed = |key: &&Key| matches!(key.need, Need::Required | Need::Usual);
            let needed: Vec<&str> = below
                .section
                .keys
                .iter()
                .filter(needed)
                .map(|key| key.name)
                .collect();
            let hint = format!("write `[{}]` with {}", below.place.path, hint::list(&needed));
            self.missing(name, hint);
        }
        (!below.layers.is_empty()).then_some(below)
    }

    /// Whether the table is written at all.
    pub(super) fn is_written(&self) -> bool {
        !self.layers.is_empty()
    }

    /// The tables that the operator named, in the order of the file.
    pub(super) fn named_tables(&self, name: &str) -> Vec<(Located<String>, Self)> {
        let section = match self.kind_of(name) {
            Some(Kind::NamedTables(section)) => section,
            other => unlisted(name, other.is_some()),
        };
        let mut found = Vec::new();
        for (key, value, path) in self.entries(name) {
            let place = Place {
                at: Some(value.span().start),
                path,
            };
            let Some(table) = self.as_table(value, &place) else {
                continue;
            };
            let name = Located {
                value: key.get_ref().to_string(),
                place: Place {
                    at: Some(key.span().start),
                    path: place.path.clone(),
                },
            };
            found.push((
                name,
                Self::unwritten_table(self.source, section, place.clone()).with_layer(table, place),
            ));
        }
        found.sort_by_key(|(name, _)| name.place.at);
        found
    }

    /// What stands in a table whose keys are the operator's, with the path of each; the tables behind it come first,
    /// so that what overrides comes last.
    pub(super) fn entries(&self, name: &str) -> Vec<Entry<'d>> {
        let mut tables = self.tables(name);
        tables.reverse();
        tables
            .into_iter()
            .flat_map(|(table, place)| {
                let mut entries: Vec<_> = table.iter().collect();
                entries.sort_by_key(|(key, _)| key.span().start);
                entries
                    .into_iter()
                    .map(move |(key, value)| (key, value, joined(&place.path, key.get_ref())))
            })
            .collect()
    }

    fn tables(&self, name: &str) -> Vec<(&'d DeTable<'d>, Place)> {
        let mut found = Vec::new();
        for layer in &self.layers {
            if let Some(value) = layer.table.get(name) {
                let place = Place {
                    at: Some(value.span().start),
                    path: joined(&layer.place.path, name),
                };
                if let Some(table) = self.as_table(value, &place) {
                    found.push((table, place));
                }
            }
        }
        found
    }

    fn as_table(&self, value: &'d Spanned<DeValue<'d>>, place: &Place) -> Option<&'d DeTable<'d>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let what = format!("is {}, and a table is wanted", with_article(value.get_ref()));
            let hint = format!(
                "write `[{}]` in a line of its own and the keys below it",
                place.path
            );
            self.source.fault(place, FaultKind::WrongType, what, Some(hint));
        }
        table
    }
}

fn unlisted(name: &str, of_another_kind: bool) -> &'static Section {
    static NOTHING: Section = Section {
        path: "",
        about: "",
        keys: &[],
    };
    debug_assert!(false, "`{name}` is listed as no such table ({of_another_kind})");
    &NOTHING
}
