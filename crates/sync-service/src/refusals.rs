//! What the state remembers of credentials, once somebody has seen how they were received.

use sync_core::{Acquired, InstanceName, LedgerCommit, PortError, Refusals, Side};

use crate::assembly::Assembly;
use crate::config;

/// How the credentials of an instance were received when they were presented.
#[derive(Clone, Debug, Default)]
pub struct Presented {
    /// The sides that accepted them.
    pub accepted: Vec<Side>,
    /// The sides that refused them, and how.
    pub refused: Vec<(Side, PortError)>,
}

impl Presented {
    /// This side accepts them.
    pub fn accepted_by(side: Side) -> Self {
        Self {
            accepted: vec![side],
            refused: Vec::new(),
        }
    }
}

/// What became of it in the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// Credentials that had been refused were accepted, and are not kept back any longer.
    pub forgotten: bool,
    /// Refused credentials are kept back from now on.
    pub remembered: bool,
}

impl Assembly {
    /// Notes in the state how credentials were received, so that whoever starts next presents accepted ones at once and refused
    /// ones not before their time. Does nothing where somebody else has the instance.
    ///
    /// # Errors
    /// When the state cannot be read or written.
    pub(crate) async fn note_presented(
        &self,
        instance: &InstanceName,
        config: &config::Instance,
        presented: &Presented,
    ) -> Result<Noted, PortError> {
        let Acquired::Granted(lease) = self.acquire(instance, config).await? else {
            return Ok(Noted::default());
        };
        let noted = async {
            let mut refusals = Refusals::remembering(
                self.settings(instance, config, config.teams.quota_share)
                    .fingerprints,
                self.ledger().load(&lease.claim).await?.refusals,
            );
            let mut noted = Noted {
                remembered: !presented.refused.is_empty(),
                ..Noted::default()
            };
            for side in &presented.accepted {
                noted.forgotten |= refusals.times(*side) > 0;
                refusals.accepted(*side);
            }
            for (side, error) in &presented.refused {
                refusals.refused(*side, error, self.now());
            }
            let commit = LedgerCommit {
                refusals: refusals.to_store(),
                ..LedgerCommit::default()
            };
            if commit.refusals.is_some() {
                self.ledger().commit(&lease, &commit).await?;
            }
            Ok(noted)
        };
        let noted = noted.await;
        self.ledger().surrender(&lease).await?;
        noted
    }
}
