//! Due members become a plan, the checker reads it, and what passes becomes work.

use std::collections::BTreeSet;
use std::time::Duration;

use presence_mapping::Rules;

use super::auditing::rule;
use super::member::{Member, Work};
use super::{Engine, Report, Step};
use crate::checker::{self, Checked, Context, Facts, is_disruptive};
use crate::field_record::Intent;
use crate::ids::{Address, PbxUserId};
use crate::moment::Moment;
use crate::plan::{Change, Plan};
use crate::planner::{Mode, Settlement, Subject, propose};
use crate::policy::Reading;
use crate::settings::Settings;
use crate::value::Field;

impl Engine {
    pub(super) fn plan_due(&mut self, now: Moment) {
        let due = std::mem::take(&mut self.due);
        if due.is_empty() {
            return;
        }
        self.held.retain(|(user, _), _| !due.contains(user));
        self.tell_decisions(&due, now);
        let members = due
            .iter()
            .filter_map(|user| self.members.get(user).map(|member| (*user, member)));
        let subjects = members.map(|(user, member)| self.subject(user, member, now));
        let proposal = propose(
            &self.settings,
            self.situation(),
            now,
            self.book.entries().len(),
            subjects,
        );
        for later in proposal.later {
            self.wake_at(later.user, now.uptime.saturating_add(later.after));
        }
        for settlement in proposal.settlements {
            // Whoever only observes advances no outcome, but gives up what cannot be taken back.
            let gives_up = settlement.settled.is_none();
            if !self.settings.dry_run && (!self.settings.observe || gives_up) {
                self.settle(settlement);
            }
        }
        let Checked { plan, violations } = self.check(proposal.plan, now);
        self.report_all(violations.into_iter().map(Report::Violation).collect());
        for held in plan.held {
            let user = held.change.pbx_user;
            let confirmed = self.members.get(&user).map(|member| {
                now.uptime.saturating_add(
                    self.settings
                        .breaker
                        .confirm_for
                        .saturating_sub(member.dnd_outcome_for(now)),
                )
            });
            self.wake_at(user, confirmed.unwrap_or(now.uptime));
            let (field, to, until) = (held.change.field, held.change.to, held.until);
            self.step(user, || Step::Held { field, to, until });
            self.held.insert((user, field), held);
        }
        self.tell_held();
        for change in plan.changes {
            self.take_up(change, now);
        }
        self.look_for_strays(&due, now);
        for user in due {
            self.forget_if_done(user);
        }
    }

    fn tell_held(&mut self) {
        let held = self.held.len();
        if held == 0 {
            self.held_told = 0;
        } else if self.held_told == 0 && self.unread_on.is_empty() {
            let matched = self.matched();
            self.report(Report::Held { held, matched });
            self.held_told = held;
        }
    }

    /// The address of a member, or of somebody who left the group and whom the PBX still shows.
    pub(super) fn address(&self, user: PbxUserId) -> Option<&Address> {
        let entry = self.book.entries().get(&user);
        let former = || self.members.get(&user)?.former.as_deref();
        match entry {
            Some(entry) => entry.address.as_ref(),
            None => former()?.address.as_ref(),
        }
    }

    /// A user as the planner sees it.
    pub(super) fn subject<'a>(&'a self, user: PbxUserId, member: &'a Member, now: Moment) -> Subject<'a> {
        Subject {
            user,
            address: self.address(user),
            standing: member.standing.as_ref(),
            row: &member.row,
            presence: member.sight.as_ref().map(|sight| &sight.presence),
            unknown_for: member.unknown_for(now),
            dnd_outcome_for: member.dnd_outcome_for(now),
            dnd: member.reading(Field::Dnd, now),
            chat: member.reading(Field::Chat, now),
            paused: member.is_paused(now),
            stopped: member.stopped_for(now).is_some(),
            busy: Field::ALL.map(|field| member.is_busy(field, now)),
        }
    }

    fn check(&mut self, plan: Plan, now: Moment) -> Checked {
        while self
            .disruptive
            .front()
            .is_some_and(|(at, _)| now.uptime.saturating_sub(*at) >= self.settings.breaker.confirm_for)
        {
            self.disruptive.pop_front();
        }
        let held = self.held.keys().map(|(user, _)| user);
        // Whoever left in the meantime waits for nothing.
        let is_matched = |user: &PbxUserId| {
            let member = self.members.get(user);
            member.is_some_and(|member| member.teams_user().is_some())
        };
        let waiting = held.chain(&self.unread_on).copied().filter(is_matched);
        self.check_with(
            &self.settings,
            plan,
            &waiting.chain(self.let_through()).collect(),
            now,
        )
    }

    /// Users with disruptive changes that were let through lately.
    fn let_through(&self) -> impl Iterator<Item = PbxUserId> {
        self.disruptive.iter().map(|(_, user)| *user)
    }

