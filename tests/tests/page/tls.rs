//! The page over TLS.

use std::os::unix::fs::PermissionsExt;

use end_to_end::{Stage, StageOptions};
use rcgen::{CertifiedKey, generate_simple_self_signed};

use crate::browser::Browser;
use crate::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_works_over_tls_with_a_cookie_that_only_this_host_can_set() {
    let Some(browser) = Browser::open() else { return };
    let stage = Stage::set(StageOptions::plain(5)).await;
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["page.example".to_owned()]).unwrap();
    stage.write(
        "page.pem",
        &format!("{}{}", cert.pem(), signing_key.serialize_pem()),
    );
    std::fs::set_permissions(stage.path("page.pem"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let file = std::fs::read_to_string(stage.config()).unwrap();
    let file = file.replacen("[daemon]\n", "[daemon]\ntls_certificate_file = \"page.pem\"\n", 1);
    stage.write("presence-sync.toml", &file);
    let served = Served::start(stage).await;
    served.stage.settle().await;
    browser.play(&served, "tls/the_page_works_over_tls").await;
}
