//! Reads a method response.

use super::tree::{self, Element};
use crate::failure::{Failure, ServerText};

/// The struct that came back: its members in their order.
#[derive(Debug)]
pub(crate) struct Struct(Vec<(String, Value)>);

/// A value, as far as the companion module's interface has one of its kind.
#[derive(Debug)]
pub(crate) enum Value {
    Text(String),
    Int(i64),
    Bool(bool),
    Struct(Struct),
    /// A number with a fraction, a date, an array, nothing, or whatever else.
    Other,
}

impl Struct {
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(member, _)| member == name)
            .map(|(_, value)| value)
    }

    /// A member's text; `None` where it is missing, empty or no text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.member(name) {
            Some(Value::Text(text)) if !text.trim().is_empty() => Some(text.trim()),
            _ => None,
        }
    }
}

/// The struct in a method response; a fault is an error. `secrets` are kept out of it.
pub(crate) fn parse(body: &[u8], secrets: &[&str]) -> Result<Struct, Failure> {
    // Letters that are not UTF-8 can only be in a text that is shown, and must not hide the rest.
    let xml = String::from_utf8_lossy(body);
    let root = tree::parse(&xml).map_err(|what| Failure::XmlRpc { what })?;
    if root.name != "methodResponse" {
        return Err(Failure::XmlRpc {
            what: "it is not a method response",
        });
    }
    if let Some(fault) = root.child("fault") {
        return Err(read_fault(fault, secrets)?);
    }
    let value = root
        .child("params")
        .and_then(|params| params.child("param"))
        .and_then(|param| param.child("value"));
    match value.map(read_value).transpose()? {
        Some(Value::Struct(members)) => Ok(members),
        Some(_) => Err(Failure::XmlRpc {
            what: "it carries something else than a struct",
        }),
        None => Err(Failure::XmlRpc {
            what: "it carries no value",
        }),
    }
}

fn read_fault(fault: &Element, secrets: &[&str]) -> Result<Failure, Failure> {
    let Some(Value::Struct(fault)) = fault.child("value").map(read_value).transpose()? else {
        return Err(Failure::XmlRpc {
            what: "its fault carries no struct",
        });
    };
    let code = match fault.member("faultCode") {
        Some(Value::Int(code)) => *code,
        Some(Value::Text(code)) => code.trim().parse().unwrap_or_default(),
        _ => 0,
    };
    let text = fault.text("faultString").unwrap_or_default();
    Ok(Failure::RpcFault {
        code,
        text: ServerText::new(text, secrets),
    })
}

/// Reads a `<value>`. One without a type inside is a string, as the XML-RPC specification has it.
fn read_value(value: &Element) -> Result<Value, Failure> {
    let Some(typed) = value.children.first() else {
        return Ok(Value::Text(value.text.clone()));
    };
    if value.children.len() > 1 {
        return Err(Failure::XmlRpc {
            what: "a value has two types",
        });
    }
    let text = typed.text.trim();
    Ok(match typed.name.as_str() {
        "string" => Value::Text(typed.text.clone()),
        "int" | "i4" | "i8" | "ex:i8" => Value::Int(text.parse().map_err(|_| Failure::XmlRpc {
            what: "a number is none",
        })?),
        "boolean" => match text {
            "1" | "true" => Value::Bool(true),
            "0" | "false" => Value::Bool(false),
            _ => {
                return Err(Failure::XmlRpc {
                    what: "a boolean is neither 0 nor 1",
                });
            }
        },
        "struct" => Value::Struct(read_struct(typed)?),
        _ => Value::Other,
    })
}

fn read_struct(element: &Element) -> Result<Struct, Failure> {
    let mut members: Vec<(String, Value)> = Vec::with_capacity(element.children.len().min(16));
    for member in element.children.iter().filter(|child| child.name == "member") {
        let (Some(name), Some(value)) = (member.child("name"), member.child("value")) else {
            return Err(Failure::XmlRpc {
                what: "a member has no name or no value",
            });
        };
        members.push((name.text.trim().to_owned(), read_value(value)?));
    }
    Ok(Struct(members))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn response(members: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<methodResponse>\n <params>\n  <param>\n   <value>\n    <struct>{members}</struct>\n   \
             </value>\n  </param>\n </params>\n</methodResponse>"
        )
    }

    fn member(value: &str) -> Result<Value, Failure> {
        let body = response(&format!("<member><name>X</name>{value}</member>"));
        let mut answer = parse(body.as_bytes(), &[])?;
        Ok(answer.0.remove(0).1)
    }

    #[test]
    fn a_value_without_a_type_is_a_string() {
        for (value, expected) in [
            ("<value>AVAILABLE</value>", "AVAILABLE"),
            ("<value><string>AWAY</string></value>", "AWAY"),
            ("<value>\n <string> a &amp; b </string>\n</value>", " a & b "),
            ("<value><string></string></value>", ""),
            ("<value><string/></value>", ""),
            ("<value></value>", ""),
            ("<value/>", ""),
        ] {
            assert!(
                matches!(member(value).unwrap(), Value::Text(text) if text == expected),
                "{value}"
            );
        }
    }

    #[test]
    fn other_types_are_told_apart() {
        assert!(matches!(
            member("<value><i4> -7 </i4></value>").unwrap(),
            Value::Int(-7)
        ));
        assert!(matches!(
            member("<value><boolean>1</boolean></value>").unwrap(),
            Value::Bool(true)
        ));
        assert!(matches!(
            member("<value><boolean>0</boolean></value>").unwrap(),
            Value::Bool(false)
        ));
        assert!(matches!(member("<value><nil/></value>").unwrap(), Value::Other));
        for value in [
            "<value><boolean>2</boolean></value>",
            "<value><int>x</int></value>",
            "",
            "<value><int>1</int><int>2</int></value>",
        ] {
            assert!(member(value).is_err(), "{value}");
        }
    }

    #[test]
    fn a_fault_is_an_error_with_code_and_text() {
        let body = "<methodResponse><fault><value><struct>\
            <member><name>faultCode</name><value><int>4</int></value></member>\
            <member><name>faultString</name><value>no entry for SAMPLE</value></member>\
            </struct></value></fault></methodResponse>";
        let failure = parse(body.as_bytes(), &["SAMPLE"]).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "the PBX answered with fault 4: no entry for ***"
        );
    }

    #[test]
    fn an_answer_that_is_no_method_response_is_an_error() {
        for body in [
            "<html><body>Login</body></html>",
            "<methodResponse/>",
            "<methodResponse><params/></methodResponse>",
            "<methodResponse><params><param><value>x</value></param></params></methodResponse>",
            "<methodResponse><fault><value>x</value></fault></methodResponse>",
            "{}",
        ] {
            assert!(
                matches!(parse(body.as_bytes(), &[]), Err(Failure::XmlRpc { .. })),
                "{body}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_members_make_the_reader_panic(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "<member>", "</member>", "<name>", "OK", "</name>", "<value>", "</value>", "<int>", "1", "</int>",
                    "<boolean>", "</boolean>", "<struct>", "</struct>", "<string/>", "<value/>", " ",
                ]),
                0..30,
            ),
        ) {
            let _ = parse(response(&parts.concat()).as_bytes(), &[]);
        }
    }
}