    fn check_with(
        &self,
        settings: &Settings,
        plan: Plan,
        elsewhere: &BTreeSet<PbxUserId>,
        now: Moment,
    ) -> Checked {
        let context = Context {
            policy: settings.policy,
            breaker: settings.breaker,
            matched: self.matched(),
            elsewhere,
            now,
        };
        checker::check(plan, &context, |user| {
            self.members.get(&user).map(|member| Facts {
                synchronised: member.teams_user().is_some(),
                presence_known: member.sight.is_some() && member.unknown.is_none(),
                dnd_outcome_for: self.dnd_outcome_under(settings, member, now),
                approved: member.approved,
                row: &member.row,
            })
        })
    }

    fn settle(&mut self, settlement: Settlement) {
        let Some(member) = self.members.get_mut(&settlement.user) else {
            return;
        };
        let record = member.row.field_mut(settlement.field);
        match settlement.settled {
            Some(settled) => record.settle(settled),
            None => record.disown(),
        }
        self.dirty.insert(settlement.user);
    }

    /// A change that passed: it is read first, or its intent is stored.
    fn take_up(&mut self, change: Change, now: Moment) {
        let Some(member) = self.members.get_mut(&change.pbx_user) else {
            return;
        };
        let (user, field) = (change.pbx_user, change.field);
        let Some(before) = change.from else {
            member.set_work(field, Work::Reading);
            match field {
                Field::Dnd => {
                    self.dnd_reads.push_back(user);
                    if change.to.silences() {
                        self.unread_on.insert(user);
                    }
                }
                Field::Chat => {
                    self.chat_reads.insert(user);
                }
            }
            return;
        };
        if self.settings.dry_run || (self.settings.observe && !change.release) {
            return;
        }
        if is_disruptive(&change, &member.row) {
            self.disruptive.push_back((now.uptime, user));
        }
        let intent = Intent {
            to: change.to,
            before,
            release: change.release,
            at: now.wall,
            rule: rule(&change),
        };
        member.row.field_mut(field).intend(intent);
        member.set_work(field, Work::Intended(Box::new(change)));
        self.dirty.insert(user);
        self.intended.push_back((user, field));
    }

    fn only_looks(&self) -> bool {
        self.settings.dry_run || self.settings.observe
    }

    /// Whoever left the group and has nothing of ours any more is forgotten.
    pub(super) fn forget_if_done(&mut self, user: PbxUserId) {
        let Some(member) = self.members.get(&user) else {
            return;
        };
        let left = member.standing.is_none() && self.roster.taken.is_some();
        let kept = !self.settings.release_on_stop || !member.row.holds_something();
        if left && kept && member.is_idle() && self.mode == Mode::Running && !self.only_looks() {
            self.forget(user);
        }
    }

    /// Whether anything that we could take back is, or may be, ours.
    fn holds_something(&self, member: &Member) -> bool {
        self.fields().any(|field| member.row.field(field).may_be_ours())
    }

    pub(super) fn finish_release(&mut self) {
        let released = self.mode == Mode::Releasing
            && self.mode_to_store.is_none()
            && !self.committing
            && self.dirty.is_empty()
            && self
                .members
                .values()
                .all(|member| member.is_idle() && !self.holds_something(member));
        if released {
            self.mode = Mode::Paused;
            if !self.retiring {
                self.mode_to_store = Some(Mode::Paused);
            }
            self.report(Report::Released);
        }
    }

    /// The plan of this moment: what a pass over everybody would change under these settings.
    pub(super) fn plan_of(&self, settings: &Settings, now: Moment) -> Plan {
        let subjects = self.members.iter().map(|(user, member)| {
            let shown = |reading: Option<Reading>| {
                reading.map(|reading| Reading {
                    fresh: true,
                    ..reading
                })
            };
            let subject = self.subject(*user, member, now);
            let under_way = |field| matches!(member.work(field), Work::Writing(_));
            Subject {
                dnd: shown(subject.dnd),
                chat: shown(subject.chat),
                busy: Field::ALL.map(under_way),
                ..subject
            }
        });
        let proposal = propose(
            settings,
            self.situation(),
            now,
            self.book.entries().len(),
            subjects,
        );
        let elsewhere = self.let_through().collect();
        let plan = self.check_with(settings, proposal.plan, &elsewhere, now).plan;
        match self.gate_view() {
            Some(gate) => plan.behind(gate),
            None => plan,
        }
    }

    /// For how long the DND outcome has been the same. Under other rules an outcome that differs would be a new one.
    fn dnd_outcome_under(&self, settings: &Settings, member: &Member, now: Moment) -> Duration {
        let dnd = |rules: &Rules| {
            let sight = member.sight.as_ref()?;
            Some(rules.decide(&sight.presence).outcome.dnd)
        };
        if std::ptr::eq(settings, &self.settings) || dnd(&settings.rules) == dnd(&self.settings.rules) {
            member.dnd_outcome_for(now)
        } else {
            Duration::ZERO
        }
    }
}
