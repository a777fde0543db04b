//! The changes of the configuration that a form asks for.

use serde_json::Value;
use sync_service::config::edit::{Change, KeyPath};

use super::field::{Field, Kind, Section};
use super::form::{group_value, key};
use super::rules::Chosen;
use crate::door::Fields;

/// The changes that a form asks for, of these sections; what says what takes effect already is no change.
pub(crate) fn changes(instance: &str, sections: &[Section], effective: &Value, sent: &Fields) -> Vec<Change> {
    let fields = sections.iter().flat_map(|section| section.fields);
    fields
        .flat_map(|field| field_changes(instance, field, effective, sent))
        .collect()
}

fn field_changes(instance: &str, field: &Field, effective: &Value, sent: &Fields) -> Vec<Change> {
    let key = |below: &str| key(instance, below);
    if !field.applies(sent) {
        // Also where nothing is known to stand there: a draft may hold a secret that nobody sees.
        let mut gone = vec![Change::Remove { key: key(field.key) }];
        if let Some((table, _)) = field.with.and(field.key.rsplit_once('.')) {
            // An empty table says that there is one.
            gone.push(Change::Remove { key: key(table) });
        }
        return gone;
    }
    match field.kind {
        // Whoever types another one does not mean to be without one.
        Kind::OptionalSecret if sent.has(&field.clear()) && sent.first(field.key).is_empty() => {
            vec![Change::Remove { key: key(field.key) }]
        }
        Kind::Secret | Kind::OptionalSecret | Kind::Certificate => {
            let typed = sent.secret(field.key).map(|secret| Change::Secret {
                key: key(field.key),
                secret: secret.into(),
            });
            typed.into_iter().collect()
        }
        Kind::Group => group_changes(&key, effective, sent.first(field.key).trim()),
        _ => {
            let text = match field.kind {
                Kind::Toggle => sent.has(field.key).to_string(),
                _ => sent.first(field.key).to_owned(),
            };
            let pointer = format!("/{}", field.key.replace('.', "/"));
            let (new, old) = (field.value(&text), effective.pointer(&pointer));
            match new {
                Some(new) if Some(&new) == old => Vec::new(),
                Some(Value::Array(items)) if items.is_empty() && old.is_none() => Vec::new(),
                Some(value) => vec![Change::Set {
                    key: key(field.key),
                    value,
                }],
                None if old.is_none() => Vec::new(),
                None => vec![Change::Remove { key: key(field.key) }],
            }
        }
    }
}

fn group_changes(key: &dyn Fn(&str) -> KeyPath, effective: &Value, value: &str) -> Vec<Change> {
    if value == group_value(effective) {
        return Vec::new();
    }
    let id = value.strip_prefix('#').and_then(|id| id.parse::<i64>().ok());
    let (set, other, value) = match id {
        Some(id) => ("starface.group_id", "starface.group", Value::from(id)),
        None => ("starface.group", "starface.group_id", Value::from(value)),
    };
    let remove = effective
        .pointer(&format!("/{}", other.replace('.', "/")))
        .map(|_| Change::Remove { key: key(other) });
    let set = Change::Set { key: key(set), value };
    std::iter::once(set).chain(remove).collect()
}

/// The changes of the rules.
pub(crate) fn rule_changes(instance: &str, before: &Chosen, chosen: &Chosen) -> Vec<Change> {
    let mut changes: Vec<Change> = chosen
        .lists()
        .into_iter()
        .zip(before.lists())
        .filter(|(new, old)| new != old)
        .map(|((name, value), _)| Change::Set {
            key: key(instance, &format!("rules.{name}")),
            value,
        })
        .collect();
    let chat = |pattern: &str| KeyPath::new(["instances", instance, "rules", "chat", pattern]);
    for (pattern, word) in &chosen.chat {
        if before.chat.get(pattern) != Some(word) {
            changes.push(Change::Set {
                key: chat(pattern),
                value: word.as_str().into(),
            });
        }
    }
    let gone = before
        .chat
        .keys()
        .filter(|pattern| !chosen.chat.contains_key(*pattern));
    changes.extend(gone.map(|pattern| Change::Remove { key: chat(pattern) }));
    changes
}

#[cfg(test)]
mod tests {
    use sync_service::config::edit::Document;

    use super::super::field::{STARFACE, TEAMS};
    use super::*;

