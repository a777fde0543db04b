//! Questions to one instance.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{InstanceName, MemberQuery, Plan, Show};
use tokio::time::timeout;

use crate::api::arguments::Arguments;
use crate::api::openapi::{Operation, get};
use crate::api::refusal::{Refusal, failure, pbx_failed};
use crate::api::server::Api;
use crate::api::types::{
    API_VERSION, GroupAnswer, GroupsAnswer, InstanceAnswer, MembersAnswer, PeopleAnswer,
};
use crate::daemon::UnknownInstance;

/// How many people a page has where nothing is said.
const PEOPLE: usize = 100;
/// How many people a page has at most.
const MOST_PEOPLE: usize = 500;
/// A PBX is waited for so long, well below what any request may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/instances/{instance}", instance)
            .about("One instance")
            .answers::<InstanceAnswer>("how it does")
            .of_an_instance(),
        get("/instances/{instance}/members", members)
            .about("All members of an instance")
            .answers::<MembersAnswer>("the members, by PBX user")
            .of_a_running_instance(),
        get("/instances/{instance}/people", people)
            .about("A page of the members of an instance")
            .details("The ambiguous and unmatched come first, then all others by name.")
            .takes::<PeopleQuery>()
            .answers::<PeopleAnswer>("the page, how many the question fits, and how many there are")
            .of_a_running_instance(),
        get("/instances/{instance}/plan", plan)
            .about("What a pass of an instance would change now")
            .details("The same as `presencectl plan NAME --output json` prints.")
            .answers::<Plan>("the plan")
            .of_a_running_instance(),
        get("/instances/{instance}/groups", groups)
            .about("The groups of the PBX of an instance")
            .details(
                "They are read from the PBX now, with the settings that the daemon goes by; the instance need not run.",
            )
            .answers::<GroupsAnswer>("the groups, by name")
            .of_an_instance()
            .fails(StatusCode::CONFLICT, "the settings do not fit the PBX")
            .fails(
                StatusCode::BAD_GATEWAY,
                "the PBX does not let us in, or gives no usable answer",
            )
            .fails(StatusCode::GATEWAY_TIMEOUT, "the PBX did not answer within 20 s"),
    ]
}

async fn instance(State(api): State<Api>, Path(name): Path<String>) -> Result<Json<InstanceAnswer>, Refusal> {
    let status = api.supervisor.status(&InstanceName(name.into())).await?;
    Ok(Json(InstanceAnswer {
        version: API_VERSION,
        status,
    }))
}

async fn members(State(api): State<Api>, Path(name): Path<String>) -> Result<Json<MembersAnswer>, Refusal> {
    let instance = InstanceName(name.into());
    let members = api.supervisor.members(&instance).await?;
    Ok(Json(MembersAnswer {
        version: API_VERSION,
        instance,
        members,
    }))
}

async fn plan(State(api): State<Api>, Path(name): Path<String>) -> Result<Json<Plan>, Refusal> {
    Ok(Json(api.supervisor.plan(&InstanceName(name.into())).await?))
}

/// Which members are asked for.
#[derive(Deserialize, JsonSchema)]
struct PeopleQuery {
    /// Those alone; everybody where nothing is said.
    #[serde(default)]
    show: Show,
    /// Only those whose name, address or login contains this, whatever the case.
    #[serde(default)]
    search: String,
    /// How many are left out at the beginning.
    #[serde(default)]
    offset: usize,
    /// At most so many, and at most 500.
    #[serde(default = "people_of_a_page")]
    limit: usize,
}

fn people_of_a_page() -> usize {
    PEOPLE
}

async fn people(
    State(api): State<Api>,
    Path(name): Path<String>,
    Arguments(query): Arguments<PeopleQuery>,
) -> Result<Json<PeopleAnswer>, Refusal> {
    let instance = InstanceName(name.into());
    let meant = MemberQuery {
        show: query.show,
        search: query.search,
        offset: query.offset,
        limit: query.limit.min(MOST_PEOPLE),
    };
    let found = api.supervisor.member_page(&instance, meant).await?;
    Ok(Json(PeopleAnswer {
        version: API_VERSION,
        instance,
        found,
    }))
}

async fn groups(State(api): State<Api>, Path(name): Path<String>) -> Response {
    let instance = InstanceName(name.into());
    let Some(config) = api.files.instance(&instance).await else {
        return Refusal::from(UnknownInstance::NoSuch(instance)).into_response();
    };
    let asked = api.supervisor.groups(&instance, &config.starface);
    match timeout(PATIENCE, asked).await {
        Ok(Ok(groups)) => Json(GroupsAnswer {
            version: API_VERSION,
            instance,
            groups: groups.into_iter().map(GroupAnswer::from).collect(),
        })
        .into_response(),
        Ok(Err(error)) => pbx_failed(&error),
        Err(_) => failure(
            StatusCode::GATEWAY_TIMEOUT,
            format!("the PBX did not answer within {} s", PATIENCE.as_secs()),
            None,
        ),
    }
}
