//! Lists: long ones with an element a line, and those that are there with their comments.

use serde_json::Value;
use toml_edit::{Array, RawString};

use super::json;

/// A list that is longer than this gets a line for each element.
const LONGEST_LINE: usize = 80;
/// How such a line begins.
const INDENT: &str = "\n    ";

/// A list that was not there before.
pub(super) fn new(values: &[Value]) -> Result<Array, String> {
    let elements = values
        .iter()
        .map(|value| Ok(Element::plain(json::to_value(value)?)));
    let elements: Vec<Element> = elements.collect::<Result<_, String>>()?;
    Ok(laid_out(elements, Style::plain()))
}

/// The list with these elements instead: those that stay keep their comments, and new ones look like their neighbours.
pub(super) fn changed(old: &Array, values: &[Value]) -> Result<Array, String> {
    let (mut kept, style) = taken_apart(old);
    let mut elements = Vec::new();
    for value in values {
        let found = kept
            .iter()
            .position(|element| json::same(&json::of_value(&element.value), value));
        elements.push(match found {
            Some(at) => kept.remove(at),
            None => Element::plain(json::to_value(value)?),
        });
    }
    Ok(laid_out(elements, style))
}

/// One element with what is written about it.
struct Element {
    value: toml_edit::Value,
    /// The lines above it, where it has a line of its own.
    above: Option<String>,
    /// What stands behind it in its line.
    behind: String,
}

impl Element {
    fn plain(value: toml_edit::Value) -> Self {
        Self {
            value,
            above: None,
            behind: String::new(),
        }
    }
}

/// How a list is written.
struct Style {
    /// How the line of an element begins; `None` where all stand in one.
    indent: Option<String>,
    /// What stands before the closing bracket.
    end: String,
    comma: bool,
    /// What stands behind the opening bracket.
    opening: String,
}

impl Style {
    fn plain() -> Self {
        Self {
            indent: None,
            end: String::new(),
            comma: false,
            opening: String::new(),
        }
    }
}

fn taken_apart(list: &Array) -> (Vec<Element>, Style) {
    let text = |raw: Option<&RawString>| raw.and_then(RawString::as_str).unwrap_or_default().to_owned();
    let mut elements: Vec<Element> = Vec::new();
    let mut style = Style::plain();
    let mut gap = String::new();
    let mut hand_over = |gap: &str, elements: &mut Vec<Element>| -> Option<String> {
        let (line, rest) = match gap.find('\n') {
            Some(at) => (&gap[..at], Some(gap[at..].to_owned())),
            None => (gap, None),
        };
        match elements.last_mut() {
            Some(before) => before.behind = line.trim_end().to_owned(),
            None => style.opening = line.trim_end().to_owned(),
        }
        rest
    };
    for value in list {
        gap.push_str(&text(value.decor().prefix()));
        let above = hand_over(&gap, &mut elements);
        gap = text(value.decor().suffix());
        let mut value = value.clone();
        value.decor_mut().clear();
        elements.push(Element {
            value,
            above,
            behind: String::new(),
        });
    }
    gap.push_str(list.trailing().as_str().unwrap_or_default());
    let end = hand_over(&gap, &mut elements);
    style.indent = elements.iter().find_map(|element| {
        let above = element.above.as_deref()?;
        above.rfind('\n').map(|at| above[at..].to_owned())
    });
    style.end = end.unwrap_or_default();
    style.comma = list.trailing_comma();
    (elements, style)
}

fn laid_out(elements: Vec<Element>, mut style: Style) -> Array {
    let width: usize = elements
        .iter()
        .map(|element| element.value.to_string().trim().len() + 2)
        .sum();
    let commented =
        elements.iter().any(|element| element.behind.contains('#')) || style.opening.contains('#');
    if style.indent.is_none() && !elements.is_empty() && (width > LONGEST_LINE || commented) {
        style.indent = Some(INDENT.to_owned());
        style.comma = true;
    }
    let several_lines = style.indent.is_some() && !elements.is_empty();
    if several_lines && !style.end.contains('\n') {
        style.end.push('\n');
    }
    let mut list = Array::new();
    let mut behind = style.opening;
    let last = elements.len().saturating_sub(1);
    for (at, element) in elements.into_iter().enumerate() {
        let above = match (&style.indent, element.above) {
            (Some(_), Some(above)) => above,
            (Some(indent), None) => indent.clone(),
            (None, _) if at == 0 => String::new(),
            (None, _) => " ".to_owned(),
        };
        let mut value = element.value;
        let decor = value.decor_mut();
        decor.set_prefix(format!("{behind}{above}"));
        decor.set_suffix("");
        behind = element.behind;
        if at == last {
            // Without the comma a comment would hide nothing, but the next element would have to bring it.
            style.comma |= behind.contains('#');
        }
        list.push_formatted(value);
    }
    list.set_trailing_comma(style.comma && !list.is_empty());
    if !several_lines && !style.end.contains('#') {
        style.end.clear();
    }
    list.set_trailing(format!("{behind}{}", style.end));
    list
}
