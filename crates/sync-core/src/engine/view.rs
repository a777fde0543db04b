//! How the engine shows itself: the health of an instance, its members, and the explanation of one.

use std::collections::BTreeMap;
use std::time::Duration;

use super::member::{Member, Seen, Work};
use super::views::{FieldView, Health, InstanceView, LinkView, MemberView, OwnerView, Readiness, WorkView};
use super::{Engine, LinkName};
use crate::aim::{aim, skip_reason, wanted};
use crate::field_record::{FieldRecord, Settled};
use crate::gate::Gate;
use crate::ids::PbxUserId;
use crate::moment::Moment;
use crate::plan::Plan;
use crate::policy::{Decision, Policy, Rest, Wanted, decide};
use crate::roster::{GuardVerdict, Standing};
use crate::settings::Settings;
use crate::value::{Field, Value};

/// A sweep older than this, or than three intervals, makes an instance not ready.
const SWEEP_STAYS: Duration = Duration::from_secs(30);

impl Engine {
    /// The instance at a glance.
    pub fn instance_view(&self, now: Moment) -> InstanceView {
        let members = || self.members.values().filter(|member| member.standing.is_some());
        let mut skipped = BTreeMap::new();
        let mut due = 0;
        for (user, member) in &self.members {
            if let Some(reason) = skip_reason(&self.subject(*user, member, now), self.situation()) {
                *skipped.entry(reason).or_default() += 1;
            }
            due += self
                .fields()
                .filter(|field| self.is_due(*user, member, *field, now))
                .count();
        }
        InstanceView {
            instance: self.settings.instance.clone(),
            mode: self.mode,
            paused_until: self.paused_until,
            observe: self.settings.observe,
            policy: self.settings.policy,
            readiness: self.readiness(now),
            licence: self.licence_view(now),
            members: self.book.entries().len(),
            matched: self.matched(),
            skipped,
            unknown: members().filter(|member| member.unknown.is_some()).count(),
            owned: self.owned(),
            due,
            held: self.held.len(),
            held_plan: self.held_plan(),
            links: LinkName::ALL
                .into_iter()
                .map(|name| self.link_view(name, now))
                .collect(),
            sweep_interval_seconds: self.sweep.interval().as_secs_f64(),
            sweep_age_seconds: self.sweep.complete.map(|at| age(at.uptime, now)),
            presence_age_seconds: members()
                .filter(|member| member.teams_user().is_some())
                .filter_map(|member| member.sight.as_ref())
                .map(|sight| age(sight.received, now))
                .reduce(f64::max),
            roster_age_seconds: self.roster.taken.map(|at| age(at.uptime, now)),
            sweeps: self.counts.sweeps,
            looks: self.counts.looks,
            rosters: self.counts.rosters,
            readbacks: self.counts.readbacks,
            changes: self.counts.changes,
            drifts: self.counts.drifts,
            drifted: self.drifted(),
            settled: self.is_settled(),
        }
    }

    /// Every member, by PBX user.
    pub fn member_views(&self, now: Moment) -> Vec<MemberView> {
        self.members
            .iter()
            .map(|(user, member)| self.member_view(*user, member, now))
            .collect()
    }

    /// What a pass would change now.
    pub fn plan(&self, now: Moment) -> Plan {
        let plan = self.plan_of(&self.settings, now);
        match self.held_plan() {
            Some(id) if plan.gate.is_none() => self.with_what_is_held(plan, id),
            _ => plan,
        }
    }

    /// What a pass would change now if these were the settings: the same tenant, PBX and group under other rules, another
    /// policy or other times. Nothing is changed by asking.
    pub fn plan_under(&self, settings: &Settings, now: Moment) -> Plan {
        self.plan_of(settings, now)
    }

    /// How many values in the PBX differ from what was carried out.
    fn drifted(&self) -> usize {
        let differs =
            |member: &Member, field: Field| match (member.row.field(field).settled, member.seen(field)) {
                (Settled::At(settled), Some(seen)) => seen.value != settled,
                _ => false,
            };
        self.members
            .values()
            .map(|member| self.fields().filter(|field| differs(member, *field)).count())
            .sum()
    }

    /// How many values in the PBX are ours.
    pub(super) fn owned(&self) -> usize {
        self.members
            .values()
            .flat_map(|member| Field::ALL.map(|field| member.row.field(field).ours))
            .flatten()
            .count()
    }

