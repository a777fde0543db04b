//! The port for users, group and phones.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use starface_api::{ChatModule, DndChange, Error, GroupId, ModuleName, Pbx, User, UserId};
use sync_core::{
    Clock, Fault, Login, PbxPort, PbxRoster, PbxUser, PbxUserId, PortError, Value, Write, Written,
};

use super::chat::StarfaceChatAdapter;
use super::link::{Share, StarfaceLink};

/// The group whose members are synchronised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetGroup {
    /// The one group of this name, to the letter. It is looked for at every reading of the roster, so a group that was
    /// made anew is found.
    Name(String),
    /// The group with this id.
    Id(GroupId),
}

/// Reads the roster of a PBX, and reads and changes Do Not Disturb; a [`PbxPort`].
#[derive(Clone, Debug)]
pub struct StarfaceAdapter {
    pub(super) link: StarfaceLink,
    pub(super) group: TargetGroup,
    share: Arc<Share>,
}

impl StarfaceAdapter {
    /// An adapter with a [`StarfaceLink`] of its own.
    pub fn new(pbx: Pbx, group: TargetGroup, clock: Arc<dyn Clock>) -> Self {
        Self::on(StarfaceLink::new(pbx, clock), group)
    }

    pub(super) fn on(link: StarfaceLink, group: TargetGroup) -> Self {
        Self {
            share: Arc::new(link.share()),
            link,
            group,
        }
    }

    /// The adapter for the chat status of the same PBX; it shares the sign-in.
    pub fn chat(&self, module: ModuleName, shared_secret: SecretString) -> StarfaceChatAdapter {
        StarfaceChatAdapter::new(
            self.link.clone(),
            ChatModule::new(self.link.pbx.clone(), module, shared_secret),
        )
    }

    async fn read_roster(&self) -> Result<PbxRoster, Error> {
        let pbx = &self.link.pbx;
        let group = match &self.group {
            TargetGroup::Name(name) => pbx.group_by_name(name).await?.id,
            TargetGroup::Id(id) => *id,
        };
        let members = pbx.group(group).await?.members;
        let users = pbx.users().await?;
        Ok(PbxRoster {
            members: members
                .into_iter()
                .map(|member| PbxUserId(member.id.value()))
                .collect(),
            users: users.into_iter().map(mapped).collect(),
        })
    }
}

#[async_trait]
impl PbxPort for StarfaceAdapter {
    async fn roster(&self) -> Result<PbxRoster, PortError> {
        self.link.call(self.read_roster()).await
    }

    async fn dnd(&self, user: PbxUserId) -> Result<bool, PortError> {
        let config = self
            .link
            .call(self.link.pbx.phone_config(UserId::new(user.0)))
            .await?;
        Ok(config.do_not_disturb())
    }

    async fn set_dnd(&self, write: &Write) -> Result<Written, PortError> {
        let (Value::Dnd(from), Value::Dnd(to)) = (write.from, write.to) else {
            return Err(PortError::new(
                Fault::Protocol,
                "set DND to a value that is none of DND",
            ));
        };
        let user = UserId::new(write.user.0);
        Ok(
            match self
                .link
                .call(self.link.pbx.change_dnd(user, to, Some(from)))
                .await?
            {
                DndChange::Written { before } => Written::Applied {
                    before: Value::Dnd(before),
                },
                DndChange::AlreadyEqual => Written::AlreadyEqual,
                DndChange::Conflict { found } => Written::Conflict {
                    found: Value::Dnd(found),
                },
            },
        )
    }

    fn forget_refusal(&self) {
        self.link.forget_refusal();
    }

    async fn close(&self) {
        if self.share.leave() {
            self.link.pbx.logout().await;
        }
    }
}

pub(super) fn mapped(user: User) -> PbxUser {
    PbxUser {
        id: PbxUserId(user.id.value()),
        login: Login(user.login.as_str().into()),
        name: format!("{} {}", user.first_name.trim(), user.family_name.trim())
            .trim()
            .to_owned(),
        address: user.email.and_then(|email| email.parse().ok()),
    }
}
