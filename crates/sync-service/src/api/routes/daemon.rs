//! The daemon as a whole: all its instances, their plans, and its licences.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::Deserialize;
use sync_core::{Address, InstanceName, PbxUserId};

use crate::api::arguments::Arguments;
use crate::api::openapi::{Operation, get, post};
use crate::api::refusal::{Refusal, failure};
use crate::api::server::Api;
use crate::api::types::{
    API_VERSION, DaemonStatus, ExplainAnswer, PlansAnswer, SetupLinkAnswer, StatusAnswer,
};
use crate::config::ConfigErrors;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/status", status)
            .about("The daemon and all its instances")
            .answers::<StatusAnswer>("how they do"),
        get("/plans", plans)
            .about("What a pass of each running instance would change now")
            .answers::<PlansAnswer>("a plan for each"),
        get("/explain", explain)
            .about("Why members are as they are")
            .details(
                "With `address` one explanation for each member with this address, and for whoever left the group with a value \
                 of ours; with `instance` and `user` that of one member, who need not have an address.",
            )
            .takes::<ExplainQuery>()
            .answers::<ExplainAnswer>("the explanations; none where there is no such member")
            .of_a_running_instance(),
        post("/licences/reload", reload_licences)
            .about("Reads the licence files again, and nothing else")
            .answers::<StatusAnswer>("how the instances do then")
            .fails(
                StatusCode::UNPROCESSABLE_ENTITY,
                "the configuration that names the files is not good",
            ),
        post("/setup-link", setup_link)
            .about("A one-time link to the administrator's page")
            .answers::<SetupLinkAnswer>("the link, which is a secret")
            .fails(StatusCode::NOT_FOUND, "this daemon serves no page"),
    ]
}

async fn status(State(api): State<Api>) -> Json<StatusAnswer> {
    let instances = api.supervisor.statuses().await;
    let notices = api.files.notices();
    Json(StatusAnswer {
        version: API_VERSION,
        daemon: DaemonStatus {
            notices,
            ..api.daemon
        },
        instances,
    })
}

async fn plans(State(api): State<Api>) -> Json<PlansAnswer> {
    let mut plans = Vec::new();
    for status in api.supervisor.statuses().await {
        plans.extend(api.supervisor.plan(&status.instance).await.ok());
    }
    Json(PlansAnswer {
        version: API_VERSION,
        plans,
    })
}

/// Reads the licence files again, and answers like `status`.
async fn reload_licences(State(api): State<Api>) -> Response {
    match api.files.reload_licences().await {
        Ok(()) => status(State(api)).await.into_response(),
        Err(errors) => not_good(&errors),
    }
}

fn not_good(errors: &ConfigErrors) -> Response {
    let error = format!("the configuration is not good\n{errors}");
    failure(
        StatusCode::UNPROCESSABLE_ENTITY,
        error,
        Some("`presencectl config check` says it again"),
    )
}

#[derive(Deserialize, JsonSchema)]
struct ExplainQuery {
    /// The e-mail address, whatever the case.
    address: Option<String>,
    /// The instance, where a user of its PBX is meant.
    instance: Option<String>,
    /// The id of that user.
    user: Option<i64>,
}

async fn explain(State(api): State<Api>, Arguments(query): Arguments<ExplainQuery>) -> Response {
    let explanations = match (query.address, query.instance, query.user) {
        (Some(address), None, None) => match address.parse::<Address>() {
            Ok(address) => api.supervisor.explain(&address).await,
            Err(error) => return failure(StatusCode::BAD_REQUEST, error.to_string(), None),
        },
        (None, Some(instance), Some(user)) => {
            let instance = InstanceName(instance.into());
            let found = api.supervisor.explain_user(&instance, PbxUserId(user)).await;
            match found {
                Ok(found) => found.into_iter().collect(),
                Err(unknown) => return Refusal::from(unknown).into_response(),
            }
        }
        _ => {
            let hint = "give `address`, or `instance` and `user`";
            return failure(StatusCode::BAD_REQUEST, "it is not said who is meant", Some(hint));
        }
    };
    Json(ExplainAnswer {
        version: API_VERSION,
        explanations,
    })
    .into_response()
}

/// A one-time link to the administrator's page. It is answered to whoever has the token, and stands in no log.
async fn setup_link(State(api): State<Api>) -> Response {
    let Some((link, lasts)) = api.setup_link() else {
        return failure(
            StatusCode::NOT_FOUND,
            "this daemon serves no administrator's page",
            None,
        );
    };
    Json(SetupLinkAnswer {
        version: API_VERSION,
        link: link.expose_secret().to_owned(),
        expires_in_seconds: lasts.as_secs(),
    })
    .into_response()
}
