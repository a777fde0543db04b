//! The first pass over a company that nobody has synchronised yet, beside its floor: a bare loop that sends the very same
//! requests with the same client, connections and concurrency, and knows no ledger, no plan and no order.
//!
//! `cargo bench -p end-to-end --bench first_pass [-- --members N]`; without a number 5,000 members.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use end_to_end::measure::{Table, arguments, number, release_build};
use end_to_end::{Daemon, Stage, StageOptions};
use futures_util::{StreamExt, stream};
use presence_mapping::{ChatOutcome, DndOutcome, Presence, Rules};
use sandbox::{Fault, Operation, Options};
use serde_json::json;
use sync_adapters::clock::SystemClock;
use sync_adapters::memory::MemoryLedger;
use sync_core::{Address, CHUNK, ChatPresence, InstanceName, PbxUserId, Ports, Value, Write};
use sync_service::Assembly;
use sync_service::config::{Environment, load};
use sync_service::telemetry::Metrics;

/// How long the PBX takes for an answer.
const PBX_TAKES: Duration = Duration::from_millis(5);
/// What both are compared by: the roster, phones, chat.
const COMPARED: [Operation; 7] = [
    Operation::Groups,
    Operation::Users,
    Operation::Batch,
    Operation::PhoneconfigGet,
    Operation::PhoneconfigPut,
    Operation::ChatGet,
    Operation::ChatSet,
];

#[tokio::main]
async fn main() {
    let arguments = arguments();
    if let [floor, config] = arguments.as_slice()
        && floor == "--floor"
    {
        return bare_loop(Path::new(config)).await;
    }
    release_build();
    let members = number("members", 5_000);
    let mut table = Table::new(
        "first-pass",
        &[
            "members",
            "requests to the PBX at once",
            "requests",
            "writes",
            "floor s",
            "daemon s",
            "ratio",
        ],
    );
    for concurrency in [4, 16] {
        let floor = run(members, concurrency, bare_loop_of_its_own).await;
        let daemon = run(members, concurrency, |stage| Daemon::start(stage.config())).await;
        for operation in COMPARED {
            assert_eq!(
                floor.requests[&operation], daemon.requests[&operation],
                "requests of the kind `{operation}`: floor and daemon"
            );
        }
        table.row([
            json!(members),
            json!(concurrency),
            json!(daemon.requests.values().sum::<u64>()),
            json!(daemon.writes),
            json!(floor.took.as_secs_f64()),
            json!(daemon.took.as_secs_f64()),
            json!(daemon.took.as_secs_f64() / floor.took.as_secs_f64()),
        ]);
    }
    table.print();
}

/// The floor in a process of its own, killed when it is dropped.
struct Floor(std::process::Child);

