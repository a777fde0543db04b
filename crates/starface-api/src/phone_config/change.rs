//! Reading a phone configuration, and changing do not disturb in it.

use http::{Method, StatusCode};

use super::document::PhoneConfig;
use crate::error::Error;
use crate::ids::UserId;
use crate::operation::Operation;
use crate::pbx::Pbx;
use crate::wire::Call;

/// A phone configuration has four documented members.
const LIMIT: usize = 256 * 1024;

/// What became of a change. Complete: there will be no other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DndChange {
    /// Written, and confirmed by the PBX.
    Written {
        /// What stood there immediately before.
        before: bool,
    },
    /// The wanted value stood there already; nothing was written.
    AlreadyEqual,
    /// What stood there was neither the wanted nor the expected value; nothing was written.
    Conflict {
        /// What stood there.
        found: bool,
    },
}

impl Pbx {
    /// A user's phone configuration (`GET /rest/users/{userId}/phoneconfig`).
    ///
    /// # Errors
    /// [`Error::SignIn`] or [`Error::ReadPhoneConfig`]. With [`Fault::NotFound`](crate::Fault::NotFound) or
    /// [`Fault::Server`](crate::Fault::Server) it concerns this user alone: the vendor's description does not say
    /// which of the two an unknown user is answered with.
    pub async fn phone_config(&self, user: UserId) -> Result<PhoneConfig, Error> {
        let failed = |source| Error::ReadPhoneConfig { user, source };
        let call = self.phone_config_call(user, Operation::ReadPhoneConfig, Method::GET);
        let answer = self.rest(call).await.map_err(|error| error.during(failed))?;
        if answer.status != StatusCode::OK {
            return Err(failed(answer.failure(StatusCode::OK)));
        }
        PhoneConfig::parse(&answer.body).map_err(failed)
    }

    /// Turns a user's do not disturb on or off, if what stands there is `expected` (`None`: whatever stands there).
    ///
    /// Reads the phone configuration, changes that one member and writes everything back. Nothing is written when the
    /// value is the wanted one already, whatever was expected. The interface has no way to make sure that nobody
    /// else writes in between, so the two requests follow each other directly.
    ///
    /// # Errors
    /// [`Error::SignIn`], [`Error::ReadPhoneConfig`], or [`Error::WritePhoneConfig`] for everything but 204, which
    /// alone is success: the vendor documents 200 as an unexpected error.
    pub async fn change_dnd(
        &self,
        user: UserId,
        to: bool,
        expected: Option<bool>,
    ) -> Result<DndChange, Error> {
        let mut config = self.phone_config(user).await?;
        let before = config.do_not_disturb();
        if before == to {
            return Ok(DndChange::AlreadyEqual);
        }
        if expected.is_some_and(|expected| expected != before) {
            return Ok(DndChange::Conflict { found: before });
        }
        config.set_do_not_disturb(to);
        self.write(user, &config).await?;
        Ok(DndChange::Written { before })
    }

    async fn write(&self, user: UserId, config: &PhoneConfig) -> Result<(), Error> {
        let failed = |source| Error::WritePhoneConfig { user, source };
        let call = self.phone_config_call(user, Operation::WritePhoneConfig, Method::PUT);
        let answer = self.rest(call.json(config.to_json().into_bytes())).await;
        let answer = answer.map_err(|error| error.during(failed))?;
        match answer.status {
            StatusCode::NO_CONTENT => Ok(()),
            _ => Err(failed(answer.failure(StatusCode::NO_CONTENT))),
        }
    }

    fn phone_config_call(&self, user: UserId, operation: Operation, method: Method) -> Call {
        let url = self
            .transport
            .base
            .join(&["rest", "users", &user.to_string(), "phoneconfig"]);
        Call::rest(operation, method, url, LIMIT)
    }
}
