//! The national clouds, and where their sign-in and their Graph answer.

use std::fmt;

use url::{Host, Url};

use crate::graph_error::Permission;

/// A Microsoft cloud: its sign-in host, its Graph host, and whether it has presence at all.
///
/// The app must be registered in the same cloud; tokens of one cloud are refused by the others. Hosts are those of
/// Microsoft's page [National cloud deployments](https://learn.microsoft.com/graph/deployments).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cloud {
    /// The worldwide service, including GCC.
    #[default]
    Global,
    /// US Government L4 (GCC High).
    UsGovHigh,
    /// US Government L5 (Department of Defense).
    UsGovDod,
    /// China, operated by 21Vianet. It has no presence interface.
    China,
    /// Germany, operated by T-Systems. It was closed in 2021.
    Germany,
    /// Hosts of one's own, for a sovereign cloud without a preset or for a simulated tenant.
    Custom(CustomCloud),
}

impl Cloud {
    /// A cloud at hosts of one's own. A path is kept and put before the paths of the interface.
    ///
    /// # Errors
    ///
    /// [`InvalidHost`] where an address is neither `https` nor `http` on a loopback host, or carries a password, a
    /// query or a fragment.
    pub fn custom(login_url: Url, graph_url: Url) -> Result<Self, InvalidHost> {
        Ok(Self::Custom(CustomCloud {
            login: base(login_url)?,
            graph: base(graph_url)?,
        }))
    }

