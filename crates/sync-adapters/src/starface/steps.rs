//! The way to a roster, step by step, for a diagnosis that has to name the step that fails.

use starface_api::GroupId;
use sync_core::{PbxUser, PbxUserId, PortError};

use super::adapter::{StarfaceAdapter, TargetGroup, mapped};

/// The group as the PBX shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenGroup {
    /// The id.
    pub id: GroupId,
    /// The name.
    pub name: String,
    /// Its members.
    pub members: Vec<PbxUserId>,
}

impl StarfaceAdapter {
    /// Signs in, where no good sign-in is at hand.
    ///
    /// # Errors
    /// When the PBX cannot be reached or refuses.
    pub async fn sign_in(&self) -> Result<(), PortError> {
        self.link.call(self.link.pbx.sign_in()).await
    }

    /// All users whom the signed-in user may see.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn users(&self) -> Result<Vec<PbxUser>, PortError> {
        let users = self.link.call(self.link.pbx.users()).await?;
        Ok(users.into_iter().map(mapped).collect())
    }

    /// The group.
    ///
    /// # Errors
    /// When it does not exist, its name is not unique, or it cannot be read.
    pub async fn group(&self) -> Result<SeenGroup, PortError> {
        let pbx = &self.link.pbx;
        let read = async {
            let id = match &self.group {
                TargetGroup::Name(name) => pbx.group_by_name(name).await?.id,
                TargetGroup::Id(id) => *id,
            };
            pbx.group(id).await
        };
        let group = self.link.call(read).await?;
        Ok(SeenGroup {
            id: group.id,
            name: group.name,
            members: group
                .members
                .iter()
                .map(|member| PbxUserId(member.id.value()))
                .collect(),
        })
    }
}
