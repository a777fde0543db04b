//! The call for a chunk of ids, and the search for the ids that spoil it.

use std::collections::VecDeque;

use serde::Serialize;

use super::{
    MAX_IDS,
    answers::{Join, PresenceAnswers},
    item::Answer,
};
use crate::{
    call::{Call, Caller},
    error::{CallError, Cause, Error, ProtocolError},
    graph_error::Permission,
    ids::UserId,
    json::Object,
    observer::Api,
};

/// Calls beyond the first that a search may cost: two bad ids among 650 are found within it.
const MOST_EXTRA_CALLS: usize = 40;

/// When this many calls were refused and none accepted, the ids are not the reason.
const HOPELESS: usize = 8;

#[derive(Serialize)]
struct Ids<'a> {
    ids: Vec<&'a str>,
}

pub(crate) async fn read(caller: &Caller, ids: &[UserId]) -> Result<PresenceAnswers, Error> {
    if ids.len() > MAX_IDS {
        return Err(Error::TooManyIds(ids.len()));
    }
    let mut join = Join::new(ids);
    search(caller, &mut join)
        .await
        .map_err(|source| Error::Presences {
            users: ids.len(),
            source,
        })?;
    Ok(join.into_answers())
}

/// One call in the ordinary case. A chunk that is refused is halved, breadth first, so that the good halves are
/// answered before the bound is reached.
async fn search(caller: &Caller, join: &mut Join<'_>) -> Result<(), CallError> {
    let mut open = VecDeque::new();
    open.push_back(0..join.asked().len());
    let mut calls = 0;
    let mut accepted = false;
    while let Some(chunk) = open.pop_front() {
        if chunk.is_empty() {
            continue;
        }
        if calls > MOST_EXTRA_CALLS {
            join.refuse(chunk);
            continue;
        }
        calls += 1;
        match ask(caller, join, chunk.clone()).await {
            Ok(()) => accepted = true,
            Err(error) if is_about_ids(&error) => {
                let last = chunk.len() == 1 && open.is_empty();
                if !accepted && (calls >= HOPELESS || last) {
                    return Err(error);
                }
                if chunk.len() == 1 {
                    join.refuse(chunk);
                } else {
                    let middle = chunk.start + chunk.len() / 2;
                    open.extend([chunk.start..middle, middle..chunk.end]);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn ask(caller: &Caller, join: &mut Join<'_>, chunk: std::ops::Range<usize>) -> Result<(), CallError> {
    let ids = Ids {
        ids: join.asked()[chunk].iter().map(|id| id.as_str()).collect(),
    };
    let url = caller.cloud.graph_url("/communications/getPresencesByUserId");
    let bytes = caller.limits.presence_bytes;
    let call = Call::post(Api::Presence, Permission::PresenceReadAll, bytes, url, &ids);
    let body = caller.send(&call).await?;
    let Object(answer): Object<Answer<'_>> = body.read()?;
    let items = answer
        .value
        .0
        .ok_or_else(|| body.wrong(ProtocolError::Member("value".to_owned())))?;
    items.into_iter().for_each(|Object(item)| join.add(item));
    Ok(())
}

fn is_about_ids(error: &CallError) -> bool {
    matches!(error.cause(), Cause::Refused(refusal) if refusal.status == 400)
}
