//! A daemon that serves its page, in front of a sandbox.

use std::path::Path;

use end_to_end::{Daemon, Stage, StageOptions, eventually};
use serde_json::{Value, json};
use sync_service::api::endpoint_file;

/// The password that is chosen with each one-time link.
const PASSWORD: &str = "Pferd Batterie Büroklammer";

/// The page's daemon, and what is behind it.
pub(crate) struct Served {
    pub(crate) stage: Stage,
    daemon: Daemon,
    origin: String,
}

impl Served {
    /// Starts the daemon, and waits until its first pass is through.
    pub(crate) async fn set(options: StageOptions) -> Self {
        let stage = Stage::set(options).await;
        let served = Self::start(stage).await;
        served.stage.settle().await;
        served
    }

    /// A company of a few, in which nobody is odd.
    pub(crate) async fn plain() -> Self {
        Self::set(StageOptions::plain(5)).await
    }

    /// Starts the daemon on a stage, and waits until it listens.
    pub(crate) async fn start(stage: Stage) -> Self {
        let daemon = stage.daemon();
        let listens = eventually(|| async { stage.client().map(|client| client.endpoint().url()) }).await;
        let origin = listens.unwrap_or_else(|| panic!("it does not listen\n{}", stage.log()));
        Self {
            stage,
            daemon,
            origin,
        }
    }

    /// The daemon is killed, and started again.
    pub(crate) async fn anew(self) -> Self {
        let Self { stage, daemon, .. } = self;
        daemon.kill();
        std::fs::remove_file(endpoint_file(&stage.path("state.db"))).expect("it was killed while it served");
        Self::start(stage).await
    }

    /// What every scenario is given.
    pub(crate) fn given(&self) -> Value {
        let locales = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/admin-page/locales");
        json!({ "origin": self.origin, "locales": locales, "password": PASSWORD })
    }

    /// What every scenario may ask.
    pub(crate) async fn answer(&self, question: &str) -> Value {
        match question {
            "setup-link" => self.setup_link().into(),
            "mode" => self.mode().await.into(),
            _ => panic!("nobody can answer `{question}`"),
        }
    }

    /// A one-time link, as an operator gets it.
    pub(crate) fn setup_link(&self) -> String {
        let printed = self.stage.presencectl(&["setup-link"]);
        assert_eq!(printed.code, Some(0), "{printed:?}");
        printed.stdout.trim().to_owned()
    }

    pub(crate) async fn mode(&self) -> String {
        let status = self.stage.status().await.expect("the daemon answers");
        let view = status.view.expect("the instance runs");
        view.mode.as_str().to_owned()
    }
}
