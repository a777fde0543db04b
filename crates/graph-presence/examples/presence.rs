//! Prints the presence of the users in `GRAPH_USER_IDS` (object ids, separated by commas), read from the tenant
//! `GRAPH_TENANT_ID` with the app `GRAPH_CLIENT_ID` and its secret `GRAPH_CLIENT_SECRET`.

use std::{error::Error, sync::Arc};

use graph_presence::{ClientId, ClientSecret, Cloud, GraphClient, TenantId, UserId};

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "an example makes its own HTTP client")]
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example is a program"
)]
async fn main() -> Result<(), Box<dyn Error>> {
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let cloud = Cloud::Global;
    let tenant = TenantId::new(&setting("GRAPH_TENANT_ID")?)?;
    let client = ClientId::new(&setting("GRAPH_CLIENT_ID")?)?;
    let secret = setting("GRAPH_CLIENT_SECRET")?.into();
    let ids: Vec<_> = setting("GRAPH_USER_IDS")?
        .split(',')
        .map(|id| UserId::new(id.trim()))
        .collect::<Result<_, _>>()?;

    let tokens = ClientSecret::new(http.clone(), &cloud, &tenant, &client, secret);
    let graph = GraphClient::new(http, cloud, Arc::new(tokens));
    for chunk in ids.chunks(graph_presence::MAX_IDS) {
        let read = graph
            .presences(chunk)
            .await
            .inspect_err(|error| eprintln!("{}", error.advice()))?;
        for answer in &read.answers {
            println!("{} {}", answer.user, answer.presence);
        }
        for id in &read.refused {
            println!("{id} is refused");
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "an example is set by its environment")]
fn setting(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|error| format!("`{name}`: {error}"))
}
