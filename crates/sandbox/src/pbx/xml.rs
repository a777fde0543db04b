//! The little of XML-RPC that the module speaks: one struct in, one struct out.
//!
//! <http://xmlrpc.com/spec.md>

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;

/// A call: its method, and the members of its one struct with their types.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) members: BTreeMap<String, (String, String)>,
}

/// Whether a body mentions a method; enough to tell the calls apart before they are read.
pub(super) fn mentions(body: &[u8], method: &str) -> bool {
    body.windows(method.len())
        .any(|window| window == method.as_bytes())
}

impl Call {
    pub(super) fn parse(body: &str) -> Option<Self> {
        let mut reader = Reader::from_str(body);
        let mut call = Self::default();
        let mut path: Vec<String> = Vec::new();
        let mut text = String::new();
        let (mut name, mut kind) = (String::new(), String::new());
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) => {
                    path.push(start.name().as_ref().to_owned());
                    text.clear();
                }
                Event::Empty(empty) if path.last().is_some_and(|last| last == "value") => {
                    kind = empty.name().as_ref().to_owned();
                    text.clear();
                }
                Event::Text(part) => text.push_str(&part),
                Event::CData(part) => text.push_str(&part),
                Event::GeneralRef(entity) => text.push_str(&resolve(&entity)?),
                Event::DocType(_) => return None,
                Event::End(_) => {
                    let element = path.pop()?;
                    match (element.as_str(), path.last().map(String::as_str)) {
                        ("methodName", Some("methodCall")) => call.method = text.trim().to_owned(),
                        ("name", Some("member")) => name = text.trim().to_owned(),
                        ("value", Some("member")) => {
                            let kind = if kind.is_empty() {
                                "string".to_owned()
                            } else {
                                std::mem::take(&mut kind)
                            };
                            call.members
                                .insert(std::mem::take(&mut name), (kind, std::mem::take(&mut text)));
                        }
                        (other, Some("value")) if other != "struct" => kind = other.to_owned(),
                        _ => {}
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        (!call.method.is_empty() && path.is_empty()).then_some(call)
    }

    /// A member that is a text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let (kind, value) = self.members.get(name)?;
        (kind == "string").then_some(value)
    }

    /// A member that is a whole number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        let (kind, value) = self.members.get(name)?;
        matches!(kind.as_str(), "int" | "i4").then(|| value.trim().parse().ok())?
    }
}

fn resolve(entity: &quick_xml::events::BytesRef<'_>) -> Option<String> {
    if let Ok(Some(character)) = entity.resolve_char_ref() {
        return Some(character.to_string());
    }
    Some(
        match &**entity {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            "apos" => "'",
            _ => return None,
        }
        .to_owned(),
    )
}

/// An answer with these members: a boolean `OK`, and texts.
pub(super) fn answer(ok: bool, texts: &[(&str, &str)]) -> String {
    let texts: String = texts
        .iter()
        .map(|(name, value)| {
            format!(
                "<member><name>{name}</name><value>{}</value></member>",
                escape(*value)
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><methodResponse><params><param><value><struct>\
         <member><name>OK</name><value><boolean>{}</boolean></value></member>{texts}\
         </struct></value></param></params></methodResponse>",
        u8::from(ok)
    )
}

/// A fault.
pub(super) fn fault(code: i32, text: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><methodResponse><fault><value><struct>\
         <member><name>faultCode</name><value><int>{code}</int></value></member>\
         <member><name>faultString</name><value><string>{}</string></value></member>\
         </struct></value></fault></methodResponse>",
        escape(text)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_with_its_types() {
        let body = "<?xml version=\"1.0\"?><methodCall><methodName>M.set</methodName><params><param><value><struct>\
                    <member><name>A</name><value><int>7</int></value></member>\
                    <member><name>B</name><value><string>x &amp; &#252;</string></value></member>\
                    <member><name>C</name><value>plain</value></member>\
                    <member><name>D</name><value><string/></value></member>\
                    </struct></value></param></params></methodCall>";
        let call = Call::parse(body).unwrap();
        assert_eq!(call.method, "M.set");
        assert_eq!(call.number("A"), Some(7));
        assert_eq!(call.text("A"), None, "a number is no text");
        assert_eq!(call.text("B"), Some("x & ü"));
        assert_eq!(call.text("C"), Some("plain"));
        assert_eq!(call.text("D"), Some(""));
    }

    #[test]
    fn what_is_no_call_is_refused() {
        for body in [
            "",
            "<methodCall>",
            "{}",
            "<!DOCTYPE x><methodCall><methodName>a</methodName></methodCall>",
        ] {
            assert_eq!(Call::parse(body), None, "{body}");
        }
    }
}
