//! What an instance does, and when.

use crate::config::key::{Key, Kind, Need, Section};
use Kind::{Addresses, Choice, Duration, Integer, PatternTable, Patterns, Share, Table};
use Need::{Default, Optional};

pub(super) static RULES: Section = Section {
    path: "instances.X.rules",
    about: "Which presence becomes what.",
    keys: &[
        Key::new(
            "dnd",
            Patterns,
            Default(
                r#"["Busy/InACall", "Busy/InAConferenceCall", "Busy/InAMeeting", "*/Presenting", "DoNotDisturb"]"#,
            ),
            "The presences that turn DND on.",
        ),
        Key::new(
            "leave",
            Patterns,
            Default("[]"),
            "The presences that change nothing.",
        ),
        Key::new(
            "chat",
            PatternTable(&["available", "away", "do-not-disturb", "leave"]),
            Optional,
            "The chat status of single presences, instead of the built-in table's.",
        ),
    ],
};

pub(super) static SYNC: Section = Section {
    path: "instances.X.sync",
    about: "Times and policy.",
    keys: &[
        Key::new(
            "poll_interval",
            Duration { zero: false },
            Default(r#""2s""#),
            "How often presence is asked for.",
        ),
        Key::new(
            "roster_interval",
            Duration { zero: false },
            Default(r#""60s""#),
            "How often the group is read.",
        ),
        Key::new(
            "readback_interval",
            Duration { zero: true },
            Default(r#""15m""#),
            "Every member's state in the PBX is read once in this time; 0s: never.",
        ),
        Key::new(
            "pbx_concurrency",
            Integer { min: 1, max: 64 },
            Default("4"),
            "Requests to the PBX at once.",
        ),
        Key::new(
            "policy",
            Choice(&["last-change-wins", "teams-leads", "own-only"]),
            Default(r#""last-change-wins""#),
            "Who wins when a human and Teams disagree.",
        ),
        Key::new(
            "on_stop",
            Choice(&["release", "keep"]),
            Default(r#""release""#),
            "What becomes of own DND when the instance is turned off.",
        ),
        Key::new(
            "dnd_off_after",
            Duration { zero: true },
            Default(r#""0s""#),
            "How long DND stays on afterwards.",
        ),
        Key::new(
            "chat_reassert",
            Duration { zero: true },
            Default(r#""60s""#),
            "Every member's chat status is read once in this time, and set again where something else overwrote it; 0s: never.",
        ),
        Key::new(
            "unknown_release_after",
            Duration { zero: true },
            Default(r#""15m""#),
            "Own DND is released when presence has been unknown for this time; 0s: never.",
        ),
        Key::new(
            "exclude",
            Addresses,
            Default("[]"),
            "The addresses of members who are never touched.",
        ),
        Key::new(
            "breaker",
            Table(&BREAKER),
            Optional,
            "What holds back a plan that silences many at once.",
        ),
    ],
};

static BREAKER: Section = Section {
    path: "instances.X.sync.breaker",
    about: "What holds back a plan that silences many at once.",
    keys: &[
        Key::new(
            "share",
            Share,
            Default("0.5"),
            "More than this share of the matched members.",
        ),
        Key::new(
            "at_least",
            Integer {
                min: 1,
                max: 1_000_000,
            },
            Default("10"),
            "And at least so many members.",
        ),
        Key::new(
            "confirm_for",
            Duration { zero: false },
            Default(r#""60s""#),
            "Held until seen for this time.",
        ),
    ],
};