    /// Whether a first pass over everybody is through: roster and directory read, each member's presence answered
    /// for, and nothing under way. What is held, or waits for a link that is down, does not count.
    pub fn is_settled(&self) -> bool {
        let rostered = self.roster.joined.is_some() && self.roster.to_look_up.is_empty();
        let idle = self.members.values().all(Member::is_idle);
        rostered
            && self.gate.verdict != Gate::Unchecked
            && self.sweep.complete.is_some()
            && self.due.is_empty()
            && idle
            && self.intended.is_empty()
            && self.dirty.is_empty()
            && !self.committing
    }

    /// Whether the instance does its work.
    pub fn readiness(&self, now: Moment) -> Readiness {
        let mut broken = Vec::new();
        let mut limping = Vec::new();
        let stays = SWEEP_STAYS.max(self.sweep.interval().max(self.settings.poll_interval) * 3);
        match self.sweep.complete {
            None => broken.push("no sweep is complete yet".to_owned()),
            Some(at) if self.matched() > 0 && now.uptime.saturating_sub(at.uptime) > stays => {
                broken.push(format!(
                    "the last complete sweep is {:.0} s old",
                    age(at.uptime, now)
                ));
            }
            Some(_) => {}
        }
        match &self.gate.verdict {
            Gate::Open => {}
            Gate::Unchecked => broken.push("the licence was not checked yet".to_owned()),
            Gate::Shut(shut) => broken.push(format!("nobody is synchronised: {shut}")),
        }
        let belongs_elsewhere = |member: &Member| member.standing == Some(Standing::OtherInstance);
        if self.matched() == 0 && self.members.values().any(belongs_elsewhere) {
            broken.push("every member belongs to another instance in the ledger".to_owned());
        }
        for name in LinkName::ALL {
            let Some(down) = self.links.link(name).down() else {
                continue;
            };
            let reason = format!("{name}: {}", down.error.chain());
            match name {
                // Without these nothing can be changed.
                LinkName::Pbx | LinkName::Ledger => broken.push(reason),
                // An outage counts from when the last good sweep is too old; the roster of before goes on.
                LinkName::Presence | LinkName::Directory | LinkName::Roster | LinkName::Chat => {
                    limping.push(reason);
                }
            }
        }
        if let Some(GuardVerdict::Hold { losing, of, .. }) = self.roster.held {
            limping.push(format!(
                "the roster is held: it would lose {losing} of {of} members at once{}",
                self.how_to_approve()
            ));
        }
        if !self.held.is_empty() {
            limping.push(format!(
                "{} changes are held by the breaker{}",
                self.held.len(),
                self.how_to_approve()
            ));
        }
        let state = match (broken.is_empty(), limping.is_empty()) {
            (true, true) => Health::Ready,
            (true, false) => Health::Degraded,
            (false, _) => Health::NotReady,
        };
        broken.extend(limping);
        Readiness {
            state,
            reasons: broken,
        }
    }

    fn how_to_approve(&self) -> String {
        self.held_plan()
            .map(|plan| format!("; `presencectl approve {plan}` lets them pass"))
            .unwrap_or_default()
    }

    pub(super) fn link_view(&self, name: LinkName, now: Moment) -> LinkView {
        let link = self.links.link(name);
        let down = link.down();
        LinkView {
            link: name,
            state: match (down, link.last_ok) {
                (Some(_), _) => "down",
                (None, Some(_)) => "up",
                (None, None) => "unused",
            }
            .to_owned(),
            error: down.map(|down| down.error.chain()),
            fault: down.map(|down| down.error.fault.to_string()),
            advice: down.and_then(|down| down.error.advice.clone()).map(Into::into),
            remedy: down.and_then(|down| Some(down.error.remedy.as_deref()?.into())),
            since: down.map(|down| down.since.wall),
            retry_in_seconds: down.map(|_| {
                let until = self.links.closed_until(name, now).unwrap_or(now.uptime);
                until.saturating_sub(now.uptime).as_secs_f64()
            }),
            last_success_seconds: link.last_ok.map(|at| age(at.uptime, now)),
        }
    }

