//! Reading `Retry-After`, in both of its forms and without a clock.

use std::time::Duration;

use http::{
    HeaderMap,
    header::{DATE, RETRY_AFTER},
};

/// A service that names a longer pause than this is not believed, so that sums with it stay representable.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The pause that an answer asks for.
pub(crate) fn of_headers(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    parse(text(RETRY_AFTER)?, text(DATE))
}

/// The pause in seconds, or as a date, which is read against the answer's own `Date` and so needs no clock of ours
/// (RFC 9110, 10.2.3).
pub(crate) fn parse(retry_after: &str, date: Option<&str>) -> Option<Duration> {
    let retry_after = retry_after.trim();
    let pause = if retry_after.bytes().all(|byte| byte.is_ascii_digit()) && !retry_after.is_empty() {
        // Digits beyond 64 bits are a very long pause, not an absent one.
        retry_after.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        let until = httpdate::parse_http_date(retry_after).ok()?;
        let now = httpdate::parse_http_date(date?.trim()).ok()?;
        until.duration_since(now).unwrap_or_default()
    };
    Some(pause.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_everything_else_is_no_pause() {
        let now = Some("Tue, 01 Dec 2026 09:00:00 GMT");
        let rows = [
            ("7", None, Some(7)),
            (" 0 ", None, Some(0)),
            ("99999999999999999999999", None, Some(24 * 60 * 60)),
            ("Tue, 01 Dec 2026 09:01:30 GMT", now, Some(90)),
            ("Tue, 01 Dec 2026 08:00:00 GMT", now, Some(0)),
            ("Tue, 01 Dec 2026 09:01:30 GMT", None, None),
            ("", now, None),
            ("-1", now, None),
            ("soon", now, None),
        ];
        for (text, date, seconds) in rows {
            assert_eq!(parse(text, date), seconds.map(Duration::from_secs), "{text:?}");
        }
    }
}
