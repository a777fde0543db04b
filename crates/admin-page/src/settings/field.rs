//! The fields of the basic settings: each is a key of the configuration, below `instances.NAME`.

use serde_json::Value;

use crate::door::Fields;

/// One field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// The key, with dots between its parts; it names the form's field and, with dashes, the texts.
    pub(crate) key: &'static str,
    pub(crate) kind: Kind,
    /// Shown, and written, only where another field has one of these values.
    pub(crate) when: Option<(&'static str, &'static [&'static str])>,
    /// Of no use without another field, with which it goes.
    pub(crate) with: Option<&'static str>,
}

/// How a field is shown and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Toggle,
    Choice(&'static [&'static str]),
    Text,
    /// A whole number.
    Number,
    /// A number up to 1, shown as it is written.
    Share,
    /// One of the PBX's groups.
    Group,
    /// Goes in and never comes out: one line.
    Secret,
    /// The same, where it can also do without, so that it can be taken out.
    OptionalSecret,
    /// The same, of several lines.
    Certificate,
    /// A list, one a line.
    Lines,
}

/// A part of the form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [Field],
    /// Folded, because few need it.
    pub(crate) advanced: bool,
}

const fn field(key: &'static str, kind: Kind) -> Field {
    Field {
        key,
        kind,
        when: None,
        with: None,
    }
}

const fn when(key: &'static str, kind: Kind, other: &'static str, values: &'static [&'static str]) -> Field {
    Field {
        key,
        kind,
        when: Some((other, values)),
        with: None,
    }
}

const fn with(key: &'static str, kind: Kind, other: &'static str) -> Field {
    Field {
        key,
        kind,
        when: None,
        with: Some(other),
    }
}

use Kind::{Certificate, Choice, Group, Lines, Number, OptionalSecret, Secret, Share, Text, Toggle};

/// Before the rules.
pub(crate) const MODE: Section = Section {
    name: "mode",
    advanced: false,
    fields: &[
        field("mode", Choice(&["presence-sync", "full-integration"])),
        field("enabled", Toggle),
        field("observe", Toggle),
    ],
};

/// The same in the set-up, which turns the instance on by itself, at its end.
pub(crate) const MODE_AT_FIRST: Section = Section {
    name: "mode",
    advanced: false,
    fields: &[
        field("mode", Choice(&["presence-sync", "full-integration"])),
        field("observe", Toggle),
    ],
};

/// The Teams side.
pub(crate) const TEAMS: Section = Section {
    name: "teams",
    advanced: false,
    fields: &[
        field(
            "teams.cloud",
            Choice(&[
                "global",
                "us-gov-high",
                "us-gov-dod",
                "china",
                "germany",
                "custom",
            ]),
        ),
        when("teams.login_url", Text, "teams.cloud", &["custom"]),
        when("teams.graph_url", Text, "teams.cloud", &["custom"]),
        field("teams.tenant_id", Text),
        field("teams.client_id", Text),
        field(
            "teams.auth",
            Choice(&["client-secret", "client-certificate", "device-code", "browser"]),
        ),
        when(
            "teams.client_secret_file",
            Secret,
            "teams.auth",
            &["client-secret"],
        ),
        when(
            "teams.client_certificate_file",
            Certificate,
            "teams.auth",
            &["client-certificate"],
        ),
        when(
            "teams.assertion_algorithm",
            Choice(&["", "PS256", "RS256"]),
            "teams.auth",
            &["client-certificate"],
        ),
    ],
};

/// The PBX side, without the group.
pub(crate) const STARFACE: Section = Section {
    name: "starface",
    advanced: false,
    fields: &[
        field("starface.url", Text),
        field("starface.login", Text),
        field("starface.password_file", Secret),
        field("starface.auth", Choice(&["auto", "nonce", "oauth"])),
        when(
            "starface.oauth_client_id",
            Text,
            "starface.auth",
            &["auto", "oauth"],
        ),
        when(
            "starface.oauth_client_secret_file",
            OptionalSecret,
            "starface.auth",
            &["auto", "oauth"],
        ),
        field("starface.certificate_sha256", Text),
        field("starface.chat.module", Text),
        with("starface.chat.shared_secret_file", Secret, "starface.chat.module"),
    ],
};

/// The group.
pub(crate) const GROUP: Section = Section {
    name: "group",
    advanced: false,
    fields: &[field("starface.group", Group)],
};

/// Who wins, and what holds back.
pub(crate) const POLICY: Section = Section {
    name: "policy",
    advanced: false,
    fields: &[
        field(
            "sync.policy",
            Choice(&["last-change-wins", "teams-leads", "own-only"]),
        ),
        field("sync.breaker.share", Share),
        field("sync.breaker.at_least", Number),
        field("sync.breaker.confirm_for", Text),
    ],
};

