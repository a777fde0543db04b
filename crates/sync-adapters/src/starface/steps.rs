//! The way to a roster, step by step: for a diagnosis that has to name the step that fails, and for whoever chooses a group.

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

/// A group that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupChoice {
    /// The id.
    pub id: GroupId,
    /// The name.
    pub name: String,
    /// How many members it has; `None` where that was not read.
    pub members: Option<usize>,
}

impl StarfaceAdapter {
    /// All groups that the signed-in user may see, by name. The sizes of the first `sizes` of them are read, one request each.
    ///
    /// # Errors
    /// When they cannot be read. A group whose members alone cannot be read has no size.
    pub async fn groups(&self, sizes: usize) -> Result<Vec<GroupChoice>, PortError> {
        let pbx = &self.link.pbx;
        let mut groups = self.link.call(pbx.groups()).await?;
        groups.sort_by(|one, other| one.name.cmp(&other.name));
        let mut choices = Vec::with_capacity(groups.len());
        for (position, group) in groups.into_iter().enumerate() {
            let members = match position < sizes {
                true => self.link.call(pbx.group(group.id)).await.ok(),
                false => None,
            };
            choices.push(GroupChoice {
                id: group.id,
                name: group.name,
                members: members.map(|group| group.members.len()),
            });
        }
        Ok(choices)
    }

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
