//! What is true of every connection.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use sync_adapters::http::{HttpClient, HttpError, HttpSettings, Proxies};
use sync_core::{Fault, PortError};
use wiremock::ResponseTemplate;

use crate::support::{Server, ok};

fn settings(variables: &[(&str, &str)]) -> HttpSettings {
    let variable = |name: &str| {
        variables
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    };
    HttpSettings {
        proxies: Proxies::from_environment(variable),
        ..HttpSettings::default()
    }
}

fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// Accepts one connection, reads what comes first, and hangs up.
fn first_bytes(listener: TcpListener) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut bytes = vec![0; 1024];
        let read = stream.read(&mut bytes).unwrap();
        bytes.truncate(read);
        bytes
    })
}

/// Whether anybody has connected: a connection of our own must be the first one.
fn nobody_came(listener: &TcpListener) -> bool {
    let mut own = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    own.write_all(b"own").unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut bytes = [0; 3];
    stream.read_exact(&mut bytes).is_ok() && bytes == *b"own"
}

#[tokio::test]
async fn https_beyond_this_machine_goes_through_the_proxy() {
    for (variable, prefix) in [
        ("HTTPS_PROXY", "http://"),
        ("https_proxy", ""),
        ("ALL_PROXY", "http://"),
        ("all_proxy", ""),
    ] {
        let (proxy, address) = listen();
        let client = HttpClient::build(&settings(&[(variable, &format!("{prefix}{address}"))])).unwrap();
        let asked = first_bytes(proxy);
        client.get("https://tenant.example/").send().await.unwrap_err();
        let asked = String::from_utf8(asked.join().unwrap()).unwrap();
        assert!(
            asked.starts_with("CONNECT tenant.example:443 HTTP/1.1\r\n"),
            "{variable}: {asked}"
        );
    }
}

