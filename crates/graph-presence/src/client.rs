//! The client itself.

use std::{fmt, sync::Arc};

use crate::{
    call::Caller,
    cloud::Cloud,
    directory::{self, DirectoryUser},
    error::Error,
    exchange::Exchange,
    granted::Granted,
    ids::{Address, UserId},
    limits::Limits,
    observer::{CallObserver, Nobody},
    presence::{self, PresenceAnswers},
    token::TokenSource,
};

/// A client of Microsoft Graph for one tenant; cheap to clone.
#[derive(Clone)]
pub struct GraphClient {
    caller: Caller,
}

impl GraphClient {
    /// A client that has sent nothing yet.
    ///
    /// `http` must not follow redirects; a redirect is then reported as a fault of protocol, and the token is never
    /// sent to another place.
    pub fn new(http: reqwest::Client, cloud: Cloud, tokens: Arc<dyn TokenSource>) -> Self {
        let limits = Limits::default();
        let exchange = Exchange {
            http,
            timeout: limits.timeout,
            observer: Arc::new(Nobody),
        };
        Self {
            caller: Caller {
                exchange,
                cloud,
                tokens,
                limits,
            },
        }
    }

    /// The same client with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.caller.exchange.timeout = limits.timeout;
        self.caller.limits = limits;
        self
    }

    /// The same client, whose calls are told to `observer`.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn CallObserver>) -> Self {
        self.caller.exchange.observer = observer;
        self
    }

    /// Reads the presence of at most [`MAX_IDS`](crate::MAX_IDS) users in one call; none for no user.
    ///
    /// The answers are joined by id: a user that Graph does not answer for is absent from them, and what nobody asked
    /// for is dropped. Where Graph refuses the ids (400), the refused ones are found by halving, within a bound; leave
    /// [`PresenceAnswers::refused`] out of the next call, or the search is made anew.
    /// The call is Microsoft's
    /// [getPresencesByUserId](https://learn.microsoft.com/graph/api/cloudcommunications-getpresencesbyuserid).
    ///
    /// # Errors
    ///
    /// [`Error::TooManyIds`] before anything is sent, [`Error::Presences`] where the call failed. A call that is
    /// throttled is not repeated.
    pub async fn presences(&self, ids: &[UserId]) -> Result<PresenceAnswers, Error> {
        presence::read(&self.caller, ids).await
    }

    /// Finds every user who carries one of these addresses, as a proxy address, as `mail` or as principal name, each
    /// user once and with all of its addresses.
    ///
    /// At most 15 values a filter and 20 filters a `$batch`. Which user an address belongs to is the caller's
    /// decision: an address that several users carry yields them all, and what Graph's filter finds beyond the
    /// addresses is not removed. Single requests of a batch that are throttled are repeated within [`Limits`].
    /// The call is Microsoft's [list users](https://learn.microsoft.com/graph/api/user-list).
    ///
    /// # Errors
    ///
    /// [`Error::Users`] where one of the calls failed; there are no partial results.
    pub async fn users_by_address(&self, addresses: &[Address]) -> Result<Vec<DirectoryUser>, Error> {
        directory::users_by_address(&self.caller, addresses)
            .await
            .map_err(|source| Error::Users {
                addresses: addresses.len(),
                source,
            })
    }
}

impl GraphClient {
    /// Signs in where no good token is at hand, and tells what the token says that it may do; `None` where it does not say.
    ///
    /// # Errors
    ///
    /// [`Error::NoToken`].
    pub async fn granted(&self) -> Result<Option<Granted>, Error> {
        match self.caller.tokens.token().await {
            Ok(token) => Ok(token.granted()),
            Err(error) => Err(Error::NoToken(error.into())),
        }
    }
}

impl fmt::Debug for GraphClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphClient")
            .field("cloud", &self.caller.cloud)
            .field("limits", &self.caller.limits)
            .finish_non_exhaustive()
    }
}
