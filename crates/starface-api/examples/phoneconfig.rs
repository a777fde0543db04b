//! Lists a group of a PBX and says of each member whether *do not disturb* is on.
//!
//! Without variables it starts a simulated PBX, and turns it on for the first member, too:
//!
//! ```console
//! $ cargo run -p starface-api --example phoneconfig
//! ```
//!
//! With `PBX_URL` (such as `https://pbx.example`), `PBX_LOGIN`, the password in the file `PBX_PASSWORD_FILE` (or in
//! `PBX_PASSWORD`) and the name of a group in `PBX_GROUP` it reads a real one and changes nothing. A PBX of version 10 wants
//! `PBX_OAUTH_SECRET_FILE` (or `PBX_OAUTH_SECRET`), too.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example is a program of its own"
)]

use std::env::var;
use std::error::Error;

use reqwest::redirect::Policy;
use sandbox::{GROUP_NAME, LOGIN, Office, PASSWORD, Sandbox};
use secrecy::SecretString;
use starface_api::{Login, OAuth, OAuthClient, Pbx, PbxUrl, SignIn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    if let Ok(url) = var("PBX_URL") {
        let login = setting("PBX_LOGIN")?;
        let pbx = pbx(
            &url,
            &login,
            secret("PBX_PASSWORD")?,
            secret("PBX_OAUTH_SECRET").ok(),
        )?;
        return show(&pbx, &setting("PBX_GROUP")?, false).await;
    }
    let sandbox = Sandbox::builder().office(Office::plain(5, 1)).start().await?;
    let pbx = pbx(&sandbox.pbx_url(), LOGIN, PASSWORD.into(), None)?;
    let shown = show(&pbx, GROUP_NAME, true).await;
    sandbox.stop().await;
    shown
}

fn pbx(
    url: &str,
    login: &str,
    password: SecretString,
    oauth_secret: Option<SecretString>,
) -> Result<Pbx, Box<dyn Error>> {
    // No redirect may carry a token to another host.
    let client = reqwest::Client::builder().redirect(Policy::none()).build()?;
    let oauth = OAuth {
        client: oauth_secret.map(|secret| OAuthClient::confidential(OAuthClient::HEADLESS, secret)),
        ..OAuth::default()
    };
    let sign_in = SignIn::Auto {
        login: Login::new(login),
        password,
        oauth,
    };
    Ok(Pbx::new(client, PbxUrl::parse(url)?, sign_in))
}

async fn show(pbx: &Pbx, group: &str, change: bool) -> Result<(), Box<dyn Error>> {
    let shown = list(pbx, group, change)
        .await
        .inspect_err(|error| eprintln!("{}", error.advice()));
    pbx.logout().await;
    Ok(shown?)
}

async fn list(pbx: &Pbx, group: &str, change: bool) -> Result<(), starface_api::Error> {
    let group = pbx.group_by_name(group).await?;
    let members = pbx.group(group.id).await?.members;
    if let (true, Some(first)) = (change, members.first()) {
        println!(
            "{}: {:?}",
            first.id,
            pbx.change_dnd(first.id, true, Some(false)).await?
        );
    }
    for member in &members {
        let config = pbx.phone_config(member.id).await?;
        println!("{} do not disturb: {}", member.id, config.do_not_disturb());
    }
    Ok(())
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
