//! Parts of a page that the server sends again when they change, as server-sent events.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::unfold;
use futures_util::{Stream, StreamExt};
use tokio::time::sleep;

use crate::door::Session;

/// How often a part is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// A stream ends after so many looks; the browser asks again by itself, by which its session is in use.
const LOOKS: u32 = 150;

/// A part that is rendered again and again, and sent where it differs. `None` ends the stream.
pub(crate) fn part<F, R>(
    session: &Session,
    render: F,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<F, R>>
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Option<String>> + Send,
{
    part_of(session, move || {
        let rendered = render();
        async { rendered.await.map(|text| (text.clone(), text)) }
    })
}

/// The same for a part that is sent only where what it is about differs, which is told beside it: whoever marks a word in it,
/// to copy that, can do so in peace.
pub(crate) fn part_of<K, F, R>(
    session: &Session,
    render: F,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<K, F, R>>
where
    K: PartialEq + Send + 'static,
    F: Fn() -> R + Send + 'static,
    R: Future<Output = Option<(K, String)>> + Send,
{
    let begin = (render, None, 0);
    let events = unfold(
        begin,
        async |(render, mut last, mut looks): (F, Option<K>, u32)| {
            loop {
                if looks >= LOOKS {
                    return None;
                }
                if looks > 0 {
                    sleep(LOOK).await;
                }
                looks += 1;
                let (about, text) = render().await?;
                if last.as_ref() != Some(&about) {
                    last = Some(about);
                    let event = Event::default().event("part").data(text.replace('\r', ""));
                    return Some((Ok(event), (render, last, looks)));
                }
            }
        },
    );
    Sse::new(until_end(session, events)).keep_alive(KeepAlive::default())
}

/// A stream that ends with the session that it is for, be it that somebody signed out.
pub(crate) fn until_end<S: Stream>(session: &Session, stream: S) -> impl Stream<Item = S::Item> + use<S> {
    stream.take_until(Box::pin(session.ended()))
}
