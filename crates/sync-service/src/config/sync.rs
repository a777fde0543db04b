//! `[instances.X.sync]`.

use std::collections::BTreeSet;

use sync_core::Address;

use super::fault::FaultKind;
use super::reader::Reader;
use super::settings::{Breaker, Sync};

pub(super) fn read(sync: &Reader<'_>) -> Option<Sync> {
    let poll_interval = sync.duration("poll_interval");
    let roster_interval = sync.duration("roster_interval");
    let readback_interval = sync.duration("readback_interval");
    let pbx_concurrency = sync.count("pbx_concurrency");
    let policy = sync.choice("policy");
    let on_stop = sync.choice("on_stop");
    let dnd_off_after = sync.duration("dnd_off_after");
    let unknown_release_after = sync.duration("unknown_release_after");
    let chat_reassert = sync.duration("chat_reassert");
    let exclude = exclude(sync);
    let breaker = breaker(&sync.table("breaker"));
    Some(Sync {
        poll_interval: poll_interval?,
        roster_interval: roster_interval?,
        readback_interval: readback_interval?,
        pbx_concurrency: pbx_concurrency?,
        policy: policy?.value,
        on_stop: on_stop?.value,
        dnd_off_after: dnd_off_after?,
        chat_reassert: chat_reassert?,
        unknown_release_after: unknown_release_after?,
        exclude: exclude?,
        breaker: breaker?,
    })
}

fn exclude(sync: &Reader<'_>) -> Option<BTreeSet<Address>> {
    let mut addresses = BTreeSet::new();
    for text in sync.texts("exclude")? {
        match text.value.parse() {
            Ok(address) => {
                addresses.insert(address);
            }
            Err(_) => {
                let what = format!("`{}` is no e-mail address", text.value);
                let hint = "write the address of the PBX user, such as \"anna@example.com\"".to_owned();
                sync.source
                    .fault(&text.place, FaultKind::BadValue, what, Some(hint));
            }
        }
    }
    Some(addresses)
}

fn breaker(breaker: &Reader<'_>) -> Option<Breaker> {
    let share = breaker.share("share");
    let at_least = breaker.count("at_least");
    let confirm_for = breaker.duration("confirm_for");
    Some(Breaker {
        share: share?,
        at_least: at_least?,
        confirm_for: confirm_for?,
    })
}
