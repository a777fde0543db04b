//! The built programs speak to each other by TLS.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use end_to_end::{Stage, StageOptions};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use sandbox::{Except, Options};

/// Writes a file for its owner alone.
fn secret(stage: &Stage, name: &str, text: &str) {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(stage.path(name))
        .expect("the folder can be written");
    file.write_all(text.as_bytes()).expect("the file can be written");
}

fn certify(stage: &Stage) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["page.example".to_owned()]).expect("a certificate");
    secret(
        stage,
        "page.pem",
        &format!("{}{}", cert.pem(), signing_key.serialize_pem()),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_works_with_a_daemon_that_listens_beyond_this_machine() {
    let mut options = StageOptions::plain(3);
    options.options = Options {
        listen: "0.0.0.0:0".to_owned(),
        ..options.options
    };
    let stage = Stage::set(options).await;
    let checked = stage.presencectl(&["config", "check"]);
    assert_eq!(checked.code, Some(2), "nothing guards it: {checked:?}");
    assert!(
        checked.stderr.contains("is beyond loopback") || checked.stdout.contains("is beyond loopback"),
        "{checked:?}"
    );

    let file = std::fs::read_to_string(stage.config()).expect("there is a configuration");
    let file = file.replacen("[daemon]\n", "[daemon]\ntls_certificate_file = \"page.pem\"\n", 1);
    stage.write("presence-sync.toml", &file);
    certify(&stage);
    let daemon = stage.daemon();
    stage.settle().await;
    stage.says(0, "Busy", "InACall");
    stage.converge(&Except::default()).await;
    assert!(daemon.log().contains(", by TLS"), "{}", daemon.log());
    for arguments in [
        &["status"][..],
        &["members", "main"],
        &["log", "level", "info", "--for", "1m"],
        &["log", "tail", "--no-follow"],
        &["pause", "main"],
    ] {
        let output = stage.presencectl(arguments);
        assert_eq!(output.code, Some(0), "{arguments:?}: {output:?}");
    }

    certify(&stage);
    daemon.reload();
    let spoken = end_to_end::eventually(|| async {
        let output = stage.presencectl(&[
            "log",
            "tail",
            "--no-follow",
            "--search",
            "a new certificate is presented",
        ]);
        (output.code == Some(0) && !output.stdout.is_empty()).then_some(())
    });
    spoken.await.expect("the command line trusts the new certificate");
    assert_eq!(daemon.stop(), Some(0));
}
