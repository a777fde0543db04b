//! What every way to sign in shares: the token that it holds, and how callers come by it.

use std::{fmt, future::Future, sync::Arc};

use futures_util::FutureExt;

use crate::{
    registration::Registration,
    sign_in::SignInError,
    token::AccessToken,
    token_cache::{Granted, TokenCache},
};

/// A way to come by a new token.
pub(crate) trait Way: Clone + Send + Sync + 'static {
    fn registration(&self) -> &Registration;
    fn registration_mut(&mut self) -> &mut Registration;
    fn grant(self: Arc<Self>) -> impl Future<Output = Result<Granted, SignInError>> + Send;
}

/// A way to sign in with the token that it holds.
pub(crate) struct Source<W> {
    way: Arc<W>,
    cache: TokenCache,
}

impl<W: Way> Source<W> {
    pub(crate) fn new(way: W) -> Self {
        let way = Arc::new(way);
        let granting = Arc::clone(&way);
        Self {
            way,
            cache: TokenCache::new(move || Arc::clone(&granting).grant().boxed()),
        }
    }

    /// The same way over another registration; it holds no token yet.
    pub(crate) fn with(self, change: impl FnOnce(&mut Registration)) -> Self {
        let mut way = W::clone(&self.way);
        change(way.registration_mut());
        Self::new(way)
    }

    pub(crate) async fn token(&self) -> Result<AccessToken, SignInError> {
        self.cache.token().await
    }

    pub(crate) async fn renew(&self, refused: &AccessToken) -> Result<AccessToken, SignInError> {
        self.cache.renew(refused).await
    }

    pub(crate) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("client", &self.way.registration().client)
            .finish_non_exhaustive()
    }
}

/// Makes a public token source of a way to sign in.
macro_rules! token_source {
    ($source:ident) => {
        impl $source {
            /// The same sign-in, each exchange within `timeout` instead of 30 s; it holds no token yet.
            #[must_use]
            pub fn with_timeout(self, timeout: std::time::Duration) -> Self {
                Self(
                    self.0
                        .with(|registration| registration.exchange.timeout = timeout),
                )
            }

            /// The same sign-in, whose calls are told to `observer`; it holds no token yet.
            #[must_use]
            pub fn with_observer(self, observer: std::sync::Arc<dyn crate::observer::CallObserver>) -> Self {
                Self(
                    self.0
                        .with(|registration| registration.exchange.observer = observer),
                )
            }
        }

        impl std::fmt::Debug for $source {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.debug(stringify!($source), f)
            }
        }

        #[async_trait::async_trait]
        impl crate::token::TokenSource for $source {
            async fn token(&self) -> Result<crate::token::AccessToken, crate::sign_in::SignInError> {
                self.0.token().await
            }

            async fn renew(
                &self,
                refused: &crate::token::AccessToken,
            ) -> Result<crate::token::AccessToken, crate::sign_in::SignInError> {
                self.0.renew(refused).await
            }
        }
    };
}

pub(crate) use token_source;
