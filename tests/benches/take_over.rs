//! Two daemons with one state, and how long it takes until the second goes on when something becomes of the first, while
//! members change all the time.
//!
//! `cargo bench -p end-to-end --bench take_over [-- --rounds N] [-- --members N] [-- --rate N]`; without numbers five rounds of
//! each kind, 1,000 members, and 20 changes a second. Needs the PostgreSQL server of the machine's packages.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Duration;

use end_to_end::measure::{Quantiles, Table, now, number, release_build};
use end_to_end::{Daemon, Node, Stage, StageOptions};
use sandbox::{Author, Except, Subject};
use serde_json::json;
use sync_service::api::InstanceState;

/// What becomes of the daemon that has the instance.
#[derive(Clone, Copy, Debug)]
enum End {
    Killed,
    Stopped,
    InOrder,
}

impl End {
    fn as_str(self) -> &'static str {
        match self {
            Self::Killed => "killed (SIGKILL)",
            Self::Stopped => "stopped and woken later (SIGSTOP, SIGCONT)",
            Self::InOrder => "ended in order (SIGTERM)",
        }
    }
}

/// For so long members change before something happens.
const BEFORE: Duration = Duration::from_secs(2);
/// The longest that a take-over is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> ExitCode {
    release_build();
    let rounds = number("rounds", 5);
    let members = number("members", 1_000);
    let rate = u32::try_from(number("rate", 20)).expect("a small number");
    let Some((stage, state)) = Node::stage(StageOptions::plain(members), "take_over").await else {
        return ExitCode::FAILURE;
    };
    let mut table = Table::new(
        "take_over",
        &[
            "what became of the first",
            "rounds",
            "changes meanwhile",
            "the other runs after s: median",
            "the other runs after s: worst",
            "everybody in line after s: median",
            "everybody in line after s: worst",
            "lost",
            "doubled",
        ],
    );
    let first = Node::new(&stage, &state, &[]);
    let holder = first.daemon();
    first.settles().await;
    let other = first.beside(&stage, &state, &[]);
    let waiting = other.daemon();
    other.waits().await;
    let mut pair = Pair {
        tenant: Changes::of(&stage, members, rate),
        nodes: [(first, holder), (other, waiting)],
    };
    for end in [End::Killed, End::Stopped, End::InOrder] {
        let mut seen = Seen::default();
        for _ in 0..rounds {
            pair = pair.round(end, &mut seen).await;
        }
        let (runs, line) = (Quantiles::of(seen.runs), Quantiles::of(seen.line));
        table.row([
            json!(end.as_str()),
            json!(rounds),
            json!(seen.changes),
            json!(runs.at(0.5)),
            json!(runs.at(1.0)),
            json!(line.at(0.5)),
            json!(line.at(1.0)),
            json!(seen.lost),
            json!(seen.doubled),
        ]);
    }
    table.print();
    ExitCode::SUCCESS
}

/// What the rounds of one kind showed.
#[derive(Default)]
struct Seen {
    changes: usize,
    runs: Vec<f64>,
    line: Vec<f64>,
    lost: usize,
    doubled: usize,
}

/// Members that change in Teams, one after the other, at an even pace.
struct Changes<'a> {
    stage: &'a Stage,
    busy: Vec<bool>,
    next: usize,
    pause: Duration,
    /// The members that changed in this round, by their PBX user, with what DND should be.
    round: BTreeMap<i64, bool>,
}

impl<'a> Changes<'a> {
    fn of(stage: &'a Stage, members: usize, rate: u32) -> Self {
        Self {
            stage,
            busy: vec![false; members],
            next: 0,
            pause: Duration::from_secs(1) / rate,
            round: BTreeMap::new(),
        }
    }

    fn change(&mut self) {
        let number = self.next;
        self.next = (self.next + 1) % self.busy.len();
        self.busy[number] = !self.busy[number];
        let (availability, activity) = match self.busy[number] {
            true => ("Busy", "InACall"),
            false => ("Available", "Available"),
        };
        self.stage.says(number, availability, activity);
        let earlier = self.round.insert(self.stage.user(number), self.busy[number]);
        assert!(
            earlier.is_none(),
            "a member changes once in a round: fewer changes, or more members"
        );
    }

    /// Goes on changing until it `is`, or for `lasts` at most; tells whether it came to be.
    async fn go_on(&mut self, lasts: Duration, is: impl AsyncFn() -> bool) -> bool {
        let begun = now();
        while begun.elapsed() < lasts {
            self.change();
            if is().await {
                return true;
            }
            tokio::time::sleep(self.pause).await;
        }
        false
    }
}

/// The daemon that has the instance, and the one that waits for it.
struct Pair<'a> {
    tenant: Changes<'a>,
    nodes: [(Node, Daemon); 2],
}

impl Pair<'_> {
    /// One round; afterwards the two have changed places.
    async fn round(mut self, end: End, seen: &mut Seen) -> Self {
        let stage = self.tenant.stage;
        let [(node, daemon), (other, waiting)] = self.nodes;
        let recorded = stage.sandbox.history().len();
        self.tenant.round.clear();
        self.tenant.go_on(BEFORE, async || false).await;
        let begun = now();
        let stopped = match end {
            End::Killed => {
                daemon.kill();
                None
            }
            End::Stopped => {
                daemon.signal("-STOP");
                Some(daemon)
            }
            End::InOrder => {
                daemon.signal("-TERM");
                Some(daemon)
            }
        };
        let runs = async || {
            let status = other.status().await;
            status.is_some_and(|status| status.state == InstanceState::Running)
        };
        assert!(
            self.tenant.go_on(PATIENCE, runs).await,
            "nobody took over: {}",
            other.log()
        );
        seen.runs.push(begun.elapsed().as_secs_f64());
        while !stage.sandbox.judge(&Except::default()).converged() {
            assert!(begun.elapsed() < PATIENCE, "not in line: {}", other.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        seen.line.push(begun.elapsed().as_secs_f64());
        let daemon = match (end, stopped) {
            (End::Stopped, Some(daemon)) => {
                daemon.signal("-CONT");
                daemon
            }
            (_, ended) => {
                if let Some(daemon) = ended {
                    assert_eq!(daemon.wait(), Some(0), "{}", node.log());
                }
                node.daemon()
            }
        };
        node.waits().await;
        other.settles().await;
        let (mut written, mut doubled) = (BTreeSet::new(), 0);
        for record in &stage.sandbox.history()[recorded..] {
            if record.author == Author::Program && record.subject == Subject::Dnd {
                doubled += usize::from(!written.insert(record.user));
            }
        }
        let changed = &self.tenant.round;
        seen.changes += changed.len();
        seen.lost += changed.keys().filter(|user| !written.contains(*user)).count();
        seen.doubled += doubled;
        self.nodes = [(other, waiting), (node, daemon)];
        self
    }
}