    pub(super) fn member_view(&self, user: PbxUserId, member: &Member, now: Moment) -> MemberView {
        let entry = self.book.entries().get(&user);
        let sight = member.sight.as_ref();
        MemberView {
            pbx_user: user,
            login: member.row.login.clone(),
            name: entry
                .map(|entry| entry.name.clone())
                .or_else(|| Some(member.former.as_ref()?.name.clone()))
                .unwrap_or_default(),
            address: self.address(user).cloned(),
            teams_user: member.teams_user().cloned(),
            skipped: skip_reason(&self.subject(user, member, now), self.situation()),
            paused: member.row.paused.filter(|pause| pause.is_on(now.wall)),
            stopped_for_seconds: member.stopped_for(now).map(|left| left.as_secs_f64()),
            standing: member.standing.clone(),
            presence: sight.map(|sight| sight.presence.clone()),
            since: sight.map(|sight| sight.since.wall),
            age_seconds: sight.map(|sight| age(sight.received, now)),
            unknown_for_seconds: member.unknown_for(now).map(|unknown| unknown.as_secs_f64()),
            unknown_because: member
                .unknown
                .as_ref()
                .filter(|_| member.tried)
                .map(|unknown| unknown.because),
            taken_back_in_seconds: member
                .unknown_for(now)
                .filter(|_| !self.settings.unknown_release_after.is_zero() && member.row.holds_something())
                .map(|unknown| {
                    self.settings
                        .unknown_release_after
                        .saturating_sub(unknown)
                        .as_secs_f64()
                }),
            dnd: self.field_view(user, member, Field::Dnd, now),
            chat: self
                .settings
                .chat
                .then(|| self.field_view(user, member, Field::Chat, now)),
        }
    }

    fn field_view(&self, user: PbxUserId, member: &Member, field: Field, now: Moment) -> FieldView {
        let subject = self.subject(user, member, now);
        let aimed = aim(&self.settings, self.situation(), &subject, field);
        let aim = aimed.wanted;
        let record = member.row.field(field);
        let seen = member.seen(field);
        let rest = match decide(
            record,
            aim,
            member.reading(field, now),
            self.settings.policy_for(field),
        ) {
            Decision::Rest(Rest::Left) => Some(aimed.why),
            // It was decided once, when the outcome changed, and stays true for as long as the DND stands.
            Decision::Rest(Rest::InLine) if self.leaves_a_humans_dnd(field, aim, record, seen) => {
                Some(Rest::HumansDnd)
            }
            Decision::Rest(rest) => Some(rest),
            Decision::Settle { rest, .. } => Some(rest),
            Decision::Disown => Some(Rest::CannotRestore),
            Decision::Read { .. } | Decision::Write { .. } => None,
        };
        let settled = match record.settled {
            Settled::At(value) => Some(value),
            Settled::Never | Settled::Released(_) => None,
        };
        FieldView {
            pbx: seen.map(|seen| seen.value),
            read_seconds: seen.map(|seen| age(seen.at.uptime, now)),
            wanted: match aim {
                Wanted::Set(value) => Some(value),
                Wanted::Leave | Wanted::TakeBack => None,
            },
            owner: match (&record.intent, record.ours, &record.stray) {
                (Some(_), ..) | (None, None, Some(_)) => OwnerView::Unconfirmed,
                (None, Some(_), _) => OwnerView::Us,
                (None, None, None) => OwnerView::Others,
            },
            before: record.ours.map(|ours| ours.before),
            ours_since: record.ours.map(|ours| ours.since),
            work: match member.work(field) {
                Work::Reading => WorkView::Reading,
                Work::Intended(_) | Work::Ready(_) | Work::Writing(_) => WorkView::Writing,
                Work::Idle if self.held.contains_key(&(user, field)) => WorkView::Held,
                Work::Idle if self.is_due(user, member, field, now) => WorkView::Due,
                Work::Idle => WorkView::None,
            },
            rest,
            drift: settled.is_some_and(|settled| seen.is_some_and(|seen| seen.value != settled)),
            last_write: record.last_write,
        }
    }

    fn leaves_a_humans_dnd(
        &self,
        field: Field,
        aim: Wanted,
        record: &FieldRecord,
        seen: Option<Seen>,
    ) -> bool {
        field == Field::Dnd
            && self.settings.policy == Policy::OwnOnly
            && aim == Wanted::Set(Value::Dnd(false))
            && record.ours.is_none()
            && seen.is_some_and(|seen| seen.value.silences())
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = Field> {
        Field::ALL
            .into_iter()
            .filter(|field| *field == Field::Dnd || self.settings.chat)
    }

    pub(super) fn is_due(&self, user: PbxUserId, member: &Member, field: Field, now: Moment) -> bool {
        let aim = wanted(
            &self.settings,
            self.situation(),
            &self.subject(user, member, now),
            field,
        );
        let decision = decide(
            member.row.field(field),
            aim,
            member.reading(field, now),
            self.settings.policy_for(field),
        );
        matches!(decision, Decision::Read { .. } | Decision::Write { .. })
    }
}

fn age(at: Duration, now: Moment) -> f64 {
    now.uptime.saturating_sub(at).as_secs_f64()
}
