//! What the findings say about the credentials that were presented.

use sync_core::{Fault, InstanceName, PortError, Side};

use super::finding::{Check, Finding, Verdict};
use crate::refusals::Presented;

impl Check {
    /// Whose credentials are presented at this link.
    fn side(self) -> Option<Side> {
        match self {
            Self::TeamsSignIn | Self::TeamsPermissions | Self::Matches | Self::Presence => Some(Side::Teams),
            Self::PbxSignIn | Self::PbxUsers | Self::Group | Self::PbxRights => Some(Side::Pbx),
            Self::Module => Some(Side::Module),
            _ => None,
        }
    }

    /// Whether this link is the one that shows whether the credentials of its side are good.
    fn proves(self) -> bool {
        matches!(self, Self::TeamsSignIn | Self::PbxSignIn | Self::Module)
    }
}

/// How the credentials of an instance were received, by what was found. Whatever was refused later on was not accepted.
pub fn presented(findings: &[Finding], instance: &InstanceName) -> Presented {
    let meant = || {
        let of = |finding: &&Finding| finding.instance.as_ref() == Some(instance);
        findings.iter().filter(of)
    };
    let refused = |side| meant().find_map(|finding| Some((side, finding.refused_by(side)?.clone())));
    let accepted = |side: &Side| {
        meant().any(|finding| {
            finding.check.proves() && finding.check.side() == Some(*side) && finding.verdict == Verdict::Ok
        })
    };
    let refused: Vec<(Side, PortError)> = Side::ALL.into_iter().filter_map(refused).collect();
    let accepted = Side::ALL
        .into_iter()
        .filter(|side| accepted(side) && refused.iter().all(|(refused, _)| refused != side));
    Presented {
        accepted: accepted.collect(),
        refused,
    }
}

impl Finding {
    /// The failure, where this side refused what was presented to it.
    fn refused_by(&self, side: Side) -> Option<&PortError> {
        let error = self.error.as_ref()?;
        let by = error.refused_by.or(self.check.side());
        (error.fault == Fault::Credentials && by == Some(side)).then_some(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn main() -> InstanceName {
        InstanceName("main".into())
    }

    fn failed(check: Check, fault: Fault) -> Finding {
        Finding::failed(check, &PortError::new(fault, "try")).of(&main())
    }

    fn good(check: Check) -> Finding {
        Finding::new(check, Verdict::Ok, "done").of(&main())
    }

    fn seen(findings: &[Finding]) -> (Vec<Side>, Vec<Side>) {
        let presented = presented(findings, &main());
        let refused = presented.refused.iter().map(|(side, _)| *side).collect();
        (presented.accepted, refused)
    }

    #[test]
    fn a_sign_in_that_works_is_accepted_and_nothing_is_said_of_what_was_not_tried() {
        let findings = [good(Check::PbxSignIn), good(Check::Rules)];
        assert_eq!(seen(&findings), (vec![Side::Pbx], vec![]));
        let not_the_sign_in = [good(Check::PbxUsers), good(Check::TeamsPermissions)];
        assert_eq!(seen(&not_the_sign_in), (vec![], vec![]));
    }

    #[test]
    fn only_what_was_presented_is_refused() {
        for fault in [
            Fault::NobodySignedIn,
            Fault::Unreachable,
            Fault::Configuration,
            Fault::Permission,
        ] {
            assert_eq!(seen(&[failed(Check::TeamsSignIn, fault)]), (vec![], vec![]));
        }
        let refused = [failed(Check::TeamsSignIn, Fault::Credentials)];
        assert_eq!(seen(&refused), (vec![], vec![Side::Teams]));
    }

    #[test]
    fn a_token_that_is_refused_later_on_was_not_accepted() {
        let findings = [
            good(Check::TeamsSignIn),
            failed(Check::Presence, Fault::Credentials),
        ];
        assert_eq!(seen(&findings), (vec![], vec![Side::Teams]));
    }

    #[test]
    fn what_the_module_meets_is_whose_it_says() {
        let alone = [good(Check::PbxSignIn), failed(Check::Module, Fault::Credentials)];
        assert_eq!(seen(&alone), (vec![Side::Pbx], vec![Side::Module]));
        let error = PortError::new(Fault::Credentials, "try").refused_by(Side::Pbx);
        let sign_in = [
            good(Check::PbxSignIn),
            Finding::failed(Check::Module, &error).of(&main()),
        ];
        assert_eq!(seen(&sign_in), (vec![], vec![Side::Pbx]));
    }

    #[test]
    fn another_instances_credentials_are_its_own() {
        let other = InstanceName("other".into());
        let findings = [failed(Check::PbxSignIn, Fault::Credentials).of(&other)];
        assert_eq!(seen(&findings), (vec![], vec![]));
    }
}
