//! A user of the directory, in the engine's words.

use sync_core::{Address, DirectoryUser, TeamsUserId};

/// Addresses that are none for the engine are left out: no address of the PBX can be equal to them.
pub(super) fn mapped(user: &graph_presence::DirectoryUser) -> DirectoryUser {
    let mut primary = None;
    let mut aliases = Vec::with_capacity(user.proxy_addresses.len());
    for proxy in &user.proxy_addresses {
        match address(&proxy.address) {
            Some(address) if proxy.primary && primary.is_none() => primary = Some(address),
            other => aliases.extend(other),
        }
    }
    DirectoryUser {
        id: TeamsUserId::new(user.id.as_str()),
        primary,
        mail: user.mail.as_ref().and_then(address),
        aliases,
        principal: user.user_principal_name.as_ref().and_then(address),
        enabled: user.enabled.unwrap_or(true),
        guest: user.guest,
    }
}

fn address(address: &graph_presence::Address) -> Option<Address> {
    address.as_str().parse().ok()
}
