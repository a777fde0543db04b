//! How the licence and the seat gate show themselves.

use licensing::Phase;

use super::Engine;
use super::views::{LicenceView, LicenceWarning};
use crate::aim::Situation;
use crate::gate::{Gate, GateView};
use crate::moment::Moment;

impl Engine {
    /// The shut gate, where it is shut.
    pub(super) fn gate_view(&self) -> Option<GateView> {
        let shut = self.gate.verdict.shut()?;
        let taking_back = if self.situation() == Situation::Unlicensed && self.settings.release_on_stop {
            self.owned()
        } else {
            0
        };
        Some(GateView::new(shut, taking_back))
    }

    /// The licence, where one is asked for.
    pub(super) fn licence_view(&self, now: Moment) -> Option<LicenceView> {
        self.settings.licence.as_ref()?;
        let terms = self.gate.licence().map(|licence| licence.terms().clone());
        let warnings = self.licence_warnings(now);
        Some(LicenceView {
            gate: match self.gate.verdict {
                Gate::Unchecked => "unchecked",
                Gate::Open => "open",
                Gate::Shut(_) => "shut",
            }
            .to_owned(),
            shut: self.gate_view(),
            number: terms.as_ref().map(|terms| terms.number.to_string()),
            customer: terms.as_ref().map(|terms| terms.customer.to_string()),
            mode: terms.as_ref().map(|terms| terms.mode),
            seats: terms.as_ref().map(|terms| terms.seats),
            used: self.gate.counted,
            from: terms.as_ref().map(|terms| terms.from),
            until: terms.as_ref().map(|terms| terms.until),
            grace_days: terms.as_ref().map(|terms| terms.grace_days),
            pbx: terms.and_then(|terms| terms.pbx).map(|pbx| pbx.to_string()),
            warnings,
        })
    }

    fn licence_warnings(&self, now: Moment) -> Vec<LicenceWarning> {
        let mut warnings = Vec::new();
        let mut warn = |code: &str, message: String| {
            warnings.push(LicenceWarning {
                code: code.to_owned(),
                message,
            });
        };
        if let Some(licence) = self.gate.licence() {
            let until = licence.terms().until;
            match licence
                .in_force(self.gate.time(now))
                .map(|licence| licence.phase())
            {
                Ok(Phase::Ending(_)) => warn("ending", format!("the licence ends at {until}")),
                Ok(Phase::Grace { until: grace }) => warn(
                    "grace",
                    format!("the licence expired at {until}, and by its grace goes on until {grace}"),
                ),
                Ok(Phase::Valid) | Err(_) => {}
            }
        }
        if let Some(refused) = self.gate.refused.as_ref().filter(|_| self.gate.in_force(now)) {
            warn(
                "not-replaced",
                format!("the licence was not replaced, and the one before goes on: {refused}"),
            );
        }
        if let Some(next) = &self.gate.next {
            let from = next.terms().from;
            warn(
                "waiting",
                format!("another licence is there, and takes over at {from}"),
            );
        }
        if let Some(by) = self.gate.set_back(now) {
            let days = by.as_hours() / 24;
            warn(
                "clock-set-back",
                format!(
                    "the clock of this machine was set back by {days} days; the licence is judged by the time that it should be"
                ),
            );
        }
        warnings
    }
}
