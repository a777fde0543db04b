//! Whom a connection trusts.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use sync_adapters::http::{
    Fingerprint, HttpClient, HttpError, HttpSettings, ProbeError, Proxies, presented_certificate, probe,
};
use sync_adapters::starface::{
    GroupId, Login, ModuleName, Pbx, PbxUrl, SignIn, StarfaceAdapter, TargetGroup,
};
use sync_core::{ChatPort, Clock, Fault, PbxPort, PbxUserId};

use crate::support::Clocks;

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// Answers one request at most, as `name`.
    fn serve(&self, name: &str, version: &'static SupportedProtocolVersion) -> SocketAddr {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        serve(certificate.der().clone(), &key, version)
    }
}

/// Answers one request at most, with this certificate, whether the key is its own or not.
fn serve(
    certificate: CertificateDer<'static>,
    key: &KeyPair,
    version: &'static SupportedProtocolVersion,
) -> SocketAddr {
    let config = server(certificate, key, version);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        // A client that does not trust us hangs up.
        answer(stream, &config, |_| "HTTP/1.1 204 No Content".to_owned());
    });
    address
}

fn server(
    certificate: CertificateDer<'static>,
    key: &KeyPair,
    version: &'static SupportedProtocolVersion,
) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = aws_lc_rs::sign::any_supported_type(&key).unwrap();
    let certified = Arc::new(CertifiedKey::new(vec![certificate], key));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    Arc::new(config)
}

