//! Writes a method call.

use std::fmt::Write;

/// A member of the one struct that a method call carries.
#[derive(Clone, Copy)]
pub(crate) enum Param<'a> {
    Int(i32),
    Text(&'a str),
}

/// The body of a method call with one struct as its only parameter.
pub(crate) fn method_call(method: &str, members: &[(&str, Param<'_>)]) -> String {
    let mut xml = String::with_capacity(512);
    xml.push_str(r#"<?xml version="1.0" encoding="UTF-8"?><methodCall><methodName>"#);
    escape(method, &mut xml);
    xml.push_str("</methodName><params><param><value><struct>");
    for (name, value) in members {
        xml.push_str("<member><name>");
        escape(name, &mut xml);
        xml.push_str("</name><value>");
        match value {
            Param::Int(number) => {
                // Writing into a string does not fail.
                let _ = write!(xml, "<int>{number}</int>");
            }
            Param::Text(text) => {
                xml.push_str("<string>");
                escape(text, &mut xml);
                xml.push_str("</string>");
            }
        }
        xml.push_str("</value></member>");
    }
    xml.push_str("</struct></value></param></params></methodCall>");
    xml
}

/// Escapes markup. Characters that XML 1.0 cannot express at all are left out, since one of them would spoil the whole call.
fn escape(text: &str, xml: &mut String) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            // A bare one would be read as a line feed.
            '\r' => xml.push_str("&#13;"),
            '\t' | '\n' => xml.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => xml.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_one_struct_of_typed_members() {
        let xml = method_call(
            "M.f",
            &[
                ("ID", Param::Int(1004)),
                ("MESSAGE", Param::Text("Im Gespräch & <Teams>")),
            ],
        );
        let members = "<member><name>ID</name><value><int>1004</int></value></member>\
                       <member><name>MESSAGE</name><value><string>Im Gespräch &amp; &lt;Teams&gt;</string></value></member>";
        assert_eq!(
            xml,
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><methodCall><methodName>M.f</methodName><params><param><value>\
                 <struct>{members}</struct></value></param></params></methodCall>"
            )
        );
    }

    #[test]
    fn what_xml_cannot_express_is_left_out() {
        let mut xml = String::new();
        escape("a\0b\u{1b}[2J\tc\r\n]]>\u{ffff}", &mut xml);
        assert_eq!(xml, "ab[2J\tc&#13;\n]]&gt;");
    }
}
