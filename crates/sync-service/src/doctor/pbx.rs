//! The PBX half of an instance.

use sync_adapters::starface::StarfaceAdapter;
use sync_core::{ChatPort, InstanceName, PbxPort, PbxRoster, PbxUserId};

use super::Tell;
use super::finding::{Check, Finding, Verdict};
use super::network::{self, Host};
use crate::assembly::Assembly;
use crate::config::Instance;
use crate::ways;

/// A PBX that lets us in, with its group.
pub(super) struct Telephony {
    pub(super) roster: PbxRoster,
    pbx: StarfaceAdapter,
}

/// Tries name, way, sign-in, users and group; nothing after the first that fails.
pub(super) async fn examine(
    assembly: &Assembly,
    name: &InstanceName,
    config: &Instance,
    tell: Tell<'_>,
) -> Option<Telephony> {
    let pbx = match assembly.starface(name, &config.starface) {
        Ok(made) => made,
        Err(error) => {
            tell(Finding::failed(Check::PbxReach, &error));
            return None;
        }
    };
    let hosts = [Host {
        url: config.starface.url.clone(),
        http: assembly.starface_http(&config.starface),
    }];
    if !network::names(Check::PbxNames, &hosts, tell).await
        || !network::reach(Check::PbxReach, &hosts, assembly.now().wall, tell).await
    {
        return None;
    }
    let found = |check, code| Finding::new(check, Verdict::Ok, code);
    if let Err(error) = pbx.sign_in().await {
        tell(Finding::failed(Check::PbxSignIn, &error));
        return None;
    }
    tell(found(Check::PbxSignIn, "done").with("login", &config.starface.login));
    let users = match pbx.users().await {
        Ok(users) => users,
        Err(error) => {
            tell(Finding::failed(Check::PbxUsers, &error));
            pbx.close().await;
            return None;
        }
    };
    tell(found(Check::PbxUsers, "read").with("users", users.len()));
    let group = match pbx.group().await {
        Ok(group) => group,
        Err(error) => {
            tell(Finding::failed(Check::Group, &error));
            pbx.close().await;
            return None;
        }
    };
    let (verdict, code) = if group.members.is_empty() {
        (Verdict::Warning, "empty")
    } else {
        (Verdict::Ok, "read")
    };
    tell(
        Finding::new(Check::Group, verdict, code)
            .with("group", &group.name)
            .with("id", group.id)
            .with("members", group.members.len()),
    );
    let roster = PbxRoster {
        members: group.members,
        users,
    };
    Some(Telephony { roster, pbx })
}

impl Telephony {
    fn somebody(&self) -> Option<PbxUserId> {
        self.roster.members.first().copied()
    }

    /// Looks at the phone of one member. Nothing is written, so that a missing right to write shows with the first change.
    pub(super) async fn rights(&self, tell: Tell<'_>) {
        let Some(user) = self.somebody() else {
            return tell(Finding::new(Check::PbxRights, Verdict::Skipped, "nobody"));
        };
        tell(match self.pbx.dnd(user).await {
            Ok(_) => Finding::new(Check::PbxRights, Verdict::Ok, "read").with("user", user),
            Err(error) => Finding::failed(Check::PbxRights, &error),
        });
    }

    pub(super) async fn module(&self, config: &Instance, tell: Tell<'_>) {
        let found = |verdict, code| Finding::new(Check::Module, verdict, code);
        let Some(chat) = &config.starface.chat else {
            return tell(found(Verdict::Skipped, "none"));
        };
        let Some(user) = self.somebody() else {
            return tell(found(Verdict::Skipped, "nobody"));
        };
        let read = match ways::chat(&self.pbx, chat) {
            Ok(module) => module.chat(&[user]).await,
            Err(error) => Err(error),
        };
        tell(match read {
            Err(error) => Finding::failed(Check::Module, &error),
            Ok(answers) if answers.is_empty() => found(Verdict::Warning, "silent").with("user", user),
            Ok(_) => found(Verdict::Ok, "answers").with("module", &chat.module),
        });
    }

    pub(super) async fn leave(self) {
        self.pbx.close().await;
    }
}
