//! Random sequences of commits against a model that is nothing but maps.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use sync_core::{
    ChatPresence, Claim, FieldRecord, Fingerprint, Intent, LastWrite, LedgerCommit, LedgerPort, LedgerRow,
    Login, Mode, Ours, Pause, PbxUserId, Refusal, Settled, Side, Stray, Value,
};

use crate::sample::{claim, lease, user};
use crate::stores::Store;

const CASES: u32 = 24;

/// Which of the claims commits what.
type Step = (usize, LedgerCommit);

#[derive(Default)]
struct Model {
    rows: BTreeMap<(usize, PbxUserId), (usize, LedgerRow)>,
    modes: BTreeMap<usize, (Mode, Option<Timestamp>)>,
    refusals: BTreeMap<usize, Vec<Refusal>>,
}

/// Two instances at one PBX, and one at another.
fn claims() -> [Claim; 3] {
    [claim("a", "one"), claim("b", "one"), claim("c", "two")]
}

const PBX_OF: [usize; 3] = [0, 0, 1];

impl Model {
    fn commit(&mut self, by: usize, commit: &LedgerCommit) -> Vec<PbxUserId> {
        let mut refused = Vec::new();
        for row in &commit.upsert {
            match self.rows.get(&(PBX_OF[by], row.user)) {
                Some((owner, _)) if *owner != by => refused.push(row.user),
                _ => _ = self.rows.insert((PBX_OF[by], row.user), (by, row.clone())),
            }
        }
        for user in &commit.remove {
            if self
                .rows
                .get(&(PBX_OF[by], *user))
                .is_some_and(|(owner, _)| *owner == by)
            {
                self.rows.remove(&(PBX_OF[by], *user));
            }
        }
        if let Some(mode) = commit.mode {
            self.modes.insert(by, (mode, commit.paused_until));
        }
        if let Some(refusals) = &commit.refusals {
            self.refusals.insert(by, refusals.clone());
        }
        refused
    }

    async fn equals(&self, ledger: &dyn LedgerPort) {
        for (by, claim) in claims().iter().enumerate() {
            let memory = ledger.load(claim).await.unwrap();
            let at_pbx = || self.rows.iter().filter(|((pbx, _), _)| *pbx == PBX_OF[by]);
            let own: Vec<_> = at_pbx()
                .filter(|(_, (owner, _))| *owner == by)
                .map(|(_, (_, row))| row.clone())
                .collect();
            let others = at_pbx()
                .filter(|(_, (owner, _))| *owner != by)
                .map(|((_, user), _)| *user)
                .collect();
            assert_eq!(memory.rows, own);
            assert_eq!(memory.claimed_elsewhere, others);
            let mode = self.modes.get(&by).copied().unwrap_or_default();
            assert_eq!((memory.mode, memory.paused_until), mode);
            assert_eq!(
                memory.refusals,
                self.refusals.get(&by).cloned().unwrap_or_default()
            );
        }
        let mut holding: BTreeMap<usize, usize> = BTreeMap::new();
        for (owner, row) in self.rows.values() {
            *holding.entry(*owner).or_default() += usize::from(row.holds_something());
        }
        let remembered = ledger.remembered().await.unwrap();
        let told: Vec<_> = remembered
            .into_iter()
            .map(|known| (known.instance, known.holding))
            .collect();
        let expected: Vec<_> = holding
            .into_iter()
            .map(|(by, count)| (claims()[by].instance.clone(), count))
            .collect();
        assert_eq!(told, expected);
    }
}

pub(crate) fn any_sequence_of_commits_equals_the_model<S: Store>() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(CASES)
    });
    let run = |steps: Vec<Step>| {
        runtime.block_on(play(&S::default(), &steps));
        Ok(())
    };
    runner.run(&vec(step(), 1..12), run).unwrap();
}

