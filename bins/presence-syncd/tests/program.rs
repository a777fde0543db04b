//! The built daemon: its exit codes, what it says, and how it takes signals.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall stop, also in what tests share"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Longer than anything here takes; only a fault waits for its end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A tenant and a PBX at a port of this machine where nobody listens.
const CONFIGURATION: &str = r#"version = 1
[daemon]
listen = "127.0.0.1:0"
[instances.main.teams]
cloud = "custom"
login_url = "http://127.0.0.1:9"
graph_url = "http://127.0.0.1:9"
tenant_id = "tenant"
client_id = "client"
client_secret_file = "graph.secret"
[instances.main.starface]
url = "http://127.0.0.1:9"
group = "Teams"
login = "0001"
password_file = "pbx.password"
"#;

fn folder(configuration: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["graph.secret", "pbx.password"] {
        let mut open = fs::OpenOptions::new();
        let file = open
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(folder.path().join(name));
        std::io::Write::write_all(&mut file.unwrap(), b"SAMPLE-secret\n").unwrap();
    }
    let file = folder.path().join("presence-sync.toml");
    fs::write(&file, configuration).unwrap();
    (folder, file)
}

/// Runs the program to its end: exit code, standard output, standard error with the folder's name taken out.
fn program(arguments: &[&str], folder: &Path) -> (Option<i32>, String, String) {
    let output = assert_cmd::Command::cargo_bin("presence-syncd")
        .unwrap()
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes)
            .unwrap()
            .replace(&folder.display().to_string(), "FOLDER")
    };
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_wrong_call_ends_with_64() {
    for arguments in [
        &[][..],
        &["--config"],
        &["--config", "x", "--what"],
        &["--config", "x", "more"],
    ] {
        let (code, stdout, stderr) = program(arguments, Path::new("none"));
        assert_eq!((code, stdout.as_str()), (Some(64), ""), "{arguments:?}");
        assert!(stderr.starts_with("error: "), "{stderr}");
    }
}

#[test]
fn questions_about_the_program_are_answered_on_standard_output() {
    let (code, stdout, stderr) = program(&["--version"], Path::new("none"));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    // The version, the commit, the day of the build.
    assert!(
        stdout.starts_with(concat!("presence-syncd ", env!("CARGO_PKG_VERSION"), " (")),
        "{stdout}"
    );
    let (commit, day) = stdout.trim_end().rsplit_once(", ").unwrap();
    assert!(!commit.ends_with('('), "{stdout}");
    let day = day.strip_suffix(')').unwrap();
    assert!(day.parse::<jiff::civil::Date>().is_ok(), "{stdout}");
    let (code, stdout, _) = program(&["--help"], Path::new("none"));
    assert_eq!(code, Some(0));
    assert!(
        stdout.contains("--config <FILE>") && stdout.contains("--check"),
        "{stdout}"
    );
}

#[test]
fn the_manual_page_has_every_option_and_every_exit_code() {
    let page = include_str!("../../../packaging/presence-syncd.8").replace("\\-", "-");
    let (_, help, _) = program(&["--help"], Path::new("none"));
    let options: Vec<&str> = help
        .split_whitespace()
        .filter(|word| word.starts_with("--"))
        .collect();
    assert!(options.len() >= 4, "{help}");
    for option in options {
        assert!(page.contains(option.trim_end_matches(',')), "{option} is missing");
    }
    for code in ["0", "1", "2", "64"] {
        assert!(page.contains(&format!("\n.B {code}\n")), "{code} is missing");
    }
}

#[test]
fn a_check_of_a_file_that_is_not_there_ends_with_2_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("presence-sync.toml");
    let (code, stdout, stderr) = program(&["--config", file.to_str().unwrap(), "--check"], folder.path());
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert_eq!(
        stderr,
        "error: there is no configuration file `FOLDER/presence-sync.toml`\n  \
         hint: `presencectl config example` prints one to begin with, and `presencectl config check` says what is \
         wrong with it\n"
    );
}

