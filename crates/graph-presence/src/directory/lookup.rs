//! The look-up of any number of addresses.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures_util::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use url::Url;

use super::{
    batch::{Batch, MOST_REQUESTS, Response, Responses},
    filter::lookups,
    user::{DirectoryUser, Page},
};
use crate::{
    call::{Body, Call, Caller},
    error::{CallError, ProtocolError},
    graph_error::{Permission, Refusal, inner_retry_after, is_passing},
    ids::Address,
    json::Object,
    observer::Api,
};

/// Batches in flight at once; each is a great many requests to Graph.
const AT_ONCE: usize = 4;

/// Pages that one look-up of at most fifteen addresses can never fill.
const MOST_PAGES: usize = 50;

pub(crate) async fn users_by_address(
    caller: &Caller,
    addresses: &[Address],
) -> Result<Vec<DirectoryUser>, CallError> {
    let lookups = lookups(addresses);
    let batches: Vec<_> = lookups
        .chunks(MOST_REQUESTS)
        .map(|batch| run(caller, batch))
        .collect();
    let mut seen = HashSet::new();
    let mut users = Vec::new();
    let mut answers = stream::iter(batches).buffered(AT_ONCE);
    while let Some(found) = answers.try_next().await? {
        users.extend(
            found
                .into_iter()
                .filter(|user: &DirectoryUser| seen.insert(user.id.clone())),
        );
    }
    Ok(users)
}

/// One batch, and again with those of its requests that Graph could not answer at this time.
async fn run(caller: &Caller, lookups: &[String]) -> Result<Vec<DirectoryUser>, CallError> {
    let mut open: Vec<usize> = (0..lookups.len()).collect();
    let mut users = Vec::new();
    let mut delays = caller.delays();
    loop {
        let url = caller.cloud.graph_url("/$batch");
        let batch = Batch::new(open.iter().map(|&id| (id, lookups[id].as_str())));
        let bytes = caller.limits.directory_bytes;
        let call = Call::post(Api::Batch, Permission::UserReadAll, bytes, url, &batch);
        let body = caller.send(&call).await?;
        let round = read(&body, &open, &mut users)?;
        for link in round.links {
            follow(caller, &body, link, &mut users).await?;
        }
        let Some((refusal, pause)) = round.put_off else {
            return Ok(users);
        };
        let delay = delays.next().map(|delay| delay.max(pause));
        match delay {
            Some(delay) if delay <= caller.limits.patience => tokio::time::sleep(delay).await,
            _ => return Err(CallError::new(body.trace, refusal)),
        }
        open = round.again;
    }
}

/// What one round of a batch left to do.
struct Round {
    links: Vec<String>,
    again: Vec<usize>,
    /// A refusal that passes, and the longest pause that was asked for.
    put_off: Option<(Refusal, Duration)>,
}

fn read(body: &Body, open: &[usize], users: &mut Vec<DirectoryUser>) -> Result<Round, CallError> {
    let Object(responses): Object<Responses<'_>> = body.read()?;
    let Some(responses) = responses.responses.0 else {
        return Err(body.wrong(ProtocolError::Member("responses".to_owned())));
    };
    let mut by_id: HashMap<usize, Response<'_>> = responses
        .into_iter()
        .filter_map(|Object(response)| Some((response.id()?, response)))
        .collect();
    let mut round = Round {
        links: Vec::new(),
        again: Vec::new(),
        put_off: None,
    };
    for &id in open {
        let response = by_id
            .remove(&id)
            .ok_or_else(|| body.wrong(ProtocolError::MissingAnswer(id)))?;
        let status = response
            .status()
            .ok_or_else(|| body.wrong(ProtocolError::Member("status".to_owned())))?;
        let Object(inner) = response.body;
        if status == StatusCode::OK {
            round.links.extend(take_page(body, inner.page, users)?);
            continue;
        }
        let retry_after = inner_retry_after(&response.headers);
        let refusal = Refusal::read(
            status.as_u16(),
            retry_after,
            inner.error.as_ref(),
            Permission::UserReadAll,
            |text| body.scrub(text),
        );
        if !is_passing(status) && !matches!(status.as_u16(), 429 | 503 | 504 | 509) {
            return Err(CallError::new(body.trace.clone(), refusal));
        }
        let pause = retry_after.unwrap_or_default();
        round.again.push(id);
        match &mut round.put_off {
            Some((_, longest)) if *longest >= pause => {}
            put_off => *put_off = Some((refusal, pause)),
        }
    }
    Ok(round)
}

/// The further pages of one answer, whose links Graph's documentation wants followed as they are.
async fn follow(
    caller: &Caller,
    from: &Body,
    first: String,
    users: &mut Vec<DirectoryUser>,
) -> Result<(), CallError> {
    let mut next = Some(first);
    for _ in 0..MOST_PAGES {
        let Some(link) = next else { return Ok(()) };
        let link = Url::parse(&link).ok().filter(|link| caller.cloud.is_graph(link));
        let link = link.ok_or_else(|| from.wrong(ProtocolError::ForeignLink))?;
        let call = Call::get(
            Api::Users,
            Permission::UserReadAll,
            caller.limits.directory_bytes,
            link,
        );
        let body = caller.send(&call).await?;
        let Object(page) = body.read()?;
        next = take_page(&body, page, users)?;
    }
    next.map_or(Ok(()), |_| Err(from.wrong(ProtocolError::EndlessPages)))
}

/// Keeps a page's users and gives the link to the next page.
fn take_page(
    body: &Body,
    page: Page<'_>,
    users: &mut Vec<DirectoryUser>,
) -> Result<Option<String>, CallError> {
    let Some(items) = page.value.0 else {
        return Err(body.wrong(ProtocolError::Member("value".to_owned())));
    };
    users.extend(items.into_iter().filter_map(|Object(user)| user.into_user()));
    Ok(page.next.text().map(Cow::into_owned))
}
