//! Changing the tree of a file in place.

use serde_json::{Map, Value};
use toml_edit::{Decor, Item, RawString, Table, TableLike};

use super::array;
use super::comments;
use super::json;
use super::key_path::KeyPath;

/// Sets one key, and makes the tables above it where they are not there.
///
/// # Errors
/// What stands in the way.
pub(super) fn set(root: &mut Table, key: &KeyPath, value: &Value) -> Result<(), String> {
    set_below(root, false, key.parts(), 0, value)
}

/// `inline`: the table stands in braces, and so does everything below it.
fn set_below(
    table: &mut dyn TableLike,
    inline: bool,
    path: &[String],
    depth: usize,
    value: &Value,
) -> Result<(), String> {
    let Some(name) = path.get(depth) else {
        return Err("it names no key".to_owned());
    };
    if depth + 1 == path.len() {
        return put(table, inline, name, value);
    }
    if table.get(name).is_none_or(Item::is_none) {
        add(table, inline, name, &Value::Object(Map::new()))?;
        if let Some(Item::Table(made)) = table.get_mut(name) {
            // A table that holds other tables alone needs no header.
            made.set_implicit(true);
        }
    }
    match table.get_mut(name) {
        Some(item) => {
            let inline = inline || item.is_inline_table();
            let below = item
                .as_table_like_mut()
                .ok_or_else(|| in_the_way(&path[..=depth]))?;
            set_below(below, inline, path, depth + 1, value)
        }
        None => Err(in_the_way(&path[..=depth])),
    }
}

fn in_the_way(path: &[String]) -> String {
    format!("`{}` is no table", KeyPath::new(path.iter().cloned()))
}

/// Makes one key of a table have this value.
fn put(table: &mut dyn TableLike, inline: bool, name: &str, value: &Value) -> Result<(), String> {
    let Some(item) = table.get_mut(name).filter(|item| !item.is_none()) else {
        return add(table, inline, name, value);
    };
    if json::of_item(item).is_some_and(|written| json::same(&written, value)) {
        return Ok(());
    }
    if let (Value::Object(members), true) = (value, item.is_table_like()) {
        let inline = inline || item.is_inline_table();
        let below = item
            .as_table_like_mut()
            .ok_or_else(|| format!("`{name}` is no table"))?;
        return replace_members(below, inline, members);
    }
    let in_one_line = inline || !value.is_object();
    match item {
        Item::Value(old) if in_one_line => {
            let mut new = match (&*old, value) {
                (toml_edit::Value::Array(list), Value::Array(values)) => {
                    toml_edit::Value::Array(array::changed(list, values)?)
                }
                _ => json::to_value(value)?,
            };
            let suffix = in_its_column(old, &new);
            *new.decor_mut() = old.decor().clone();
            new.decor_mut().set_suffix(suffix);
            *old = new;
            Ok(())
        }
        _ => {
            table.remove(name);
            add(table, inline, name, value)
        }
    }
}

/// What stands behind a value, with a comment in the column where it was, so that those of several lines stay below each
/// other.
fn in_its_column(old: &toml_edit::Value, new: &toml_edit::Value) -> String {
    let behind = suffix(old.decor());
    let blanks = behind.len() - behind.trim_start_matches(' ').len();
    let width = |value: &toml_edit::Value| {
        let text = value.to_string();
        (!text.contains('\n')).then(|| text.trim().chars().count())
    };
    // The comment of a single line is not in line with any other.
    match (width(&bare(old)), width(&bare(new))) {
        (Some(before), Some(after)) if blanks > 1 && behind[blanks..].starts_with('#') => {
            let blanks = (blanks + before).saturating_sub(after).max(1);
            format!("{}{}", " ".repeat(blanks), behind.trim_start_matches(' '))
        }
        _ => behind,
    }
}

fn bare(value: &toml_edit::Value) -> toml_edit::Value {
    let mut bare = value.clone();
    bare.decor_mut().clear();
    bare
}

/// Makes a table say this and nothing else; what it says already stays as it is written.
fn replace_members(
    table: &mut dyn TableLike,
    inline: bool,
    members: &Map<String, Value>,
) -> Result<(), String> {
    let gone: Vec<String> = table
        .iter()
        .map(|(key, _)| key.to_owned())
        .filter(|key| !members.contains_key(key))
        .collect();
    for name in gone {
        take(table, inline, &name);
    }
    for (name, value) in members {
        put(table, inline, name, value)?;
    }
    Ok(())
}