#[test]
fn without_an_instance_it_runs_in_set_up_mode_and_says_how_to_go_on() {
    let (_folder, file) = folder("version = 1\n[daemon]\nlisten = \"127.0.0.1:0\"\n");
    let daemon = Running::start(&file);
    let log = daemon.until("set-up mode");
    assert!(log.contains("listening on 127.0.0.1:"), "{log}");
    assert!(log.contains("`presencectl setup-link`"), "{log}");
}

#[test]
fn all_faults_of_a_file_are_printed_and_end_with_2() {
    let (folder, file) = folder(&CONFIGURATION.replace("version = 1", "version = 7\ncolour = \"red\""));
    let (code, stdout, stderr) = program(&["--config", file.to_str().unwrap(), "--check"], folder.path());
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(
        stderr.starts_with("error: the configuration is not good\nFOLDER/presence-sync.toml:1:"),
        "{stderr}"
    );
    assert!(
        stderr.contains("presence-sync.toml:2:1: `colour`: there is no such key"),
        "{stderr}"
    );
    assert!(
        !folder.path().join("state.db").exists(),
        "a check leaves nothing behind"
    );
}

#[test]
fn a_good_file_is_checked_without_starting_anything() {
    let (folder, file) = folder(CONFIGURATION);
    let (code, stdout, stderr) = program(&["--config", file.to_str().unwrap(), "--check"], folder.path());
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
    let lines: Vec<&str> = stderr.lines().collect();
    assert!(
        matches!(lines.as_slice(), [warning, "`FOLDER/presence-sync.toml` is good"] if warning.contains("there is no licence")),
        "{stderr}"
    );
    assert!(
        !folder.path().join("state.db").exists(),
        "a check leaves nothing behind"
    );
}

#[test]
fn a_port_that_is_taken_ends_with_1_and_says_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (folder, file) = folder(&CONFIGURATION.replace("127.0.0.1:0", &address));
    let (code, _, stderr) = program(&["--config", file.to_str().unwrap()], folder.path());
    assert_eq!(code, Some(1), "{stderr}");
    assert!(
        stderr.contains(&format!("error: cannot listen on {address}\n  caused by: ")),
        "{stderr}"
    );
    assert!(
        stderr.contains("\n  hint: another process may use the port"),
        "{stderr}"
    );
}

/// A daemon that runs; it is killed where a test fails.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(file: &Path) -> Self {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("presence-syncd"));
        command
            .arg("--config")
            .arg(file)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            stderr
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Self { child, lines }
    }

    /// Reads the log up to the line with this text, and answers with everything read.
    fn until(&self, text: &str) -> String {
        let mut read = String::new();
        loop {
            let line = self
                .lines
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|error| panic!("no `{text}` ({error}) in\n{read}"));
            read.push_str(&line);
            read.push('\n');
            if line.contains(text) {
                return read;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_says_where_it_listens_and_that_there_is_no_licence_and_stops_when_told_to() {
    let (folder, file) = folder(CONFIGURATION);
    for signal in [Signal::TERM, Signal::INT] {
        let mut daemon = Running::start(&file);
        let log = daemon.until("listening on 127.0.0.1:");
        assert!(log.contains("there is no licence"), "{log}");
        let endpoint = folder.path().join("state.db.api");
        assert!(endpoint.exists());
        daemon.signal(signal);
        assert_eq!(daemon.child.wait().unwrap().code(), Some(0));
        assert!(!endpoint.exists(), "the endpoint is withdrawn");
    }
}

#[test]
fn a_bad_file_at_a_reload_leaves_the_old_settings_running() {
    let configuration = CONFIGURATION.replace("[daemon]", "[daemon]\nlog = \"info\"");
    let (_folder, file) = folder(&configuration);
    let mut daemon = Running::start(&file);
    daemon.until("listening on");
    fs::write(&file, "version = 1\ncolour = \"red\"\n").unwrap();
    daemon.signal(Signal::HUP);
    let log = daemon.until("`colour`: there is no such key");
    assert!(log.contains("the old settings go on"), "{log}");
    fs::write(&file, configuration).unwrap();
    daemon.signal(Signal::HUP);
    daemon.until("configuration read again");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.child.wait().unwrap().code(), Some(0));
}
