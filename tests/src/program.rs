//! The built programs, run as their users run them.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// What a program printed, and how it ended.
#[derive(Debug)]
pub struct Output {
    /// Its exit code; `None` after a signal.
    pub code: Option<i32>,
    /// What it printed as data.
    pub stdout: String,
    /// Everything else that it printed.
    pub stderr: String,
}

/// Runs `presencectl` to its end.
pub fn presencectl(config: &Path, arguments: &[&str]) -> Output {
    presencectl_with(config, arguments, &[])
}

/// Runs `presencectl` to its end with these variables added to its environment.
pub fn presencectl_with(config: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let output = Command::new(built("presencectl"))
        .envs(variables.iter().copied())
        .arg("--config")
        .arg(config)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("presencectl can be started");
    Output {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A running `presencectl login` with `--output json`. It is killed when it is dropped.
#[derive(Debug)]
pub struct Login {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Login {
    /// Begins to sign in for the instance `main`.
    pub fn begin(config: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(built("presencectl"))
            .arg("--config")
            .arg(config)
            .args(["login", "main", "--output", "json"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("presencectl can be started");
        let stdout = child.stdout.take().expect("it is piped");
        Self {
            child,
            lines: BufReader::new(stdout).lines(),
        }
    }

    /// The next line that it prints; `None` when it has ended.
    pub fn line(&mut self) -> Option<serde_json::Value> {
        let line = self.lines.next()?.expect("its output can be read");
        Some(serde_json::from_str(&line).expect("a line of JSON"))
    }

    /// Waits until it ends.
    pub fn end(mut self) -> Output {
        let rest: Vec<String> = self.lines.by_ref().map_while(Result::ok).collect();
        let mut stderr = String::new();
        if let Some(mut pipe) = self.child.stderr.take() {
            pipe.read_to_string(&mut stderr).expect("its output can be read");
        }
        Output {
            code: self.child.wait().expect("it can be waited for").code(),
            stdout: rest.join("\n"),
            stderr,
        }
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running `presence-syncd`. It is killed when it is dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts the daemon; its log goes to a file beside the configuration.
    pub fn start(config: &Path) -> Self {
        Self::start_with(config, &[])
    }

    /// Starts the daemon with these variables added to its environment.
    pub fn start_with(config: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(built("presence-syncd"));
        command
            .envs(variables.iter().copied())
            .arg("--config")
            .arg(config);
        Self::spawn(command, config)
    }

    fn spawn(mut command: Command, config: &Path) -> Self {
        let log = config.with_file_name("daemon.log");
        let stderr = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .expect("the log can be written");
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .expect("the daemon can be started");
        Self { child, log }
    }

    /// Starts the daemon with this folder on a disk of its own: what `mount` says (in a namespace that nobody else sees) is done
    /// first, with the folder as `$1`. `None` where the system does not allow that.
    pub fn start_on_disk(config: &Path, folder: &Path, mount: &str) -> Option<Self> {
        let unshare = |script: &str| {
            let mut command = Command::new("unshare");
            command.args(["--user", "--map-root-user", "--mount", "sh", "-ec", script]);
            command
        };
        let may = unshare("mount -t tmpfs none /mnt").output();
        if !may.is_ok_and(|tried| tried.status.success()) {
            return None;
        }
        let mut command = unshare(&format!("{mount}; exec \"$0\" --config \"$2\""));
        command.arg(built("presence-syncd")).arg(folder).arg(config);
        Some(Self::spawn(command, config))
    }

    /// A path as the daemon sees it, on its own disk.
    pub fn sees(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.pid()));
        root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// What it has logged until now, over all its starts.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as `systemctl stop` does, and tells its exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.signal("-TERM");
        self.child.wait().expect("the daemon can be waited for").code()
    }

    /// Lets it read its files again, as `systemctl reload` does.
    pub fn reload(&self) {
        self.signal("-HUP");
    }

    /// Sends it a signal, such as `-STOP`.
    pub fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        let signalled = Command::new("kill")
            .args([signal, &pid])
            .status()
            .expect("`kill` can be started");
        assert!(signalled.success(), "the daemon was still running");
    }

    /// Ends it at once, without a chance to tidy up.
    pub fn kill(mut self) {
        self.child.kill().expect("the daemon can be killed");
        self.child.wait().expect("the daemon can be waited for");
    }

    /// Waits until it ends by itself, and tells its exit code.
    pub fn wait(mut self) -> Option<i32> {
        self.child.wait().expect("the daemon can be waited for").code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program of this workspace, beside the folder of this test's own. `cargo test --workspace` builds them all; the
/// tests of a single package may find none.
fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a process knows its own file");
    let path = test.ancestors().nth(2).unwrap_or(Path::new(".")).join(name);
    assert!(
        path.exists(),
        "build the programs first: cargo build --workspace ({} is missing)",
        path.display()
    );
    path
}
