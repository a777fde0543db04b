//! Each crate's example, run as its documentation says: by itself, and with variables that name a service.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its world up has failed"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox::{CLIENT, CLIENT_SECRET, GROUP_NAME, LOGIN, Office, PASSWORD, Sandbox};

/// Runs an example to its end, and returns what it printed. `cargo test --workspace` builds them all.
fn example(name: &str, variables: &[(&str, &str)]) -> String {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(
        program.exists(),
        "build the examples first: cargo build --workspace --examples ({} is missing)",
        program.display()
    );
    let output = Command::new(program)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn written(folder: &Path, name: &str, secret: &str) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, format!("{secret}\n")).unwrap();
    file
}

#[test]
fn each_example_runs_by_itself() {
    for (name, says) in [
        ("decide", "Do Not Disturb: on, by `Busy/InAMeeting`"),
        ("issuing_desk", "50 users at 2026-06-01T00:00:00Z: yes"),
        ("a_call", "in the end: DND true, chat do-not-disturb"),
        ("presence", "10 of 10 addresses belong to a user"),
        ("phoneconfig", "2001 do not disturb: true"),
        ("own_pbx", "1 of 8 extensions are silenced"),
        ("office", "expected chat AWAY, found chat AVAILABLE"),
    ] {
        let printed = example(name, &[]);
        assert!(printed.contains(says), "{name}: {printed}");
    }
}

#[tokio::test]
async fn the_clients_examples_read_the_service_that_their_variables_name() {
    let office = Office::plain(4, 1);
    let sandbox = Sandbox::builder().office(office).start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let client_secret = written(folder.path(), "graph.secret", CLIENT_SECRET);
    let password = written(folder.path(), "pbx.password", PASSWORD);
    let (tenant_url, pbx_url, tenant) = (
        sandbox.tenant_url(),
        sandbox.pbx_url(),
        sandbox.tenant_id().to_owned(),
    );
    let address = sandbox.pbx().users()[0].email.clone();

    let printed = tokio::task::spawn_blocking(move || {
        let graph = [
            ("GRAPH_LOGIN_URL", tenant_url.as_str()),
            ("GRAPH_URL", &tenant_url),
            ("GRAPH_TENANT_ID", &tenant),
            ("GRAPH_CLIENT_ID", CLIENT),
            ("GRAPH_CLIENT_SECRET_FILE", client_secret.to_str().unwrap()),
            ("GRAPH_ADDRESSES", &address),
        ];
        let pbx = [
            ("PBX_URL", pbx_url.as_str()),
            ("PBX_LOGIN", LOGIN),
            ("PBX_PASSWORD_FILE", password.to_str().unwrap()),
            ("PBX_GROUP", GROUP_NAME),
        ];
        [example("presence", &graph), example("phoneconfig", &pbx)]
    })
    .await
    .unwrap();
    assert!(
        printed[0].contains("1 of 1 addresses belong to a user"),
        "{printed:?}"
    );
    assert_eq!(
        printed[1].matches("do not disturb: false").count(),
        4,
        "{printed:?}"
    );
    assert!(
        sandbox.history().is_empty(),
        "a look at a real PBX writes nothing"
    );
}

/// The guide shows the example's own lines, and nothing that only looks like them.
#[test]
fn the_integrators_guide_shows_what_is_compiled() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let guide = std::fs::read_to_string(root.join("docs/integrating.md")).unwrap();
    let source = std::fs::read_to_string(root.join("crates/sync-adapters/examples/own_pbx.rs")).unwrap();
    let parts: Vec<&str> = source.split("// guide: ").skip(1).collect();
    let shown: Vec<&str> = parts
        .iter()
        .filter_map(|part| part.split_once('\n'))
        .filter(|(name, _)| *name != "end")
        .map(|(_, code)| code)
        .collect();
    assert_eq!(shown.len(), 3);
    for code in shown {
        assert!(
            guide.contains(&format!("```rust,ignore\n{code}```\n")),
            "not in the guide:\n{code}"
        );
    }
}
