//! Reading the chat status of many users.

use super::module::ChatModule;
use super::presence::ChatPresence;
use crate::error::Error;
use crate::failure::Failure;
use crate::ids::UserId;
use crate::operation::Operation;
use crate::xml_rpc::Param;

/// This many users are asked for in one call, so that a request and the work behind it stay small.
const MOST_PER_CALL: usize = 500;

impl ChatModule {
    /// The chat statuses of these users, in the order of the PBX. Users of whom it says nothing are missing.
    ///
    /// Asks for 500 users per call, one call after the other; without users nothing is sent.
    ///
    /// # Errors
    /// [`Error::SignIn`] or [`Error::ReadChat`]; the first call that fails ends it.
    pub async fn read(&self, users: &[UserId]) -> Result<Vec<(UserId, ChatPresence)>, Error> {
        let mut presences = Vec::with_capacity(users.len());
        for users in users.chunks(MOST_PER_CALL) {
            let ids = users
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(",");
            let members = [
                ("SHARED_SECRET", Param::Text(self.secret())),
                ("ACCOUNT_IDS", Param::Text(&ids)),
            ];
            let answer = self.call(Operation::ReadChat, "getChatPresence", &members).await;
            let answer = answer.map_err(|error| error.during(Error::ReadChat))?;
            let read = parse(answer.text("PRESENCES").unwrap_or_default()).map_err(Error::ReadChat)?;
            presences.extend(read.into_iter().filter(|(user, _)| users.contains(user)));
        }
        Ok(presences)
    }
}

/// Reads `1004=AVAILABLE,1005=AWAY`.
fn parse(text: &str) -> Result<Vec<(UserId, ChatPresence)>, Failure> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items
        .map(|item| {
            let (id, presence) = item.split_once('=')?;
            Some((
                UserId::new(id.trim().parse().ok()?),
                ChatPresence::parse(presence),
            ))
        })
        .collect::<Option<_>>()
        .ok_or(Failure::Senseless {
            what: "`PRESENCES` is not a list like `1004=AVAILABLE,1005=AWAY`",
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_presences_is_read_and_a_broken_one_is_an_error() {
        let user = UserId::new;
        for (text, expected) in [
            ("", Some(vec![])),
            (
                "1004=AVAILABLE",
                Some(vec![(user(1004), ChatPresence::Available)]),
            ),
            (
                " 1004 = AWAY , 1005=EXTENDED_AWAY,1006=NEW, ",
                Some(vec![
                    (user(1004), ChatPresence::Away),
                    (user(1005), ChatPresence::ExtendedAway),
                    (user(1006), ChatPresence::Other("NEW".into())),
                ]),
            ),
            ("1004", None),
            ("x=AWAY", None),
            (
                "1004=AWAY;1005",
                Some(vec![(user(1004), ChatPresence::Other("AWAY;1005".into()))]),
            ),
        ] {
            assert_eq!(parse(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_user_without_a_value_has_no_known_presence() {
        assert_eq!(
            parse("1004=").unwrap(),
            [(UserId::new(1004), ChatPresence::Other(String::new()))]
        );
    }
}
