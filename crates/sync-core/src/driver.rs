//! The driver: one task that owns an engine, performs its effects through the ports and feeds the answers back.
//!
//! It decides nothing. What it adds is the lease: no request to the PBX starts when the lease may have run out.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::engine::{Effect, Engine, Event, Report, Side};
use crate::fault::{Fault, PortError};
use crate::gate::Holding;
use crate::ids::PbxUserId;
use crate::moment::{Clock, Moment};
use crate::plan::PlanId;
use crate::ports::{ChatPort, DirectoryPort, Lease, LedgerPort, PbxPort, PresencePort};
use crate::term::{Term, millis};
use crate::value::Field;

/// What is under way when the engine is stopped gets this long to end.
const DRAIN: Duration = Duration::from_secs(8);

/// The ports of one instance.
#[derive(Clone)]
pub struct Ports {
    /// Presence.
    pub presence: Arc<dyn PresencePort>,
    /// The directory.
    pub directory: Arc<dyn DirectoryPort>,
    /// The PBX.
    pub pbx: Arc<dyn PbxPort>,
    /// The chat status, where it is synchronised.
    pub chat: Option<Arc<dyn ChatPort>>,
    /// The ledger.
    pub ledger: Arc<dyn LedgerPort>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ports")
            .field("chat", &self.chat.is_some())
            .finish_non_exhaustive()
    }
}

/// Whoever watches an instance: the log, the metrics.
pub trait Observer: Send + Sync {
    /// Something worth telling happened.
    fn report(&self, report: &Report);

    /// Whether each step of each member is worth telling now ([`Report::Step`]). It is asked before every event, so that it
    /// has to be quick.
    fn wants_steps(&self) -> bool {
        false
    }
}

type Question = Box<dyn FnOnce(&Engine) + Send>;

enum Command {
    Event(Event),
    Ask(Question),
    Stop,
}

/// How others speak to a running engine.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
}

/// The engine is not running any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the instance is not running")]
pub struct NotRunning;

impl Handle {
    /// Asks the engine something, such as one of its views.
    ///
    /// # Errors
    /// When it is not running any more.
    pub async fn ask<T, F>(&self, question: F) -> Result<T, NotRunning>
    where
        T: Send + 'static,
        F: FnOnce(&Engine) -> T + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let question: Question = Box::new(move |engine| {
            // Whoever asked may have gone away; then nobody misses the answer.
            let _ = answer.send(question(engine));
        });
        self.commands
            .send(Command::Ask(question))
            .await
            .map_err(|_| NotRunning)?;
        answered.await.map_err(|_| NotRunning)
    }

    /// Hands the licence over, for the first time or again.
    ///
    /// # Errors
    /// When the engine is not running any more.
    pub async fn licence(&self, holding: Holding) -> Result<(), NotRunning> {
        self.send(Command::Event(Event::Licence(holding))).await
    }

    /// Lets what is held pass, if it still has this id. Says whether it had.
    ///
    /// # Errors
    /// When the engine is not running any more.
    pub async fn approve(&self, plan: PlanId) -> Result<bool, NotRunning> {
        let holds = self.ask(move |engine| engine.held_plan() == Some(plan)).await?;
        if holds {
            self.send(Command::Event(Event::Approve(plan))).await?;
        }
        Ok(holds)
    }

    /// Freezes writes; until then, where a time is given.
    ///
    /// # Errors
    /// When the engine is not running any more.
    pub async fn pause(&self, until: Option<Timestamp>) -> Result<(), NotRunning> {
        self.send(Command::Event(Event::Pause { until })).await
    }

    /// Freezes writes for one member; until then, where a time is given.
    ///
    /// # Errors
    /// When the engine is not running any more.
    pub async fn pause_member(&self, user: PbxUserId, until: Option<Timestamp>) -> Result<(), NotRunning> {
        self.send(Command::Event(Event::PauseMember { user, until }))
            .await
    }

    /// Ends the pause of one member.
    ///
    /// # Errors
    /// When the engine is not running any more.
    pub async fn resume_member(&self, user: PbxUserId) -> Result<(), NotRunning> {
        self.send(Command::Event(Event::ResumeMember { user })).await
    }

    /// Changes the share of the presence quota that the instance may use (0 to 1).
    ///
    /// # Errors
    /// When the engine is not running any more.
    pub async fn quota(&self, share: f64) -> Result<(), NotRunning> {
        self.send(Command::Event(Event::Quota { share })).await
    }

    /// Goes on after a pause or a release.
    ///
    /// # Errors
    /// When the engine is not running any more.
    pub async fn resume(&self) -> Result<(), NotRunning> {
        self.send(Command::Event(Event::Resume)).await
    }

    /// Takes back everything that is ours, then stays paused.
    ///
    /// # Errors
    /// When the engine is not running any more.
    pub async fn release(&self) -> Result<(), NotRunning> {
        self.send(Command::Event(Event::Release)).await
    }

    /// Takes back everything that is ours because the instance is turned off or removed.
    ///
    /// # Errors
    /// When the engine is not running any more.
    pub async fn retire(&self) -> Result<(), NotRunning> {
        self.send(Command::Event(Event::Retire)).await
    }

    /// Tries links again at once that wait for somebody to mend something.
    ///
    /// # Errors
    /// When the engine is not running any more.
    pub async fn try_again(&self, sides: Vec<Side>) -> Result<(), NotRunning> {
        self.send(Command::Event(Event::TryAgain { sides })).await
    }

    /// Starts nothing more, finishes what is under way, and ends.
    ///
    /// # Errors
    /// When the engine is not running any more.
    pub async fn stop(&self) -> Result<(), NotRunning> {
        self.send(Command::Stop).await
    }

    async fn send(&self, command: Command) -> Result<(), NotRunning> {
        self.commands.send(command).await.map_err(|_| NotRunning)
    }
}

