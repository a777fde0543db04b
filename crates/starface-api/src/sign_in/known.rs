//! What was found out about a PBX, for whoever remembers it.

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A way of signing in that has worked. It contains no secret.
///
/// Written as `{"generation":"nonce"}` or
/// `{"generation":"oauth","token_path":"/auth/realms/pbx/oauth2/token","scope":"login","client_auth":"body"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "generation", rename_all = "lowercase")]
#[non_exhaustive]
pub enum KnownSignIn {
    /// The nonce login of versions up to 9.
    Nonce,
    /// The OAuth password grant of version 10.
    OAuth {
        /// Where tokens are issued: a path on the PBX, so that credentials go nowhere else.
        token_path: String,
        /// The `edgeNodeId` of a PBX that is attached to the vendor's cloud.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edge_node: Option<String>,
        /// The scope that was granted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        /// How the client showed its secret.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_auth: Option<ClientAuth>,
    },
}

/// How an OAuth client shows its secret
/// ([RFC 6749, section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ClientAuth {
    /// In the form, as documented for STARFACE.
    Body,
    /// By HTTP Basic, as some PBXs want it.
    Basic,
}

/// Remembers how to sign in to one PBX, so that it need not be found out again.
///
/// Nothing depends on it but the number of attempts: what cannot be read or kept is found out anew. So neither method
/// fails; an implementation that has trouble says so by itself.
#[async_trait]
pub trait SignInMemory: Debug + Send + Sync {
    /// What is remembered.
    async fn load(&self) -> Option<KnownSignIn>;

    /// Remembers this instead; `None` forgets.
    async fn store(&self, known: Option<&KnownSignIn>);
}

/// A memory that ends with the process.
#[derive(Debug, Default)]
pub struct VolatileMemory(Mutex<Option<KnownSignIn>>);

#[async_trait]
impl SignInMemory for VolatileMemory {
    async fn load(&self) -> Option<KnownSignIn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn store(&self, known: Option<&KnownSignIn>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known.cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_survives_being_written_down() {
        let oauth = |scope: Option<&str>, client_auth| KnownSignIn::OAuth {
            token_path: "/auth/realms/pbx/oauth2/token".into(),
            edge_node: None,
            scope: scope.map(str::to_owned),
            client_auth,
        };
        for (known, written) in [
            (KnownSignIn::Nonce, r#"{"generation":"nonce"}"#),
            (
                oauth(Some("login"), Some(ClientAuth::Basic)),
                r#"{"generation":"oauth","token_path":"/auth/realms/pbx/oauth2/token","scope":"login","client_auth":"basic"}"#,
            ),
            (
                oauth(None, None),
                r#"{"generation":"oauth","token_path":"/auth/realms/pbx/oauth2/token"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&known).unwrap(), written);
            assert_eq!(serde_json::from_str::<KnownSignIn>(written).unwrap(), known);
        }
        assert!(serde_json::from_str::<KnownSignIn>(r#"{"generation":"later"}"#).is_err());
    }

    #[tokio::test]
    async fn a_volatile_memory_keeps_the_last() {
        let memory = VolatileMemory::default();
        assert_eq!(memory.load().await, None);
        memory.store(Some(&KnownSignIn::Nonce)).await;
        assert_eq!(memory.load().await, Some(KnownSignIn::Nonce));
        memory.store(None).await;
        assert_eq!(memory.load().await, None);
    }
}
