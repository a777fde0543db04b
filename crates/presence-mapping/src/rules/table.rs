use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
};

use serde::{Deserialize, Serialize};

use crate::outcome::ChatRule;

/// The operator's table as it is written in `[instances.X.rules]`, not yet checked.
///
/// Keys that are missing have their default; unknown keys are refused. Check it with [`Rules::new`](crate::Rules::new).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RulesTable {
    /// Patterns that turn Do Not Disturb on. Default: calls, meetings, presenting and Teams' own Do Not Disturb.
    pub dnd: Vec<String>,
    /// Patterns that leave Do Not Disturb as it is. Default: none.
    pub leave: Vec<String>,
    /// Patterns whose chat status differs from the product's table. Default: none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub chat: BTreeMap<String, ChatRule>,
}

impl RulesTable {
    /// Sets a chat override, in place of one whose pattern differs in case alone.
    ///
    /// This is what laying one table over another needs: a plain insertion would leave both spellings, and two
    /// spellings with different values are a fault.
    pub fn set_chat(&mut self, pattern: impl Into<String>, rule: ChatRule) {
        let pattern = pattern.into();
        self.chat
            .retain(|other, _| !other.trim().eq_ignore_ascii_case(pattern.trim()));
        self.chat.insert(pattern, rule);
    }
}

impl Default for RulesTable {
    fn default() -> Self {
        let dnd = [
            "Busy/InACall",
            "Busy/InAConferenceCall",
            "Busy/InAMeeting",
            "*/Presenting",
            "DoNotDisturb",
        ];
        Self {
            dnd: dnd.map(str::to_owned).into(),
            leave: Vec::new(),
            chat: BTreeMap::new(),
        }
    }
}

/// The part of the table in which a pattern stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum List {
    /// `dnd`.
    Dnd,
    /// `leave`.
    Leave,
    /// `chat`.
    Chat,
}

/// The key of the configuration file.
impl Display for List {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Dnd => "dnd",
            Self::Leave => "leave",
            Self::Chat => "chat",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_override_replaces_its_other_spelling() {
        let mut table = RulesTable::default();
        table.set_chat("busy/inacall", ChatRule::Away);
        table.set_chat("Busy/InACall", ChatRule::Leave);
        assert_eq!(
            table.chat,
            BTreeMap::from([("Busy/InACall".to_owned(), ChatRule::Leave)])
        );
    }
}