/// Why a driver ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to; everything that was under way is finished and stored.
    Drained,
    /// It was asked to, and something did not end in time.
    Cut,
    /// Somebody else has the lease.
    LeaseLost,
}

/// Drives one engine.
pub struct Driver {
    engine: Engine,
    ports: Ports,
    lease: Lease,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    commands: mpsc::Receiver<Command>,
    tasks: JoinSet<Happened>,
    /// Until when requests to the PBX may start: milliseconds of uptime.
    deadline: Arc<AtomicU64>,
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver")
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}

enum Happened {
    Answer(Event),
    Renewed(Result<bool, PortError>, u64),
}

impl Driver {
    /// A driver for `engine`, and the handle to it.
    pub fn new(
        engine: Engine,
        ports: Ports,
        lease: Lease,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn Observer>,
    ) -> (Self, Handle) {
        let (commands, receiver) = mpsc::channel(64);
        let deadline = lease
            .lasts
            .map_or(u64::MAX, |lasts| millis(clock.now().uptime.saturating_add(lasts)));
        let deadline = Arc::new(AtomicU64::new(deadline));
        let tasks = JoinSet::new();
        (
            Self {
                engine,
                ports,
                lease,
                clock,
                observer,
                commands: receiver,
                tasks,
                deadline,
            },
            Handle { commands },
        )
    }

    /// The same, whose lease is counted from before it was asked for: whoever waits for it may count from then.
    #[must_use]
    pub fn holding_since(self, asked: Moment) -> Self {
        if let Some(lasts) = self.lease.lasts {
            let until = millis(asked.uptime.saturating_add(lasts));
            self.deadline.store(until, Ordering::SeqCst);
        }
        self
    }

    /// Runs until it is stopped or loses its lease.
    pub async fn run(mut self) -> Ended {
        let mut renewal = self.lease.lasts.map(|lasts| {
            let mut renewal = tokio::time::interval(lasts / 3);
            // After a pause one renewal is enough.
            renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
            renewal
        });
        self.step(Event::Tick);
        let ended = loop {
            let now = self.clock.now();
            let wake = self.engine.next_wake(now).map(|at| at.saturating_sub(now.uptime));
            tokio::select! {
                Some(happened) = self.tasks.join_next() => match happened {
                    Ok(Happened::Answer(event)) => self.step(event),
                    Ok(Happened::Renewed(Ok(false), _)) => break Ended::LeaseLost,
                    Ok(Happened::Renewed(Ok(true), until)) => {
                        // Answers may overtake each other.
                        self.deadline.fetch_max(until, Ordering::SeqCst);
                    }
                    // What could not be renewed is tried again at the next turn; until then the deadline stands.
                    Ok(Happened::Renewed(Err(error), _)) => tracing::debug!(error = error.chain(), "lease not renewed"),
                    Err(error) => tracing::error!(%error, "a task of the driver ended without an answer"),
                },
                command = self.commands.recv() => match command {
                    Some(Command::Event(event)) => {
                        if let Event::TryAgain { sides } = &event {
                            if sides.contains(&Side::Teams) {
                                self.ports.presence.forget_refusal();
                            }
                            if sides.contains(&Side::Pbx) || sides.contains(&Side::Module) {
                                self.ports.pbx.forget_refusal();
                            }
                        }
                        self.step(event);
                    }
                    Some(Command::Ask(question)) => question(&self.engine),
                    Some(Command::Stop) | None => break self.drain().await,
                },
                () = async { tokio::time::sleep(wake.unwrap_or_default()).await }, if wake.is_some() => self.step(Event::Tick),
                () = tick(&mut renewal) => self.renew(),
            }
        };
        if ended != Ended::LeaseLost
            && let Err(error) = self.ports.ledger.surrender(&self.lease).await
        {
            tracing::debug!(error = error.chain(), "lease not given back");
        }
        self.ports.pbx.close().await;
        ended
    }

