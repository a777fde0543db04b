//! Signing in to Microsoft as a person, by device code: the code, the link, the time that is left.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use sync_core::InstanceName;
use sync_service::api::SignInStatus;
use sync_service::config::Settings;
use sync_service::login::{DeviceLogin, Login, LoginError};
use tokio::time::Instant;

use crate::address::Path;
use crate::door::{Posted, Visitor};
use crate::entrance;
use crate::frame::{Frame, Tab};
use crate::language::Tongue;
use crate::live;
use crate::page::Page;
use crate::respond::ok;
use crate::said::Said;

/// The sign-ins that were begun on the page, by instance.
#[derive(Debug, Default)]
pub(crate) struct Dialogues(Mutex<HashMap<String, Dialogue>>);

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Dialogue {
    pub(crate) link: String,
    pub(crate) code: String,
    until: Instant,
    pub(crate) state: Progress,
    number: u64,
}

/// How a sign-in does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Somebody has to enter the code.
    Waiting,
    /// Done, by whom where that is known; these permissions were not granted.
    Done {
        account: Option<String>,
        missing: Vec<String>,
    },
    /// It came to nothing.
    Failed { says: String },
}

impl Dialogues {
    pub(crate) fn of(&self, instance: &str) -> Option<Dialogue> {
        self.lock().get(instance).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Dialogue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new one takes the place of the one before, and is told from it by its number.
    fn begin(&self, instance: &str, link: String, code: String, until: Instant) -> u64 {
        let mut all = self.lock();
        let number = all.get(instance).map_or(0, |known| known.number + 1);
        let dialogue = Dialogue {
            link,
            code,
            until,
            state: Progress::Waiting,
            number,
        };
        all.insert(instance.to_owned(), dialogue);
        number
    }

    fn end(&self, instance: &str, number: u64, state: Progress) {
        if let Some(known) = self
            .lock()
            .get_mut(instance)
            .filter(|known| known.number == number)
        {
            known.state = state;
        }
    }
}

impl Dialogue {
    /// How long the code is good, in seconds.
    pub(crate) fn left(&self) -> u64 {
        self.until.saturating_duration_since(Instant::now()).as_secs()
    }

    pub(crate) fn waits(&self) -> bool {
        self.state == Progress::Waiting
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, Progress::Done { .. })
    }

    pub(crate) fn missing(&self) -> String {
        match &self.state {
            Progress::Done { missing, .. } => missing.join(", "),
            _ => String::new(),
        }
    }

    pub(crate) fn account(&self) -> Option<&str> {
        match &self.state {
            Progress::Done { account, .. } => account.as_deref(),
            _ => None,
        }
    }

    pub(crate) fn failure(&self) -> Option<&str> {
        match &self.state {
            Progress::Failed { says } => Some(says),
            _ => None,
        }
    }
}

/// How an instance signs in, in a sentence; `None` where nothing is known of it.
pub(crate) fn says(tongue: Tongue, sign_in: &SignInStatus) -> Option<String> {
    let (app, account) = (&sign_in.client_id, sign_in.account.as_deref());
    Some(match (sign_in.auth.as_str(), sign_in.signed_in, account) {
        ("client-secret", ..) => tongue.with("azure-by-secret", &[("app", app)]),
        ("client-certificate", ..) => match sign_in.valid_until {
            Some(until) => {
                let until = tongue.moment(until);
                tongue.with("azure-by-certificate", &[("app", app), ("until", &until)])
            }
            None => return None,
        },
        (_, Some(true), Some(account)) => tongue.with("azure-as", &[("account", account)]),
        (_, Some(true), None) => tongue.say("azure-as-somebody"),
        (_, Some(false), _) => tongue.say("azure-nobody"),
        (_, None, _) => return None,
    })
}

#[derive(Template)]
#[template(path = "azure-sign-in.html")]
struct SignInPage {
    f: Frame,
    instance: String,
    delegated: bool,
    says: Option<String>,
    dialogue: Option<Dialogue>,
}

