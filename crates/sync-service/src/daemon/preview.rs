//! What new settings would change in the PBX, before anybody saves them.

use std::collections::BTreeSet;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sync_core::{InstanceName, PbxUserId, Plan};
use tokio::time::{Instant, timeout_at};

use super::{Files, Proposal};
use crate::config;
use crate::standalone;

/// Looks at tenants and PBXs that no instance knows yet are waited for so long, all of them together.
const PATIENCE: Duration = Duration::from_secs(25);

/// What becomes of one instance under new settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SettingsPreview")]
pub struct Preview {
    /// The instance.
    pub instance: InstanceName,
    /// How many people's DND or chat status would be changed now, those that the breaker would hold among them. Of an
    /// instance that only observes: how many would have something taken back.
    pub people: usize,
    /// Whether the instance would only observe, and write nothing of its plan.
    pub observe: bool,
    /// What a pass would change; `None` where the instance would not run, or that cannot be told.
    pub plan: Option<Plan>,
    /// Why it cannot be told.
    pub error: Option<String>,
}

impl Files {
    /// What would become of each instance that a proposal is about. Nothing is written.
    pub async fn preview(&self, proposal: &Proposal) -> Vec<Preview> {
        let running = self.settings.lock().await.instances.clone();
        let until = Instant::now() + PATIENCE;
        let mut previews = Vec::new();
        for (name, config) in &proposal.loaded().settings.instances {
            if running.get(name) != Some(config) {
                previews.push(self.preview_of(name, config, proposal, until).await);
            }
        }
        previews
    }

    async fn preview_of(
        &self,
        name: &InstanceName,
        config: &config::Instance,
        proposal: &Proposal,
        until: Instant,
    ) -> Preview {
        let nothing = Preview {
            instance: name.clone(),
            people: 0,
            observe: config.enabled && config.observe,
            plan: None,
            error: None,
        };
        if !config.enabled {
            return Preview {
                people: self.owners(name, config).await,
                ..nothing
            };
        }
        let plan = match self.supervisor.plan_under(name, config).await {
            Ok(Some(plan)) => Ok(plan),
            // It is another tenant, PBX or group, or nothing runs that could be asked.
            _ => {
                let settings = &proposal.loaded().settings;
                let look = standalone::plan(settings, &self.options.environment, name);
                match timeout_at(until, look).await {
                    Ok(looked) => looked.map_err(|error| error.to_string()),
                    Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
                }
            }
        };
        match plan {
            Ok(plan) => Preview {
                people: match config.observe {
                    true => self.owners(name, config).await,
                    false => people(&plan),
                },
                plan: Some(plan),
                ..nothing
            },
            Err(error) => Preview {
                error: Some(error),
                ..nothing
            },
        }
    }

    /// How many people would have something taken back if the instance were turned off, or only observed.
    async fn owners(&self, name: &InstanceName, config: &config::Instance) -> usize {
        if config.sync.on_stop != config::OnStop::Release {
            return 0;
        }
        let ours = sync_core::MemberQuery {
            show: sync_core::Show::Ours,
            ..sync_core::MemberQuery::default()
        };
        let found = self.supervisor.member_page(name, ours).await;
        found.map_or(0, |found| found.fitting)
    }
}

fn people(plan: &Plan) -> usize {
    let held = plan.held.iter().map(|held| held.change.pbx_user);
    let changed = plan.changes.iter().map(|change| change.pbx_user);
    changed.chain(held).collect::<BTreeSet<PbxUserId>>().len()
}