/// What few need.
pub(crate) const ADVANCED: Section = Section {
    name: "advanced",
    advanced: true,
    fields: &[
        field("sync.poll_interval", Text),
        field("sync.roster_interval", Text),
        field("sync.readback_interval", Text),
        field("sync.pbx_concurrency", Number),
        field("sync.on_stop", Choice(&["release", "keep"])),
        field("sync.unknown_release_after", Text),
        field("sync.dnd_off_after", Text),
        field("sync.chat_reassert", Text),
        field("sync.exclude", Lines),
        field("teams.quota_share", Share),
        field("teams.proxy", Text),
        field("starface.proxy", Text),
    ],
};

/// All sections before the rules, and those behind them.
pub(crate) const BEFORE: [Section; 2] = [MODE, TEAMS];
pub(crate) const BEHIND: [Section; 4] = [STARFACE, GROUP, POLICY, ADVANCED];

/// All fields.
pub(crate) fn all() -> impl Iterator<Item = &'static Field> {
    BEFORE.iter().chain(&BEHIND).flat_map(|section| section.fields)
}

impl Field {
    /// The name of its texts.
    pub(crate) fn text(&self) -> String {
        format!("set-{}", self.key.replace('.', "-"))
    }

    /// A word for what the field wants, for whoever typed something else into it.
    pub(crate) fn wants(&self) -> Option<&'static str> {
        let ends = |endings: &[&str]| endings.iter().any(|ending| self.key.ends_with(ending));
        Some(match self.kind {
            Share => "share",
            Number => "number",
            Choice(_) => "choice",
            Group => "group",
            Text if ends(&["_interval", "_after", "_for", "_reassert"]) => "duration",
            Text if ends(&["url"]) => "url",
            Text if ends(&["proxy"]) => "proxy",
            Text if ends(&["sha256"]) => "fingerprint",
            Text if ends(&["tenant_id"]) => "tenant",
            Text if ends(&["client_id"]) => "client",
            Lines => "addresses",
            _ => return None,
        })
    }

    /// The name of the box that takes a secret out.
    pub(crate) fn clear(&self) -> String {
        format!("clear:{}", self.key)
    }

    /// Whether the field means anything beside what else was sent. What was typed before one chose otherwise is sent all the
    /// same, and what is written of it would contradict the choice.
    pub(crate) fn applies(&self, sent: &Fields) -> bool {
        let chosen = self
            .when
            .is_none_or(|(other, values)| values.contains(&sent.first(other)));
        let complete = self
            .with
            .is_none_or(|other| !sent.first(other).trim().is_empty() || !sent.first(self.key).is_empty());
        chosen && complete
    }

    /// What stands there in these values of an instance, as people write it.
    pub(crate) fn shown(&self, values: &Value) -> String {
        let pointer = format!("/{}", self.key.replace('.', "/"));
        match values.pointer(&pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(items)) => {
                let items = items.iter().filter_map(Value::as_str);
                items.collect::<Vec<_>>().join("\n")
            }
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        }
    }

    /// What people wrote, as the configuration has it; `None` where the key is not to be written.
    pub(crate) fn value(&self, text: &str) -> Option<Value> {
        let trimmed = text.trim();
        match self.kind {
            Lines => {
                let items = text
                    .split(['\n', ',', ';'])
                    .map(str::trim)
                    .filter(|item| !item.is_empty());
                Some(Value::Array(items.map(Value::from).collect()))
            }
            _ if trimmed.is_empty() => None,
            Toggle => Some(Value::Bool(trimmed == "true")),
            Number => Some(
                trimmed
                    .parse::<i64>()
                    .map_or_else(|_| trimmed.into(), Value::from),
            ),
            Share => {
                let number = trimmed.replace(',', ".").parse::<f64>().ok();
                let number = number.and_then(serde_json::Number::from_f64);
                Some(number.map_or_else(|| trimmed.into(), Value::Number))
            }
            _ => Some(trimmed.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(key: &str) -> &'static Field {
        all().find(|field| field.key == key).unwrap()
    }

    #[test]
    fn what_is_shown_is_read_back_as_it_was() {
        let values = json!({
            "enabled": true,
            "sync": {"breaker": {"share": 0.5, "at_least": 10}, "exclude": ["a@x.example", "b@x.example"], "poll_interval": "2s"},
        });
        for key in [
            "enabled",
            "sync.breaker.share",
            "sync.breaker.at_least",
            "sync.exclude",
            "sync.poll_interval",
        ] {
            let field = named(key);
            let pointer = format!("/{}", key.replace('.', "/"));
            assert_eq!(
                field.value(&field.shown(&values)).as_ref(),
                values.pointer(&pointer),
                "{key}"
            );
        }
        assert_eq!(named("teams.tenant_id").value("  "), None);
        assert_eq!(named("sync.breaker.share").value("0,5"), Some(json!(0.5)));
        assert_eq!(named("sync.pbx_concurrency").value("vier"), Some(json!("vier")));
    }
}