    async fn drain(&mut self) -> Ended {
        self.step(Event::Drain);
        let finish = async {
            while !self.engine.is_drained() {
                match self.tasks.join_next().await {
                    Some(Ok(Happened::Answer(event))) => self.step(event),
                    Some(_) => {}
                    None => break,
                }
            }
        };
        let in_time = tokio::time::timeout(DRAIN, finish).await.is_ok();
        if in_time && self.engine.is_drained() {
            Ended::Drained
        } else {
            Ended::Cut
        }
    }

    fn step(&mut self, event: Event) {
        self.engine.tell_steps(self.observer.wants_steps());
        let effects = self.engine.handle(event, self.clock.now());
        for effect in effects {
            self.perform(effect);
        }
    }

    fn renew(&mut self) {
        let (ledger, lease, now) = (
            Arc::clone(&self.ports.ledger),
            self.lease.clone(),
            self.clock.now(),
        );
        // The new deadline counts from before the request, so that it is never later than the ledger's own.
        let until = millis(now.uptime.saturating_add(lease.lasts.unwrap_or_default()));
        self.tasks
            .spawn(async move { Happened::Renewed(ledger.renew(&lease, now.wall).await, until) });
    }

    fn perform(&mut self, effect: Effect) {
        let ports = self.ports.clone();
        match effect {
            Effect::Report(report) => self.observer.report(&report),
            Effect::ReadRoster { request } => self
                .answer(async move { ports.pbx.roster().await }, move |result| {
                    Event::RosterRead { request, result }
                }),
            Effect::LookUp { request, addresses } => self.answer(
                async move { ports.directory.users_by_address(&addresses).await },
                move |result| Event::LookedUp { request, result },
            ),
            Effect::ReadPresences { request, ids } => self.answer(
                async move { ports.presence.presences(&ids).await },
                move |result| Event::PresencesRead { request, result },
            ),
            Effect::ReadDnd { request, user } => self
                .answer(async move { ports.pbx.dnd(user).await }, move |result| {
                    Event::DndRead { request, result }
                }),
            Effect::ReadChat { request, users } => self.answer(
                async move {
                    match &ports.chat {
                        Some(chat) => chat.chat(&users).await,
                        None => Err(no_chat()),
                    }
                },
                move |result| Event::ChatRead { request, result },
            ),
            Effect::Write { request, write } => {
                let term = Term {
                    clock: Arc::clone(&self.clock),
                    deadline: Arc::clone(&self.deadline),
                };
                self.answer(
                    async move {
                        let write = async {
                            match (write.to.field(), &ports.chat) {
                                (Field::Dnd, _) => ports.pbx.set_dnd(&write).await,
                                (Field::Chat, Some(chat)) => chat.set_chat(&write).await,
                                (Field::Chat, None) => Err(no_chat()),
                            }
                        };
                        term.within(write).await
                    },
                    move |result| Event::Written { request, result },
                );
            }
            Effect::TakeSeats { request, claim } => {
                let lease = self.lease.clone();
                self.answer(
                    async move { ports.ledger.take_seats(&lease, &claim).await },
                    move |result| Event::SeatsTaken { request, result },
                );
            }
            Effect::Commit { request, commit } => {
                let lease = self.lease.clone();
                self.answer(
                    async move { ports.ledger.commit(&lease, &commit).await },
                    move |result| Event::Committed { request, result },
                );
            }
        }
    }

    /// Runs one call of a port in a task of its own. A port that panics gives an error like any other.
    fn answer<T: Send + 'static>(
        &mut self,
        call: impl Future<Output = Result<T, PortError>> + Send + 'static,
        event: impl FnOnce(Result<T, PortError>) -> Event + Send + 'static,
    ) {
        self.tasks.spawn(async move {
            let result = AssertUnwindSafe(call).catch_unwind().await;
            let result =
                result.unwrap_or_else(|_| Err(PortError::new(Fault::Protocol, "finish: a port panicked")));
            Happened::Answer(event(result))
        });
    }
}

fn no_chat() -> PortError {
    PortError::new(
        Fault::Configuration,
        "use the chat status: no companion module is configured",
    )
}

async fn tick(interval: &mut Option<tokio::time::Interval>) {
    match interval {
        Some(interval) => {
            interval.tick().await;
        }
        None => std::future::pending().await,
    }
}
