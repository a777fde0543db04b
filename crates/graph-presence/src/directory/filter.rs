//! The filters that find the users of addresses.

use url::form_urlencoded::byte_serialize;

use crate::ids::Address;

/// The most values that Graph accepts in one filter without advanced queries.
const MOST_VALUES: usize = 15;

const SELECT: &str = "id,mail,userPrincipalName,proxyAddresses,accountEnabled,userType";

/// The addresses of all look-ups, relative to Graph's version, each for as many values as one filter may have.
///
/// Directory text is documented as compared ignoring case for `mail` and the principal name, but not for the items
/// of `proxyAddresses`; so every property is asked in the given and in the lower-case spelling, and proxy addresses
/// with both prefixes as well.
pub(super) fn lookups(addresses: &[Address]) -> Vec<String> {
    let mut spellings: Vec<&str> = addresses
        .iter()
        .flat_map(|address| [address.as_str(), address.folded()])
        .collect();
    spellings.sort_unstable();
    spellings.dedup();
    let literals: Vec<String> = spellings.iter().map(|text| literal(text)).collect();
    let proxies: Vec<String> = spellings
        .iter()
        .flat_map(|text| ["SMTP:", "smtp:"].map(|prefix| literal(&format!("{prefix}{text}"))))
        .map(|literal| format!("proxyAddresses/any(p:p eq {literal})"))
        .collect();
    let within = |property: &str, values: &[String]| format!("{property} in ({})", values.join(","));
    let mail = literals.chunks(MOST_VALUES).map(|values| within("mail", values));
    let principal = literals
        .chunks(MOST_VALUES)
        .map(|values| within("userPrincipalName", values));
    let proxy = proxies.chunks(MOST_VALUES).map(|clauses| clauses.join(" or "));
    proxy
        .chain(mail)
        .chain(principal)
        .map(|filter| relative_url(&filter))
        .collect()
}

/// A text literal of OData: a quote inside is doubled.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn relative_url(filter: &str) -> String {
    // Form encoding writes a space as `+`, which is only a space to those who decode forms.
    let filter = byte_serialize(filter.as_bytes())
        .collect::<String>()
        .replace('+', "%20");
    format!("/users?$select={SELECT}&$filter={filter}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    fn addresses(count: usize) -> Vec<Address> {
        (0..count)
            .map(|n| Address::new(&format!("a{n}@example.com")).unwrap())
            .collect()
    }

    /// What a server sees, and the literals that it reads in it.
    fn decoded(url: &str) -> (String, Vec<String>) {
        let url = Url::parse(&format!("https://graph.example/v1.0{url}")).unwrap();
        let query: Vec<_> = url.query_pairs().into_owned().collect();
        assert_eq!(query.len(), 2, "{query:?}");
        assert_eq!(query[0], ("$select".to_owned(), SELECT.to_owned()));
        assert_eq!(query[1].0, "$filter");
        assert!(!url.as_str().contains('+'));
        let filter = query[1].1.clone();
        let (mut literals, mut rest) = (Vec::new(), filter.as_str());
        while let Some((_, after)) = rest.split_once('\'') {
            let (mut text, mut tail) = after.split_once('\'').expect("every literal ends");
            let mut literal = text.to_owned();
            while let Some(more) = tail.strip_prefix('\'') {
                (text, tail) = more.split_once('\'').expect("every literal ends");
                literal = format!("{literal}'{text}");
            }
            literals.push(literal);
            rest = tail;
        }
        (filter, literals)
    }

    #[test]
    fn one_address_is_asked_for_in_every_place_it_can_stand() {
        let filters: Vec<_> = lookups(&[Address::new("O'Neil@Example.com").unwrap()])
            .iter()
            .map(|url| decoded(url).0)
            .collect();
        assert_eq!(
            filters,
            [
                "proxyAddresses/any(p:p eq 'SMTP:O''Neil@Example.com') or proxyAddresses/any(p:p eq 'smtp:O''Neil@Example.com') or proxyAddresses/any(p:p eq 'SMTP:o''neil@example.com') or proxyAddresses/any(p:p eq 'smtp:o''neil@example.com')",
                "mail in ('O''Neil@Example.com','o''neil@example.com')",
                "userPrincipalName in ('O''Neil@Example.com','o''neil@example.com')",
            ]
        );
        assert_eq!(
            lookups(&[Address::new("a+b&c#d@x.y").unwrap()])[1],
            format!("/users?$select={SELECT}&$filter=mail%20in%20%28%27a%2Bb%26c%23d%40x.y%27%29")
        );
    }

    #[test]
    fn no_filter_has_more_than_fifteen_values() {
        for (count, urls) in [(0, 0), (1, 3), (7, 3), (8, 4), (15, 4), (16, 7), (150, 40)] {
            let lookups = lookups(&addresses(count));
            assert_eq!(lookups.len(), urls, "{count} addresses");
            assert!(lookups.iter().all(|url| (1..=15).contains(&decoded(url).1.len())));
        }
    }

    #[test]
    fn an_address_in_two_spellings_is_asked_for_as_one_more_spelling_only() {
        let given = ["A@x.y", "a@x.y", "a@X.y"].map(|text| Address::new(text).unwrap());
        assert_eq!(decoded(&lookups(&given)[1]).1, ["A@x.y", "a@X.y", "a@x.y"]);
    }

    proptest! {
        #[test]
        fn every_address_arrives_as_itself(name in "[^\\s\\p{C}@]{1,20}", domain in "[^\\s\\p{C}@]{1,20}") {
            let text = format!("{name}@{domain}");
            let address = Address::new(&text).unwrap();
            let lookups = lookups(std::slice::from_ref(&address));
            let (_, literals) = decoded(&lookups[1]);
            prop_assert!(literals.contains(&text));
            prop_assert!(literals.iter().all(|literal| literal == &text || literal == address.folded()));
        }
    }
}
