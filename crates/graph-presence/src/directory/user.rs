//! A user of the directory, with every address it carries.

use serde::de::MapAccess;

use crate::{
    ids::{Address, UserId},
    json::{List, Members, Scalar, skip},
};

/// A user of the directory, as far as it is needed to tell whose an address is.
///
/// Members as in Microsoft's page [user resource type](https://learn.microsoft.com/graph/api/resources/user).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DirectoryUser {
    /// The object id, by which presence is asked for.
    pub id: UserId,
    /// `mail`; absent for many.
    pub mail: Option<Address>,
    /// `userPrincipalName`: a login name, which may differ from every address.
    pub user_principal_name: Option<Address>,
    /// The SMTP addresses among `proxyAddresses`.
    pub proxy_addresses: Vec<ProxyAddress>,
    /// `accountEnabled`; unknown where the app may not read it.
    pub enabled: Option<bool>,
    /// Whether `userType` is `Guest`, or the principal name is a guest's where the type is not given.
    pub guest: bool,
}

/// One SMTP address of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProxyAddress {
    /// Whether it is the primary one, which Graph writes with an upper-case `SMTP:`.
    pub primary: bool,
    /// The address without its prefix.
    pub address: Address,
}

impl ProxyAddress {
    /// Reads `SMTP:a@b` or `smtp:a@b`, with or without space after the colon; `None` for other kinds of address.
    fn read(text: &str) -> Option<Self> {
        let (kind, address) = text.split_once(':')?;
        let kind = kind.trim();
        if !kind.eq_ignore_ascii_case("smtp") {
            return None;
        }
        Some(Self {
            primary: kind == "SMTP",
            address: Address::new(address).ok()?,
        })
    }
}

/// A page of users: `{"value": [user, …], "@odata.nextLink": …}`.
#[derive(Default)]
pub(super) struct Page<'a> {
    pub(super) value: List<crate::json::Object<User<'a>>>,
    pub(super) next: Scalar<'a>,
}

impl<'de: 'a, 'a> Members<'de> for Page<'a> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "value" => self.value = map.next_value()?,
            "@odata.nextLink" => self.next = map.next_value()?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct User<'a> {
    id: Scalar<'a>,
    mail: Scalar<'a>,
    principal: Scalar<'a>,
    proxies: List<Scalar<'a>>,
    enabled: Scalar<'a>,
    kind: Scalar<'a>,
}

impl<'de: 'a, 'a> Members<'de> for User<'a> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "id" => self.id = map.next_value()?,
            "mail" => self.mail = map.next_value()?,
            "userPrincipalName" => self.principal = map.next_value()?,
            "proxyAddresses" => self.proxies = map.next_value()?,
            "accountEnabled" => self.enabled = map.next_value()?,
            "userType" => self.kind = map.next_value()?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl User<'_> {
    /// The user, or `None` where its id cannot be used. Other members that cannot be used are absent.
    pub(super) fn into_user(self) -> Option<DirectoryUser> {
        let address = |scalar: Scalar<'_>| Address::new(&scalar.text()?).ok();
        let id = UserId::new(&self.id.text()?).ok()?;
        let user_principal_name = address(self.principal);
        let guest = match self.kind.text() {
            Some(kind) => kind.eq_ignore_ascii_case("guest"),
            None => user_principal_name
                .as_ref()
                .is_some_and(|name| name.folded().contains("#ext#@")),
        };
        let proxies = self.proxies.0.unwrap_or_default().into_iter();
        Some(DirectoryUser {
            id,
            mail: address(self.mail),
            user_principal_name,
            proxy_addresses: proxies
                .filter_map(|text| ProxyAddress::read(&text.text()?))
                .collect(),
            enabled: self.enabled.truth(),
            guest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Object;

    fn user(json: &str) -> Option<DirectoryUser> {
        let Object(user): Object<User<'_>> = serde_json::from_str(json).unwrap();
        user.into_user()
    }

    #[test]
    fn smtp_addresses_are_read_in_every_spelling_and_others_are_left_out() {
        let rows = [
            ("SMTP:a@b", Some((true, "a@b"))),
            ("SMTP: Bob@Example.com", Some((true, "Bob@Example.com"))),
            ("smtp:a@b", Some((false, "a@b"))),
            ("Smtp:a@b", Some((false, "a@b"))),
            ("SIP:a@b", None),
            ("X500:/o=a:b@c", None),
            ("SMTP:", None),
            ("a@b", None),
        ];
        for (text, expected) in rows {
            let read = ProxyAddress::read(text);
            let read = read.as_ref().map(|proxy| (proxy.primary, proxy.address.as_str()));
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn a_member_of_a_wrong_type_is_absent_and_a_user_without_id_is_none() {
        let odd = r#"{"id":"u1","mail":7,"userPrincipalName":{},"proxyAddresses":[1,"smtp:a@b",null],
            "accountEnabled":"yes","userType":[]}"#;
        let user_1 = user(odd).unwrap();
        assert_eq!(user_1.id.as_str(), "u1");
        assert_eq!(
            (&user_1.mail, &user_1.user_principal_name, user_1.enabled),
            (&None, &None, None)
        );
        assert_eq!(user_1.proxy_addresses.len(), 1);
        assert!(!user_1.guest);
        for bad in [r#"{"id":null}"#, r#"{"id":7}"#, r#"{}"#, "7", "[]", "null"] {
            assert_eq!(user(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_guest_is_told_by_type_or_without_one_by_its_name() {
        let rows = [
            (r#""userType":"guest""#, true),
            (
                r#""userType":"Member","userPrincipalName":"a_b#EXT#@c.example""#,
                false,
            ),
            (
                r#""userType":null,"userPrincipalName":"a_b#EXT#@c.example""#,
                true,
            ),
            (r#""userPrincipalName":"a@c.example""#, false),
        ];
        for (members, guest) in rows {
            assert_eq!(
                user(&format!(r#"{{"id":"u",{members}}}"#)).unwrap().guest,
                guest,
                "{members}"
            );
        }
    }
}