    /// The cloud's name as configuration files spell it, such as `us-gov-high`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::UsGovHigh => "us-gov-high",
            Self::UsGovDod => "us-gov-dod",
            Self::China => "china",
            Self::Germany => "germany",
            Self::Custom(_) => "custom",
        }
    }

    /// Where tokens are asked for, without a trailing slash.
    pub fn login_base(&self) -> &str {
        match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::UsGovHigh | Self::UsGovDod => "https://login.microsoftonline.us",
            Self::China => "https://login.partner.microsoftonline.cn",
            Self::Germany => "https://login.microsoftonline.de",
            Self::Custom(custom) => &custom.login,
        }
    }

    /// Where Graph answers, without the version and without a trailing slash.
    pub fn graph_base(&self) -> &str {
        match self {
            Self::Global => "https://graph.microsoft.com",
            Self::UsGovHigh => "https://graph.microsoft.us",
            Self::UsGovDod => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
            Self::Germany => "https://graph.microsoft.de",
            Self::Custom(custom) => &custom.graph,
        }
    }

    /// The scope that asks for every permission the app was granted on Graph: the Graph host and `/.default`.
    pub fn scope(&self) -> String {
        format!("{}/.default", self.graph_base())
    }

    /// The scopes of somebody who signs in for the app: to read presence and users, and a token for the next time.
    pub fn delegated_scopes(&self) -> Vec<String> {
        let graph = self.graph_base();
        [Permission::PresenceReadAll, Permission::UserReadAll]
            .iter()
            .map(|permission| format!("{graph}/{permission}"))
            .chain(["offline_access".to_owned()])
            .collect()
    }

    /// Why this cloud has no presence to read, as a sentence for the operator; `None` where it has.
    pub fn presence_notice(&self) -> Option<&'static str> {
        match self {
            Self::China => Some(
                "Microsoft 365 in China (21Vianet) has no presence interface in Microsoft Graph, so no presence can be read from it.",
            ),
            Self::Germany => Some(
                "The Microsoft Cloud Germany (T-Systems) was closed on 29 October 2021; its tenants have moved to the worldwide cloud, which is `global`.",
            ),
            Self::Global | Self::UsGovHigh | Self::UsGovDod | Self::Custom(_) => None,
        }
    }

    /// An address of the sign-in; `path` starts with a slash and has the characters of a tenant and a path alone.
    pub(crate) fn login_url(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.login_base())).expect("the base was parsed before")
    }

    /// An address of Graph's version 1.0; `path` starts with a slash and may have a query.
    pub(crate) fn graph_url(&self, path: &str) -> Url {
        Url::parse(&format!("{}/v1.0{path}", self.graph_base())).expect("the base was parsed before")
    }

    /// Whether a link that Graph handed out leads back to this cloud's Graph, so that the token may go there.
    pub(crate) fn is_graph(&self, link: &Url) -> bool {
        Url::parse(self.graph_base()).is_ok_and(|graph| graph.origin() == link.origin())
            && link.username().is_empty()
            && link.password().is_none()
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The two checked hosts of [`Cloud::Custom`]; made by [`Cloud::custom`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomCloud {
    login: String,
    graph: String,
}

/// An address that tokens and secrets must not be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHost {
    /// Neither `https` nor `http` on a loopback host.
    #[error("the address is neither `https` nor `http` on a loopback host")]
    Insecure,
    /// The address carries a user, a password, a query or a fragment.
    #[error("the address has more than a host, a port and a path")]
    NotABase,
}

fn base(url: Url) -> Result<String, InvalidHost> {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if !(url.scheme() == "https" || url.scheme() == "http" && loopback) {
        return Err(InvalidHost::Insecure);
    }
    let bare = url.username().is_empty() && url.password().is_none();
    if !bare || url.query().is_some() || url.fragment().is_some() {
        return Err(InvalidHost::NotABase);
    }
    Ok(String::from(url).trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom(login: &str, graph: &str) -> Result<Cloud, InvalidHost> {
        Cloud::custom(Url::parse(login).unwrap(), Url::parse(graph).unwrap())
    }

    #[test]
    fn every_preset_asks_for_the_scope_of_its_own_graph() {
        let rows = [
            (
                Cloud::Global,
                "login.microsoftonline.com",
                "graph.microsoft.com",
                false,
            ),
            (
                Cloud::UsGovHigh,
                "login.microsoftonline.us",
                "graph.microsoft.us",
                false,
            ),
            (
                Cloud::UsGovDod,
                "login.microsoftonline.us",
                "dod-graph.microsoft.us",
                false,
            ),
            (
                Cloud::China,
                "login.partner.microsoftonline.cn",
                "microsoftgraph.chinacloudapi.cn",
                true,
            ),
            (
                Cloud::Germany,
                "login.microsoftonline.de",
                "graph.microsoft.de",
                true,
            ),
        ];
        for (cloud, login, graph, notice) in rows {
            assert_eq!(cloud.login_base(), format!("https://{login}"));
            assert_eq!(cloud.graph_base(), format!("https://{graph}"));
            assert_eq!(cloud.scope(), format!("https://{graph}/.default"));
            assert_eq!(cloud.presence_notice().is_some(), notice, "{cloud}");
        }
    }

    #[test]
    fn a_custom_base_keeps_its_path_and_loses_its_slash() {
        let cloud = custom("https://login.example/", "http://127.0.0.1:9000/graph/").unwrap();
        assert_eq!(cloud.login_base(), "https://login.example");
        assert_eq!(cloud.scope(), "http://127.0.0.1:9000/graph/.default");
        assert_eq!(
            cloud.graph_url("/users").as_str(),
            "http://127.0.0.1:9000/graph/v1.0/users"
        );
        assert_eq!(cloud.presence_notice(), None);
    }

    #[test]
    fn plain_http_is_for_loopback_alone() {
        for good in [
            "http://localhost:1",
            "http://127.0.0.1",
            "http://[::1]:80",
            "https://graph.example",
        ] {
            assert!(custom("https://login.example", good).is_ok(), "{good}");
        }
        for bad in [
            "http://graph.example",
            "ftp://127.0.0.1",
            "http://127.0.0.1.example",
        ] {
            assert_eq!(
                custom("https://login.example", bad),
                Err(InvalidHost::Insecure),
                "{bad}"
            );
            assert_eq!(
                custom(bad, "https://graph.example"),
                Err(InvalidHost::Insecure),
                "{bad}"
            );
        }
        for bad in [
            "https://u:p@graph.example",
            "https://graph.example?a=b",
            "https://graph.example#a",
        ] {
            assert_eq!(
                custom("https://login.example", bad),
                Err(InvalidHost::NotABase),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_link_is_graph_only_at_the_same_scheme_host_and_port() {
        let cloud = Cloud::Global;
        let is_graph = |link: &str| cloud.is_graph(&Url::parse(link).unwrap());
        assert!(is_graph("https://graph.microsoft.com/v1.0/users?$skiptoken=a"));
        for foreign in [
            "http://graph.microsoft.com/v1.0/users",
            "https://graph.microsoft.com:8443/v1.0/users",
            "https://graph.microsoft.com.evil.example/v1.0/users",
            "https://graph.microsoft.com@evil.example/v1.0/users",
            "https://user@graph.microsoft.com/v1.0/users",
        ] {
            assert!(!is_graph(foreign), "{foreign}");
        }
    }
}