impl Drop for Floor {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn bare_loop_of_its_own(stage: &Stage) -> Floor {
    let own = std::env::current_exe().expect("a process knows its own file");
    let child = Command::new(own)
        .arg("--floor")
        .arg(stage.config())
        .stdin(Stdio::null())
        .spawn();
    Floor(child.expect("a benchmark can be started"))
}

struct Ran {
    requests: BTreeMap<Operation, u64>,
    writes: usize,
    /// From the start of the program to the last write.
    took: Duration,
}

async fn run<P>(members: usize, concurrency: usize, program: impl FnOnce(&Stage) -> P) -> Ran {
    let mut options = StageOptions::plain(members);
    options.options = Options {
        poll_interval: "2s".to_owned(),
        roster_interval: "24h".to_owned(),
        sync: format!("{}\npbx_concurrency = {concurrency}", options.options.sync),
        ..options.options
    };
    let stage = Stage::set(options).await;
    // Two of five are in a meeting; a third left DND on yesterday.
    for number in (0..members).filter(|number| number % 5 < 2) {
        stage.says(number, "Busy", "InAMeeting");
    }
    for operation in Operation::all().filter(|operation| operation.is_pbx()) {
        stage.sandbox.fault(operation, Fault::Delay(PBX_TAKES), None);
    }
    let begun = stage.sandbox.since_start();
    let running = program(&stage);
    stage.quiet().await;
    drop(running);
    let verdict = stage.sandbox.judge(&sandbox::Except::default());
    assert!(verdict.converged(), "{verdict:?}\n{}", stage.log());
    let counters = stage.sandbox.counters();
    let history = stage.sandbox.history();
    let last = history.iter().map(|record| record.at).max().unwrap_or_default();
    Ran {
        requests: COMPARED
            .map(|operation| (operation, counters.of(operation)))
            .into(),
        writes: history.len(),
        took: last.saturating_sub(begun),
    }
}

/// Everything that the first pass asks and writes, in the simplest order that works.
async fn bare_loop(config: &Path) {
    let loaded = load(config, &Environment::default()).expect("the configuration is good");
    let name = InstanceName("main".into());
    let instance = &loaded.settings.instances[&name];
    let assembly = Assembly::new(
        Arc::new(MemoryLedger::default()),
        Arc::new(SystemClock::default()),
        Arc::new(Metrics::new("floor")),
        sync_adapters::http::Proxies::default(),
    );
    let ports = assembly.ports(&name, instance).expect("the ports can be made");
    let rules = instance.rules.clone();
    let at_once = instance.sync.pbx_concurrency;

    let roster = ports.pbx.roster().await.expect("the roster can be read");
    let members: std::collections::BTreeSet<PbxUserId> = roster.members.iter().copied().collect();
    let users: Vec<_> = roster
        .users
        .into_iter()
        .filter(|user| members.contains(&user.id))
        .collect();
    let addresses: Vec<Address> = users.iter().filter_map(|user| user.address.clone()).collect();
    let people = ports
        .directory
        .users_by_address(&addresses)
        .await
        .expect("people are found");
    let by_address: BTreeMap<&Address, _> = people
        .iter()
        .filter_map(|person| Some((person.primary.as_ref()?, &person.id)))
        .collect();
    let matched: Vec<_> = users
        .iter()
        .filter_map(|user| Some((user, (*by_address.get(user.address.as_ref()?)?).clone())))
        .collect();
    let mut wanted: Vec<(PbxUserId, sync_core::Login, Presence)> = Vec::new();
    for chunk in matched.chunks(CHUNK) {
        let ids: Vec<_> = chunk.iter().map(|(_, id)| id.clone()).collect();
        let answers = ports
            .presence
            .presences(&ids)
            .await
            .expect("presence can be read");
        let known = chunk.iter().zip(answers);
        wanted
            .extend(known.filter_map(|((user, _), presence)| Some((user.id, user.login.clone(), presence?))));
    }
    let phones = phones(&ports, &rules, &wanted, at_once);
    phones.await;
    chats(&ports, &rules, &wanted, at_once).await;
}

async fn phones(
    ports: &Ports,
    rules: &Rules,
    wanted: &[(PbxUserId, sync_core::Login, Presence)],
    at_once: usize,
) {
    let each = stream::iter(wanted).map(|(user, login, presence)| async move {
        let to = match rules.decide(presence).outcome.dnd {
            DndOutcome::On => true,
            DndOutcome::Off => false,
            DndOutcome::Leave => return,
        };
        let from = ports.pbx.dnd(*user).await.expect("a phone can be read");
        if from != to {
            let write = Write {
                user: *user,
                login: login.clone(),
                from: Value::Dnd(from),
                to: Value::Dnd(to),
            };
            ports.pbx.set_dnd(&write).await.expect("a phone can be written");
        }
    });
    each.buffer_unordered(at_once).collect::<()>().await;
}

async fn chats(
    ports: &Ports,
    rules: &Rules,
    wanted: &[(PbxUserId, sync_core::Login, Presence)],
    at_once: usize,
) {
    let Some(chat) = &ports.chat else { return };
    let users: Vec<PbxUserId> = wanted.iter().map(|(user, ..)| *user).collect();
    let mut found: BTreeMap<PbxUserId, ChatPresence> = BTreeMap::new();
    for part in users.chunks(500) {
        found.extend(chat.chat(part).await.expect("chat can be read"));
    }
    let each = stream::iter(wanted).map(|(user, login, presence)| {
        let from = found.get(user).copied();
        async move {
            let ChatOutcome::Set(status) = rules.decide(presence).outcome.chat else {
                return;
            };
            let (Some(from), to) = (from, ChatPresence::from(status)) else {
                return;
            };
            if from != to {
                let write = Write {
                    user: *user,
                    login: login.clone(),
                    from: Value::Chat(from),
                    to: Value::Chat(to),
                };
                chat.set_chat(&write).await.expect("chat can be written");
            }
        }
    });
    each.buffer_unordered(at_once).collect::<()>().await;
}
