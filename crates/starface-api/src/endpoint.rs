//! Where the PBX is.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use url::{Host, Url};

/// The address of a PBX, for example `https://pbx.example`.
///
/// A value that exists is safe to send credentials to: it is `https`, or `http` to a loopback address. It never contains a
/// user name, a password or a query, so it may be shown and logged.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PbxUrl(Url);

/// Why a text is not the address of a PBX. The text itself is not repeated, because it may contain a password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PbxUrlError {
    /// It is not a URL at all.
    #[error("not a URL; expected something like `https://pbx.example`")]
    Malformed(#[source] url::ParseError),
    /// Its scheme is neither `https` nor `http`, or it names no host.
    #[error("not an `https://` address")]
    Scheme,
    /// Plain HTTP to another machine would show the password to the network.
    #[error("`http://` is accepted for loopback addresses only, and `{host}` is none; use `https://`")]
    PlainHttp {
        /// The host that was named.
        host: String,
    },
    /// Credentials do not belong into the address.
    #[error("contains a user name or a password; name them in their own settings")]
    Credentials,
    /// A query or a fragment does not belong into the address.
    #[error("contains a query or a fragment; only the address of the PBX is needed")]
    Query,
}

impl PbxUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// When the text is no URL, is plain HTTP beyond loopback, or contains credentials, a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, PbxUrlError> {
        let mut url = Url::parse(text.trim()).map_err(PbxUrlError::Malformed)?;
        let Some(host) = url.host() else {
            return Err(PbxUrlError::Scheme);
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            "http" => {
                return Err(PbxUrlError::PlainHttp {
                    host: host.to_string(),
                });
            }
            _ => return Err(PbxUrlError::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(PbxUrlError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(PbxUrlError::Query);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// Host and port, for example `pbx.example:443`: what tells one PBX from another.
    #[must_use]
    pub fn host_port(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        let port = self.0.port_or_known_default().unwrap_or_default();
        format!("{host}:{port}")
    }

    /// The address of something on this PBX, by the segments of its path.
    pub(crate) fn join(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// The address of this path on this PBX, whatever path its own address has.
    pub(crate) fn at(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url
    }

    /// Whether an address names this PBX's host.
    pub(crate) fn is_host_of(&self, url: &Url) -> bool {
        self.0.host() == url.host()
    }
}

impl FromStr for PbxUrl {
    type Err = PbxUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for PbxUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for PbxUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PbxUrl({self})")
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_only() {
        for (text, good) in [
            ("https://pbx.example", true),
            ("HTTPS://PBX.example:8443/", true),
            ("http://127.0.0.1:9000", true),
            ("http://[::1]:9000", true),
            ("http://localhost", true),
            ("http://pbx.example", false),
            ("http://192.168.1.10", false),
            ("http://localhost.example", false),
            ("http://127.0.0.1.example", false),
            ("ftp://127.0.0.1", false),
            ("pbx.example", false),
            ("https://", false),
            ("", false),
            ("https://pbx.example/?x=1", false),
            ("https://pbx.example/#x", false),
        ] {
            assert_eq!(PbxUrl::parse(text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn an_address_with_a_password_is_refused_and_not_repeated() {
        for text in [
            "https://me:SAMPLE@pbx.example",
            "https://me:SAMPLE@pbx.example:99999",
            "http://:SAMPLE@pbx",
        ] {
            let error = PbxUrl::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("SAMPLE"), "{error:?}");
        }
    }

    #[test]
    fn a_pbx_is_told_from_others_by_host_and_port() {
        for (text, expected) in [
            ("https://PBX.example", "pbx.example:443"),
            ("https://pbx.example:8443/", "pbx.example:8443"),
            ("http://[::1]", "[::1]:80"),
        ] {
            assert_eq!(PbxUrl::parse(text).unwrap().host_port(), expected);
        }
    }

    #[test]
    fn paths_are_appended_below_a_prefix() {
        for (base, expected) in [
            ("https://pbx.example", "https://pbx.example/rest/users"),
            (
                "https://proxy.example/pbx/",
                "https://proxy.example/pbx/rest/users",
            ),
        ] {
            assert_eq!(
                PbxUrl::parse(base).unwrap().join(&["rest", "users"]).as_str(),
                expected
            );
        }
    }
}
