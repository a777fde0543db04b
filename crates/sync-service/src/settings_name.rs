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
        format!("{sync:?}"),
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
