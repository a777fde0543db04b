//! How a database is spoken to: connections, and how long anything may take.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use super::address::{PostgresAddress, Tls};
use crate::state::StateError;

/// How long any one statement is waited for, and how long a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the server does by itself with a session: one that was stopped half-way (a paused process, a cut cable) keeps its
/// locks no longer than this.
const LIMITS: &str = "SET statement_timeout = '5s'; SET lock_timeout = '4s'; \
     SET idle_in_transaction_session_timeout = '5s'; SET client_min_messages = 'warning'";

/// What connections are made from.
#[derive(Clone)]
pub(super) struct Sessions {
    /// The address for people.
    at: Arc<str>,
    options: PgConnectOptions,
}

impl std::fmt::Debug for Sessions {
    /// The library's own form shows the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Sessions").field(&self.at).finish()
    }
}

impl std::fmt::Display for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.at)
    }
}

impl Sessions {
    pub(super) fn new(
        address: &PostgresAddress,
        password: Option<&SecretString>,
        node: &str,
    ) -> Result<Self, StateError> {
        let at: Arc<str> = address.to_string().into();
        let mut options = PgConnectOptions::new_without_pgpass()
            .host(&address.host)
            .port(address.port)
            .username(&address.user)
            .database(&address.database)
            .application_name(&format!("presence-sync on {node}"))
            .ssl_mode(match address.tls {
                Tls::Off => PgSslMode::Disable,
                Tls::VerifyCa => PgSslMode::VerifyCa,
                Tls::VerifyFull => PgSslMode::VerifyFull,
            })
            .disable_statement_logging();
        if let Some(folder) = address.socket() {
            options = options.socket(folder);
        }
        if let Some(password) = password {
            options = options.password(password.expose_secret());
        }
        if address.tls != Tls::Off {
            options = options.ssl_root_cert_from_pem(trusted(address)?);
        }
        Ok(Self { at, options })
    }

    /// Tries to connect once: where many connections are wanted later, each is tried again and again, and the reason is lost.
    pub(super) async fn probe(&self) -> Result<(), StateError> {
        let probe = async { self.options.connect().await?.close().await };
        self.within(probe).await
    }

    /// At most so many connections, made when they are needed, whose tables are in this schema.
    pub(super) fn pool(&self, connections: u32, schema: &str) -> PgPool {
        let prepare: Arc<str> = format!("SET search_path TO {schema}; {LIMITS}").into();
        let options = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(PATIENCE)
            .after_connect(move |connection, _| {
                let prepare = AssertSqlSafe(prepare.to_string());
                Box::pin(async move {
                    connection.execute(sqlx::raw_sql(prepare)).await?;
                    Ok(())
                })
            });
        options.connect_lazy_with(self.options.clone())
    }

    /// Waits for the server, within reason, and tells in our words what went wrong.
    pub(super) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, StateError> {
        match tokio::time::timeout(PATIENCE * 2, work).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.failed(error)),
            Err(_) => Err(StateError::NoAnswer(self.at.to_string())),
        }
    }

    fn failed(&self, error: sqlx::Error) -> StateError {
        match error {
            sqlx::Error::PoolTimedOut => StateError::NoAnswer(self.at.to_string()),
            sqlx::Error::Io(source) => self.cut_off(source.into()),
            sqlx::Error::Tls(source) => self.cut_off(source),
            other => match other.as_database_error() {
                Some(said) => StateError::Postgres {
                    code: said.code().unwrap_or_default().into_owned(),
                    message: said.message().to_owned(),
                },
                None => StateError::Other(other),
            },
        }
    }

    fn cut_off(&self, source: Box<dyn std::error::Error + Send + Sync>) -> StateError {
        StateError::NoConnection {
            at: self.at.to_string(),
            source,
        }
    }
}

/// The system's certificates, and those of the address: what the library would trust by itself is a list that came with it.
fn trusted(address: &PostgresAddress) -> Result<Vec<u8>, StateError> {
    let mut text = Vec::new();
    for certificate in rustls_native_certs::load_native_certs().certs {
        let block = pem::Pem::new("CERTIFICATE", certificate.to_vec());
        text.extend_from_slice(pem::encode(&block).as_bytes());
    }
    if let Some(path) = &address.root_certificates {
        let own = std::fs::read(path).map_err(|source| StateError::File {
            path: path.clone(),
            source,
        })?;
        text.extend_from_slice(&own);
    }
    Ok(text)
}
