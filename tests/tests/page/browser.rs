//! The one Chromium of all tests, and how it plays a scenario.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::LazyLock;

use end_to_end::{Absent, installed};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader as AsyncBufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

use crate::served::Served;

static BROWSER: LazyLock<Result<Browser, Absent>> = LazyLock::new(Browser::start);

/// A Chromium, and the node program that drives it. They end with the test's process, which holds its standard input.
pub(crate) struct Browser {
    port: u16,
    _program: Child,
    _stdout: BufReader<ChildStdout>,
}

impl Browser {
    /// The browser, where there can be one; else it is said why not.
    #[expect(clippy::print_stderr, reason = "whoever runs the tests has to know")]
    pub(crate) fn open() -> Option<&'static Self> {
        BROWSER.as_ref().map_err(|why| eprintln!("skipped: {why}")).ok()
    }

    fn start() -> Result<Self, Absent> {
        let chromium = chromium().ok_or_else(|| Absent("there is no program `chromium`".to_owned()))?;
        let folder = installed("page", env!("CARGO_TARGET_TMPDIR"))?;
        let failures = folder.join("failures");
        fs::create_dir_all(&failures).unwrap();
        let mut program = Command::new("node")
            .arg("browser.mjs")
            .args([&chromium, &failures])
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("browser.log")).unwrap())
            .spawn()
            .map_err(|error| Absent(format!("node cannot be started: {error}")))?;
        let mut stdout = BufReader::new(program.stdout.take().unwrap());
        let mut port = String::new();
        stdout.read_line(&mut port).unwrap();
        let log = || fs::read_to_string(folder.join("browser.log")).unwrap_or_default();
        Ok(Self {
            port: port.trim().parse().unwrap_or_else(|_| panic!("{}", log())),
            _program: program,
            _stdout: stdout,
        })
    }

    /// Plays a scenario that asks for nothing but what every page has.
    pub(crate) async fn play(&self, served: &Served, scenario: &str) {
        self.play_with(served, scenario, json!({}), async |_, _| None)
            .await;
    }

    /// Plays a scenario with what it is given; `answers` to its questions, where they are not those that every page can answer.
    pub(crate) async fn play_with(
        &self,
        served: &Served,
        scenario: &str,
        given: Value,
        mut answers: impl AsyncFnMut(&str, &Value) -> Option<Value>,
    ) {
        let (read, mut write) = TcpStream::connect(("127.0.0.1", self.port))
            .await
            .unwrap()
            .into_split();
        let mut lines = AsyncBufReader::new(read).lines();
        let mut all = served.given();
        all.as_object_mut()
            .unwrap()
            .extend(given.as_object().unwrap().clone());
        send(&mut write, &json!({ "scenario": scenario, "given": all })).await;
        while let Some(line) = lines.next_line().await.unwrap() {
            let said: Value = serde_json::from_str(&line).unwrap();
            if let Some(failure) = said["failed"].as_str() {
                panic!("{scenario}: {failure}\n{}", served.stage.log());
            }
            let Some(question) = said["ask"].as_str() else {
                return;
            };
            let answer = match answers(question, &said["about"]).await {
                Some(answer) => answer,
                None => served.answer(question).await,
            };
            send(&mut write, &json!({ "answer": answer })).await;
        }
        panic!("{scenario} has no end; the browser's log may say why");
    }
}

async fn send(write: &mut OwnedWriteHalf, message: &Value) {
    write.write_all(format!("{message}\n").as_bytes()).await.unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "where programs are is the environment's to say"
)]
fn chromium() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths)
        .map(|folder| folder.join("chromium"))
        .find(|program| Path::is_file(program))
}
