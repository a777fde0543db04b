//! Signing in with a certificate.

use std::{collections::BTreeMap, sync::Arc};

use aws_lc_rs::{digest, signature};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use graph_presence::{
    AppCertificate, AssertionAlgorithm, ClientCertificate, ClientId, Fault, InvalidCertificate, SignInError,
    TenantId, TokenSource,
};
use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, PublicKeyData};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::{CLIENT, TENANT, TOKEN_PATH, Tenant, chain, form, http, is_posted_form};

/// A certificate that is good in the years 2020 to 2030, and its key.
struct Made {
    der: Vec<u8>,
    certificate: String,
    key: KeyPair,
}

fn made(key: KeyPair) -> Made {
    let mut params = CertificateParams::new(vec!["presence-sync.example".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2030, 1, 1);
    let signed = params.self_signed(&key).unwrap();
    Made {
        der: signed.der().to_vec(),
        certificate: signed.pem(),
        key,
    }
}

fn rsa() -> Made {
    made(KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap())
}

impl Made {
    fn pem(&self) -> String {
        format!("{}{}", self.certificate, self.key.serialize_pem())
    }
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn tokens(tenant: &Tenant, pem: &str, algorithm: AssertionAlgorithm, now: &str) -> ClientCertificate {
    let (name, client) = (TenantId::new(TENANT).unwrap(), ClientId::new(CLIENT).unwrap());
    let certificate = AppCertificate::from_pem(pem.as_bytes()).unwrap();
    let now = at(now);
    let clock = Arc::new(move || now);
    ClientCertificate::new(
        http(),
        &tenant.cloud(),
        &name,
        &client,
        certificate,
        algorithm,
        clock,
    )
}

/// Header, claims, what was signed, signature.
fn taken_apart(assertion: &str) -> (Value, Value, String, Vec<u8>) {
    let parts: Vec<&str> = assertion.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        panic!("{assertion}")
    };
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let value = |part: &str| serde_json::from_slice(&decoded(part)).unwrap();
    (
        value(header),
        value(claims),
        format!("{header}.{claims}"),
        decoded(signature),
    )
}

#[tokio::test]
async fn the_request_carries_an_assertion_of_the_documented_form_and_no_secret() {
    let made = rsa();
    let thumbprint = |algorithm| URL_SAFE_NO_PAD.encode(digest::digest(algorithm, &made.der));
    let rows: [(_, _, _, &dyn signature::VerificationAlgorithm); 2] = [
        (
            AssertionAlgorithm::Ps256,
            json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint(&digest::SHA256)}),
            "x5t#S256",
            &signature::RSA_PSS_2048_8192_SHA256,
        ),
        (
            AssertionAlgorithm::Rs256,
            json!({"alg": "RS256", "typ": "JWT", "x5t": thumbprint(&digest::SHA1_FOR_LEGACY_USE_ONLY)}),
            "x5t",
            &signature::RSA_PKCS1_2048_8192_SHA256,
        ),
    ];
    for (algorithm, header, _, verifying) in rows {
        let tenant = Tenant::start().await;
        tokens(&tenant, &made.pem(), algorithm, "2026-12-01T09:00:00Z")
            .token()
            .await
            .unwrap();
        let calls = tenant.calls(TOKEN_PATH).await;
        let [call] = calls.as_slice() else {
            panic!("{calls:?}")
        };
        is_posted_form(call);
        let mut fields = form(call);
        let assertion = fields.remove("client_assertion").unwrap();
        let scope = format!("{}/.default", tenant.uri());
        let expected = [
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_id", CLIENT),
            ("grant_type", "client_credentials"),
            ("scope", &scope),
        ];
        let expected: BTreeMap<String, String> = expected
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        assert_eq!(fields, expected);

        let (said, mut claims, signed, signature) = taken_apart(&assertion);
        assert_eq!(said, header);
        uuid::Uuid::parse_str(claims["jti"].take().as_str().unwrap()).unwrap();
        let now = at("2026-12-01T09:00:00Z").as_second();
        let audience = format!("{}{TOKEN_PATH}", tenant.uri());
        let expected = json!({
            "aud": audience, "iss": CLIENT, "sub": CLIENT, "jti": null, "nbf": now, "iat": now, "exp": now + 600,
        });
        assert_eq!(claims, expected);
        let public = signature::UnparsedPublicKey::new(verifying, made.key.der_bytes());
        public
            .verify(signed.as_bytes(), &signature)
            .expect("the certificate's key signed it");
    }
}