async fn play(store: &impl Store, steps: &[Step]) {
    let ledger = store.open().await;
    let mut leases = Vec::new();
    for claim in &claims() {
        leases.push(lease(&*ledger, claim).await);
    }
    let mut model = Model::default();
    for (by, commit) in steps {
        let refused = ledger.commit(&leases[*by], commit).await.unwrap();
        assert_eq!(refused, model.commit(*by, commit));
        model.equals(&*ledger).await;
    }
    for lease in &leases {
        ledger.surrender(lease).await.unwrap();
    }
    drop(ledger);
    model.equals(&*store.open().await).await;
}

fn step() -> impl Strategy<Value = Step> {
    let commit = (
        vec(row(), 0..4),
        vec(1i64..6, 0..3),
        option::of(prop_oneof![
            Just(Mode::Running),
            Just(Mode::Paused),
            Just(Mode::Releasing)
        ]),
        option::of(time()),
        option::of(vec(refusal(), 0..3)),
    )
        .prop_map(|(upsert, remove, mode, paused_until, refusals)| LedgerCommit {
            upsert,
            remove: remove.into_iter().map(user).collect(),
            mode,
            paused_until,
            frees_seats: false,
            audit: vec![],
            refusals,
        });
    (0usize..3, commit)
}

fn refusal() -> impl Strategy<Value = Refusal> {
    let side = select(vec![Side::Teams, Side::Pbx, Side::Module]);
    let texts = ("[0-9a-f]{0,8}", "[a-zä' ]{0,9}", "[a-z:` ]{0,9}");
    (side, texts, option::of("[A-Z'. ]{0,9}"), time(), 1u32..9).prop_map(
        |(side, (fingerprint, doing, cause), advice, at, times)| Refusal {
            side,
            fingerprint: Fingerprint(fingerprint.into()),
            at,
            times,
            doing,
            cause,
            advice,
        },
    )
}

fn row() -> impl Strategy<Value = LedgerRow> {
    let dnd = any::<bool>().prop_map(Value::Dnd).boxed();
    let chat = select(vec![
        ChatPresence::Available,
        ChatPresence::Away,
        ChatPresence::DoNotDisturb,
        ChatPresence::ExtendedAway,
        ChatPresence::FreeForChat,
        ChatPresence::Unavailable,
        ChatPresence::Other,
    ]);
    let chat = chat.prop_map(Value::Chat).boxed();
    (
        1i64..6,
        "[0-9ä'\"]{0,5}",
        field(dnd),
        field(chat),
        option::of(time()),
        option::of(option::of(time()).prop_map(|until| Pause { until })),
    )
        .prop_map(|(id, login, dnd, chat, unknown_since, paused)| LedgerRow {
            user: user(id),
            login: Login(login.into()),
            dnd,
            chat,
            unknown_since,
            paused,
        })
}

fn field(value: BoxedStrategy<Value>) -> impl Strategy<Value = FieldRecord> {
    let settled = prop_oneof![
        Just(Settled::Never),
        value.clone().prop_map(Settled::At),
        value.clone().prop_map(Settled::Released),
    ];
    let intent = (
        value.clone(),
        value.clone(),
        any::<bool>(),
        time(),
        option::of("[*/A-Z']{0,9}"),
    )
        .prop_map(|(to, before, release, at, rule)| Intent {
            to,
            before,
            release,
            at,
            rule: rule.map(Into::into),
        });
    let ours = (value.clone(), value.clone(), time()).prop_map(|(value, before, since)| Ours {
        value,
        before,
        since,
    });
    let intent = intent.boxed();
    let first = option::of(value.clone());
    let stray =
        (intent.clone(), time(), value.clone(), first).prop_map(|(intent, until, last, first)| Stray {
            intent,
            until,
            last,
            first,
        });
    let last = (value.clone(), value, time()).prop_map(|(from, to, at)| LastWrite { from, to, at });
    let (intent, stray) = (option::of(intent), option::of(stray));
    (settled, intent, stray, option::of(ours), option::of(last)).prop_map(
        |(settled, intent, stray, ours, last_write)| FieldRecord {
            settled,
            intent: intent.map(Box::new),
            stray: stray.map(Box::new),
            ours,
            last_write,
        },
    )
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0i64..4_000_000_000, 0i32..1_000_000_000)
        .prop_map(|(seconds, nanos)| Timestamp::new(seconds, nanos).unwrap())
}
