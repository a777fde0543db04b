//! A name for the settings of an instance, by which two daemons see whether they would do the same.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};

use crate::config::{self, Cloud};

/// The same for the same settings, whatever the machine. What only says how to get somewhere (proxies, certificates to
/// trust, secrets and the files that they are in) may differ from machine to machine, and counts for nothing.
///
/// A key that a later version adds is left out here where it has its default: daemons of two versions run side by side while
/// they are updated.
pub(crate) fn settings_name(config: &config::Instance) -> String {
    let config::Instance {
        mode,
        enabled,
        observe,
        teams,
        starface,
        rules,
        sync,
    } = config;
    let config::Teams {
        cloud,
        tenant_id,
        client_id,
        sign_in,
        quota_share,
        proxy: _,
    } = teams;
    let cloud = match cloud {
        Cloud::Custom(own) => format!("{} {}", own.login_url, own.graph_url),
        built_in => format!("{built_in:?}"),
    };
    let config::Starface {
        url,
        pbx,
        group,
        login,
        password: _,
        auth,
        oauth_client,
        oauth_scope,
        ca: _,
        certificate_sha256: _,
        proxy: _,
        chat,
    } = starface;
    let config::Sync {
        poll_interval,
        roster_interval,
        readback_interval,
        pbx_concurrency,
        policy,
        on_stop,
        dnd_off_after,
        chat_reassert,
        unknown_release_after,
        exclude,
        breaker,
    } = sync;
    let config::Breaker {
        share,
        at_least,
        confirm_for,
    } = breaker;
    let times = [
        poll_interval,
        roster_interval,
        readback_interval,
        dnd_off_after,
        chat_reassert,
        unknown_release_after,
        confirm_for,
    ];
    let excluded: Vec<&str> = exclude.iter().map(sync_core::Address::as_str).collect();
    let client = oauth_client.as_ref().map(|client| &client.id);
    let module = chat.as_ref().map(|chat| &chat.module);
    let mut text = String::new();
    // Each part in quotation marks, so that no two lists of parts make one text.
    let parts = [
        format!("{mode:?} {enabled} {observe} {quota_share} {auth:?} {group:?}"),
        format!("{:?}", (cloud, tenant_id, client_id, sign_in.as_str())),
        format!(
            "{:?}",
            (url.as_str(), &pbx.0, &login.0, client, oauth_scope, module)
        ),
        format!("{:?}", rules.table()),
        format!("{:?}", times.map(std::time::Duration::as_millis)),
        format!("{pbx_concurrency} {policy:?} {on_stop:?} {share} {at_least} {excluded:?}"),
    ];
    for part in parts {
        let _ = write!(text, "{part:?} ");
    }
    let hash = digest(&SHA256, text.as_bytes());
    hash.as_ref()
        .iter()
        .take(16)
        .fold(String::new(), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Disk, Environment, parse};

    /// The name for a file in a folder of its own, with secrets of its own.
    fn name(secret: &str, changes: &[(&str, &str)]) -> String {
        use std::os::unix::fs::OpenOptionsExt;
        let folder = tempfile::tempdir().unwrap();
        for file in ["graph.secret", "pbx.password"] {
            let mut options = std::fs::OpenOptions::new();
            let opened = options.write(true).create(true).truncate(true).mode(0o600);
            std::io::Write::write_all(
                &mut opened.open(folder.path().join(file)).unwrap(),
                secret.as_bytes(),
            )
            .unwrap();
        }
        let mut text = "version = 1\n[instances.main.teams]\ntenant_id = \"contoso.example\"\nclient_id = \"c3d0ac7a-2d50-4a51-8c8f-7a1b0f5e2d11\"\n\
             client_secret_file = \"graph.secret\"\n[instances.main.starface]\nurl = \"https://pbx.example\"\n\
             group = \"Teams\"\nlogin = \"0001\"\npassword_file = \"pbx.password\"\n[instances.main.sync]\n\
             poll_interval = \"2s\"\n[instances.main.rules]\ndnd = [\"Busy/InACall\"]\n"
            .to_owned();
        for (from, to) in changes {
            assert!(text.contains(from));
            text = text.replace(from, to);
        }
        let path: &Path = &folder.path().join("presence-sync.toml");
        let loaded = parse(&text, path, &Environment::default(), &Disk).unwrap();
        settings_name(loaded.settings.instances.values().next().unwrap())
    }

    #[test]
    fn the_same_settings_have_the_same_name_on_every_machine_whatever_the_secrets() {
        assert_eq!(
            name("a", &[]),
            name(
                "b",
                &[("[instances.main.sync]", "proxy = \"\"\n[instances.main.sync]")]
            )
        );
    }

    /// Daemons of two versions run side by side while they are updated.
    #[test]
    fn the_name_of_settings_is_the_same_in_every_version() {
        assert_eq!(name("a", &[]), "d7d825755d176867d5cc186f71dc76d3");
    }

    #[test]
    fn every_other_setting_makes_another_name() {
        let usual = name("a", &[]);
        for change in [
            ("\"2s\"", "\"3s\""),
            ("InACall", "InAMeeting"),
            ("contoso", "fabrikam"),
            ("c3d0ac7a", "d3d0ac7a"),
            ("pbx.example", "other.example"),
            ("\"Teams\"", "\"Others\""),
            ("0001", "0002"),
            (
                "[instances.main.teams]",
                "[instances.main]\nobserve = true\n[instances.main.teams]",
            ),
            (
                "[instances.main.rules]",
                "exclude = [\"a@example.com\"]\n[instances.main.rules]",
            ),
        ] {
            assert_ne!(name("a", &[change]), usual, "{change:?}");
        }
    }
}
