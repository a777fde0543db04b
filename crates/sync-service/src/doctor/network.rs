//! Names and ways: whether a host is found, answers, is trusted, and has our time.

use std::error::Error;

use jiff::Timestamp;
use sync_adapters::http::{HttpSettings, ProbeError, presented_certificate, probe};
use url::Url;

use super::Tell;
use super::finding::{Check, Finding, Verdict};

/// A clock that is further off makes sign-ins fail, and licences end at another time.
const CLOCKS_APART: i64 = 120;

/// A server, and how it is spoken to.
pub(super) struct Host {
    pub(super) url: Url,
    pub(super) http: HttpSettings,
}

impl Host {
    fn name(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    fn is_behind_proxy(&self) -> bool {
        self.http.proxies.carry(&self.url)
    }
}

/// Asks for the addresses of the hosts. Returns whether it makes sense to go on.
pub(super) async fn names(check: Check, hosts: &[Host], tell: Tell<'_>) -> bool {
    let mut found = Vec::new();
    for host in hosts {
        let (name, port) = (
            host.name().trim_matches(['[', ']']),
            host.url.port_or_known_default(),
        );
        match tokio::net::lookup_host((name, port.unwrap_or_default())).await {
            Ok(addresses) => {
                let mut addresses: Vec<String> = addresses.map(|at| at.ip().to_string()).collect();
                addresses.sort();
                addresses.dedup();
                found.push(format!("{name}: {}", addresses.join(", ")));
            }
            Err(error) => {
                // Behind a proxy this machine need not know the names of the world outside.
                let proxied = host.is_behind_proxy();
                let verdict = if proxied {
                    Verdict::Skipped
                } else {
                    Verdict::Failure
                };
                let code = if proxied { "proxied" } else { "unknown" };
                tell(
                    Finding::new(check, verdict, code)
                        .with("host", name)
                        .detailed([error.to_string()]),
                );
                if !proxied {
                    return false;
                }
            }
        }
    }
    if !found.is_empty() {
        tell(Finding::new(check, Verdict::Ok, "found").detailed(found));
    }
    true
}

/// Asks each host for anything at all. Returns whether all of them answered.
pub(super) async fn reach(check: Check, hosts: &[Host], now: Timestamp, tell: Tell<'_>) -> bool {
    let mut clocks = Vec::new();
    let mut seen = Vec::new();
    for host in hosts {
        let certificate = presented_certificate(&host.http, &host.url).await;
        let shown = certificate.map(|certificate| format!("SHA-256 {certificate}"));
        match probe(&host.http, &host.url).await {
            Ok(answered) => {
                let with = shown.map(|shown| format!(", {shown}")).unwrap_or_default();
                seen.push(format!("{}{with}", host.url.origin().ascii_serialization()));
                clocks.extend(answered.date.map(|date| (host.name().to_owned(), date)));
            }
            Err(error) => {
                let code = match error {
                    ProbeError::Untrusted(_) => "untrusted",
                    ProbeError::NoTls(_) => "no-tls",
                    _ if host.is_behind_proxy() => "unreachable-by-proxy",
                    _ => "unreachable",
                };
                let finding = Finding::new(check, Verdict::Failure, code)
                    .with("host", host.url.origin().ascii_serialization());
                tell(finding.detailed([chain(&error)].into_iter().chain(shown)));
                return false;
            }
        }
    }
    tell(Finding::new(check, Verdict::Ok, "reached").detailed(seen));
    clocks
        .into_iter()
        .for_each(|(host, theirs)| tell(clock(&host, theirs, now)));
    true
}

fn clock(host: &str, theirs: Timestamp, now: Timestamp) -> Finding {
    let apart = now.duration_since(theirs).as_secs();
    let (verdict, code) = match apart.abs() {
        ..=CLOCKS_APART => (Verdict::Ok, "right"),
        _ if apart < 0 => (Verdict::Warning, "slow"),
        _ => (Verdict::Warning, "fast"),
    };
    Finding::new(Check::Clock, verdict, code)
        .with("host", host)
        .with("seconds", apart.abs())
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