#[derive(Template)]
#[template(path = "azure-part.html")]
struct Part {
    f: Frame,
    dialogue: Dialogue,
}

/// The page.
pub(crate) async fn show(
    State(page): State<Page>,
    visitor: Visitor,
    Path(instance): Path<String>,
) -> Response {
    let name = InstanceName(instance.as_str().into());
    let Some(config) = page.api.files.instance(&name).await else {
        return entrance::no_instance(visitor.tongue);
    };
    let mut f = Frame::of(&page, &visitor, &instance, Tab::Settings).await;
    f.title = f.t("azure-title");
    ok(&SignInPage {
        delegated: config.teams.sign_in.is_delegated(),
        says: page.sign_in(f.tongue, &instance).await,
        dialogue: page.dialogues.of(&instance),
        instance,
        f,
    })
}

/// The same, whenever it changes.
pub(crate) async fn live(
    State(page): State<Page>,
    visitor: Visitor,
    Path(instance): Path<String>,
) -> Response {
    watch(page, visitor, instance)
}

/// The sign-in of an instance, whenever it changes.
pub(crate) fn watch(page: Page, visitor: Visitor, instance: String) -> Response {
    live::part_of(&visitor.session.clone(), move || {
        let (page, visitor, instance) = (page.clone(), visitor.clone(), instance.clone());
        async move {
            let dialogue = page.dialogues.of(&instance)?;
            let about = (dialogue.number, dialogue.state.clone());
            let f = Frame::bare(&visitor, "azure-title");
            Some((about, Part { f, dialogue }.render().ok()?))
        }
    })
    .into_response()
}

/// A code is asked for.
pub(crate) async fn begin(
    State(page): State<Page>,
    Path(instance): Path<String>,
    posted: Posted,
) -> Response {
    let settings = page.api.files.settings().await;
    if let Err(error) = start(&page, &settings, &instance).await {
        tracing::warn!(instance, %error, "no device code");
        let mut f = Frame::of(&page, &posted.visitor, &instance, Tab::Settings).await;
        f.title = f.t("azure-title");
        let said = Said::of(f.t("azure-failed"), error.to_string());
        f.tell("bad", said);
        return ok(&SignInPage {
            delegated: true,
            says: page.sign_in(f.tongue, &instance).await,
            dialogue: None,
            instance,
            f,
        });
    }
    Redirect::to(&format!("/i/{instance}/sign-in")).into_response()
}

/// Asks for a device code, and waits for somebody to enter it while the page goes on.
pub(crate) async fn start(page: &Page, settings: &Settings, instance: &str) -> Result<(), LoginError> {
    let name = InstanceName(instance.into());
    let environment = page.api.files.environment();
    let login = Login::prepare(settings, environment, &name).await?;
    let login = login.device_code().await?;
    let until = Instant::now() + login.expires_in();
    let (link, code) = (login.link().to_owned(), login.code().to_owned());
    let number = page.dialogues.begin(instance, link, code, until);
    tokio::spawn(wait(page.clone(), login, name, number));
    Ok(())
}

/// Waits until the code is entered, and lets the instance begin anew.
async fn wait(page: Page, login: DeviceLogin, name: InstanceName, number: u64) {
    let instance = name.to_string();
    let state = match login.wait().await {
        Ok(stored) => {
            // Before there is such an instance, nobody has to be told.
            let known = page.api.files.signed_in(&name).await.is_ok();
            tracing::warn!(
                instance,
                known,
                "somebody has signed in on the administrator's page"
            );
            Progress::Done {
                account: stored.account.map(|account| account.to_string()),
                missing: stored.missing.iter().map(ToString::to_string).collect(),
            }
        }
        Err(error) => {
            tracing::warn!(instance, %error, "a sign-in came to nothing");
            Progress::Failed {
                says: error.to_string(),
            }
        }
    };
    page.dialogues.end(&instance, number, state);
}
