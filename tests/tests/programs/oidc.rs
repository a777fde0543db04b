//! Our sign-in against somebody else's OpenID provider, `oidc-provider`: what it accepts is not only what our own sandbox
//! thinks is right. Needs node and npm, and npm's registry at the first time; without them it says so and passes.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use end_to_end::{Absent, installed};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use secrecy::{ExposeSecret, SecretString};
use sync_adapters::clock::SystemClock;
use sync_adapters::graph::{
    AppCertificate, AssertionAlgorithm, ClientCertificate, ClientId, ClientSecret, Cloud, Delegated,
    RefreshTokens, RememberError, Remembered, TenantId, TokenSource, UserSignIn,
};
use sync_adapters::http::{HttpClient, HttpSettings};
use sync_core::Clock;
use url::Url;

/// A provider that runs until it is dropped: it ends with its standard input.
struct Provider {
    child: Child,
    address: Url,
    /// It may still say something, and somebody has to be there.
    _stdout: BufReader<ChildStdout>,
}

impl Provider {
    /// Installs the provider once for all runs, and starts it for an app with this certificate.
    fn start(certificate: &str) -> Result<Self, Absent> {
        let folder = installed("oidc", env!("CARGO_TARGET_TMPDIR"))?;
        let file = folder.join(format!("certificate-{}.pem", std::process::id()));
        fs::write(&file, certificate).unwrap();
        let mut child = Command::new("node")
            .arg("server.mjs")
            .arg(&file)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("provider.log")).unwrap())
            .spawn()
            .map_err(|error| Absent(format!("node cannot be started: {error}")))?;
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let address = Url::parse(line.trim()).expect("the provider prints its address");
        Ok(Self {
            child,
            address,
            _stdout: stdout,
        })
    }

    fn cloud(&self) -> Cloud {
        Cloud::custom(self.address.clone(), self.address.clone()).unwrap()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // Its standard input closes with the handle; whether it has ended by itself already is all the same.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A memory of one token.
#[derive(Default)]
struct Memory(Mutex<Option<(SecretString, u64)>>);

#[async_trait]
impl RefreshTokens for Memory {
    async fn current(&self) -> Result<Option<Remembered>, RememberError> {
        let held = self.0.lock().unwrap().clone();
        Ok(held.map(|(token, number)| Remembered { token, number }))
    }

    async fn replace(&self, number: Option<u64>, token: &SecretString) -> Result<bool, RememberError> {
        let mut held = self.0.lock().unwrap();
        assert_eq!(held.as_ref().map(|(_, number)| *number), number);
        *held = Some((token.clone(), number.unwrap_or_default() + 1));
        Ok(true)
    }
}

fn http() -> reqwest::Client {
    HttpClient::build(&HttpSettings::default()).unwrap()
}

/// Opens a link as a browser does, with its cookies, until it is sent to this machine, and tells what it brings there.
async fn browse(link: &str) -> String {
    let mut cookies = BTreeMap::new();
    let mut url = Url::parse(link).unwrap();
    for _ in 0..20 {
        if url.host_str() == Some("localhost") {
            return url.query().unwrap_or_default().to_owned();
        }
        let sent: Vec<String> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let answer = http()
            .get(url.clone())
            .header("cookie", sent.join("; "))
            .send()
            .await
            .unwrap();
        for set in answer.headers().get_all("set-cookie") {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap_or_default();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let Some(location) = answer.headers().get("location").cloned() else {
            panic!("{} at {url}: {}", answer.status(), answer.text().await.unwrap());
        };
        url = url.join(location.to_str().unwrap()).unwrap();
    }
    panic!("the redirects do not end");
}

/// The token of a sign-in is good for access tokens, time after time, each with the token that the one before brought.
async fn goes_on(provider: &Provider, tenant: &TenantId, client: &ClientId, token: SecretString) {
    let first = token.expose_secret().to_owned();
    let memory = Arc::new(Memory(Mutex::new(Some((token, 1)))));
    let tokens = Delegated::new(
        http(),
        &provider.cloud(),
        tenant,
        client,
        Arc::clone(&memory) as _,
    );
    let mut access = tokens.token().await.unwrap();
    for _ in 0..2 {
        access = tokens.renew(&access).await.unwrap();
    }
    let (last, number) = memory.0.lock().unwrap().clone().unwrap();
    assert_eq!(number, 4, "each answer brought another token");
    assert_ne!(last.expose_secret(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_provider_accepts_all_our_ways_to_sign_in() {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let params = CertificateParams::new(vec!["app.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    let provider = match Provider::start(&certificate) {
        Ok(provider) => provider,
        Err(Absent(why)) => {
            eprintln!("skipped: {why}");
            return;
        }
    };
    let tenant = TenantId::new("tenant.example").unwrap();
    let client = |name: &str| ClientId::new(name).unwrap();

    let secret = |text: &str| {
        let secret = text.to_owned().into();
        ClientSecret::new(http(), &provider.cloud(), &tenant, &client("by-secret"), secret)
    };
    secret("SAMPLE-secret &=+").token().await.unwrap();
    assert!(
        secret("another").token().await.is_err(),
        "the provider does look at it"
    );

    let pem = format!("{certificate}{}", key.serialize_pem());
    for algorithm in [AssertionAlgorithm::Ps256, AssertionAlgorithm::Rs256] {
        let certificate = AppCertificate::from_pem(pem.as_bytes()).unwrap();
        let clock = SystemClock::default();
        let tokens = ClientCertificate::new(
            http(),
            &provider.cloud(),
            &tenant,
            &client("by-certificate"),
            certificate,
            algorithm,
            Arc::new(move || clock.now().wall),
        );
        let first = tokens.token().await.unwrap();
        tokens.renew(&first).await.unwrap();
    }

    let person = client("by-person");
    let user = UserSignIn::new(http(), &provider.cloud(), &tenant, &person);
    let sign_in = user.browser(51_004);
    let brought = browse(sign_in.link().as_str()).await;
    let signed_in = sign_in.finish(&brought).await.unwrap();
    assert_eq!(signed_in.missing, []);
    goes_on(&provider, &tenant, &person, signed_in.refresh_token).await;

    let sign_in = user.device_code().await.unwrap();
    let mut enter = provider.address.join("/enter").unwrap();
    enter.query_pairs_mut().append_pair("code", sign_in.code());
    assert_eq!(http().get(enter).send().await.unwrap().status(), 204);
    let signed_in = sign_in.wait().await.unwrap();
    goes_on(&provider, &tenant, &person, signed_in.refresh_token).await;
}
