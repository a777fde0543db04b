//! The proxy on the way out.

use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{NoProxy, Proxy};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::error::HttpError;

/// What is always reached directly: no proxy can reach this machine's own loopback.
const LOOPBACK: &str = "127.0.0.0/8,::1,localhost";

/// The proxy for `https` addresses, and what is reached without it.
///
/// Loopback addresses are never asked for through a proxy. Plain `http`, which is for loopback alone, is none of its business.
#[derive(Clone, Default)]
pub struct Proxies {
    /// Secret, because it may contain a password.
    https: Option<SecretString>,
    bypass: String,
}

impl PartialEq for Proxies {
    fn eq(&self, other: &Self) -> bool {
        let address = |proxies: &Self| {
            proxies
                .https
                .as_ref()
                .map(|address| address.expose_secret().to_owned())
        };
        address(self) == address(other) && self.bypass == other.bypass
    }
}

impl Eq for Proxies {}

impl Proxies {
    /// Reads the usual variables of the environment through `variable`: `HTTPS_PROXY` or else `ALL_PROXY`, and `NO_PROXY`,
    /// each in capitals or else in small letters. What is empty counts as absent.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| variable(name).filter(|text| !text.trim().is_empty()))
        };
        Self {
            https: first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]).map(SecretString::from),
            bypass: first(&["NO_PROXY", "no_proxy"]).unwrap_or_default(),
        }
    }

    /// The proxy at this address, for everything beyond this machine.
    pub fn at(address: impl Into<SecretString>) -> Self {
        Self {
            https: Some(address.into()),
            bypass: String::new(),
        }
    }

    /// Whether this address is asked for through the proxy, so that its name may be found by the proxy alone.
    pub fn carry(&self, url: &Url) -> bool {
        let (Ok(Some(address)), Ok(uri)) = (self.address(), url.as_str().parse()) else {
            return false;
        };
        let matcher = Matcher::builder().https(address).no(self.bypass()).build();
        matcher.intercept(&uri).is_some()
    }

    /// Whether the proxy itself is spoken to by TLS.
    pub(super) fn speak_tls(&self) -> bool {
        let address = self.https.as_ref().map(|address| address.expose_secret().trim());
        address.is_some_and(|address| {
            address
                .split_once("://")
                .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("https"))
        })
    }

    /// # Errors
    /// When the address is not one of an `http` or `https` proxy.
    pub(super) fn to_proxy(&self) -> Result<Option<Proxy>, HttpError> {
        let Some(address) = self.address()? else {
            return Ok(None);
        };
        let proxy = Proxy::https(address).map_err(|_| HttpError::Proxy)?;
        Ok(Some(proxy.no_proxy(NoProxy::from_string(&self.bypass()))))
    }

    fn address(&self) -> Result<Option<String>, HttpError> {
        let Some(address) = &self.https else {
            return Ok(None);
        };
        let address = address.expose_secret().trim();
        Ok(Some(match address.split_once("://") {
            None => format!("http://{address}"),
            Some((scheme, _)) if is_web(scheme) => address.to_owned(),
            Some(_) => return Err(HttpError::Proxy),
        }))
    }

    fn bypass(&self) -> String {
        format!("{LOOPBACK},{}", self.bypass)
    }
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies")
            .field("https", &self.https.is_some())
            .field("bypass", &self.bypass)
            .finish()
    }
}
