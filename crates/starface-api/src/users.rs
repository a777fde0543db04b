//! The users of the PBX.

use http::Method;
use serde::Deserialize;

use crate::error::Error;
use crate::ids::{Login, UserId};
use crate::operation::Operation;
use crate::pbx::Pbx;
use crate::wire::Call;

/// Room for 100,000 users with every documented member filled in.
const LIMIT: usize = 64 * 1024 * 1024;

/// There is no paging, so one answer carries everybody and may take longer than others.
const PATIENCE: u32 = 3;

/// A user as `GET /rest/users` shows them (schema `User` of the vendor's REST description, 6.7).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The id, which is the account id as well.
    pub id: UserId,
    /// The login, unique on its PBX; also the user's chat id.
    pub login: Login,
    /// `firstName`, empty where the PBX sends none.
    pub first_name: String,
    /// `familyName`, empty where the PBX sends none.
    pub family_name: String,
    /// The e-mail address, trimmed; `None` where it is empty. Several users may share one.
    pub email: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: Option<UserId>,
    login: Option<String>,
    first_name: Option<String>,
    family_name: Option<String>,
    email: Option<String>,
}

impl Item {
    fn into_user(self) -> Option<User> {
        Some(User {
            id: self.id?,
            login: Login::new(self.login?),
            first_name: self.first_name.unwrap_or_default(),
            family_name: self.family_name.unwrap_or_default(),
            email: self
                .email
                .map(|email| email.trim().to_owned())
                .filter(|email| !email.is_empty()),
        })
    }
}

impl Pbx {
    /// All users whom the signed-in user may see, in the order of the PBX (`GET /rest/users`).
    ///
    /// Members that we do not know are passed over, and so are users without id or login, who cannot be addressed.
    ///
    /// # Errors
    /// [`Error::SignIn`] or [`Error::Users`].
    pub async fn users(&self) -> Result<Vec<User>, Error> {
        let url = self.transport.base.join(&["rest", "users"]);
        let call = Call::rest(Operation::Users, Method::GET, url, LIMIT).patient(PATIENCE);
        let items: Vec<Item> = self
            .rest_json(call, "a list of users")
            .await
            .map_err(|error| error.during(Error::Users))?;
        let listed = items.len();
        let users: Vec<User> = items.into_iter().filter_map(Item::into_user).collect();
        if users.len() < listed {
            tracing::debug!(
                nameless = listed - users.len(),
                "the PBX lists users without id or login"
            );
        }
        Ok(users)
    }
}
