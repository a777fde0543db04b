//! How long a server wants to be left alone.

use std::time::Duration;

use http::{HeaderMap, header};
use jiff::{Timestamp, fmt::rfc2822};

/// Reads `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date that is measured against the answer's own `Date`,
/// so that no clock of ours takes part.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = date(value)?;
    let now = date(headers.get(header::DATE)?.to_str().ok()?)?;
    Some(Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO))
}

fn date(text: &str) -> Option<Timestamp> {
    rfc2822::parse(text).ok().map(|date| date.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(retry_after: &str, date: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, retry_after.parse().unwrap());
        if let Some(date) = date {
            headers.insert(header::DATE, date.parse().unwrap());
        }
        headers
    }

    #[test]
    fn seconds_and_dates_are_both_understood() {
        let noon = Some("Mon, 23 Nov 2026 12:00:00 GMT");
        for (value, date, expected) in [
            ("10", None, Some(10)),
            (" 0 ", None, Some(0)),
            ("Mon, 23 Nov 2026 12:01:30 GMT", noon, Some(90)),
            ("Mon, 23 Nov 2026 11:00:00 GMT", noon, Some(0)),
            ("Mon, 23 Nov 2026 12:01:30 GMT", None, None),
            ("-5", None, None),
            ("soon", noon, None),
        ] {
            assert_eq!(
                retry_after(&headers(value, date)),
                expected.map(Duration::from_secs),
                "{value}"
            );
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