#[tokio::test]
async fn no_assertion_is_sent_twice() {
    let made = rsa();
    let tenant = Tenant::start().await;
    let tokens = tokens(
        &tenant,
        &made.pem(),
        AssertionAlgorithm::default(),
        "2026-12-01T09:00:00Z",
    );
    let first = tokens.token().await.unwrap();
    tokens.renew(&first).await.unwrap();
    let calls = tenant.calls(TOKEN_PATH).await;
    let [first, second] = [&calls[0], &calls[1]].map(|call| taken_apart(&form(call)["client_assertion"]).1);
    assert_ne!(first["jti"], second["jti"]);
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_not_sent() {
    let made = rsa();
    let tenant = Tenant::start().await;
    let early = tokens(
        &tenant,
        &made.pem(),
        AssertionAlgorithm::default(),
        "2029-12-31T23:59:59Z",
    );
    early.token().await.unwrap();
    let late = tokens(
        &tenant,
        &made.pem(),
        AssertionAlgorithm::default(),
        "2030-01-01T00:00:00Z",
    );
    let error = late.token().await.unwrap_err();
    assert_eq!(
        chain(&error),
        "nobody can sign in with the certificate: the certificate has expired: it was good until 2030-01-01T00:00:00Z"
    );
    assert_eq!(
        (error.fault(), error.trace().is_none()),
        (Fault::Configuration, true)
    );
    assert!(error.advice().contains("new certificate"), "{}", error.advice());
    assert_eq!(tenant.count(TOKEN_PATH).await, 1);
}

#[tokio::test]
async fn an_echoed_assertion_is_taken_out() {
    let made = rsa();
    let tenant = Tenant::bare().await;
    let echo = |request: &wiremock::Request| {
        let description = form(request)["client_assertion"].clone();
        let body =
            json!({"error": "invalid_client", "error_description": description, "error_codes": [700_027]});
        ResponseTemplate::new(401).set_body_json(body)
    };
    tenant.on("POST", TOKEN_PATH, echo).await;
    let tokens = tokens(
        &tenant,
        &made.pem(),
        AssertionAlgorithm::default(),
        "2026-12-01T09:00:00Z",
    );
    let error = tokens.token().await.unwrap_err();
    let SignInError::Refused(refusal) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(refusal.description.as_deref(), Some("[secret]"));
    assert!(error.advice().contains("uploaded"), "{}", error.advice());
}

#[test]
fn what_is_in_the_file_is_looked_at_before_anything_is_sent() {
    let (made, other) = (rsa(), rsa());
    let elliptic = super::certificate::made(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap());
    let (certificate, key) = (made.certificate.clone(), made.key.serialize_pem());
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let broken = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
    let rows = [
        (certificate.clone(), InvalidCertificate::NoKey),
        (key.clone(), InvalidCertificate::NoCertificate),
        (String::new(), InvalidCertificate::NoKey),
        ("SAMPLE".to_owned(), InvalidCertificate::NoKey),
        (
            format!("{certificate}{encrypted}"),
            InvalidCertificate::EncryptedKey,
        ),
        (
            format!("{certificate}{}", other.key.serialize_pem()),
            InvalidCertificate::Mismatch,
        ),
        (
            format!("{certificate}{key}{key}"),
            InvalidCertificate::SeveralKeys,
        ),
        (elliptic.pem(), InvalidCertificate::NotRsa),
        (format!("{broken}{key}"), InvalidCertificate::Unreadable),
    ];
    for (pem, expected) in rows {
        let error = AppCertificate::from_pem(pem.as_bytes()).unwrap_err();
        assert_eq!(error, expected, "{pem}");
        assert!(!error.advice().is_empty());
    }
}

#[test]
fn of_a_chain_the_certificate_of_the_key_counts_and_its_end_is_known() {
    let (made, authority) = (rsa(), rsa());
    for pem in [
        format!("{}{}", authority.certificate, made.pem()),
        format!(
            "{}{}{}",
            made.key.serialize_pem(),
            made.certificate,
            authority.certificate
        ),
        made.pem().replace('\n', "\r\n"),
    ] {
        let certificate = AppCertificate::from_pem(pem.as_bytes()).unwrap();
        assert_eq!(
            certificate,
            AppCertificate::from_pem(made.pem().as_bytes()).unwrap()
        );
        assert_eq!(certificate.valid_from(), at("2020-01-01T00:00:00Z"));
        assert_eq!(certificate.valid_until(), at("2030-01-01T00:00:00Z"));
        let shown = format!("{certificate:?}");
        assert!(!shown.contains("key"), "{shown}");
    }
}
