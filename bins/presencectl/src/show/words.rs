//! The words of fields, links and reasons.

use sync_core::{Field, OwnerView, Policy, Rest, SkipReason, UnknownBecause, WorkView};

/// A number with its noun, in the singular for one. The plural of all our nouns is regular.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// A field as people call it.
pub(super) fn field(field: Field) -> &'static str {
    match field {
        Field::Dnd => "Do Not Disturb",
        Field::Chat => "chat status",
    }
}

/// Why a member is not synchronised, as a sentence would say it.
pub(super) fn skipped(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::NoAddress => "the PBX has no e-mail address for this user",
        SkipReason::NoTeamsUser => "no Teams user has this address",
        SkipReason::Ambiguous => "more than one person could be meant, and nothing is guessed",
        SkipReason::Unresolved => "the group lists this user, but the PBX does not show it to our login",
        SkipReason::Excluded => "excluded in the configuration",
        SkipReason::Paused => "paused; `presencectl resume` goes on",
        SkipReason::Stopped => "stopped: something else keeps changing the value back",
        SkipReason::OtherInstance => "another instance synchronises this user",
        _ => "not synchronised",
    }
}

/// Why a field stays as it is.
pub(super) fn rest(rest: Rest) -> &'static str {
    match rest {
        Rest::Left => "the rules leave it as it is",
        Rest::InLine => "this was carried out, and no change was read since",
        Rest::AlreadyEqual => "the PBX has this value already",
        Rest::HumansDnd => "a human turned it on, and the policy never turns that off",
        Rest::HumansChange => "a human changed it after ours was taken back",
        Rest::NotOurs => "nothing of ours stands there that could be taken back",
        Rest::CannotRestore => "what stood there before cannot be put back, so ours is given up as it is",
        Rest::Unknown => "the presence is not known",
        Rest::Waiting => "DND is turned off a while after its reason has gone (`dnd_off_after`)",
        Rest::Paused => "paused",
        Rest::Stopped => "stopped, because something else kept changing it back",
        Rest::Unlicensed => "the licence does not cover the group",
        Rest::Unchecked => "the licence was not checked yet",
        Rest::NotSynchronised => "this user is not synchronised",
        _ => "it stays as it is",
    }
}

/// Why a value of ours is taken back, by the reason that a plan names.
pub(super) fn taken_back(reason: &str) -> &'static str {
    match reason {
        "left-the-group" => "because the member left the group",
        "excluded" => "because the member is excluded in the configuration",
        "licence" => "because the licence does not cover the group",
        "observe" => "because the instance only observes from now on",
        "stopped" => "because something else keeps changing it back",
        "unknown-presence" => "because the presence has been unknown for too long",
        _ => "because the operator released the instance",
    }
}

/// Why a presence is not known, to follow "because".
pub(super) fn unknown(because: UnknownBecause) -> &'static str {
    match because {
        UnknownBecause::Said => "Teams says that it does not know, or what nobody can read",
        UnknownBecause::LeftOut => "the answer of Teams left this person out",
        UnknownBecause::NoAnswer => "Teams did not answer",
        UnknownBecause::NotJoined => "the member is joined to no Teams user",
        _ => "it is not known",
    }
}

/// What is under way for a field; `None` where nothing is.
pub(super) fn work(work: WorkView) -> Option<&'static str> {
    match work {
        WorkView::None => None,
        WorkView::Due => Some("a change is due"),
        WorkView::Held => Some("a change is held: too many members would change at once"),
        WorkView::Reading => Some("the PBX is being read"),
        WorkView::Writing => Some("the PBX is being written"),
    }
}

/// Whose value stands in the PBX.
pub(super) fn owner(owner: OwnerView) -> &'static str {
    match owner {
        OwnerView::Us => "ours",
        OwnerView::Unconfirmed => "ours, unconfirmed",
        OwnerView::Others => "not ours",
    }
}

/// A policy as the configuration writes it, with what it means.
pub(super) fn policy(policy: Policy) -> &'static str {
    match policy {
        Policy::LastChangeWins => "last-change-wins: what a human changes stands until Teams changes again",
        Policy::TeamsLeads => "teams-leads: the PBX always equals what Teams says",
        Policy::OwnOnly => "own-only: DND is turned off only where it was turned on from here",
        _ => "another policy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_to_skip_has_words_of_its_own() {
        for reason in SkipReason::ALL {
            assert_ne!(skipped(reason), "not synchronised", "{reason}");
        }
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(
            (count(0, "change"), count(1, "change"), count(2, "change")),
            ("0 changes".into(), "1 change".into(), "2 changes".into())
        );
    }
}
