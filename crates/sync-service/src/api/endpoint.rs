//! Where the running daemon is found: a file beside the state with its address and a token, for its owner alone.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sync_adapters::http::Fingerprint;

use crate::private_file;

/// How the local API of a running daemon is reached.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The address that it listens on.
    pub address: SocketAddr,
    /// What every request has to present.
    pub token: SecretString,
    /// The daemon's process id.
    pub pid: u32,
    /// The certificate that it presents, where it speaks TLS. No other is trusted, whatever its names and dates say.
    pub certificate: Option<Fingerprint>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    address: SocketAddr,
    token: String,
    pid: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate_sha256: Option<String>,
}

/// The endpoint file of the daemon could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// It could not be written.
    #[error("cannot write `{path}`", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is there and could not be read.
    #[error("cannot read `{path}`", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The endpoint file that belongs to a state file.
pub fn endpoint_file(state: &Path) -> PathBuf {
    private_file::beside(state, ".api")
}

impl Endpoint {
    /// Publishes the endpoint, readable for the owner alone and replaced at once.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn publish(&self, path: &Path) -> Result<(), EndpointError> {
        let stored = Stored {
            address: self.address,
            token: self.token.expose_secret().to_owned(),
            pid: self.pid,
            certificate_sha256: self.certificate.map(|certificate| certificate.to_string()),
        };
        let text = serde_json::to_vec(&stored).map_err(io::Error::from);
        let written = text.and_then(|text| private_file::replace(path, &text));
        written.map_err(|source| EndpointError::Write {
            path: path.to_owned(),
            source,
        })
    }

    /// Publishes the endpoint unless another daemon that runs has published its own. Tells whether it is ours now.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn publish_unless_taken(&self, path: &Path) -> Result<bool, EndpointError> {
        match Self::find(path) {
            Ok(Some(found)) if found.pid != self.pid && runs_our_program(found.pid) => return Ok(false),
            Ok(Some(found))
                if (found.pid, found.address, found.certificate)
                    == (self.pid, self.address, self.certificate) =>
            {
                return Ok(true);
            }
            _ => {}
        }
        self.publish(path).map(|()| true)
    }

    /// Takes the file back, if it is still ours.
    pub fn withdraw(&self, path: &Path) {
        if matches!(Self::find(path), Ok(Some(found)) if found.pid == self.pid) {
            // A file that is left behind names a daemon that does not answer, which every reader has to expect.
            let _ = fs::remove_file(path);
        }
    }

    /// Reads the endpoint of the daemon that was last started beside this state; `None` where there is none.
    ///
    /// # Errors
    /// When the file is there and cannot be read, for instance because it belongs to another user.
    pub fn find(path: &Path) -> Result<Option<Self>, EndpointError> {
        let unreadable = |source| EndpointError::Read {
            path: path.to_owned(),
            source,
        };
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        let stored: Stored = serde_json::from_slice(&text).map_err(|error| unreadable(error.into()))?;
        let certificate = stored.certificate_sha256.map(|text| text.parse()).transpose();
        let certificate =
            certificate.map_err(|error| unreadable(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        Ok(Some(Self {
            address: stored.address,
            token: stored.token.into(),
            pid: stored.pid,
            certificate,
        }))
    }

    /// Where requests go, without a path.
    pub fn url(&self) -> String {
        let scheme = match self.certificate {
            Some(_) => "https",
            None => "http",
        };
        format!("{scheme}://{}", self.address)
    }
}

/// Whether a process with this id runs the same program as this one. Ids are used again, by other programs mostly.
fn runs_our_program(pid: u32) -> bool {
    let program = |process: &str| fs::read_link(format!("/proc/{process}/exe")).ok();
    let theirs = program(&pid.to_string());
    theirs.is_some() && theirs == program("self")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn endpoint(pid: u32) -> Endpoint {
        Endpoint {
            address: ([127, 0, 0, 1], 8480).into(),
            token: "SAMPLE-token".to_owned().into(),
            pid,
            certificate: None,
        }
    }

    #[test]
    fn the_certificate_of_a_daemon_that_speaks_tls_is_published_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db.api");
        let mut endpoint = endpoint(7);
        assert!(endpoint.publish_unless_taken(&path).unwrap());
        assert_eq!(
            Endpoint::find(&path).unwrap().unwrap().url(),
            "http://127.0.0.1:8480"
        );
        endpoint.certificate = Some(Fingerprint::of(b"a certificate"));
        assert!(
            endpoint.publish_unless_taken(&path).unwrap(),
            "a new certificate is published, too"
        );
        let found = Endpoint::find(&path).unwrap().unwrap();
        assert_eq!(
            (found.certificate, found.url().as_str()),
            (endpoint.certificate, "https://127.0.0.1:8480")
        );
    }

    #[test]
    fn what_is_published_is_found_and_is_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = endpoint_file(&folder.path().join("state.db"));
        assert!(path.ends_with("state.db.api"));
        assert!(Endpoint::find(&path).unwrap().is_none());
        endpoint(7).publish(&path).unwrap();
        let found = Endpoint::find(&path).unwrap().unwrap();
        assert_eq!(
            (found.address.port(), found.token.expose_secret(), found.pid),
            (8480, "SAMPLE-token", 7)
        );
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_file_of_a_newer_daemon_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db.api");
        endpoint(8).publish(&path).unwrap();
        endpoint(7).withdraw(&path);
        assert!(path.exists());
        endpoint(8).withdraw(&path);
        assert!(!path.exists());
    }

    #[test]
    fn the_token_is_never_shown() {
        assert!(!format!("{:?}", endpoint(7)).contains("SAMPLE"));
    }
}
