//! The file, the daemon and the frame of an instance.

use super::behaviour::{RULES, SYNC};
use super::links::{STARFACE, TEAMS};
use crate::config::key::{Key, Kind, Need, Section};
use Kind::{Boolean, Choice, File, Integer, Listen, NamedTables, State, Table};
use Need::{Default, Optional, Required};

/// The file itself.
pub(in crate::config) static FILE: Section = Section {
    path: "",
    about: "The configuration of Teams Presence Sync.",
    keys: &[
        Key::new(
            "version",
            Integer { min: 1, max: 1 },
            Required,
            "The version of this format: 1.",
        ),
        Key::new("daemon", Table(&DAEMON), Optional, "The daemon itself."),
        Key::new("license", Table(&LICENSE), Optional, "The licence."),
        Key::new(
            "defaults",
            Table(&DEFAULTS),
            Optional,
            "Settings for all instances; an instance's own key wins.",
        ),
        Key::new(
            "instances",
            NamedTables(&INSTANCE),
            Optional,
            "The instances by name: lower-case letters, digits and dashes.",
        ),
    ],
};

static DAEMON: Section = Section {
    path: "daemon",
    about: "The daemon itself.",
    keys: &[
        Key::new(
            "listen",
            Listen,
            Default(r#""127.0.0.1:8480""#),
            "Address and port of the local API, /healthz, /readyz and /metrics; beyond loopback only with tls_certificate_file or behind_proxy.",
        ),
        Key::new(
            "state",
            State,
            Default(r#""sqlite:state.db""#),
            "Where the ledger is kept: `sqlite:FILE`, relative to this file, or `postgres://USER@HOST/DATABASE`, which several daemons share; that needs `managed = true`.",
        ),
        Key::new(
            "state_password_file",
            File,
            Optional,
            "The file with the password of the PostgreSQL database, where the server asks for one.",
        ),
        Key::new(
            "state_key_file",
            File,
            Optional,
            "The file with the key that encrypts stored sign-in tokens: made at the first start; `state.key` beside the state where nothing is said, or beside this file with PostgreSQL. All daemons of one state need the same one.",
        ),
        Key::new(
            "log",
            Choice(&["error", "warn", "info", "debug", "trace"]),
            Default(r#""error""#),
            "How much is logged. E-mail addresses appear at debug and trace only.",
        ),
        Key::new(
            "log_format",
            Choice(&["text", "json"]),
            Default(r#""text""#),
            "The shape of the log.",
        ),
        Key::new(
            "language",
            Choice(&["de", "en"]),
            Optional,
            "The language of the administrator's page; where nothing is said, that of the browser.",
        ),
        Key::new(
            "managed",
            Boolean,
            Default("false"),
            "Whether this file comes from elsewhere, so that its settings can only be looked at.",
        ),
        Key::new(
            "tls_certificate_file",
            File,
            Optional,
            "The file with the daemon's own certificate, those between it and its authority, and its private key: with it the daemon speaks HTTPS alone.",
        ),
        Key::new(
            "behind_proxy",
            Boolean,
            Default("false"),
            "Whether a proxy in front of the daemon ends TLS, so that it may listen beyond loopback in plain HTTP.",
        ),
        Key::new(
            "audit_days",
            Integer { min: 1, max: 3650 },
            Default("30"),
            "How many days own writes stay in the audit.",
        ),
    ],
};

static LICENSE: Section = Section {
    path: "license",
    about: "The licence.",
    keys: &[
        Key::new(
            "key_file",
            File,
            Optional,
            "The file with the licence, for all instances without one of their own.",
        ),
        Key::new(
            "issuer_keys_file",
            File,
            Optional,
            "The file with the public keys of one's own issuing desk.",
        ),
    ],
};

static DEFAULTS: Section = Section {
    path: "defaults",
    about: "Settings for all instances; an instance's own key wins.",
    keys: &[
        Key::new(
            "sync",
            Table(&SYNC),
            Optional,
            "Times and policy for all instances.",
        ),
        Key::new(
            "rules",
            Table(&RULES),
            Optional,
            "Rules for all instances; chat is joined pattern by pattern.",
        ),
    ],
};

static INSTANCE: Section = Section {
    path: "instances.X",
    about: "One Teams tenant, one PBX, one group of it, and rules.",
    keys: &[
        Key::new(
            "mode",
            Choice(&["presence-sync", "full-integration"]),
            Default(r#""presence-sync""#),
            "What the instance does.",
        ),
        Key::new(
            "enabled",
            Boolean,
            Default("true"),
            "Whether the instance runs. Turned off, `on_stop` is done.",
        ),
        Key::new(
            "observe",
            Boolean,
            Default("false"),
            "Whether the instance only plans and reports, writing nothing; what is still ours is first treated as `on_stop` says.",
        ),
        Key::new(
            "license_file",
            File,
            Optional,
            "The file with a licence for this instance, instead of `license.key_file`.",
        ),
        Key::new("teams", Table(&TEAMS), Required, "The Teams tenant."),
        Key::new("starface", Table(&STARFACE), Required, "The PBX."),
        Key::new("rules", Table(&RULES), Optional, "Which presence becomes what."),
        Key::new("sync", Table(&SYNC), Optional, "Times and policy."),
    ],
};
