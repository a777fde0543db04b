//! A PostgreSQL server for tests, from the machine's own packages, in a directory that vanishes with the process.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// The password of the user, which is asked for over TCP alone.
pub const PASSWORD: &str = "SAMPLE-password-of-the-state";

/// Runs the server until the input ends, which is when the process that started it does, however that comes about.
const GUARD: &str = "\"$0\" \"$@\" >log 2>&1 & server=$!; cat >/dev/null; kill -QUIT $server; wait; \
     cd /; rm -rf \"$HOME\"";

/// A running server with the user and the database `presence`.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
    _guard: Child,
}

/// The server that all tests of this process share; `None`, and a message, where this machine has none.
pub fn shared() -> Option<&'static Server> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    SHARED
        .get_or_init(|| {
            let started = Server::start();
            if let Err(reason) = &started {
                say(&format!("skipped: {reason}"));
            }
            started.ok()
        })
        .as_ref()
}

#[expect(
    clippy::print_stderr,
    reason = "whoever reads the tests' output should know what was not tried"
)]
fn say(text: &str) {
    eprintln!("{text}");
}

impl Server {
    /// Starts a server.
    ///
    /// # Errors
    /// When the machine has no PostgreSQL, or it does not start.
    pub fn start() -> Result<Self, String> {
        let bin = programs().ok_or("no PostgreSQL server is installed")?;
        let folder = tempfile::Builder::new().prefix("presence-pg-").tempdir();
        let folder = folder.map_err(|error| error.to_string())?.keep();
        let server_user = unprivileged(&folder)?;
        let run = |program: PathBuf| {
            let mut command = Command::new(program);
            command
                .current_dir(&folder)
                .env("HOME", &folder)
                .env("LC_ALL", "C");
            if let Some((user, group)) = server_user {
                command.uid(user).gid(group);
            }
            command
        };
        fs::write(folder.join("password"), PASSWORD).map_err(|error| error.to_string())?;
        let init = run(bin.join("initdb"))
            .args([
                "-D",
                "data",
                "-U",
                "presence",
                "-E",
                "UTF8",
                "--no-sync",
                "--no-instructions",
            ])
            .args([
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--pwfile=password",
            ])
            .output()
            .map_err(|error| error.to_string())?;
        if !init.status.success() {
            return Err(String::from_utf8_lossy(&init.stderr).into_owned());
        }
        let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let port = free.map_err(|error| error.to_string())?.port();
        let guard = run("/bin/sh".into())
            .arg("-c")
            .arg(GUARD)
            .arg(bin.join("postgres"))
            .args(["-D", "data", "-k"])
            .arg(&folder)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args([
                "-c",
                "fsync=off",
                "-c",
                "full_page_writes=off",
                "-c",
                "max_connections=300",
            ])
            .stdin(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let server = Self {
            folder,
            bin,
            port,
            _guard: guard,
        };
        server.await_start()?;
        Ok(server)
    }

    #[expect(clippy::disallowed_methods, reason = "another process is waited for")]
    fn await_start(&self) -> Result<(), String> {
        for _ in 0..300 {
            if self.psql("CREATE DATABASE presence").0 {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(fs::read_to_string(self.folder.join("log")).unwrap_or_default())
    }

    /// The address of the database over its socket, where no password is asked for.
    pub fn url_of_socket(&self) -> String {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://presence@{folder}:{}/presence", self.port)
    }

    /// The address of a database over TCP.
    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://presence@127.0.0.1:{}/{database}", self.port)
    }

    /// Gives the server a file of its own, beside its data.
    pub fn put(&self, name: &str, contents: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, contents).expect("the folder can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
        let owner = fs::metadata(&self.folder).expect("it is there");
        chown(&path, Some(owner.uid()), Some(owner.gid())).expect("it can be given away");
        path
    }

    /// Whether these statements succeed, and what is said of them.
    pub fn psql(&self, statements: &str) -> (bool, String) {
        let database = if statements.starts_with("CREATE DATABASE") {
            "postgres"
        } else {
            "presence"
        };
        self.run(
            "psql",
            &[
                "-X",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-c",
                statements,
                database,
            ],
        )
    }

    /// Whether one of the server's programs, as its user, succeeds with these arguments, and what it says.
    pub fn run(&self, program: &str, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(self.bin.join(program))
            .args(arguments)
            .env("PGHOST", &self.folder)
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", "presence")
            .env("LC_ALL", "C")
            .output();
        output.map_or((false, String::new()), |output| {
            let said = [output.stdout, output.stderr].concat();
            (
                output.status.success(),
                String::from_utf8_lossy(&said).trim().to_owned(),
            )
        })
    }
}

/// Where the server's programs are: Debian keeps them apart from others, by version.
fn programs() -> Option<PathBuf> {
    let mut places: Vec<PathBuf> = ["/usr/bin", "/usr/local/bin", "/usr/local/pgsql/bin"]
        .map(PathBuf::from)
        .into();
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    versions.sort();
    places.append(&mut versions);
    places.into_iter().rev().find(|place| {
        ["initdb", "postgres", "psql"]
            .iter()
            .all(|program| place.join(program).exists())
    })
}

/// PostgreSQL does not run as root: where we are root, the folder is given to its user.
fn unprivileged(folder: &Path) -> Result<Option<(u32, u32)>, String> {
    let owner = fs::metadata(folder).map_err(|error| error.to_string())?.uid();
    if owner != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(str::parse);
        Some((ids.next()?.ok()?, ids.next()?.ok()?))
    };
    let ids: (u32, u32) = ids("postgres")
        .or_else(|| ids("nobody"))
        .ok_or("there is no user that PostgreSQL could run as")?;
    chown(folder, Some(ids.0), Some(ids.1)).map_err(|error| error.to_string())?;
    Ok(Some(ids))
}
