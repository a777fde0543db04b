//! Whoever asks: with a session, or sent to the door.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, RawForm, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use cookie::{Cookie, SameSite};
use secrecy::{ExposeSecret, SecretString};
use sync_service::daemon::Author;
use tokio::time::timeout;

use super::Session;
use crate::entrance::door_before;
use crate::language::{Tongue, cookie_named};
use crate::page::Page;
use crate::respond::plain_failure;

/// A form has to be there by then: whoever sends one drop by drop keeps a connection, without having to be signed in.
const SENT: Duration = Duration::from_secs(30);

/// The cookie that carries the session's id, by the port of the daemon: cookies do not part ports, and of two daemons on one
/// machine none must take the other's session away. Over TLS no other site of the domain can set it.
///
/// <https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-the-__host-prefix>
fn cookie_name(page: &Page) -> String {
    let prefix = if page.is_secure() { "__Host-" } else { "" };
    format!("{prefix}presence-sync-session-{}", page.port())
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) session: Session,
    pub(crate) tongue: Tongue,
    /// The session's id, for its end.
    pub(crate) id: String,
    /// Where the request comes from.
    from: Option<IpAddr>,
}

impl Visitor {
    fn of(headers: &HeaderMap, extensions: &Extensions, page: &Page) -> Option<Self> {
        let from = extensions.get::<ConnectInfo<SocketAddr>>();
        let id = cookie_named(headers, &cookie_name(page))?;
        let session = page.sessions.find(&id)?;
        Some(Self {
            session,
            tongue: Tongue::of(headers, page.setting()),
            id,
            from: from.map(|ConnectInfo(address)| address.ip()),
        })
    }

    /// Who it is, for the audit of settings.
    pub(crate) fn author(&self) -> Author {
        Author {
            who: "page".to_owned(),
            from: self.from,
        }
    }
}

impl FromRequestParts<Page> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, page: &Page) -> Result<Self, Response> {
        Self::of(&parts.headers, &parts.extensions, page).ok_or_else(|| {
            let wanted = parts.uri.path_and_query().map_or("/", |path| path.as_str());
            Redirect::to(&door_before(wanted)).into_response()
        })
    }
}

/// A form that somebody who is signed in has sent from one of our own pages.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) visitor: Visitor,
    pub(crate) fields: Fields,
}

impl FromRequest<Page> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, page: &Page) -> Result<Self, Response> {
        let headers = request.headers().clone();
        let tongue = Tongue::of(&headers, page.setting());
        let visitor = Visitor::of(&headers, request.extensions(), page);
        let fields = Fields::from_request(request, page).await?;
        let Some(visitor) = visitor else {
            return Err(Redirect::to("/sign-in").into_response());
        };
        if !visitor.session.sent(fields.first("csrf")) {
            return Err(plain_failure(StatusCode::FORBIDDEN, tongue, "error-form-is-old"));
        }
        Ok(Self { visitor, fields })
    }
}

/// The fields of a form that came from one of our own pages, as far as the browser says so.
pub(crate) struct Fields(Vec<(String, String)>);

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values may be secrets.
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl FromRequest<Page> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, page: &Page) -> Result<Self, Response> {
        let tongue = Tongue::of(request.headers(), page.setting());
        // <https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header>
        let site = request.headers().get("sec-fetch-site");
        let ours = site.is_none_or(|site| site == "same-origin" || site == "none");
        if !ours {
            return Err(plain_failure(StatusCode::FORBIDDEN, tongue, "error-other-site"));
        }
        let read = timeout(SENT, RawForm::from_request(request, page)).await;
        let read = read.map_err(|_| plain_failure(StatusCode::REQUEST_TIMEOUT, tongue, "error-too-slow"))?;
        let RawForm(body) = read.map_err(|error| {
            let (status, name) = match error {
                axum::extract::rejection::RawFormRejection::InvalidFormContentType(_) => {
                    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "error-no-form")
                }
                _ => (StatusCode::PAYLOAD_TOO_LARGE, "error-too-large"),
            };
            plain_failure(status, tongue, name)
        })?;
        let pairs = url::form_urlencoded::parse(&body);
        Ok(Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        ))
    }
}

impl Fields {
    #[cfg(test)]
    pub(crate) fn of(fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter();
        Self(
            fields
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    /// The value of a field; empty where it was not sent.
    pub(crate) fn first(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// Whether a field was sent at all, as a ticked box is.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// All fields whose name begins so, with the rest of the name.
    pub(crate) fn beginning<'f>(&'f self, prefix: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
        self.0
            .iter()
            .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// A secret; `None` where nothing was typed.
    pub(crate) fn secret(&self, name: &str) -> Option<SecretString> {
        let text = self.first(name);
        (!text.is_empty()).then(|| text.to_owned().into())
    }
}

/// The header that gives a session to the browser. It is never sent to other sites, and no script can read it.
pub(crate) fn session_cookie(id: &SecretString, page: &Page) -> [(header::HeaderName, String); 1] {
    set_cookie(id.expose_secret(), page)
}

/// The header that takes the session away again.
pub(crate) fn without_session_cookie(page: &Page) -> [(header::HeaderName, String); 1] {
    set_cookie("", page)
}

fn set_cookie<'c>(value: impl Into<Cow<'c, str>>, page: &Page) -> [(header::HeaderName, String); 1] {
    let mut cookie = Cookie::build((cookie_name(page), value))
        .path("/")
        .http_only(true)
        .secure(page.is_secure())
        .same_site(SameSite::Strict)
        .build();
    if cookie.value().is_empty() {
        cookie.make_removal();
    }
    [(header::SET_COOKIE, cookie.to_string())]
}
