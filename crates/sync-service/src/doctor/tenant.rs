//! The Microsoft half of an instance.

use sync_adapters::graph::{Granted, GraphAdapter};
use sync_core::{InstanceName, PortError};
use url::Url;

use super::Tell;
use super::finding::{Check, Finding, Verdict};
use super::network::{self, Host};
use crate::assembly::Assembly;
use crate::config::{Instance, Teams};

/// A tenant that lets us in.
pub(super) struct Tenant {
    pub(super) graph: GraphAdapter,
}

/// Tries names, way, sign-in and permissions; nothing after the first that fails.
pub(super) async fn examine(
    assembly: &Assembly,
    name: &InstanceName,
    config: &Instance,
    tell: Tell<'_>,
) -> Option<Tenant> {
    let teams = &config.teams;
    let hosts = match hosts(assembly, teams) {
        Ok(hosts) => hosts,
        Err(error) => {
            tell(Finding::failed(Check::TeamsReach, &error));
            return None;
        }
    };
    if !network::names(Check::TeamsNames, &hosts, tell).await {
        return None;
    }
    if !network::reach(Check::TeamsReach, &hosts, assembly.now().wall, tell).await {
        return None;
    }
    // The way itself has just been made; what can be missing yet is the sign-in of a person.
    let (graph, granted) = match assembly.graph(name, teams) {
        Ok(graph) => {
            let granted = graph.granted().await;
            (Some(graph), granted)
        }
        Err(error) => (None, Err(error)),
    };
    match granted {
        Err(error) => {
            tell(Finding::failed(Check::TeamsSignIn, &error));
            return None;
        }
        Ok(granted) => {
            let status = assembly.sign_in(name, teams).await;
            let done = match &status.account {
                Some(account) => {
                    Finding::new(Check::TeamsSignIn, Verdict::Ok, "done-by").with("account", account)
                }
                None => Finding::new(Check::TeamsSignIn, Verdict::Ok, "done"),
            };
            tell(
                done.with("client", &teams.client_id)
                    .with("tenant", &teams.tenant_id),
            );
            tell(permissions(granted));
        }
    }
    graph.map(|graph| Tenant { graph })
}

/// Where to sign in, and where Graph answers.
fn hosts(assembly: &Assembly, teams: &Teams) -> Result<Vec<Host>, PortError> {
    let cloud = assembly.way(teams)?.cloud;
    let mut urls: Vec<Url> = [cloud.login_base(), cloud.graph_base()]
        .into_iter()
        .filter_map(|base| base.parse().ok())
        .collect();
    // A tenant of one's own may answer for both at one address.
    urls.dedup_by_key(|url| url.origin());
    let host = |url| Host {
        url,
        http: assembly.graph_http(teams),
    };
    Ok(urls.into_iter().map(host).collect())
}

fn permissions(granted: Option<Granted>) -> Finding {
    let found = |verdict, code| Finding::new(Check::TeamsPermissions, verdict, code);
    let Some(granted) = granted else {
        return found(Verdict::Ok, "not-told");
    };
    let missing: Vec<String> = granted.missing().map(|missing| missing.to_string()).collect();
    if !missing.is_empty() {
        return found(Verdict::Failure, "missing").detailed(missing);
    }
    let superfluous: Vec<String> = granted.superfluous().map(str::to_owned).collect();
    if superfluous.is_empty() {
        found(Verdict::Ok, "enough")
    } else {
        found(Verdict::Warning, "superfluous").detailed(superfluous)
    }
}
