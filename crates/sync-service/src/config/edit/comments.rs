//! Comments that are about more than the key below them, and stay when it goes.

use toml_edit::{Item, Key, RawString, Table, TableLike};

/// The part of what stands above a key that is not about it alone: whatever is parted from it by an empty line, and other
/// keys that are commented out.
pub(super) fn detached(above: &str) -> Option<&str> {
    let mut end = None;
    let mut at = 0;
    for line in above.split_inclusive('\n') {
        at += line.len();
        if (line.trim().is_empty() || is_key(line)) && line.ends_with('\n') {
            end = Some(at);
        }
    }
    let kept = &above[..end?];
    kept.contains('#').then_some(kept)
}

/// Whether a line is a key that is commented out.
fn is_key(line: &str) -> bool {
    let name = line
        .trim()
        .strip_prefix('#')
        .and_then(|line| line.split_once('='));
    name.is_some_and(|(name, _)| Key::parse(name.trim()).is_ok())
}

/// What stands above a key of a table.
pub(super) fn above(table: &dyn TableLike, name: &str) -> String {
    let raw = match table.get(name) {
        Some(Item::Table(below)) => first_header(below).and_then(|(_, header)| header.decor().prefix()),
        Some(Item::ArrayOfTables(tables)) => tables.iter().next().and_then(|first| first.decor().prefix()),
        _ => table.key(name).and_then(|key| key.leaf_decor().prefix()),
    };
    raw.and_then(RawString::as_str).unwrap_or_default().to_owned()
}

/// The header of a table and those below it that stands first in the file.
fn first_header(table: &Table) -> Option<(isize, &Table)> {
    let own = table.position().map(|position| (position, table));
    let below = table
        .iter()
        .filter_map(|(_, item)| first_header(item.as_table()?));
    own.into_iter().chain(below).min_by_key(|(position, _)| *position)
}

/// Where a table, or the first one below it, stands in the file.
pub(super) fn position(table: &Table) -> Option<isize> {
    first_header(table).map(|(position, _)| position)
}

/// Puts comments before the first key of a table that has one, from `names` in their order. `false`: there is none.
pub(super) fn before_one_of(table: &mut dyn TableLike, names: &[String], comments: &str) -> bool {
    for name in names {
        if !table.get(name).is_some_and(Item::is_value) {
            continue;
        }
        if let Some(mut key) = table.key_mut(name) {
            let decor = key.leaf_decor_mut();
            let own = decor.prefix().and_then(RawString::as_str).unwrap_or_default();
            let all = format!("{comments}{own}");
            decor.set_prefix(all);
            return true;
        }
    }
    false
}

/// Puts comments before the first header behind a position. `false`: there is none.
pub(super) fn before_header_behind(root: &mut Table, position: isize, comments: &str) -> bool {
    match next_header(root, position) {
        Some(header) => {
            let decor = header.decor_mut();
            let own = decor.prefix().and_then(RawString::as_str).unwrap_or_default();
            // One empty line is enough to part the comments from what they are not about.
            let parted = comments.ends_with("\n\n");
            let own = own.strip_prefix('\n').filter(|_| parted).unwrap_or(own);
            let all = format!("{comments}{own}");
            decor.set_prefix(all);
            true
        }
        None => false,
    }
}

fn next_header(table: &mut Table, behind: isize) -> Option<&mut Table> {
    let mut found: Option<(isize, &mut Table)> = None;
    for (_, item) in table.iter_mut() {
        let Some(below) = item.as_table_mut() else {
            continue;
        };
        let own = below.position().filter(|position| *position > behind);
        let first = match own {
            // A header stands before those below it, or they are found by themselves.
            Some(position) if least_below(below, behind).is_none_or(|least| position < least) => {
                Some((position, below))
            }
            _ => least_below(below, behind).and_then(|least| Some((least, next_header(below, behind)?))),
        };
        if let Some((position, header)) = first
            && found.as_ref().is_none_or(|(least, _)| position < *least)
        {
            found = Some((position, header));
        }
    }
    found.map(|(_, header)| header)
}

fn least_below(table: &Table, behind: isize) -> Option<isize> {
    let below = table.iter().filter_map(|(_, item)| item.as_table());
    below
        .filter_map(|below| {
            let own = below.position().filter(|position| *position > behind);
            own.into_iter().chain(least_below(below, behind)).min()
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_empty_line_parts_from_a_key_is_not_about_it() {
        for (above, kept) in [
            ("", None),
            ("\n", None),
            ("# about\n", None),
            ("\n# about\n", None),
            ("# all\n\n", Some("# all\n\n")),
            ("# other = 1\n# about\n", Some("# other = 1\n")),
            (
                "# so = it is\n# \"a b\" = 2 # c\n",
                Some("# so = it is\n# \"a b\" = 2 # c\n"),
            ),
            ("# that is it = 1\n", None),
            ("# all\n  \n# about\n", Some("# all\n  \n")),
            ("\n# one\n\n# two\n\n# about\n", Some("\n# one\n\n# two\n\n")),
        ] {
            assert_eq!(detached(above), kept, "{above:?}");
        }
    }
}
