//! Answers: a template as HTML, and what every answer carries.

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use crate::frame::Frame;
use crate::language::Tongue;

/// Nothing is fetched from elsewhere, no script or style stands in a page, and nobody may frame it.
///
/// <https://www.w3.org/TR/CSP3/>
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page.
pub(crate) fn html(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be shown");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page that went well.
pub(crate) fn ok(template: &impl Template) -> Response {
    html(StatusCode::OK, template)
}

/// Something is wrong with a request, said without a frame, because it is not known who asks.
#[derive(Template)]
#[template(path = "failure.html")]
struct Failure<'a> {
    f: Frame,
    name: &'a str,
}

/// An answer to a request that is not served.
pub(crate) fn plain_failure(status: StatusCode, tongue: Tongue, name: &str) -> Response {
    html(
        status,
        &Failure {
            f: Frame::door(tongue, "error-title"),
            name,
        },
    )
}

/// Puts on every answer what keeps browsers from doing more than they should.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let asset = request.uri().path().starts_with("/assets/");
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    let mut set = |name, value| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(
        header::HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    set(
        header::HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    if !asset {
        set(header::CACHE_CONTROL, "no-store");
    }
    answer
}
