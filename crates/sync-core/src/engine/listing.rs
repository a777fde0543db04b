//! A page of the members of an instance: filtered, searched and sorted, so that thousands of them are no burden to look at.

use serde::{Deserialize, Serialize};

use super::Engine;
use super::member::{Member, Work};
use super::views::MemberView;
use crate::aim::skip_reason;
use crate::ids::{Address, PbxUserId};
use crate::moment::Moment;
use crate::plan::SkipReason;
use crate::value::Field;

/// Which members are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberQuery {
    /// Those alone.
    pub show: Show,
    /// Only those whose name, address or login contains this, whatever the case.
    pub search: String,
    /// How many are left out at the beginning.
    pub offset: usize,
    /// At most so many.
    pub limit: usize,
}

/// A choice of members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Show {
    /// Everybody.
    #[default]
    All,
    /// Whoever somebody should look after: not joined to one Teams user, presence unknown, stopped, or held.
    Attention,
    /// Whoever no Teams user was found for.
    Unmatched,
    /// Whoever more than one person could be.
    Ambiguous,
    /// Whoever's presence is unknown.
    Unknown,
    /// Whoever has DND in the PBX.
    Dnd,
    /// Whoever has a value of ours.
    Ours,
    /// Whoever a change waits for.
    Due,
    /// Whoever was paused alone, or excluded.
    Paused,
}

impl Show {
    /// All choices.
    pub const ALL: [Self; 9] = [
        Self::All,
        Self::Attention,
        Self::Unmatched,
        Self::Ambiguous,
        Self::Unknown,
        Self::Dnd,
        Self::Ours,
        Self::Due,
        Self::Paused,
    ];

    /// The word for it, such as `attention`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Attention => "attention",
            Self::Unmatched => "unmatched",
            Self::Ambiguous => "ambiguous",
            Self::Unknown => "unknown",
            Self::Dnd => "dnd",
            Self::Ours => "ours",
            Self::Due => "due",
            Self::Paused => "paused",
        }
    }
}

/// Some of the members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberPage {
    /// How many there are, of whatever kind.
    pub members: usize,
    /// How many the question fits.
    pub fitting: usize,
    /// Those of them that were asked for: the ambiguous and unmatched first, then by name.
    pub page: Vec<MemberView>,
}

/// Whoever needs somebody comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Ambiguous,
    Unmatched,
    Unknown,
    Stuck,
    Fine,
}

impl Engine {
    /// A page of the members.
    pub fn member_page(&self, query: &MemberQuery, now: Moment) -> MemberPage {
        let search = query.search.trim().to_lowercase();
        let mut fitting: Vec<(Rank, String, PbxUserId)> = self
            .members
            .iter()
            .filter_map(|(user, member)| {
                let name = self.listed_name(*user, member);
                let skipped = skip_reason(&self.subject(*user, member, now), self.situation());
                let rank = self.rank(*user, member, skipped, now);
                let fits = self.is_shown(query.show, *user, member, (rank, skipped), now)
                    && (search.is_empty() || self.is_found(&search, &name, *user, member));
                fits.then(|| (rank, name.to_lowercase(), *user))
            })
            .collect();
        fitting.sort_unstable();
        let page = fitting
            .iter()
            .skip(query.offset)
            .take(query.limit)
            .filter_map(|(_, _, user)| Some(self.member_view(*user, self.members.get(user)?, now)))
            .collect();
        MemberPage {
            members: self.members.len(),
            fitting: fitting.len(),
            page,
        }
    }

    fn listed_name(&self, user: PbxUserId, member: &Member) -> String {
        let entry = self.book.entries().get(&user).map(|entry| &entry.name);
        let name = entry.or_else(|| Some(&member.former.as_ref()?.name));
        name.cloned().unwrap_or_default()
    }

    fn is_found(&self, search: &str, name: &str, user: PbxUserId, member: &Member) -> bool {
        let address = self.address(user).map(Address::as_str);
        [Some(name), address, Some(&*member.row.login.0)]
            .into_iter()
            .flatten()
            .any(|text| text.to_lowercase().contains(search))
    }

    fn rank(&self, user: PbxUserId, member: &Member, skipped: Option<SkipReason>, now: Moment) -> Rank {
        let held = || self.fields().any(|field| self.held.contains_key(&(user, field)));
        match skipped {
            Some(SkipReason::Ambiguous) => Rank::Ambiguous,
            Some(SkipReason::NoTeamsUser | SkipReason::NoAddress | SkipReason::Unresolved) => Rank::Unmatched,
            Some(SkipReason::Stopped) => Rank::Stuck,
            Some(_) => Rank::Fine,
            None if member.unknown_for(now).is_some() => Rank::Unknown,
            None if held() => Rank::Stuck,
            None => Rank::Fine,
        }
    }

    fn is_shown(
        &self,
        show: Show,
        user: PbxUserId,
        member: &Member,
        (rank, skipped): (Rank, Option<SkipReason>),
        now: Moment,
    ) -> bool {
        match show {
            Show::All => true,
            Show::Attention => rank != Rank::Fine,
            Show::Unmatched => rank == Rank::Unmatched,
            Show::Ambiguous => rank == Rank::Ambiguous,
            Show::Unknown => member.unknown_for(now).is_some(),
            Show::Dnd => member.seen(Field::Dnd).is_some_and(|seen| seen.value.silences()),
            Show::Ours => Field::ALL
                .iter()
                .any(|field| member.row.field(*field).may_be_ours()),
            Show::Due => self.fields().any(|field| {
                !matches!(member.work(field), Work::Idle) || self.is_due(user, member, field, now)
            }),
            Show::Paused => matches!(skipped, Some(SkipReason::Paused | SkipReason::Excluded)),
        }
    }
}
