//! Reads whether a user of a real PBX does not want to be disturbed.
//!
//! `PBX_URL=https://pbx.example PBX_LOGIN=0001 PBX_PASSWORD=… PBX_USER=1004 cargo run -p starface-api --example phoneconfig`,
//! with `PBX_OAUTH_SECRET=…` where the PBX is of version 10.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example is a program of its own"
)]

use std::env;
use std::error::Error;

use reqwest::redirect::Policy;
use starface_api::{Login, OAuth, OAuthClient, Pbx, PbxUrl, SignIn, UserId};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = reqwest::Client::builder().redirect(Policy::none()).build()?;
    let url = PbxUrl::parse(&env::var("PBX_URL")?)?;
    let secret = env::var("PBX_OAUTH_SECRET").ok();
    let oauth = OAuth {
        client: secret.map(|secret| OAuthClient::confidential(OAuthClient::HEADLESS, secret.into())),
        ..OAuth::default()
    };
    let sign_in = SignIn::Auto {
        login: Login::new(env::var("PBX_LOGIN")?),
        password: env::var("PBX_PASSWORD")?.into(),
        oauth,
    };
    let user = UserId::new(env::var("PBX_USER")?.parse()?);

    let pbx = Pbx::new(client, url, sign_in);
    let config = pbx
        .phone_config(user)
        .await
        .inspect_err(|error| println!("{}", error.advice()));
    pbx.logout().await;
    println!("do not disturb of user {user}: {}", config?.do_not_disturb());
    Ok(())
}