#[tokio::test]
async fn loopback_is_reached_without_the_proxy() {
    let (proxy, proxy_address) = listen();
    let client = HttpClient::build(&settings(&[
        ("HTTPS_PROXY", &proxy_address),
        ("NO_PROXY", "other.example"),
    ]))
    .unwrap();
    let (target, target_address) = listen();
    let hello = first_bytes(target);
    client
        .get(format!("https://{target_address}/"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(hello.join().unwrap().first(), Some(&0x16), "a TLS handshake");

    let server = Server::start().await;
    server.on("GET", "/", ok(&serde_json::json!({}))).await;
    assert_eq!(client.get(server.url()).send().await.unwrap().status(), 200);
    assert!(nobody_came(&proxy));
}

#[tokio::test]
async fn what_no_proxy_names_is_reached_without_it() {
    let (proxy, address) = listen();
    let client = HttpClient::build(&settings(&[
        ("HTTPS_PROXY", &address),
        ("NO_PROXY", "pbx.invalid"),
    ]))
    .unwrap();
    client.get("https://pbx.invalid/").send().await.unwrap_err();
    assert!(nobody_came(&proxy));
}

#[test]
fn it_is_known_beforehand_what_the_proxy_is_asked_for() {
    let environment = settings(&[
        ("HTTPS_PROXY", "proxy.example:3128"),
        ("NO_PROXY", "pbx.example, .inside.example,192.0.2.0/24"),
    ]);
    let own = through("http://proxy.example:3128");
    let none = HttpSettings::default();
    for (url, by_environment, by_own) in [
        ("https://tenant.example/", true, true),
        ("https://pbx.example/", false, true),
        ("https://pbx.example:8443/rest", false, true),
        ("https://pbx.inside.example/", false, true),
        ("https://192.0.2.7/", false, true),
        ("https://192.0.3.7/", true, true),
        ("https://localhost/", false, false),
        ("https://127.0.0.1:8443/", false, false),
        ("https://[::1]/", false, false),
        ("http://tenant.example/", false, false),
    ] {
        let url = url.parse().unwrap();
        assert_eq!(environment.proxies.carry(&url), by_environment, "{url}");
        assert_eq!(own.proxies.carry(&url), by_own, "{url}");
        assert!(!none.proxies.carry(&url), "{url}");
    }
}

fn through(proxy: &str) -> HttpSettings {
    HttpSettings {
        proxies: Proxies::at(proxy),
        ..HttpSettings::default()
    }
}

#[tokio::test]
async fn a_proxy_of_its_own_is_used_for_everything_beyond_this_machine() {
    for prefix in ["http://", "HTTP://"] {
        let (proxy, address) = listen();
        let client = HttpClient::build(&through(&format!("{prefix}{address}"))).unwrap();
        let asked = first_bytes(proxy);
        client.get("https://pbx.invalid/").send().await.unwrap_err();
        let asked = String::from_utf8(asked.join().unwrap()).unwrap();
        assert!(asked.starts_with("CONNECT pbx.invalid:443 "), "{asked}");
    }
}

#[tokio::test]
async fn a_proxy_that_speaks_tls_is_greeted_by_it() {
    let (proxy, address) = listen();
    let client = HttpClient::build(&through(&format!("https://{address}"))).unwrap();
    let hello = first_bytes(proxy);
    client.get("https://pbx.invalid/").send().await.unwrap_err();
    assert_eq!(hello.join().unwrap().first(), Some(&0x16), "a TLS handshake");
}

#[tokio::test]
async fn no_way_to_loopback_leads_through_a_proxy() {
    let (proxy, address) = listen();
    let client = HttpClient::build(&through(&format!("http://{address}"))).unwrap();
    for bind in ["127.0.0.1:0", "127.9.9.9:0", "[::1]:0"] {
        let target = TcpListener::bind(bind).unwrap();
        let at = target.local_addr().unwrap();
        let hello = first_bytes(target);
        client.get(format!("https://{at}/")).send().await.unwrap_err();
        assert_eq!(hello.join().unwrap().first(), Some(&0x16), "{bind}");
    }
    // Nobody may listen there, and nobody has to.
    for name in ["https://localhost:1/", "https://pbx.localhost:1/"] {
        client.get(name).send().await.unwrap_err();
    }
    assert!(nobody_came(&proxy));
}

#[tokio::test]
async fn a_proxys_password_is_given_to_the_proxy_and_to_nobody_else() {
    let (proxy, address) = listen();
    let settings = through(&format!("http://agent:SAMPLE-password@{address}"));
    assert!(!format!("{settings:?}").contains("SAMPLE"));
    let client = HttpClient::build(&settings).unwrap();
    let proxying = std::thread::spawn(move || {
        let (mut stream, _) = proxy.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut bytes = [0; 1024];
        let read = stream.read(&mut bytes).unwrap();
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(refusal.as_bytes()).unwrap();
        String::from_utf8_lossy(&bytes[..read]).into_owned()
    });
    let error = client.get("https://pbx.invalid/").send().await.unwrap_err();
    let asked = proxying.join().unwrap();
    // `agent:SAMPLE-password` as HTTP Basic has it.
    assert!(asked.contains("Basic YWdlbnQ6U0FNUExFLXBhc3N3b3Jk"), "{asked}");
    let mut shown = format!("{error:?}");
    let mut next: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = next {
        shown += &format!("; {error}; {error:?}");
        next = error.source();
    }
    assert!(
        !shown.contains("SAMPLE") && !shown.contains("YWdlbnQ6"),
        "{shown}"
    );
}

#[tokio::test]
async fn redirects_and_cookies_are_not_followed_and_not_kept() {
    let server = Server::start().await;
    let elsewhere = ResponseTemplate::new(302)
        .insert_header("Location", "/elsewhere")
        .insert_header("Set-Cookie", "a=b; Path=/");
    server.on("GET", "/", elsewhere).await;
    let client = HttpClient::build(&HttpSettings::default()).unwrap();
    for _ in 0..2 {
        assert_eq!(client.get(server.url()).send().await.unwrap().status(), 302);
    }
    let requests = server.requests().await;
    assert_eq!(server.calls().await, ["GET /", "GET /"]);
    for request in &requests {
        let mut names: Vec<_> = request.headers.keys().map(ToString::to_string).collect();
        names.sort();
        assert_eq!(names, ["accept", "host", "user-agent"]);
        assert_eq!(
            request.headers["user-agent"],
            concat!("teams-presence-sync/", env!("CARGO_PKG_VERSION"))
        );
    }
}

#[test]
fn settings_that_are_not_good_are_told_with_advice_and_without_the_password() {
    let pem = |pem: &str| HttpSettings {
        ca_file_pem: Some(pem.into()),
        ..HttpSettings::default()
    };
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let socks = settings(&[("HTTPS_PROXY", "socks5://user:SAMPLE-password@proxy.example")]);
    assert!(!format!("{socks:?}").contains("SAMPLE"));
    type Expected = fn(&HttpError) -> bool;
    let rows: [(HttpSettings, Expected); 4] = [
        (pem(""), |error| matches!(error, HttpError::NoCertificate)),
        (pem("a text"), |error| matches!(error, HttpError::NoCertificate)),
        (pem(broken), |error| {
            matches!(error, HttpError::Certificates(_) | HttpError::Build(_))
        }),
        (socks, |error| matches!(error, HttpError::Proxy)),
    ];
    for (settings, expected) in rows {
        let error = HttpClient::build(&settings).unwrap_err();
        assert!(expected(&error), "{error:?}");
        let error = PortError::from(error);
        assert_eq!(error.fault, Fault::Configuration);
        assert!(error.chain().starts_with("cannot make an HTTP client: "));
        assert!(error.advice.is_some() && !format!("{error:?}").contains("SAMPLE"));
    }
}
