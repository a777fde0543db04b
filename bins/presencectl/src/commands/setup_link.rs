//! `setup-link`: a one-time link to the administrator's page.

use super::context::{Context, note};
use crate::configuration::Configuration;
use crate::daemon::Daemon;
use crate::exit::Exit;
use crate::failure::Failure;

pub(crate) async fn run(context: &Context) -> Result<Exit, Failure> {
    let environment = context.environment().clone();
    let configuration = Configuration::load_or_unconfigured(context.file.as_deref(), environment)?;
    let Some(daemon) = Daemon::find(&configuration).await? else {
        return Err(Failure::message("no daemon runs that could serve the page").with_hint(
            "start it (`systemctl start presence-syncd`), and run this command as the daemon's user or as root",
        ));
    };
    let answer = daemon.client.setup_link().await?;
    let address = daemon.client.endpoint().address;
    context.print(&answer, || answer.link.clone())?;
    if address.ip().is_loopback() {
        let port = address.port();
        note(&format!(
            "It is good once, for {} minutes. On a server without a screen, first run on your own machine:\n  \
             ssh -L {port}:{address} USER@THIS-SERVER",
            answer.expires_in_seconds / 60
        ));
    }
    Ok(Exit::SUCCESS)
}
