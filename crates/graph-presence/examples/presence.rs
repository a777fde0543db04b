//! Finds people by their addresses and prints their presence.
//!
//! Without variables it starts a simulated tenant and reads everybody in it:
//!
//! ```console
//! $ cargo run -p graph-presence --example presence
//! ```
//!
//! With `GRAPH_TENANT_ID`, `GRAPH_CLIENT_ID`, the app's secret in the file `GRAPH_CLIENT_SECRET_FILE` (or in
//! `GRAPH_CLIENT_SECRET`) and addresses, separated by commas, in `GRAPH_ADDRESSES` it reads a real one. `GRAPH_LOGIN_URL` and
//! `GRAPH_URL` together name another cloud than the global one.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example is a program of its own"
)]

use std::env::var;
use std::error::Error;
use std::sync::Arc;

use graph_presence::{Address, ClientId, ClientSecret, Cloud, GraphClient, TenantId};
use reqwest::redirect::Policy;
use sandbox::{CLIENT, CLIENT_SECRET, Office, Sandbox};
use secrecy::SecretString;

/// Whose presence is read, and where.
struct Question {
    cloud: Cloud,
    tenant: TenantId,
    client: ClientId,
    secret: SecretString,
    addresses: Vec<Address>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    if var("GRAPH_TENANT_ID").is_ok() {
        return ask(real()?).await;
    }
    let office = Office::plain(5, 1);
    let sandbox = Sandbox::builder().office(office).start().await?;
    let asked = ask(simulated(&sandbox)?).await;
    sandbox.stop().await;
    asked
}

async fn ask(question: Question) -> Result<(), Box<dyn Error>> {
    let Question {
        cloud,
        tenant,
        client,
        secret,
        addresses,
    } = question;
    // No redirect may carry a token to another host.
    let http = reqwest::Client::builder().redirect(Policy::none()).build()?;
    let tokens = ClientSecret::new(http.clone(), &cloud, &tenant, &client, secret);
    let graph = GraphClient::new(http, cloud, Arc::new(tokens));

    let users = graph
        .users_by_address(&addresses)
        .await
        .inspect_err(|error| eprintln!("{}", error.advice()))?;
    let ids: Vec<_> = users.iter().map(|user| user.id.clone()).collect();
    for chunk in ids.chunks(graph_presence::MAX_IDS) {
        let read = graph
            .presences(chunk)
            .await
            .inspect_err(|error| eprintln!("{}", error.advice()))?;
        for answer in &read.answers {
            println!("{} {}", answer.user, answer.presence);
        }
    }
    println!(
        "{} of {} addresses belong to a user",
        users.len(),
        addresses.len()
    );
    Ok(())
}

fn simulated(sandbox: &Sandbox) -> Result<Question, Box<dyn Error>> {
    let url = sandbox.tenant_url().parse::<reqwest::Url>()?;
    let users = sandbox.pbx().users();
    Ok(Question {
        cloud: Cloud::custom(url.clone(), url)?,
        tenant: TenantId::new(sandbox.tenant_id())?,
        client: ClientId::new(CLIENT)?,
        secret: CLIENT_SECRET.into(),
        addresses: users
            .iter()
            .map(|user| Address::new(&user.email))
            .collect::<Result<_, _>>()?,
    })
}

fn real() -> Result<Question, Box<dyn Error>> {
    let cloud = match (var("GRAPH_LOGIN_URL"), var("GRAPH_URL")) {
        (Ok(login), Ok(graph)) => Cloud::custom(login.parse()?, graph.parse()?)?,
        _ => Cloud::Global,
    };
    let addresses = setting("GRAPH_ADDRESSES")?;
    Ok(Question {
        cloud,
        tenant: TenantId::new(&setting("GRAPH_TENANT_ID")?)?,
        client: ClientId::new(&setting("GRAPH_CLIENT_ID")?)?,
        secret: secret("GRAPH_CLIENT_SECRET")?,
        addresses: addresses
            .split(',')
            .map(|address| Address::new(address.trim()))
            .collect::<Result<_, _>>()?,
    })
}

/// The contents of the file `NAME_FILE`, or else `NAME` itself.
fn secret(name: &str) -> Result<SecretString, Box<dyn Error>> {
    match var(format!("{name}_FILE")) {
        Ok(file) => Ok(std::fs::read_to_string(file)?.trim_end().into()),
        Err(_) => Ok(setting(name)?.into()),
    }
}

fn setting(name: &str) -> Result<String, String> {
    var(name).map_err(|error| format!("`{name}`: {error}"))
}