/// Reads one request, answers it by its head and body, and hangs up. `None` where no request came.
fn answer(stream: TcpStream, config: &Arc<ServerConfig>, to: impl Fn(&str) -> String) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream);
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !is_whole(&request) {
        let read = stream.read(&mut part).ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&part[..read]);
    }
    let answer = to(&String::from_utf8_lossy(&request));
    let (head, body) = answer.split_once("\n\n").unwrap_or((&answer, ""));
    let length = body.len();
    let whole = format!("{head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(whole.as_bytes()).ok()?;
    stream.conn.send_close_notify();
    stream.flush().ok()
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

async fn is_trusted(address: SocketAddr, trusting: Option<&Authority>) -> bool {
    let ca_file_pem = trusting.map(|authority| authority.pem.clone().into_bytes());
    let client = HttpClient::build(&HttpSettings {
        ca_file_pem,
        ..HttpSettings::default()
    })
    .unwrap();
    client
        .get(format!("https://{address}/"))
        .send()
        .await
        .is_ok_and(|answer| answer.status() == 204)
}

#[tokio::test]
async fn a_private_authority_is_trusted_where_it_is_named_and_nowhere_else() {
    let (ours, other) = (Authority::new(), Authority::new());
    let v1_3 = &TLS13;
    assert!(is_trusted(ours.serve("127.0.0.1", v1_3), Some(&ours)).await);
    assert!(is_trusted(ours.serve("127.0.0.1", &TLS12), Some(&ours)).await);
    assert!(!is_trusted(ours.serve("127.0.0.1", v1_3), None).await);
    assert!(!is_trusted(ours.serve("127.0.0.1", v1_3), Some(&other)).await);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let ours = Authority::new();
    assert!(!is_trusted(ours.serve("127.0.0.2", &TLS13), Some(&ours)).await);
}

/// A certificate that nobody has signed, for another name than the one that is asked for, and long expired.
struct SelfSigned {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl SelfSigned {
    fn new() -> Self {
        let mut params = CertificateParams::new(["pbx.example".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { certificate, key }
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }

    fn serve(&self, version: &'static SupportedProtocolVersion) -> SocketAddr {
        serve(self.certificate.clone(), &self.key, version)
    }

    /// A PBX of version 9 with the companion module, that answers a few requests and keeps their first lines.
    fn serve_pbx(&self) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
        let config = server(self.certificate.clone(), &self.key, &TLS13);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().take(8) {
                answer(stream.unwrap(), &config, |request| {
                    let line = request.lines().next().unwrap_or_default();
                    let line = line.split(['?', ' ']).take(2).collect::<Vec<_>>().join(" ");
                    seen.lock().unwrap().push(line.clone());
                    pbx_answer(&line)
                });
            }
        });
        (address, asked)
    }
}

fn pbx_answer(line: &str) -> String {
    let body = match line {
        "GET /rest/login" => r#"{"loginType":"Internal","nonce":"n"}"#,
        "POST /rest/login" => r#"{"token":"SAMPLE-token"}"#,
        "GET /rest/users/1004/phoneconfig" => r#"{"doNotDisturb":true}"#,
        "POST /xml-rpc" => {
            "<methodResponse><params><param><value><struct><member><name>OK</name><value><boolean>1</boolean></value></member>\
             <member><name>PRESENCES</name><value>1004=AWAY</value></member></struct></value></param></params></methodResponse>"
        }
        _ => return "HTTP/1.1 404 Not Found".to_owned(),
    };
    format!("HTTP/1.1 200 OK\n\n{body}")
}

fn pinned(fingerprint: Fingerprint) -> HttpSettings {
    HttpSettings {
        certificate_sha256: Some(fingerprint),
        ..HttpSettings::default()
    }
}

fn starface(address: SocketAddr, settings: &HttpSettings) -> StarfaceAdapter {
    let url = PbxUrl::parse(&format!("https://{address}")).unwrap();
    let sign_in = SignIn::Nonce {
        login: Login::new("0001"),
        password: "Pass123".into(),
    };
    let clock: Arc<dyn Clock> = Arc::new(Clocks::default());
    let pbx = Pbx::new(HttpClient::build(settings).unwrap(), url, sign_in);
    StarfaceAdapter::new(pbx, TargetGroup::Id(GroupId::new(1000)), clock)
}

#[tokio::test]
async fn a_pinned_certificate_is_trusted_whatever_it_says() {
    let pbx = SelfSigned::new();
    for version in [&TLS12, &TLS13] {
        let client = HttpClient::build(&pinned(pbx.fingerprint())).unwrap();
        let address = pbx.serve(version);
        let answer = client.get(format!("https://{address}/")).send().await.unwrap();
        assert_eq!(answer.status(), 204);
    }
}

#[tokio::test]
async fn the_pin_holds_for_rest_and_for_the_companion_module() {
    let certificate = SelfSigned::new();
    let (address, asked) = certificate.serve_pbx();
    let pbx = starface(address, &pinned(certificate.fingerprint()));
    let user = PbxUserId(1004);
    assert!(pbx.dnd(user).await.unwrap());
    let chat = pbx.chat(
        ModuleName::parse("TeamsPresence").unwrap(),
        "SAMPLE-module-secret".into(),
    );
    assert_eq!(chat.chat(&[user]).await.unwrap().len(), 1);
    assert_eq!(
        *asked.lock().unwrap(),
        [
            "GET /rest/login",
            "POST /rest/login",
            "GET /rest/users/1004/phoneconfig",
            "POST /xml-rpc"
        ]
    );
}

#[tokio::test]
async fn another_certificate_is_refused_with_its_fingerprint_before_anything_is_sent() {
    let (ours, other) = (SelfSigned::new(), SelfSigned::new());
    let (address, asked) = other.serve_pbx();
    let pbx = starface(address, &pinned(ours.fingerprint()));
    let error = pbx.dnd(PbxUserId(1004)).await.unwrap_err();
    assert_eq!(error.fault, Fault::Configuration);
    assert_eq!(
        error.chain(),
        format!(
            "cannot sign in to the PBX as `0001`: the certificate of the PBX is not trusted: its SHA-256 fingerprint is `{}`, and `{}` is pinned",
            other.fingerprint(),
            ours.fingerprint()
        )
    );
    assert!(error.advice.unwrap().contains("certificate_sha256"));
    assert_eq!(*asked.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn an_authority_that_signed_a_certificate_does_not_stand_for_a_pinned_one() {
    let authority = Authority::new();
    let client = HttpClient::build(&pinned(SelfSigned::new().fingerprint())).unwrap();
    let address = authority.serve("127.0.0.1", &TLS13);
    assert!(client.get(format!("https://{address}/")).send().await.is_err());
}

#[tokio::test]
async fn whoever_copied_the_certificate_and_has_not_its_key_is_refused() {
    let ours = SelfSigned::new();
    for version in [&TLS12, &TLS13] {
        let thief = serve(ours.certificate.clone(), &KeyPair::generate().unwrap(), version);
        let pbx = starface(thief, &pinned(ours.fingerprint()));
        let error = pbx.dnd(PbxUserId(1004)).await.unwrap_err();
        assert_eq!(error.fault, Fault::Configuration, "{}", error.chain());
        assert!(
            error.chain().contains("certificate of the PBX is not trusted"),
            "{}",
            error.chain()
        );
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_a_fault_of_the_settings_with_its_reason() {
    let unknown = SelfSigned::new();
    let authority = Authority::new();
    let named = HttpSettings {
        ca_file_pem: Some(authority.pem.clone().into_bytes()),
        ..HttpSettings::default()
    };
    for (address, settings) in [
        (unknown.serve(&TLS13), HttpSettings::default()),
        (unknown.serve(&TLS13), named.clone()),
        (authority.serve("127.0.0.2", &TLS13), named),
    ] {
        let error = starface(address, &settings)
            .dnd(PbxUserId(1004))
            .await
            .unwrap_err();
        assert_eq!(error.fault, Fault::Configuration, "{}", error.chain());
        assert!(
            error.chain().starts_with(
                "cannot sign in to the PBX as `0001`: the certificate of the PBX is not trusted: "
            ),
            "{}",
            error.chain()
        );
        assert!(error.advice.unwrap().contains("ca_file"));
    }
}

#[test]
fn a_pin_stands_alone() {
    let pin = SelfSigned::new().fingerprint();
    let and_authority = HttpSettings {
        ca_file_pem: Some(Authority::new().pem.into_bytes()),
        ..pinned(pin)
    };
    let error = HttpClient::build(&and_authority).unwrap_err();
    assert!(matches!(error, HttpError::PinnedAndAuthority), "{error:?}");
    for (proxy, good) in [
        ("http://proxy.example:3128", true),
        ("proxy.example", true),
        ("https://proxy.example", false),
        ("HTTPS://proxy.example", false),
    ] {
        let settings = HttpSettings {
            proxies: Proxies::at(proxy),
            ..pinned(pin)
        };
        match HttpClient::build(&settings) {
            Ok(_) => assert!(good, "{proxy}"),
            Err(error) => assert!(
                !good && matches!(error, HttpError::PinnedBehindTlsProxy),
                "{proxy}: {error:?}"
            ),
        }
    }
    assert!(format!("{:?}", pinned(pin)).contains(&pin.to_string()));
}

#[tokio::test]
async fn a_diagnosis_tells_a_certificate_that_is_not_trusted_and_shows_which_one_it_is() {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    let url = |address: SocketAddr| format!("https://localhost:{}", address.port()).parse().unwrap();
    let settings = HttpSettings::default();
    let shown = url(serve(certificate.clone(), &key, &TLS13));
    assert_eq!(
        presented_certificate(&settings, &shown).await,
        Some(Fingerprint::of(&certificate))
    );
    let untrusted = url(serve(certificate.clone(), &key, &TLS13));
    assert!(matches!(
        probe(&settings, &untrusted).await,
        Err(ProbeError::Untrusted(_))
    ));
    let pinned = HttpSettings {
        certificate_sha256: Some(Fingerprint::of(&certificate)),
        ..settings
    };
    let trusted = url(serve(certificate, &key, &TLS13));
    assert_eq!(probe(&pinned, &trusted).await.unwrap().date, None);
}

#[tokio::test]
async fn a_diagnosis_tells_a_port_that_does_not_speak_tls() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            let mut stream = stream.unwrap();
            let mut greeting = [0; 1024];
            let _ = stream.read(&mut greeting);
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
                .unwrap();
        }
    });
    let settings = HttpSettings::default();
    assert_eq!(presented_certificate(&settings, &url).await, None);
    assert!(matches!(probe(&settings, &url).await, Err(ProbeError::NoTls(_))));
}

#[tokio::test]
async fn a_diagnosis_tells_a_server_that_does_not_answer() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    drop(listener);
    let settings = HttpSettings::default();
    assert_eq!(presented_certificate(&settings, &url).await, None);
    assert!(matches!(
        probe(&settings, &url).await,
        Err(ProbeError::Unreachable(_))
    ));
}
