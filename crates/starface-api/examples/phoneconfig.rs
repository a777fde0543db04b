//! Reads whether a user of a real PBX does not want to be disturbed.
//!
//! `PBX_URL=https://pbx.example PBX_LOGIN=0001 PBX_PASSWORD=… PBX_USER=1004 cargo run -p starface-api --example phoneconfig`
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an example is a program of its own"
)]

use std::env;
use std::error::Error;

use reqwest::redirect::Policy;
use starface_api::{Login, Pbx, PbxUrl, SignIn, UserId};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = reqwest::Client::builder().redirect(Policy::none()).build()?;
    let url = PbxUrl::parse(&env::var("PBX_URL")?)?;
    let sign_in = SignIn::Nonce {
        login: Login::new(env::var("PBX_LOGIN")?),
        password: env::var("PBX_PASSWORD")?.into(),
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
