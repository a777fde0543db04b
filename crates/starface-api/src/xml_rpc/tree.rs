//! XML into a small tree, refusing everything that an honest XML-RPC answer does without.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// Deeper than any answer of the companion module, shallow enough for every recursion over the tree.
const DEEPEST: usize = 24;

/// More elements than any answer needs, few enough to hold.
const MOST_ELEMENTS: usize = 50_000;

/// An element with its text and its children; attributes mean nothing in XML-RPC.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Reads a document into its root element, or says what is wrong with it.
pub(super) fn parse(xml: &str) -> Result<Element, &'static str> {
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    let mut elements = 0;
    loop {
        let event = reader.read_event().map_err(|_| "it is not well-formed XML")?;
        match event {
            Event::Start(start) => {
                elements += 1;
                if root.is_some() || elements > MOST_ELEMENTS || open.len() >= DEEPEST {
                    return Err("it has too many elements, or nests them too deeply");
                }
                open.push(Element {
                    name: start.name().as_ref().to_owned(),
                    ..Element::default()
                });
            }
            Event::Empty(start) => {
                elements += 1;
                if root.is_some() || elements > MOST_ELEMENTS {
                    return Err("it has too many elements, or nests them too deeply");
                }
                let element = Element {
                    name: start.name().as_ref().to_owned(),
                    ..Element::default()
                };
                close(element, &mut open, &mut root);
            }
            Event::End(_) => {
                let element = open.pop().ok_or("it is not well-formed XML")?;
                close(element, &mut open, &mut root);
            }
            Event::Text(text) => append(&text.xml10_content(), &mut open)?,
            Event::CData(text) => append(&text.xml10_content(), &mut open)?,
            Event::GeneralRef(reference) => {
                let known = match reference.resolve_char_ref() {
                    Ok(Some(c)) => c.to_string(),
                    Ok(None) => resolve_predefined_entity(&reference)
                        .ok_or("it uses an entity of its own")?
                        .to_owned(),
                    Err(_) => return Err("it has an impossible character"),
                };
                append(&known, &mut open)?;
            }
            Event::DocType(_) => return Err("it has a document type definition"),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ => Err("it ends too early"),
    }
}

fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None => *root = Some(element),
    }
}

fn append(text: &str, open: &mut [Element]) -> Result<(), &'static str> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err("it has text outside its root element"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn references_and_sections_become_text() {
        let root = parse(
            "\u{feff}<?xml version='1.0'?>\n<!-- c --><a x='1'>&lt;&#x41;&#66;&amp;<![CDATA[<b>]]></a>\n",
        )
        .unwrap();
        assert_eq!((&*root.name, &*root.text), ("a", "<AB&<b>"));
    }

    #[test]
    fn hostile_documents_are_refused() {
        let bomb = r#"<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]><a>&z;</a>"#;
        let outside = r#"<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"#;
        let deep = format!("{}{}", "<a>".repeat(1000), "</a>".repeat(1000));
        let wide = format!("<a>{}</a>", "<b/>".repeat(MOST_ELEMENTS + 1));
        for xml in [
            bomb,
            outside,
            &deep,
            &wide,
            "<!DOCTYPE a><a/>",
            "<a>&x;</a>",
            "<a>&#0;</a>",
            "<a></b>",
            "<a>",
            "</a>",
            "<a/><b/>",
            "<a/>text",
            "text",
            "",
            "<a",
            "<a>&",
        ] {
            assert!(parse(xml).is_err(), "{}", &xml[..xml.len().min(80)]);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(xml in "\\PC*") {
            let _ = parse(&xml);
        }

        #[test]
        fn no_markup_makes_the_parser_panic(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "<a>", "</a>", "<b/>", "<", ">", "&", "&amp;", "&#", "&#x110000;", ";", "<![CDATA[", "]]>", "<!--",
                    "-->", "<!DOCTYPE", "<?", "?>", "x", "\"", "'", "=", " ", "\u{0}", "ä",
                ]),
                0..40,
            ),
        ) {
            let _ = parse(&parts.concat());
        }
    }
}
