//! Addresses of other systems: https anywhere, http on this machine alone.

use url::{Host, Url};

use super::settings::Proxy;

/// Reads an address; the two texts of the refusal are what is wrong and what to write instead. The first never
/// repeats the address, since it may hold a password.
pub(super) fn server(text: &str) -> Result<Url, (String, String)> {
    let url = any_server(text)?;
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err((
            "is `http://` to another machine, which would show secrets to the network".to_owned(),
            "write `https://`; a private certificate authority goes into `ca_file`".to_owned(),
        ));
    }
    Ok(url)
}

/// Reads an address without a path.
pub(super) fn bare_server(text: &str) -> Result<Url, (String, String)> {
    let url = server(text)?;
    if url.path() != "/" {
        return Err(("has a path".to_owned(), format!("write `{}`", origin(&url))));
    }
    Ok(url)
}

fn any_server(text: &str) -> Result<Url, (String, String)> {
    let hint = || "write an address such as `https://pbx.example`".to_owned();
    let url = Url::parse(text).map_err(|error| (format!("is no address: {error}"), hint()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(("is no address of a web server".to_owned(), hint()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err((
            "holds a login or a password".to_owned(),
            "remove everything before the `@`; secrets stand in files of their own".to_owned(),
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err((
            "has a query or a fragment".to_owned(),
            "end it before the `?` or `#`".to_owned(),
        ));
    }
    Ok(url)
}

/// Reads the address of a proxy; the empty text is that there is none.
pub(super) fn proxy(text: &str) -> Result<Proxy, (String, String)> {
    if text.is_empty() {
        return Ok(Proxy::Direct);
    }
    let hint = || "write an address such as `http://proxy.example:3128`, or \"\" for no proxy".to_owned();
    let url = Url::parse(text).map_err(|error| (format!("is no address: {error}"), hint()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err((
            "holds a login or a password".to_owned(),
            "remove the key, and name a proxy that wants a password in the daemon's environment, as `HTTPS_PROXY`".to_owned(),
        ));
    }
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !bare {
        return Err(("is no address of a proxy".to_owned(), hint()));
    }
    Ok(Proxy::At(url))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_for_this_machine_alone() {
        for text in [
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:1",
            "http://LOCALHOST",
            "https://pbx.example",
        ] {
            assert!(server(text).is_ok(), "{text}");
        }
        for text in [
            "http://pbx.example",
            "http://10.0.0.1",
            "http://localhost.example",
            "http://[::2]",
            "http://0.0.0.0",
        ] {
            assert!(server(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_refused_without_being_repeated() {
        let (what, hint) = server("https://root:SAMPLE@pbx.example").expect_err("a password");
        assert!(!format!("{what}{hint}").contains("SAMPLE"));
    }

    #[test]
    fn a_proxy_may_be_http_anywhere_and_holds_no_password() {
        assert_eq!(proxy(""), Ok(Proxy::Direct));
        for text in [
            "http://proxy.example:3128",
            "https://proxy.example/",
            "http://10.0.0.1",
        ] {
            assert!(matches!(proxy(text), Ok(Proxy::At(_))), "{text}");
        }
        for text in [
            " ",
            "proxy.example:3128",
            "socks5://proxy.example",
            "http://",
            "http://proxy.example/path",
            "http://proxy.example?a",
            "http://agent:SAMPLE@proxy.example",
            "http://:SAMPLE@proxy.example:99999",
        ] {
            let (what, hint) = proxy(text).expect_err("no proxy");
            assert!(!format!("{what}{hint}").contains("SAMPLE"), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused() {
        for text in [
            "pbx.example",
            "ftp://pbx.example",
            "https://",
            "https://a?b",
            "https://a#b",
            "mailto:a@b",
        ] {
            assert!(server(text).is_err(), "{text}");
        }
        assert!(bare_server("https://pbx.example/").is_ok());
        assert_eq!(
            bare_server("https://pbx.example:8443/rest")
                .expect_err("a path")
                .1,
            "write `https://pbx.example:8443`"
        );
    }
}
