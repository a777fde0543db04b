//! The companion module as seen from here.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::presence::{ChatPresence, ChatStatus};
use crate::error::Error;
use crate::failure::{Failure, ServerText};
use crate::ids::UserId;
use crate::operation::Operation;
use crate::pbx::{CallError, Pbx};
use crate::xml_rpc::{Param, RpcCall, Struct, Value};

/// The instance name of a module on the PBX: the part of its method names before the dot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModuleName(String);

impl ModuleName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`Error::ModuleName`] when it is empty, or contains a dot or a control character.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let trimmed = name.trim();
        if trimmed.is_empty() || trimmed.contains(|c: char| c == '.' || c.is_control()) {
            return Err(Error::ModuleName {
                name: name.to_owned(),
            });
        }
        Ok(Self(trimmed.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The small PBX module that reads and sets chat statuses for us. Cheap to clone.
///
/// Its interface is described in `docs/companion-module.md`. The PBX lets every one of its users call a module, so the
/// module asks for a secret of its own.
#[derive(Clone)]
pub struct ChatModule {
    pbx: Pbx,
    name: ModuleName,
    secret: Arc<SecretString>,
}

impl ChatModule {
    /// The module of this name on this PBX. Sends nothing yet.
    #[must_use]
    pub fn new(pbx: Pbx, name: ModuleName, shared_secret: SecretString) -> Self {
        Self {
            pbx,
            name,
            secret: Arc::new(shared_secret),
        }
    }

    /// Sets a user's chat status and its text, and returns what stood there before; `None` where the module does not say.
    ///
    /// It lasts until the user's own client sends another one, which the desktop client does regularly.
    ///
    /// # Errors
    /// [`Error::SignIn`] or [`Error::SetChat`]; a module that refuses and an entry point that does not exist are
    /// [`Fault::Configuration`](crate::Fault::Configuration).
    pub async fn set(
        &self,
        user: UserId,
        status: ChatStatus,
        message: &str,
    ) -> Result<Option<ChatPresence>, Error> {
        let failed = |source| Error::SetChat { user, source };
        let account = i32::try_from(user.value()).map_err(|_| {
            failed(Failure::Senseless {
                what: "the user's id is too large for XML-RPC",
            })
        })?;
        let members = [
            ("SHARED_SECRET", Param::Text(self.secret.expose_secret())),
            ("ACCOUNT_ID", Param::Int(account)),
            ("CHAT_PRESENCE", Param::Text(status.as_str())),
            ("MESSAGE", Param::Text(message)),
        ];
        let answer = self.call(Operation::SetChat, "setChatPresence", &members).await;
        let answer = answer.map_err(|error| error.during(failed))?;
        Ok(answer.text("PREVIOUS").map(ChatPresence::parse))
    }

    /// Calls an entry point, and takes its `OK` for success.
    pub(super) async fn call(
        &self,
        operation: Operation,
        entry: &str,
        members: &[(&str, Param<'_>)],
    ) -> Result<Struct, CallError> {
        let method = format!("{}.{entry}", self.name);
        let call = RpcCall {
            operation,
            method: &method,
            members,
            secret: &self.secret,
        };
        let answer = self.pbx.rpc(&call).await?;
        match ok(&answer) {
            Some(true) => Ok(answer),
            Some(false) => {
                let text = answer.text("ERROR").unwrap_or_default();
                let text = ServerText::new(text, &[self.secret.expose_secret()]);
                Err(CallError::Call(Failure::ModuleRefused { text }))
            }
            None => Err(CallError::Call(Failure::Senseless {
                what: "the companion module does not say whether it is `OK`",
            })),
        }
    }

    pub(super) fn secret(&self) -> &str {
        self.secret.expose_secret()
    }
}

/// `OK` is a boolean; a module whose variable was made a text says the same in letters.
fn ok(answer: &Struct) -> Option<bool> {
    match answer.member("OK")? {
        Value::Bool(ok) => Some(*ok),
        Value::Text(text) => text.trim().to_ascii_lowercase().parse().ok(),
        Value::Int(_) | Value::Struct(_) | Value::Other => None,
    }
}

impl fmt::Debug for ChatModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatModule")
            .field("pbx", &self.pbx)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
