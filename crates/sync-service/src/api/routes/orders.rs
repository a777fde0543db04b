//! Orders to an instance.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{Address, InstanceName, NotAnAddress, PlanId, Side};

use crate::api::arguments::Arguments;
use crate::api::client::Order;
use crate::api::openapi::{Operation, post};
use crate::api::refusal::{Refusal, failure};
use crate::api::server::Api;
use crate::api::types::{API_VERSION, InstanceStatus, OrderAnswer};
use crate::daemon::UnknownInstance;

/// What the answer to an order shows.
const AFTERWARDS: &str = "the instance as it is afterwards";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        post("/instances/{instance}/pause", pause)
            .about("Freezes writes, of all members or of one")
            .details("The release of members whose presence stays unknown goes on.")
            .takes::<PauseQuery>()
            .answers::<OrderAnswer>(AFTERWARDS)
            .of_a_running_instance()
            .fails(StatusCode::NOT_FOUND, "no member has this address"),
        post("/instances/{instance}/resume", resume)
            .about("Goes on after `pause` or `release`, with all members or with one")
            .takes::<ResumeQuery>()
            .answers::<OrderAnswer>(AFTERWARDS)
            .of_a_running_instance()
            .fails(StatusCode::NOT_FOUND, "no member has this address"),
        post("/instances/{instance}/release", release)
            .about("Takes back everything that is ours, and pauses")
            .details("It is answered when nothing is left, or after 25 s.")
            .answers::<OrderAnswer>(AFTERWARDS)
            .of_a_running_instance(),
        post("/instances/{instance}/retry", retry)
            .about("Tries links again at once that wait for somebody to mend something")
            .details(
                "These are refused credentials, a sign-in that nobody has made yet, a missing permission, and a wrong setting.",
            )
            .takes::<RetryQuery>()
            .answers::<OrderAnswer>(AFTERWARDS)
            .of_a_running_instance()
            .fails(
                StatusCode::CONFLICT,
                "the files say something else than what the instance runs with",
            ),
        post("/instances/{instance}/signed-in", signed_in)
            .about("Tells that somebody has signed in for the instance, as `presencectl login` does")
            .details("The instance begins anew, and waits no longer because of what was refused before.")
            .answers::<OrderAnswer>(AFTERWARDS)
            .of_a_running_instance(),
        post("/plans/{plan}/approve", approve)
            .about("Lets what is held pass, in whichever instance holds it")
            .answers::<OrderAnswer>(AFTERWARDS)
            .fails(StatusCode::BAD_REQUEST, "this is no id of a plan")
            .fails(StatusCode::NOT_FOUND, "nobody holds a plan of this id")
            .fails(StatusCode::CONFLICT, "the instance does not run any more"),
    ]
}

/// Whom a pause is for, and for how long.
#[derive(Deserialize, JsonSchema)]
struct PauseQuery {
    /// The e-mail address of one member; all where none is named.
    address: Option<String>,
    /// For how many seconds; until `resume` where it is not said.
    seconds: Option<u64>,
}

/// Whom the end of a pause is for.
#[derive(Deserialize, JsonSchema)]
struct ResumeQuery {
    /// The e-mail address of one member; all where none is named.
    address: Option<String>,
}

fn member(address: Option<&str>) -> Result<Option<Address>, NotAnAddress> {
    address.map(str::parse::<Address>).transpose()
}

async fn pause(
    State(api): State<Api>,
    Path(name): Path<String>,
    Arguments(query): Arguments<PauseQuery>,
) -> Response {
    match member(query.address.as_deref()) {
        Ok(member) => {
            let lasts = query.seconds.map(Duration::from_secs);
            order(&api, name, Order::Pause { member, lasts }).await
        }
        Err(error) => failure(StatusCode::BAD_REQUEST, error.to_string(), None),
    }
}

async fn resume(
    State(api): State<Api>,
    Path(name): Path<String>,
    Arguments(query): Arguments<ResumeQuery>,
) -> Response {
    match member(query.address.as_deref()) {
        Ok(member) => order(&api, name, Order::Resume { member }).await,
        Err(error) => failure(StatusCode::BAD_REQUEST, error.to_string(), None),
    }
}

async fn release(State(api): State<Api>, Path(name): Path<String>) -> Response {
    order(&api, name, Order::Release).await
}

/// Whose credentials are to be tried again: words with commas between them; all, where none is named.
#[derive(Deserialize, JsonSchema)]
struct RetryQuery {
    /// `teams`, `pbx` or `module`, several with commas between them; all where none is named.
    sides: Option<String>,
}

async fn retry(
    State(api): State<Api>,
    Path(name): Path<String>,
    Arguments(query): Arguments<RetryQuery>,
) -> Response {
    let meant = |side: &Side| match &query.sides {
        Some(sides) => sides.split(',').any(|word| word == side.as_str()),
        None => true,
    };
    let sides = Side::ALL.into_iter().filter(meant).collect();
    let instance = InstanceName(name.clone().into());
    if let Err(error) = api.files.holds(&instance).await {
        return Refusal::from(error).into_response();
    }
    order(&api, name, Order::Retry { sides }).await
}

/// Somebody has signed in for the instance with `presencectl login`.
async fn signed_in(State(api): State<Api>, Path(name): Path<String>) -> Response {
    answered(api.files.signed_in(&InstanceName(name.into())).await)
}

async fn order(api: &Api, name: String, order: Order) -> Response {
    answered(api.supervisor.order(&InstanceName(name.into()), &order).await)
}

fn answered(instance: Result<InstanceStatus, UnknownInstance>) -> Response {
    match instance {
        Ok(instance) => Json(OrderAnswer {
            version: API_VERSION,
            instance,
        })
        .into_response(),
        Err(error) => Refusal::from(error).into_response(),
    }
}

async fn approve(State(api): State<Api>, Path(plan): Path<String>) -> Response {
    let plan: PlanId = match plan.parse() {
        Ok(plan) => plan,
        Err(error) => return failure(StatusCode::BAD_REQUEST, error.to_string(), None),
    };
    match api.supervisor.approve(plan).await {
        Ok(instance) => Json(OrderAnswer {
            version: API_VERSION,
            instance,
        })
        .into_response(),
        Err(error) => Refusal::from(error).into_response(),
    }
}