/// Adds a key that is not there, as the last one of its table.
fn add(table: &mut dyn TableLike, inline: bool, name: &str, value: &Value) -> Result<(), String> {
    if inline {
        let mut value = json::to_value(value)?;
        // What stands before the closing brace stays there.
        if let Some(last) = last_value(table) {
            let end = suffix(last.decor());
            last.decor_mut().set_suffix("");
            value.decor_mut().set_prefix(" ");
            value.decor_mut().set_suffix(end);
        }
        table.insert(name, Item::Value(value));
        return Ok(());
    }
    if let Value::Object(members) = value {
        table.insert(name, Item::Table(json::to_table(members)?));
        return Ok(());
    }
    let indent = indent(table);
    table.insert(name, Item::Value(json::to_value(value)?));
    if let (Some(indent), Some(mut key)) = (indent, table.key_mut(name)) {
        key.leaf_decor_mut().set_prefix(indent);
    }
    Ok(())
}

fn last_value(table: &mut dyn TableLike) -> Option<&mut toml_edit::Value> {
    let last = table.iter().last().map(|(key, _)| key.to_owned())?;
    table.get_mut(&last)?.as_value_mut()
}

fn suffix(decor: &Decor) -> String {
    decor
        .suffix()
        .and_then(RawString::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// What the lines of a table begin with, where that is not its first letter.
fn indent(table: &dyn TableLike) -> Option<String> {
    let last = table.iter().filter(|(_, item)| item.is_value()).last()?.0;
    let above = table.key(last)?.leaf_decor().prefix()?.as_str()?;
    let start = above.rfind('\n').map_or(0, |at| at + 1);
    let indent = &above[start..];
    (!indent.is_empty() && indent.trim().is_empty()).then(|| indent.to_owned())
}

/// Removes one key; where it is not there, nothing happens. Comments that are about more than it stay.
///
/// # Errors
/// What stands in the way.
pub(super) fn remove(root: &mut Table, key: &KeyPath) -> Result<Option<String>, String> {
    let mut position = isize::MIN;
    let left = remove_below(root, false, key.parts(), 0, &mut position)?;
    let Some(left) = left else { return Ok(None) };
    if comments::before_header_behind(root, position, &left) {
        return Ok(None);
    }
    Ok(Some(left))
}

fn remove_below(
    table: &mut dyn TableLike,
    inline: bool,
    path: &[String],
    depth: usize,
    position: &mut isize,
) -> Result<Option<String>, String> {
    let Some(name) = path.get(depth) else {
        return Err("it names no key".to_owned());
    };
    let last = depth + 1 == path.len();
    let Some(item) = table.get_mut(name).filter(|item| !item.is_none()) else {
        return Ok(None);
    };
    if let Item::Table(below) = item {
        *position = comments::position(below)
            .filter(|_| last)
            .or(below.position())
            .unwrap_or(*position);
    }
    if last {
        return Ok(take(table, inline, name));
    }
    let inline = inline || item.is_inline_table();
    let below = item
        .as_table_like_mut()
        .ok_or_else(|| in_the_way(&path[..=depth]))?;
    remove_below(below, inline, path, depth + 1, position)
}

/// Takes a key out of a table, and answers with comments that are to stay and have no key behind them here.
fn take(table: &mut dyn TableLike, inline: bool, name: &str) -> Option<String> {
    let names: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    let behind = names
        .iter()
        .position(|other| other == name)
        .map_or(0, |at| at + 1);
    let above = comments::above(table, name);
    let was_value = table.get(name).is_some_and(Item::is_value);
    let removed = table.remove(name);
    if inline {
        if let (true, Some(removed)) = (behind == names.len(), removed.as_ref().and_then(Item::as_value)) {
            let end = suffix(removed.decor());
            if let Some(last) = last_value(table) {
                last.decor_mut().set_suffix(end);
            }
        }
        return None;
    }
    let kept = comments::detached(&above)?;
    if was_value && comments::before_one_of(table, &names[behind..], kept) {
        return None;
    }
    Some(kept.to_owned())
}
