//! Values of TOML as JSON, and back.

use serde_json::{Map, Number, Value};
use toml_edit::{InlineTable, Item, Table, TableLike};

use super::array;

/// What a table says. Dates, which no key takes, become texts.
pub(super) fn of_table(table: &dyn TableLike) -> Value {
    let members = table
        .iter()
        .filter_map(|(key, item)| Some((key.to_owned(), of_item(item)?)));
    Value::Object(members.collect())
}

/// What an item says; `None` for one that is not there.
pub(super) fn of_item(item: &Item) -> Option<Value> {
    match item {
        Item::None => None,
        Item::Value(value) => Some(of_value(value)),
        Item::Table(table) => Some(of_table(table)),
        Item::ArrayOfTables(tables) => Some(tables.iter().map(|table| of_table(table)).collect()),
    }
}

/// What a value says.
pub(super) fn of_value(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::from(text.value().as_str()),
        toml_edit::Value::Integer(number) => Value::from(*number.value()),
        // JSON has no infinite numbers.
        toml_edit::Value::Float(number) => match Number::from_f64(*number.value()) {
            Some(number) => Value::Number(number),
            None => Value::from(number.value().to_string()),
        },
        toml_edit::Value::Boolean(value) => Value::from(*value.value()),
        toml_edit::Value::Datetime(date) => Value::from(date.value().to_string()),
        toml_edit::Value::Array(list) => list.iter().map(of_value).collect(),
        toml_edit::Value::InlineTable(table) => of_table(table),
    }
}

/// The value in one line; objects become tables in braces.
///
/// # Errors
/// What TOML cannot say.
pub(super) fn to_value(value: &Value) -> Result<toml_edit::Value, String> {
    Ok(match value {
        Value::Null => return Err("TOML has no null: remove the key instead".to_owned()),
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) if !number.is_nan() && !value.is_u64() => number.into(),
            _ => return Err(format!("{number} is too large for a whole number")),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(list) => toml_edit::Value::Array(array::new(list)?),
        Value::Object(members) => {
            let mut table = InlineTable::new();
            for (key, value) in members {
                table.insert(key, to_value(value)?);
            }
            toml_edit::Value::InlineTable(table)
        }
    })
}

/// The table with a header of its own, and so are those below it. One that holds tables alone needs no header.
pub(super) fn to_table(members: &Map<String, Value>) -> Result<Table, String> {
    let mut table = Table::new();
    table.set_implicit(!members.is_empty() && members.values().all(Value::is_object));
    for (key, value) in members {
        let item = match value {
            Value::Object(members) => Item::Table(to_table(members)?),
            other => Item::Value(to_value(other)?),
        };
        table.insert(key, item);
    }
    Ok(table)
}

/// Whether two values mean the same: `1` and `1.0` do, which JSON does not tell apart.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64() == other.as_f64() && one.is_f64() != other.is_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}
