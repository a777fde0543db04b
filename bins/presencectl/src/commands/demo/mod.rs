//! `demo`: a day at the office in fast motion, on simulated servers, with the real daemon in the same process.

mod clock;
mod hand;
mod office;
mod stage;
mod summary;

use std::path::Path;
use std::time::Duration;

use presence_mapping::Rules;
use secrecy::ExposeSecret;
use sync_core::{InstanceName, Rest, WorkView};
use sync_service::config::{self, Environment, LogFormat, LogLevel};
use sync_service::daemon::{self, DaemonOptions, RunningDaemon};
use sync_service::telemetry::{self, Logging};
use tokio::time::{Instant, MissedTickBehavior, interval};

use self::clock::DayTime;
use self::office::Office;
use self::stage::Stage;
use self::summary::Summary;
use super::context::{Context, note};
use super::interrupt::Interrupt;
use super::throwaway;
use crate::arguments::DemoArguments;
use crate::exit::Exit;
use crate::failure::Failure;

/// Said at the beginning.
const LICENCE: &str = "it has a throw-away licence for this office";
/// How often the office is looked at, and redrawn.
const FRAME: Duration = Duration::from_millis(100);
/// In a large office people come and go in every frame, and only so many people are looked at in one.
const PEOPLE_A_FRAME: usize = 500;
/// After the last event the PBX is waited for until nothing has changed for so long.
const QUIET: Duration = Duration::from_secs(15);
/// And never longer than this, however many people there are.
const PATIENCE: Duration = Duration::from_secs(300);
/// When somebody turns DND on by hand: at noon, where the day begins at eight.
const NOON: Duration = Duration::from_secs(4 * 3600);

pub(crate) async fn run(context: &Context, arguments: &DemoArguments) -> Result<Exit, Failure> {
    let mut interrupt = Interrupt::listen()?;
    let folder = tempfile::tempdir().map_err(Failure::new)?;
    let mut stage = Stage::new(context.format);
    let logging = if stage.is_live() {
        // On a terminal a log would tear the table apart; what is wrong is in the summary, too.
        telemetry::keep_logging(LogLevel::Error)
    } else {
        telemetry::init_logging(LogLevel::Error, LogFormat::Text)
    };
    let mut office = Office::open(arguments.members).await?;
    let licence = throwaway::licence(context, arguments.members)?;
    let daemon = start(&office.configure(folder.path(), licence)?, logging).await?;
    let page = daemon.setup_link();
    let page = page.as_ref().map(ExposeSecret::expose_secret);
    stage.open(
        office.members(),
        arguments.seconds,
        daemon.address(),
        page,
        LICENCE,
    )?;

    let length = Duration::from_secs(arguments.seconds.into());
    let demo = Demo {
        office: &mut office,
        stage: &mut stage,
        daemon: &daemon,
        interrupt: &mut interrupt,
    };
    let summary = demo.play(length).await;
    daemon.stop().await;
    office.close().await;
    let summary = summary?;
    stage.close(&summary)?;
    Ok(Exit::good_if(summary.is_good()))
}

/// The daemon as the program runs it, except that no proxy is on the way to this very machine.
async fn start(file: &Path, logging: Logging) -> Result<RunningDaemon, Failure> {
    let environment = Environment::default();
    let loaded = config::load(file, &environment)?;
    let options = DaemonOptions {
        config: file.to_owned(),
        environment,
        program: env!("CARGO_PKG_VERSION"),
        logging: Some(logging),
        page: Some(admin_page::router),
    };
    Ok(daemon::start(options, loaded).await?)
}

struct Demo<'a> {
    office: &'a mut Office,
    stage: &'a mut Stage,
    daemon: &'a RunningDaemon,
    interrupt: &'a mut Interrupt,
}