    /// What the page writes where the file says this and a form with these answers is sent.
    fn written(file: &str, section: Section, sent: &[(&str, &str)]) -> String {
        let document = Document::of(file).unwrap();
        let sent = Fields::of(sent);
        let changes = changes("main", &[section], &document.effective("main"), &sent);
        document.edited(&changes).unwrap().text().to_owned()
    }

    const SECRET: &str = "[instances.main.teams]\ncloud = \"custom\"\nlogin_url = \"https://login.example\"\n\
        graph_url = \"https://graph.example\"\ntenant_id = \"t\"\nclient_id = \"c\"\nclient_secret_file = \"graph.secret\"\n";

    /// A form sends what stands in a field also where the field is hidden.
    #[test]
    fn what_belongs_to_another_choice_goes_with_it() {
        let sent = [
            ("teams.cloud", "global"),
            ("teams.login_url", "https://login.example"),
            ("teams.graph_url", "https://graph.example"),
            ("teams.tenant_id", "t"),
            ("teams.client_id", "c"),
            ("teams.auth", "device-code"),
            ("teams.client_secret_file", "typed before"),
            ("teams.assertion_algorithm", "RS256"),
        ];
        assert_eq!(
            written(SECRET, TEAMS, &sent),
            "[instances.main.teams]\ncloud = \"global\"\ntenant_id = \"t\"\nclient_id = \"c\"\nauth = \"device-code\"\n"
        );
    }

    #[test]
    fn the_chat_status_goes_with_the_module_that_is_taken_out() {
        let begin =
            "[instances.main.starface]\nurl = \"https://pbx.example\"\nlogin = \"0001\"\nauth = \"auto\"\n";
        let chat = "\n[instances.main.starface.chat]\nmodule = \"M\"\nshared_secret_file = \"chat.secret\"\n";
        let sent = [
            ("starface.url", "https://pbx.example"),
            ("starface.login", "0001"),
            ("starface.auth", "auto"),
            ("starface.oauth_client_id", ""),
        ];
        assert_eq!(written(&format!("{begin}{chat}"), STARFACE, &sent), begin);
    }

    #[test]
    fn a_secret_that_is_not_needed_is_taken_out_by_its_box_alone() {
        let file = "[instances.main.starface]\nauth = \"oauth\"\noauth_client_id = \"c\"\n\
            oauth_client_secret_file = \"oauth.secret\"\npassword_file = \"pbx.password\"\n";
        let rest = [("starface.auth", "oauth"), ("starface.oauth_client_id", "c")];
        let with = |more: &[(&str, &str)]| written(file, STARFACE, &[&rest, more].concat());
        assert_eq!(with(&[]), file);
        let clear = ("clear:starface.oauth_client_secret_file", "true");
        let cleared = file.replace("oauth_client_secret_file = \"oauth.secret\"\n", "");
        assert_eq!(with(&[clear]), cleared);
        assert_eq!(
            with(&[("clear:starface.password_file", "true")]),
            file,
            "that one is needed"
        );
        let document = Document::of(file).unwrap();
        let typed = [
            rest[0],
            rest[1],
            clear,
            ("starface.oauth_client_secret_file", "SAMPLE"),
        ];
        let changes = changes(
            "main",
            &[STARFACE],
            &document.effective("main"),
            &Fields::of(&typed),
        );
        assert!(
            matches!(changes.first(), Some(Change::Secret { .. })),
            "{changes:?}"
        );
    }

    #[test]
    fn a_secret_that_was_typed_for_nothing_is_asked_about_and_then_taken_back() {
        let secret = |sent: &[(&str, &str)]| {
            let effective = Document::of("").unwrap().effective("main");
            let changes = changes("main", &[STARFACE], &effective, &Fields::of(sent));
            let wanted = key("main", "starface.chat.shared_secret_file");
            changes.into_iter().find(|change| *change.key() == wanted)
        };
        let typed = secret(&[("starface.chat.shared_secret_file", "SAMPLE")]);
        assert!(
            matches!(typed, Some(Change::Secret { .. })),
            "the module is missing"
        );
        assert!(matches!(secret(&[]), Some(Change::Remove { .. })));
        assert_eq!(
            secret(&[("starface.chat.module", "M")]),
            None,
            "it stays as it is"
        );
    }
}
