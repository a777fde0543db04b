//! The identifiers of the directory: users, tenants, apps, addresses.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// The object id of a Teams user, opaque, compared ignoring case.
///
/// Graph prints a GUID, but documents the member as text; the spelling is kept and sent as it came.
#[derive(Clone)]
pub struct UserId(Arc<str>);

impl UserId {
    /// An id of 1 to 128 visible ASCII characters.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] for anything else.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        visible(text, 128)
            .map(|text| Self(text.into()))
            .ok_or(InvalidId::User)
    }

    /// The id as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for UserId {
    fn eq(&self, other: &Self) -> bool {
        Folded(&self.0) == Folded(&other.0)
    }
}

impl Eq for UserId {}

impl Hash for UserId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Folded(&self.0).hash(state);
    }
}

/// Text that is equal to its other spellings in ASCII letters, so that an answer is joined without a copy.
#[derive(Clone, Copy)]
pub(crate) struct Folded<'a>(pub(crate) &'a str);

impl PartialEq for Folded<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for Folded<'_> {}

impl Hash for Folded<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut folded = [0; 128];
        for piece in self.0.as_bytes().chunks(folded.len()) {
            let folded = &mut folded[..piece.len()];
            folded.copy_from_slice(piece);
            folded.make_ascii_lowercase();
            state.write(folded);
        }
        state.write_u8(0xff);
    }
}

/// An e-mail address, compared ignoring case.
///
/// Addresses are personal data: log them at debug and below.
#[derive(Clone)]
pub struct Address {
    text: Arc<str>,
    folded: Arc<str>,
}

impl Address {
    /// An address of at most 254 bytes with something before and after its `@`; surrounding space is dropped.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] for anything else, also where there is space or a control character inside.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        let text = text.trim();
        let split = text.rsplit_once('@');
        let shaped = split.is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty());
        if !shaped || text.len() > 254 || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(InvalidId::Address);
        }
        let lower = text.to_lowercase();
        let text = Arc::from(text);
        let folded = if lower == *text {
            Arc::clone(&text)
        } else {
            lower.into()
        };
        Ok(Self { text, folded })
    }

    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address in lower case, which is what equality looks at.
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for Address {}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

/// A tenant: its id or one of its domains.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TenantId(Arc<str>);

impl TenantId {
    /// A tenant id or domain of ASCII letters, digits, `-`, `_` and `.`.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] for anything else, and for `common`, `consumers` and `organizations`: an app cannot sign in as
    /// itself without saying to which tenant.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let shared = ["common", "consumers", "organizations"];
        if text.len() > 253
            || !text.contains(|c: char| c.is_ascii_alphanumeric())
            || !text.chars().all(legal)
            || shared.iter().any(|name| text.eq_ignore_ascii_case(name))
        {
            return Err(InvalidId::Tenant);
        }
        Ok(Self(text.into()))
    }

    /// The tenant as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The application (client) id of an app registration.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClientId(Arc<str>);

impl ClientId {
    /// An id of 1 to 128 visible ASCII characters.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] for anything else.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        visible(text, 128)
            .map(|text| Self(text.into()))
            .ok_or(InvalidId::Client)
    }

    /// The id as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Text that is not the identifier it was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidId {
    /// Not a [`UserId`].
    #[error("a Teams user id is 1 to 128 visible ASCII characters")]
    User,
    /// Not an [`Address`].
    #[error("an e-mail address is at most 254 bytes without space, with something before and after its `@`")]
    Address,
    /// Not a [`TenantId`].
    #[error("a tenant is a directory id or a domain, and none of `common`, `consumers`, `organizations`")]
    Tenant,
    /// Not a [`ClientId`].
    #[error("a client id is 1 to 128 visible ASCII characters")]
    Client,
}

macro_rules! text {
    ($($id:ident),*) => {$(
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($id), "({:?})"), self.as_str())
            }
        }

        impl std::str::FromStr for $id {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }
    )*};
}

text!(UserId, Address, TenantId, ClientId);

fn visible(text: &str, most: usize) -> Option<&str> {
    let good = !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_graphic());
    good.then_some(text)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_and_addresses_are_equal_in_every_spelling_and_print_their_own() {
        let ids: HashSet<_> = ["AB-1", "ab-1", "aB-1"].map(|id| UserId::new(id).unwrap()).into();
        assert_eq!(ids.len(), 1);
        assert_ne!(UserId::new("ab-1").unwrap(), UserId::new("ab-2").unwrap());
        let addresses: HashSet<_> = ["Jörg@Example.com", " JÖRG@example.com "]
            .map(|text| Address::new(text).unwrap())
            .into();
        assert_eq!(addresses.len(), 1);
        assert_eq!(Address::new(" A@Example.com ").unwrap().as_str(), "A@Example.com");
    }

    #[test]
    fn what_is_not_an_identifier_is_refused() {
        for bad in ["", " ", "a b", "a\n", "ä", &"a".repeat(129)] {
            assert_eq!(UserId::new(bad), Err(InvalidId::User), "{bad:?}");
        }
        for bad in [
            "",
            "a",
            "@",
            "a@",
            "@b",
            "a b@c",
            "a@b\u{7f}",
            &format!("{}@b", "a".repeat(253)),
        ] {
            assert_eq!(Address::new(bad), Err(InvalidId::Address), "{bad:?}");
        }
        for bad in ["", "..", "a/b", "a?b", "Common", "consumers", "organizations"] {
            assert_eq!(TenantId::new(bad), Err(InvalidId::Tenant), "{bad:?}");
        }
        assert!(TenantId::new("contoso.onmicrosoft.com").is_ok());
    }
}
