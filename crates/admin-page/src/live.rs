//! Parts of a page that the server sends again when they change, as server-sent events.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::time::sleep;

/// How often a part is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// A stream ends after so many looks, so that a session that ended is noticed: the browser asks again by itself.
const LOOKS: u32 = 150;

/// A part that is rendered again and again, and sent where it differs. `None` ends the stream.
pub(crate) fn part<F, R>(render: F) -> Sse<impl Stream<Item = Result<Event, Infallible>>>
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Option<String>> + Send,
{
    part_of(move || {
        let rendered = render();
        async { rendered.await.map(|text| (text.clone(), text)) }
    })
}

/// The same for a part that is sent only where what it is about differs, which is told beside it: whoever marks a word in it,
/// to copy that, can do so in peace.
pub(crate) fn part_of<K, F, R>(render: F) -> Sse<impl Stream<Item = Result<Event, Infallible>>>
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
    Sse::new(events).keep_alive(KeepAlive::default())
}
