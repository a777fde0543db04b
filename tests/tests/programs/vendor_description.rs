//! Every request of the PBX client and every answer of the sandbox, checked against the vendor's interface description:
//! Prism stands between the two as a validating proxy. `.ci/openapi` says where both are; without it this is skipped.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use end_to_end::{Stage, StageOptions};
use sandbox::{Except, Operation, Options, Sandbox};

struct Prism {
    child: Child,
    lines: mpsc::Receiver<String>,
    url: String,
}

impl Prism {
    fn start(program: &str, description: &str, upstream: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let mut child = Command::new(program)
            .args([
                "proxy",
                description,
                upstream,
                "--errors",
                "--host",
                "127.0.0.1",
                "--port",
                &port.to_string(),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("prism can be started");
        let stdout = child.stdout.take().expect("it was piped");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let prism = Self {
            child,
            lines,
            url: format!("http://127.0.0.1:{port}"),
        };
        loop {
            let line = prism
                .lines
                .recv_timeout(Duration::from_secs(60))
                .expect("prism listens within a minute");
            if line.contains("Prism is listening") {
                return prism;
            }
        }
    }

    /// Everything that it has said.
    fn end(mut self) -> Vec<String> {
        self.stop();
        self.lines.iter().collect()
    }

    /// It may have ended by itself; then there is nothing to kill.
    fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        self.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_and_what_is_answered_is_as_the_vendor_describes_it() {
    let (Some(program), Some(description)) = (
        variable("PRESENCE_SYNC_PRISM"),
        variable("PRESENCE_SYNC_PBX_DESCRIPTION"),
    ) else {
        println!("skipped: .ci/openapi starts this test with Prism and the vendor's description");
        return;
    };
    // The companion module is not part of the description, and so the chat status stays out of this.
    let mut options = StageOptions::plain(5);
    options.options = Options {
        chat: false,
        roster_interval: "500ms".to_owned(),
        ..options.options
    };
    let configuration = options.options.clone();
    let stage = Stage::set(options).await;
    let prism = Prism::start(&program, &description, &stage.sandbox.pbx_url());
    stage.configure(&Options {
        pbx_url: Some(prism.url.clone()),
        ..configuration
    });
    // The description is that of version 6.7, and discovery is not part of it.
    let text = std::fs::read_to_string(stage.config()).expect("the configuration can be read");
    let forced = text.replace(
        "[instances.main.starface]\n",
        "[instances.main.starface]\nauth = \"nonce\"\n",
    );
    stage.write("presence-sync.toml", &forced);
    stage.says(0, "Busy", "InACall");
    let daemon = stage.daemon();
    let except = Except {
        chat: true,
        ..Except::default()
    };
    stage.converge(&except).await;
    stage.says(0, "Available", "Available");
    stage.converge(&except).await;
    let several_passes = |sandbox: &Sandbox| sandbox.counters().of(Operation::Groups) >= 6;
    assert!(
        stage
            .sandbox
            .wait_until(Duration::from_secs(30), several_passes)
            .await,
        "{}",
        stage.log()
    );
    assert_eq!(daemon.stop(), Some(0));

    let said = prism.end();
    let objections: Vec<&String> = said
        .iter()
        .filter(|line| line.contains("errors#") || line.contains("error "))
        .collect();
    assert!(objections.is_empty(), "{objections:#?}");
    let counters = stage.sandbox.counters();
    for operation in [
        Operation::LoginTemplate,
        Operation::Login,
        Operation::Users,
        Operation::Groups,
        Operation::PhoneconfigGet,
        Operation::PhoneconfigPut,
        Operation::Logout,
    ] {
        assert!(
            counters.of(operation) > 0,
            "{operation} did not come through the proxy: {counters:?}"
        );
        let forwarded = said.iter().filter(|line| line.contains("Forwarding")).count();
        assert!(
            forwarded as u64 >= counters.pbx(),
            "everything came through the proxy"
        );
    }
    println!(
        "{} requests and their answers are as the vendor describes them",
        counters.pbx()
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "the gate tells a test by its environment where its tools are"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
