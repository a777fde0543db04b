//! The port for the chat status.

use async_trait::async_trait;
use presence_mapping::ChatStatus;
use starface_api::{ChatModule, UserId};
use sync_core::{ChatPort, ChatPresence, Fault, PbxUserId, PortError, Value, Write, Written};

use super::link::StarfaceLink;

/// Reads and sets chat statuses through the companion module; a [`ChatPort`].
#[derive(Clone, Debug)]
pub struct StarfaceChatAdapter {
    link: StarfaceLink,
    module: ChatModule,
}

impl StarfaceChatAdapter {
    pub(super) fn new(link: StarfaceLink, module: ChatModule) -> Self {
        Self { link, module }
    }
}

#[async_trait]
impl ChatPort for StarfaceChatAdapter {
    async fn chat(&self, users: &[PbxUserId]) -> Result<Vec<(PbxUserId, ChatPresence)>, PortError> {
        let users: Vec<UserId> = users.iter().map(|user| UserId::new(user.0)).collect();
        let read = self.link.call(self.module.read(&users)).await?;
        Ok(read
            .into_iter()
            .map(|(user, presence)| (PbxUserId(user.value()), mapped(&presence)))
            .collect())
    }

    /// The module sets without looking, and tells what stood there: the precondition is not tested, and there is never a
    /// conflict. Where the module does not tell, the value that the write expected is taken for what stood there.
    async fn set_chat(&self, write: &Write) -> Result<Written, PortError> {
        let status = match write.to {
            Value::Chat(presence) => presence.settable(),
            Value::Dnd(_) => None,
        };
        let Some(status) = status else {
            return Err(PortError::new(
                Fault::Protocol,
                format!("set a chat status to `{}`", write.to),
            ));
        };
        // The text is cleared: it would go on telling what we do not know any more.
        let set = self.module.set(UserId::new(write.user.0), sent(status), "");
        let previous = self.link.call(set).await?;
        let before = previous.map_or(write.from, |previous| Value::Chat(mapped(&previous)));
        Ok(if before == write.to {
            Written::AlreadyEqual
        } else {
            Written::Applied { before }
        })
    }
}

fn sent(status: ChatStatus) -> starface_api::ChatStatus {
    match status {
        ChatStatus::Available => starface_api::ChatStatus::Available,
        ChatStatus::Away => starface_api::ChatStatus::Away,
        ChatStatus::DoNotDisturb => starface_api::ChatStatus::DoNotDisturb,
    }
}

fn mapped(presence: &starface_api::ChatPresence) -> ChatPresence {
    use starface_api::ChatPresence as Starface;
    match presence {
        Starface::Available => ChatPresence::Available,
        Starface::Away => ChatPresence::Away,
        Starface::DoNotDisturb => ChatPresence::DoNotDisturb,
        Starface::ExtendedAway => ChatPresence::ExtendedAway,
        Starface::FreeForChat => ChatPresence::FreeForChat,
        Starface::Unavailable => ChatPresence::Unavailable,
        _ => ChatPresence::Other,
    }
}
