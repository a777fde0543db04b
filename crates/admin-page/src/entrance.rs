//! Signing in and out, and the one-time link with which the password is chosen.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use cookie::{Cookie, SameSite};
use serde::Deserialize;
use sync_service::language::number;

use crate::address::{Path, Query};
use crate::door::{Fields, PasswordError, PasswordFile, Posted, session_cookie, without_session_cookie};
use crate::frame::Frame;
use crate::language::{self, Tongue};
use crate::page::Page;
use crate::respond::{html, ok, plain_failure};

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignIn {
    f: Frame,
    /// Where to go afterwards.
    next: String,
    /// What is wrong.
    fault: Option<String>,
    /// Nobody has chosen a password yet.
    unset: bool,
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome {
    f: Frame,
    secret: String,
    fault: Option<String>,
    /// There is a password, which the new one replaces.
    replaces: bool,
}

#[derive(Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    next: String,
}

/// The door.
pub(crate) async fn ask(State(page): State<Page>, Query(query): Query<Next>, headers: HeaderMap) -> Response {
    let next = own_path(&query.next).to_owned();
    ok(&SignIn {
        f: Frame::door(Tongue::of(&headers, page.setting()), "sign-in-title").at(door_before(&next)),
        next,
        fault: None,
        unset: !page.password.is_set(),
    })
}

/// Somebody knocks.
pub(crate) async fn sign_in(State(page): State<Page>, headers: HeaderMap, fields: Fields) -> Response {
    let tongue = Tongue::of(&headers, page.setting());
    let next = own_path(fields.first("next")).to_owned();
    let refuse = |status, fault: String| {
        let page = SignIn {
            f: Frame::door(tongue, "sign-in-title").at(door_before(&next)),
            next: next.clone(),
            fault: Some(fault),
            unset: !page.password.is_set(),
        };
        html(status, &page)
    };
    if let Err(wait) = page.attempts.begin() {
        let minutes = usize::try_from(wait.as_secs().div_ceil(60)).unwrap_or(usize::MAX);
        let fault = tongue
            .texts()
            .say_with("sign-in-wait", &[("count", number(minutes))]);
        let seconds = wait.as_secs().max(1).to_string();
        tracing::warn!("too many wrong passwords for the page: the next one has to wait");
        let answer = refuse(StatusCode::TOO_MANY_REQUESTS, fault);
        return ([(header::RETRY_AFTER, seconds)], answer).into_response();
    }
    let password = fields.secret("password").unwrap_or_default();
    match page.password.is(password).await {
        Ok(true) => {
            page.attempts.was_right();
            let cookie = session_cookie(&page.sessions.begin(), &page);
            (cookie, Redirect::to(&next)).into_response()
        }
        Ok(false) => {
            tracing::warn!("a wrong password for the page");
            refuse(StatusCode::UNAUTHORIZED, tongue.say("sign-in-wrong"))
        }
        Err(error) => {
            complain(&error);
            refuse(StatusCode::INTERNAL_SERVER_ERROR, tongue.say("sign-in-broken"))
        }
    }
}

/// The session ends.
pub(crate) async fn sign_out(State(page): State<Page>, posted: Posted) -> Response {
    page.sessions.end(&posted.visitor.id);
    (without_session_cookie(&page), Redirect::to("/sign-in")).into_response()
}

