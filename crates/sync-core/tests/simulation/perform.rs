//! The operations of a schedule, carried out.

use std::time::Duration;

use sync_core::{Event, Mode, PbxUserId};

use crate::op::{Op, Paper};
use crate::world::{Happening, World};

impl World {
    pub(crate) fn perform(&mut self, op: Op) {
        match op {
            Op::Start(daemon) => self.start_daemon(daemon),
            Op::Stop(daemon) => self.stop_daemon(daemon),
            Op::Crash(daemon, fate, stored) => {
                self.daemons[daemon].wanted = false;
                self.end(daemon, fate, stored);
            }
            Op::Suspend(daemon, seconds) => self.suspend(daemon, Duration::from_secs(seconds)),
            Op::Clock(daemon, seconds) => self.set_clock(daemon, seconds),
            Op::Wait(ms) => self.pass(Duration::from_millis(ms), None),
            Op::Answers(count) => self.pass(Duration::from_secs(10), Some(count)),
            Op::Teams(person, said) => self.tenant.say(person, said),
            Op::Human(user, value) => {
                if let Some(found) = self.pbx.users.get_mut(&user) {
                    let before = found.value(value.field());
                    if before != value {
                        found.set(value);
                        self.oracle.human(user, before, value);
                    }
                }
            }
            Op::Join(user) => {
                self.pbx.group.insert(user);
            }
            Op::Leave(user) => {
                self.pbx.group.remove(&user);
            }
            Op::Show(user, true) => {
                self.pbx.hidden.remove(&user);
            }
            Op::Show(user, false) => {
                self.pbx.hidden.insert(user);
            }
            Op::Recycle(user) => {
                self.pbx.recycle(user);
                self.oracle.recycled(user, self.pbx.users.get(&user));
            }
            Op::Group(told) => self.pbx.empty = !told,
            Op::Match(person, true) => {
                self.tenant.unmatched.remove(&person);
            }
            Op::Match(person, false) => {
                self.tenant.unmatched.insert(person);
            }
            Op::Double(person, true) => {
                self.tenant.doubled.insert(person);
            }
            Op::Double(person, false) => {
                self.tenant.doubled.remove(&person);
            }
            Op::Exclude(user, true) => {
                self.excluded.insert(user);
            }
            Op::Exclude(user, false) => {
                self.excluded.remove(&user);
            }
            Op::Observe(only) => self.observe = only,
            Op::Rival(user, times) => {
                self.rivals.insert(user, times);
            }
            Op::Licence(paper) => self.replace_licence(paper),
            Op::Pause(seconds) => self.pause(seconds),
            Op::Resume => self.command(Mode::Running, &Event::Resume),
            Op::Release => self.command(Mode::Releasing, &Event::Release),
            Op::Retire => self.command(Mode::Releasing, &Event::Retire),
            Op::PauseMember(user, seconds) => self.pause_member(user, seconds),
            Op::ResumeMember(user) => {
                let event = Event::ResumeMember {
                    user: PbxUserId(user),
                };
                for daemon in self.listening() {
                    let person = self.person(user);
                    self.oracle.paused_member(daemon, (user, person), false, None);
                    self.step(daemon, event.clone());
                }
            }
            Op::Plan => self.read_plan(),
            Op::Approve => self.approve(),
            Op::Fault(kind, trouble, count) => self.faults.push((kind, trouble, count)),
            Op::Down(seconds) => self.down_until = self.now + Duration::from_secs(seconds),
            Op::Heal => {
                self.faults.clear();
                self.down_until = self.now;
            }
        }
    }

    fn suspend(&mut self, daemon: usize, time: Duration) {
        if self.daemons[daemon].is_awake() {
            self.daemons[daemon].suspended_until = Some(self.now + time);
            self.oracle.disturbed(time);
            self.queue(time, Happening::Wake { daemon });
        }
    }

    fn pause(&mut self, seconds: Option<u64>) {
        let end = seconds.map(|seconds| self.now + Duration::from_secs(seconds));
        for daemon in self.listening() {
            let wall = self.daemons[daemon].moment(self.now).wall;
            let until = seconds.map(|seconds| wall + Duration::from_secs(seconds));
            self.command_one(daemon, Mode::Paused, Event::Pause { until }, end);
        }
    }

    fn person(&self, user: i64) -> Option<i64> {
        self.pbx.users.get(&user).map(|user| user.person)
    }

    fn pause_member(&mut self, user: i64, seconds: Option<u64>) {
        let end = seconds.map(|seconds| self.now + Duration::from_secs(seconds));
        for daemon in self.listening() {
            let wall = self.daemons[daemon].moment(self.now).wall;
            let until = seconds.map(|seconds| wall + Duration::from_secs(seconds));
            let id = PbxUserId(user);
            let person = self.person(user);
            self.oracle.paused_member(daemon, (user, person), true, end);
            self.step(daemon, Event::PauseMember { user: id, until });
        }
    }

    /// The operator reads what is held.
    fn read_plan(&mut self) {
        let Some(daemon) = self.holder() else { return };
        let Some(engine) = &self.daemons[daemon].engine else {
            return;
        };
        let plan = engine.plan(self.daemons[daemon].moment(self.now));
        let held: Vec<_> = plan
            .held
            .iter()
            .map(|held| (held.change.pbx_user.0, held.change.to))
            .collect();
        self.plan = engine.held_plan();
        self.tell(|| format!("held: {}", held.len()));
        self.oracle.reads_plan(daemon, held);
    }

    /// The operator approves what was read. It is for the engine to see whether that is still what is held.
    fn approve(&mut self) {
        let (Some(daemon), Some(plan)) = (self.holder(), self.plan) else {
            return;
        };
        let engine = self.daemons[daemon].engine.as_ref();
        let accepted = engine.is_some_and(|engine| engine.held_plan() == Some(plan));
        self.tell(|| format!("approved: {accepted}"));
        if accepted {
            self.oracle.approves(daemon);
        }
        self.step(daemon, Event::Approve(plan));
    }

    pub(crate) fn replace_licence(&mut self, paper: Paper) {
        self.paper = paper;
        for daemon in [0, 1] {
            if self.setup.seats.is_some() && self.daemons[daemon].is_awake() {
                self.tell_licence(daemon);
            }
        }
    }
}
