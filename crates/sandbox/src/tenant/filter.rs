//! The little of OData's `$filter` that finds people by address.
//!
//! <https://learn.microsoft.com/graph/filter-query-parameter>

use crate::state::Person;

/// So many values one filter may have.
const MOST: usize = 15;

/// A filter: one of these has to be true.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filter(Vec<Clause>);

#[derive(Debug, PartialEq, Eq)]
enum Clause {
    Mail(String),
    Principal(String),
    Proxy(String),
}

/// Why a filter is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Syntax(String),
    TooMany,
}

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, Refused> {
        let mut rest = text.trim();
        let mut clauses = Vec::new();
        loop {
            rest = clause(rest, &mut clauses)
                .ok_or_else(|| Refused::Syntax(rest.to_owned()))?
                .trim_start();
            if rest.is_empty() {
                break;
            }
            rest = rest
                .strip_prefix("or ")
                .ok_or_else(|| Refused::Syntax(rest.to_owned()))?
                .trim_start();
        }
        if clauses.len() > MOST {
            Err(Refused::TooMany)
        } else {
            Ok(Self(clauses))
        }
    }

    /// The addresses that it names, in lower case, without the prefix of a proxy address: whoever matches carries one.
    pub(super) fn addresses(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(|clause| match clause {
            Clause::Mail(value) | Clause::Principal(value) => value.to_lowercase(),
            Clause::Proxy(value) => value
                .split_once(':')
                .map_or(value.as_str(), |(_, address)| address)
                .trim()
                .to_lowercase(),
        })
    }

    /// Mail and login name are compared as Graph does, ignoring case; proxy addresses to the letter, because nothing
    /// promises more.
    pub(super) fn finds(&self, person: &Person) -> bool {
        self.0.iter().any(|clause| match clause {
            Clause::Mail(value) => person
                .mail
                .as_ref()
                .is_some_and(|mail| mail.eq_ignore_ascii_case(value)),
            Clause::Principal(value) => person.principal.eq_ignore_ascii_case(value),
            Clause::Proxy(value) => person.proxy_addresses.iter().any(|address| address == value),
        })
    }
}

fn clause<'t>(text: &'t str, clauses: &mut Vec<Clause>) -> Option<&'t str> {
    if let Some(rest) = text.strip_prefix("proxyAddresses/any(") {
        let (variable, rest) = rest.split_once(':')?;
        let rest = rest.strip_prefix(variable)?.strip_prefix(" eq ")?;
        let (value, rest) = literal(rest)?;
        clauses.push(Clause::Proxy(value));
        return rest.strip_prefix(')');
    }
    let (name, rest) = text.split_once(' ')?;
    let make: fn(String) -> Clause = match name {
        "mail" => Clause::Mail,
        "userPrincipalName" => Clause::Principal,
        _ => return None,
    };
    if let Some(rest) = rest.strip_prefix("eq ") {
        let (value, rest) = literal(rest)?;
        clauses.push(make(value));
        return Some(rest);
    }
    let mut rest = rest.strip_prefix("in ")?.trim_start().strip_prefix('(')?;
    loop {
        let (value, after) = literal(rest.trim_start())?;
        clauses.push(make(value));
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None => return rest.strip_prefix(')'),
        }
    }
}

/// A text in single quotation marks; a doubled one stands for itself.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('\'')?;
    let mut value = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(after) => {
                value.push('\'');
                rest = after;
            }
            None => return Some((value, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_that_find_people_are_understood() {
        let filter = Filter::parse("mail in ('a@x.de', 'o''neil@x.de') or userPrincipalName eq 'b@x.de'");
        let clauses = vec![
            Clause::Mail("a@x.de".to_owned()),
            Clause::Mail("o'neil@x.de".to_owned()),
            Clause::Principal("b@x.de".to_owned()),
        ];
        assert_eq!(filter, Ok(Filter(clauses)));
        let filter = Filter::parse(
            "proxyAddresses/any(p:p eq 'smtp:a@x.de') or proxyAddresses/any(x:x eq 'SMTP:a@x.de')",
        );
        assert_eq!(
            filter,
            Ok(Filter(vec![
                Clause::Proxy("smtp:a@x.de".to_owned()),
                Clause::Proxy("SMTP:a@x.de".to_owned())
            ]))
        );
    }

    #[test]
    fn what_graph_would_refuse_is_refused() {
        for text in [
            "",
            "mail",
            "mail eq a@x.de",
            "mail in ('a@x.de'",
            "phone eq 'x'",
            "mail eq 'a' and mail eq 'b'",
            "mail eq 'a'x",
        ] {
            assert!(matches!(Filter::parse(text), Err(Refused::Syntax(_))), "{text}");
        }
        let sixteen = vec!["'a@x.de'"; 16].join(",");
        assert_eq!(
            Filter::parse(&format!("mail in ({sixteen})")),
            Err(Refused::TooMany)
        );
    }
}