impl Demo<'_> {
    /// Lets the day pass, waits until the PBX is in line, and sums up.
    async fn play(mut self, length: Duration) -> Result<Summary, Failure> {
        let rules = Rules::new(&presence_mapping::RulesTable::default()).map_err(Failure::new)?;
        let asked = hand::candidate(&rules, self.office.events(), NOON);
        let mut toggled = None;
        let mut ticks = interval(FRAME);
        let (mut frames, looks) = (0_u32, self.frames_a_look());
        let start = Instant::now();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.interrupt.told() => {
                    note("the day ends early");
                    break;
                }
            }
            let clock = DayTime::at(start.elapsed(), length);
            // What the PBX saw since the last frame came of the presence before this one.
            if frames.is_multiple_of(looks) {
                self.show(clock)?;
            }
            frames += 1;
            self.office.advance(clock);
            if clock.into_duration() >= NOON
                && toggled.is_none()
                && let Some(user) = asked
                && self.is_carried_out(user).await
            {
                self.office.silence_by_hand(user);
                toggled = asked;
            }
            if start.elapsed() >= length {
                break;
            }
        }
        let clock = DayTime::at(start.elapsed(), length);
        self.settle(clock).await?;
        Ok(self.sum_up(toggled).await)
    }

    /// Waits until the simulated servers find everybody in line; the judge is theirs.
    async fn settle(&mut self, clock: DayTime) -> Result<(), Failure> {
        let waiting = Instant::now();
        let mut changed = waiting;
        let mut ticks = interval(FRAME * self.frames_a_look());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.interrupt.told() => return Ok(()),
            }
            let still_changing = self.show(clock)? > 0;
            if still_changing {
                changed = Instant::now();
            }
            let given_up = changed.elapsed() >= QUIET || waiting.elapsed() >= PATIENCE;
            if given_up || !still_changing && self.office.differences().is_empty() {
                return Ok(());
            }
        }
    }

    /// Whether what Teams says has been carried out for the member's DND. Only what a human changes after that is a choice
    /// that has to stand; before it, Teams' change is the later one.
    async fn is_carried_out(&self, user: i64) -> bool {
        let Some(address) = self.office.address(user) else {
            return false;
        };
        let explained = self.daemon.supervisor().explain(&address).await;
        explained.iter().map(|view| &view.member).any(|member| {
            let dnd = &member.dnd;
            member.pbx_user.0 == user && dnd.work == WorkView::None && dnd.rest == Some(Rest::InLine)
        })
    }

    /// How many frames pass from one look at everybody to the next, so that looking does not hold the servers up.
    fn frames_a_look(&self) -> u32 {
        u32::try_from(self.office.members() / PEOPLE_A_FRAME)
            .unwrap_or(u32::MAX)
            .saturating_add(1)
    }

    /// Shows what changed and how the office is, and tells how many changes there were.
    fn show(&mut self, clock: DayTime) -> Result<usize, Failure> {
        let changes = self.office.changes(clock);
        changes.iter().try_for_each(|change| self.stage.change(change))?;
        self.stage.scene(&self.office.scene(clock, self.stage.rows()))?;
        Ok(changes.len())
    }

    async fn sum_up(self, toggled: Option<i64>) -> Summary {
        let Self { office, daemon, .. } = self;
        let status = daemon
            .supervisor()
            .status(&InstanceName("main".into()))
            .await
            .ok();
        let (sweeps, looks) = status
            .and_then(|status| status.view)
            .map_or((0, 0), |view| (view.sweeps, view.looks));
        let mut summary = office.summary();
        summary.sweeps = sweeps;
        summary.looks = looks;
        let of_sweeps = office.presence_calls().saturating_sub(looks);
        summary.presence_calls_per_sweep = per_sweep(of_sweeps, sweeps);
        summary.added_latency_seconds = daemon.latency().into();
        summary.humans_choice_stands = toggled.map(|user| office.is_silenced(user));
        summary
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a day has fewer calls than a float has exact integers"
)]
fn per_sweep(calls: u64, sweeps: u64) -> Option<f64> {
    (sweeps > 0).then(|| calls as f64 / sweeps as f64)
}
