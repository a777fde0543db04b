//! Whom a connection trusts.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use sync_adapters::http::{HttpClient, HttpSettings};

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
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
            // A client that does not trust us hangs up here.
            if stream.read(&mut [0; 1024]).is_ok() {
                stream
                    .write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                    .unwrap();
            }
        });
        address
    }
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
    let v1_3 = &rustls::version::TLS13;
    assert!(is_trusted(ours.serve("127.0.0.1", v1_3), Some(&ours)).await);
    assert!(is_trusted(ours.serve("127.0.0.1", &rustls::version::TLS12), Some(&ours)).await);
    assert!(!is_trusted(ours.serve("127.0.0.1", v1_3), None).await);
    assert!(!is_trusted(ours.serve("127.0.0.1", v1_3), Some(&other)).await);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let ours = Authority::new();
    assert!(!is_trusted(ours.serve("127.0.0.2", &rustls::version::TLS13), Some(&ours)).await);
}
