//! `login`: somebody signs in for an instance, by browser or device code.

use serde::Serialize;
use sync_core::{InstanceName, Side};
use sync_service::language::Language;
use sync_service::login::{Account, BrowserLogin, DeviceLogin, Login, Page, Pages, Stored};
use sync_service::{Presented, standalone};

use super::context::{Context, note, print_json};
use crate::arguments::{Format, LoginArguments};
use crate::configuration::Configuration;
use crate::daemon::Daemon;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show::LoginTexts;

/// The version of the forms of this command.
const VERSION: u32 = 1;

/// What is to be opened: printed when the sign-in begins.
#[derive(Serialize)]
struct Waiting<'a> {
    version: u32,
    instance: &'a InstanceName,
    state: &'static str,
    link: &'a str,
    /// What to enter there; none where the link is for a browser on this machine.
    code: Option<&'a str>,
    expires_in_seconds: Option<u64>,
}

/// The end.
#[derive(Serialize)]
struct Done<'a> {
    version: u32,
    instance: &'a InstanceName,
    state: &'static str,
    /// Permissions that were asked for and not granted.
    missing_permissions: Vec<String>,
    /// Who signed in; none where that was not told.
    account: Option<&'a str>,
    /// Whether a running daemon uses it already: `told`, `none` or `not-told`.
    daemon: &'static str,
}

pub(crate) async fn run(context: &Context, arguments: &LoginArguments) -> Result<Exit, Failure> {
    let name = &arguments.one.instance;
    let configuration = context.configuration()?;
    let instance = configuration.instance(name)?;
    let by_device_code = arguments.device_code || instance.teams.sign_in.as_str() == "device-code";
    let language = context.language(arguments.language);
    let texts = LoginTexts::new(language);
    let login = Login::prepare(&configuration.settings, &configuration.environment, name).await?;
    let stored = if by_device_code {
        device_code(context, name, &texts, login.device_code().await?).await?
    } else {
        browser(context, name, &texts, language, login.browser().await?).await?
    };
    finish(context, &configuration, name, &texts, &stored).await?;
    Ok(Exit::SUCCESS)
}

async fn device_code(
    context: &Context,
    name: &InstanceName,
    texts: &LoginTexts,
    login: DeviceLogin,
) -> Result<Stored, Failure> {
    let seconds = login.expires_in().as_secs();
    let waiting = Waiting {
        version: VERSION,
        instance: name,
        state: "waiting",
        link: login.link(),
        code: Some(login.code()),
        expires_in_seconds: Some(seconds),
    };
    begin(
        context,
        &waiting,
        &texts.device_code(login.link(), login.code(), seconds),
    )?;
    Ok(login.wait().await?)
}

async fn browser(
    context: &Context,
    name: &InstanceName,
    texts: &LoginTexts,
    language: Language,
    login: BrowserLogin,
) -> Result<Stored, Failure> {
    let waiting = Waiting {
        version: VERSION,
        instance: name,
        state: "waiting",
        link: login.link(),
        code: None,
        expires_in_seconds: None,
    };
    begin(context, &waiting, &texts.browser(login.link()))?;
    let page = |name: &str| Page {
        title: texts.say(&format!("login-page-{name}")),
        text: texts.say(&format!("login-page-{name}-text")),
    };
    let pages = Pages {
        language: match language {
            Language::German => "de",
            Language::English => "en",
        },
        signed_in: page("done"),
        failed: page("failed"),
        another: page("another"),
    };
    Ok(login.wait(pages).await?)
}

/// Says what is to be done: people read it on standard error, so that standard output has results alone.
fn begin(context: &Context, waiting: &Waiting<'_>, text: &str) -> Result<(), Failure> {
    match context.format {
        Format::Json => print_json(waiting)?,
        Format::Text => note(text),
    }
    Ok(())
}

async fn finish(
    context: &Context,
    configuration: &Configuration,
    name: &InstanceName,
    texts: &LoginTexts,
    stored: &Stored,
) -> Result<(), Failure> {
    let told = tell(configuration, name).await;
    let missing: Vec<String> = stored.missing.iter().map(ToString::to_string).collect();
    let (word, daemon) = match &told {
        Ok(true) => ("told", texts.say("login-daemon-told")),
        Ok(false) => ("none", texts.say("login-daemon-none")),
        Err(failure) => ("not-told", texts.daemon_deaf(&failure.to_string())),
    };
    if !missing.is_empty() {
        note(&texts.missing(&missing.join(", ")));
    }
    let done = Done {
        version: VERSION,
        instance: name,
        state: "signed-in",
        missing_permissions: missing,
        account: stored.account.as_ref().map(Account::as_str),
        daemon: word,
    };
    context.print(&done, || {
        let done = texts.done(stored.account.as_ref().map(Account::as_str));
        format!("{name}: {done}; {daemon}")
    })
}

/// Lets a running daemon begin anew with the sign-in. `false`: none runs.
async fn tell(configuration: &Configuration, name: &InstanceName) -> Result<bool, Failure> {
    let Some(daemon) = Daemon::find(configuration).await? else {
        // What was refused to whoever signed in before says nothing about the new sign-in.
        let Configuration {
            settings,
            environment,
            ..
        } = configuration;
        let signed_in = Presented::accepted_by(Side::Teams);
        standalone::note_presented(settings, environment, name, &signed_in).await?;
        return Ok(false);
    };
    daemon.client.signed_in(name).await?;
    Ok(true)
}
