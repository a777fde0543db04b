//! The explanation of one member: what is true of it, what is to be changed, and what that waits for.

use std::time::Duration;

use super::member::{Member, Work};
use super::views::{DueView, ExplainView, WaitView};
use super::writing::link;
use super::{Engine, LinkName};
use crate::ids::{Address, PbxUserId};
use crate::moment::Moment;
use crate::plan::Change;
use crate::planner::{Subject, propose};
use crate::value::Field;

impl Engine {
    /// Why the members with this address are as they are.
    pub fn explain(&self, address: &Address, now: Moment) -> Vec<ExplainView> {
        let members = self
            .members
            .iter()
            .filter(|(user, _)| self.address(**user) == Some(address));
        members
            .map(|(user, member)| self.explanation(*user, member, now))
            .collect()
    }

    /// Why a member is as it is, by the PBX user; `None` where there is no such member.
    pub fn explain_user(&self, user: PbxUserId, now: Moment) -> Option<ExplainView> {
        let member = self.members.get(&user)?;
        Some(self.explanation(user, member, now))
    }

    fn explanation(&self, user: PbxUserId, member: &Member, now: Moment) -> ExplainView {
        let age = |sight: &super::member::Sight| now.uptime.saturating_sub(sight.received);
        let since_the_last = member.sight.as_ref().map_or(Duration::ZERO, age);
        let left = self.sweep.interval().checked_sub(since_the_last);
        // Nobody is asked before a link that is closed opens again.
        let closed = self.links.closed_until(LinkName::Presence, now);
        let closed = closed.map(|until| until.saturating_sub(now.uptime));
        let left = left.max(closed);
        let rules = &self.settings.rules;
        ExplainView {
            instance: self.settings.instance.clone(),
            mode: self.mode,
            paused_until: self.paused_until,
            observe: self.settings.observe,
            policy: self.settings.policy,
            gate: self.gate_view(),
            links: LinkName::ALL
                .into_iter()
                .filter(|name| self.links.link(*name).down().is_some())
                .map(|name| self.link_view(name, now))
                .collect(),
            member: self.member_view(user, member, now),
            changes: self.changes_of(user, member, now),
            rules: member.sight.as_ref().map(|sight| rules.explain(&sight.presence)),
            next_check_seconds: member.teams_user().and(left).map(|left| left.as_secs_f64()),
        }
    }

    /// What is under way for a member, and what a pass would begin now.
    fn changes_of(&self, user: PbxUserId, member: &Member, now: Moment) -> Vec<DueView> {
        let under_way = |field| match member.work(field) {
            Work::Intended(change) | Work::Ready(change) | Work::Writing(change) => Some(&**change),
            Work::Idle | Work::Reading => None,
        };
        let subject = Subject {
            busy: Field::ALL.map(|field| under_way(field).is_some()),
            ..self.subject(user, member, now)
        };
        let members = self.book.entries().len();
        let proposal = propose(&self.settings, self.situation(), now, members, [subject]);
        let changes = self.fields().filter_map(under_way).cloned();
        changes
            .chain(proposal.plan.changes)
            .map(|change| DueView {
                field: change.field,
                to: change.to,
                waits: self.waits(member, &change, now),
                because: change.because,
                release: change.release,
            })
            .collect()
    }

    fn waits(&self, member: &Member, change: &Change, now: Moment) -> Option<WaitView> {
        let field = change.field;
        if let Some(held) = self.held.get(&(change.pbx_user, field)) {
            return Some(WaitView::Breaker {
                plan: self.held_plan(),
                until: held.until,
            });
        }
        let closed = self.links.closed_until(link(field), now);
        let closed = closed.map_or(Duration::ZERO, |until| until.saturating_sub(now.uptime));
        let retry = member.waits_after(field, now).filter(|(_, left)| closed <= *left);
        if let Some((error, left)) = retry {
            return Some(WaitView::Retry {
                error: error.to_owned(),
                seconds: left.as_secs_f64(),
            });
        }
        if matches!(member.work(field), Work::Writing(_)) {
            return None;
        }
        if self.settings.observe && !change.release {
            return Some(WaitView::Observe);
        }
        if let Some(link) = [link(field), LinkName::Ledger]
            .into_iter()
            .find(|name| self.links.link(*name).down().is_some())
        {
            return Some(WaitView::Link { link });
        }
        (!self.knows_who_is_who()).then_some(WaitView::Roster)
    }
}
