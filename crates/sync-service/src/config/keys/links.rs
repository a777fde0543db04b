//! The two sides of an instance: the tenant and the PBX.

use crate::config::key::{Key, Kind, Need, Section};
use Kind::{Choice, File, Fingerprint, Integer, OptionalText, Share, Table, Text, Url};
use Need::{Default, Optional, Required, Usual};

pub(super) static TEAMS: Section = Section {
    path: "instances.X.teams",
    about: "The Teams tenant.",
    keys: &[
        Key::new(
            "cloud",
            Choice(&[
                "global",
                "us-gov-high",
                "us-gov-dod",
                "china",
                "germany",
                "custom",
            ]),
            Default(r#""global""#),
            "The cloud of the tenant. `custom` needs login_url and graph_url.",
        ),
        Key::new(
            "tenant_id",
            Text,
            Required,
            "The tenant: its id, or one of its domains.",
        ),
        Key::new("client_id", Text, Required, "The id of the app registration."),
        Key::new(
            "auth",
            Choice(&["client-secret", "client-certificate", "browser", "device-code"]),
            Default(r#""client-secret""#),
            "How the daemon signs in. For `browser` and `device-code` somebody runs `presencectl login`.",
        ),
        Key::new(
            "client_secret_file",
            File,
            Usual,
            "The file with the app's secret; for `client-secret`.",
        ),
        Key::new(
            "client_certificate_file",
            File,
            Optional,
            "The file with the app's certificate and private key (PEM); for `client-certificate`.",
        ),
        Key::new(
            "assertion_algorithm",
            Choice(&["PS256", "RS256"]),
            Optional,
            "How the certificate signs: PS256 where nothing is said; for `client-certificate`.",
        ),
        Key::new(
            "quota_share",
            Share,
            Default("0.5"),
            "How much of the presence quota of tenant and app is used.",
        ),
        Key::new(
            "proxy",
            OptionalText,
            Optional,
            "The proxy on the way to Microsoft, or an empty text for none. Without this key: the environment's.",
        ),
        Key::new("login_url", Url, Optional, "Where to sign in; for `custom` only."),
        Key::new(
            "graph_url",
            Url,
            Optional,
            "Where Graph answers; for `custom` only.",
        ),
        Key::new(
            "ca_file",
            File,
            Optional,
            "The certificates (PEM) to trust; for `custom` only.",
        ),
    ],
};

pub(super) static STARFACE: Section = Section {
    path: "instances.X.starface",
    about: "The PBX.",
    keys: &[
        Key::new("url", Url, Required, "The address of the PBX, without a path."),
        Key::new(
            "pbx_id",
            Text,
            Optional,
            "A lasting name of the PBX, where its address changes.",
        ),
        Key::new(
            "group",
            Text,
            Usual,
            "The group by name. Either this or group_id.",
        ),
        Key::new(
            "group_id",
            Integer {
                min: 1,
                max: i64::MAX,
            },
            Optional,
            "The group by id. Either this or group.",
        ),
        Key::new("login", Text, Required, "The login of the daemon's PBX user."),
        Key::new(
            "password_file",
            File,
            Required,
            "The file with that user's password.",
        ),
        Key::new(
            "auth",
            Choice(&["auto", "nonce", "oauth"]),
            Default(r#""auto""#),
            "How the daemon signs in: `nonce` up to version 9, `oauth` from version 10 on, `auto` finds out without credentials.",
        ),
        Key::new(
            "ca_file",
            File,
            Optional,
            "The certificates (PEM) to trust, where the PBX has a private one. Not with certificate_sha256.",
        ),
        Key::new(
            "certificate_sha256",
            Fingerprint,
            Optional,
            "The one certificate to trust, by its SHA-256 fingerprint. Not with ca_file.",
        ),
        Key::new(
            "proxy",
            OptionalText,
            Optional,
            "The proxy on the way to the PBX, or an empty text for none. Without this key: the environment's.",
        ),
        Key::new(
            "oauth_client_id",
            Text,
            Default(r#""rest-client-headless""#),
            "The OAuth client, for a PBX of version 10.",
        ),
        Key::new(
            "oauth_client_secret_file",
            File,
            Optional,
            "The file with the OAuth client's secret. Version 10 needs it, unless the client is a public one.",
        ),
        Key::new(
            "oauth_scope",
            Text,
            Optional,
            "The OAuth scope, several with blanks between them. Without this key it is found out.",
        ),
        Key::new(
            "chat",
            Table(&CHAT),
            Optional,
            "The companion module. Without it the chat status stays as it is.",
        ),
    ],
};

static CHAT: Section = Section {
    path: "instances.X.starface.chat",
    about: "The companion module, which sets the chat status.",
    keys: &[
        Key::new(
            "module",
            Text,
            Required,
            "The instance name of the companion module.",
        ),
        Key::new(
            "shared_secret_file",
            File,
            Required,
            "The file with the secret that the module knows too.",
        ),
    ],
};