/// What a one-time link shows. Looking uses it up no more than a preview in a mail program would.
pub(crate) async fn welcome(
    State(page): State<Page>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Response {
    let tongue = Tongue::of(&headers, page.setting());
    if !page.link_is_good(&secret) {
        return plain_failure(StatusCode::GONE, tongue, "error-link-is-used");
    }
    ok(&Welcome {
        f: Frame::door(tongue, "welcome-title").at(format!("/setup/{secret}")),
        secret,
        fault: None,
        replaces: page.password.is_set(),
    })
}

/// Somebody with a one-time link chooses the password, and is signed in by that.
pub(crate) async fn choose(
    State(page): State<Page>,
    Path(secret): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let tongue = Tongue::of(&headers, page.setting());
    if !page.link_is_good(&secret) {
        return plain_failure(StatusCode::GONE, tongue, "error-link-is-used");
    }
    let replaces = page.password.is_set();
    let again = |name: &str| {
        let page = Welcome {
            f: Frame::door(tongue, "welcome-title").at(format!("/setup/{secret}")),
            secret: secret.clone(),
            fault: Some(tongue.say(name)),
            replaces,
        };
        html(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    if fields.first("password") != fields.first("again") {
        return again("welcome-differ");
    }
    let password = fields.secret("password").unwrap_or_default();
    match PasswordFile::permits(&password) {
        Err(PasswordError::Short) => return again("welcome-short"),
        Err(_) => return again("welcome-long"),
        Ok(()) => {}
    }
    // Before anything is stored, so that of two who hold one link only the first chooses.
    if !page.redeem_link(&secret) {
        return plain_failure(StatusCode::GONE, tongue, "error-link-is-used");
    }
    if let Err(error) = page.password.choose(password).await {
        complain(&error);
        return plain_failure(StatusCode::INTERNAL_SERVER_ERROR, tongue, "welcome-broken");
    }
    tracing::warn!("the page's password was chosen with a one-time link");
    page.sessions.end_all();
    page.attempts.was_right();
    let cookie = session_cookie(&page.sessions.begin(), &page);
    (cookie, Redirect::to("/")).into_response()
}

/// The visitor chooses a language.
pub(crate) async fn speak(State(page): State<Page>, Path(code): Path<String>, fields: Fields) -> Response {
    let back = Redirect::to(own_path(fields.first("next")));
    let Some(tongue) = Tongue::named(&code) else {
        return back.into_response();
    };
    let cookie = Cookie::build((language::COOKIE, tongue.code()))
        .path("/")
        .http_only(true)
        .secure(page.is_secure())
        .same_site(SameSite::Lax)
        .permanent()
        .build();
    ([(header::SET_COOKIE, cookie.to_string())], back).into_response()
}

/// There is nothing at this path.
pub(crate) async fn nowhere(State(page): State<Page>, headers: HeaderMap) -> Response {
    plain_failure(
        StatusCode::NOT_FOUND,
        Tongue::of(&headers, page.setting()),
        "error-nowhere",
    )
}

/// There is no such instance.
pub(crate) fn no_instance(tongue: Tongue) -> Response {
    plain_failure(StatusCode::NOT_FOUND, tongue, "error-no-instance")
}

/// A request that no form of ours makes.
pub(crate) fn unclear(tongue: Tongue) -> Response {
    plain_failure(StatusCode::BAD_REQUEST, tongue, "error-unclear")
}

/// The door for whoever wants to go on to another page of ours.
pub(crate) fn door_before(next: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("next", next)
        .finish();
    format!("/sign-in?{query}")
}

/// A path of this page, or its beginning: nobody is sent elsewhere. Browsers leave out tabs and ends of lines wherever they stand
/// in an address, so that two slashes with a tab between them lead to another host as well.
///
/// <https://url.spec.whatwg.org/#concept-basic-url-parser>
fn own_path(next: &str) -> &str {
    let odd = |c: char| c == '\\' || c.is_control();
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.contains(odd);
    if ours { next } else { "/" }
}

fn complain(error: &PasswordError) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(%error, cause, "the page's password cannot be used");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for (next, to) in [
            ("", "/"),
            ("/i/main/people?q=a", "/i/main/people?q=a"),
            ("//evil.example/", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nset-cookie: x", "/"),
            ("/\t/evil.example", "/"),
            ("\t//evil.example", "/"),
            ("/a\0", "/"),
            ("/a\u{85}", "/"),
        ] {
            assert_eq!(own_path(next), to, "{next:?}");
        }
    }
}
