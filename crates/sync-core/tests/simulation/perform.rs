//! The operations of a schedule, carried out.

use std::time::Duration;

use sync_core::{Event, Mode};

use crate::op::Op;
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
                self.oracle.slots.forget(user);
            }
            Op::Group(told) => self.pbx.empty = !told,
            Op::Match(person, true) => {
                self.tenant.unmatched.remove(&person);
            }
            Op::Match(person, false) => {
                self.tenant.unmatched.insert(person);
            }
            Op::Exclude(user, true) => {
                self.excluded.insert(user);
            }
            Op::Exclude(user, false) => {
                self.excluded.remove(&user);
            }
            Op::Licence(seats) => self.replace_licence(seats),
            Op::Pause => self.command(Mode::Paused, || Event::Pause { until: None }),
            Op::Resume => self.command(Mode::Running, || Event::Resume),
            Op::Release => self.command(Mode::Releasing, || Event::Release),
            Op::Retire => self.command(Mode::Releasing, || Event::Retire),
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

    pub(crate) fn replace_licence(&mut self, seats: Option<u32>) {
        self.seats = seats;
        for daemon in [0, 1] {
            if self.setup.seats.is_some() && self.daemons[daemon].is_awake() {
                self.tell_licence(daemon);
            }
        }
    }
}
