//! `getPresencesByUserId`: at most 650 ids, and answers in an order of its own.
//!
//! <https://learn.microsoft.com/graph/api/cloudcommunications-getpresencesbyuserid>

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde::{Deserialize, Serialize};

use super::{admit, refuse};
use crate::state::{Said, World};

const MOST: usize = 650;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    ids: Vec<String>,
}

#[derive(Serialize)]
struct Answer {
    value: Vec<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    availability: String,
    activity: String,
    out_of_office_settings: OutOfOffice,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<()>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutOfOffice {
    is_out_of_office: bool,
    message: Option<String>,
}

pub(super) async fn by_user_id(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = admit(&world, &headers, "Presence.Read.All") {
        return *refusal;
    }
    let Ok(Asked { ids }) = serde_json::from_slice(&body) else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "BadRequest",
            "the body must be an object with `ids`",
        );
    };
    if ids.is_empty() || ids.len() > MOST {
        return refuse(
            StatusCode::BAD_REQUEST,
            "InvalidRequest",
            "the number of ids must be between 1 and 650",
        );
    }
    if ids.iter().any(|id| !is_guid(id)) {
        return refuse(StatusCode::BAD_REQUEST, "InvalidRequest", "an id is no GUID");
    }
    let mut value: Vec<Item> = {
        let state = world.state();
        let said = |id: String| {
            let person = state.people.get(&id.to_ascii_lowercase())?;
            person.presence.clone().map(|said| (id, said))
        };
        ids.into_iter().filter_map(said).map(item).collect()
    };
    // Whoever relies on the order of the answers is found out.
    value.reverse();
    (
        [("request-id", "00000000-0000-0000-0000-00000000beef")],
        Json(Answer { value }),
    )
        .into_response()
}

fn item((id, said): (String, Said)) -> Item {
    Item {
        id,
        availability: said.availability,
        activity: said.activity,
        out_of_office_settings: OutOfOffice {
            is_out_of_office: said.out_of_office,
            message: None,
        },
        status_message: None,
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
