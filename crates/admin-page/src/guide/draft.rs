//! What was typed so far, and what the file would say with it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use sync_core::InstanceName;
use sync_service::config::edit::{Change, Document, Edit, EditError, KeyPath};
use sync_service::config::{Fault, Secret};
use sync_service::daemon::{GroupChoice, Proposal};
use sync_service::doctor::Finding;
use sync_service::private_file;

use super::INSTANCE;
use super::kept::DraftFile;
use super::step::Step;
use crate::door::Fields;
use crate::language::Tongue;
use crate::page::Page;
use crate::said::Said;
use crate::settings::{POLICY, key};

/// What was typed so far, here and in its file.
#[derive(Debug)]
pub(crate) struct Drafts {
    draft: Mutex<Draft>,
    file: DraftFile,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) changes: BTreeMap<String, Change>,
    pub(super) done: Vec<Step>,
    /// The licence as it was typed, and what it says of itself.
    pub(super) licence: Option<(String, u32)>,
    /// What the last check found.
    pub(super) findings: Vec<Finding>,
    /// Why its file does not have it.
    pub(super) not_kept: Option<String>,
}

impl Drafts {
    /// What was typed before the daemon was started, from the file beside its state.
    pub(crate) fn beside(state: &Path) -> Self {
        let file = DraftFile::at(private_file::beside(state, ".setup"));
        Self {
            draft: Mutex::new(file.read()),
            file,
        }
    }

    pub(super) fn get(&self) -> Draft {
        self.lock().clone()
    }

    /// Changes what was typed, and keeps it.
    pub(super) fn change(&self, change: impl FnOnce(&mut Draft)) {
        let mut draft = self.lock();
        change(&mut draft);
        draft.not_kept = self.file.keep(&draft).err().map(|error| error.to_string());
        if let Some(error) = &draft.not_kept {
            tracing::warn!(
                error,
                "what was typed in the set-up would not outlast this process"
            );
        }
    }

    /// The set-up is over: nothing that was typed stays here.
    pub(super) fn forget(&self) {
        self.change(|draft| *draft = Draft::default());
    }

    fn lock(&self) -> MutexGuard<'_, Draft> {
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Draft {
    pub(super) fn take(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.changes.insert(change.key().to_string(), change);
        }
    }

    pub(super) fn changes(&self) -> Vec<Change> {
        self.changes.values().cloned().collect()
    }

    pub(super) fn is_secret_typed(&self, key: &KeyPath) -> bool {
        matches!(self.changes.get(&key.to_string()), Some(Change::Secret { .. }))
    }

    /// The values of the instance as they would take effect.
    pub(super) fn effective(&self, document: &Document) -> Value {
        let shown = self
            .changes
            .values()
            .filter(|change| !matches!(change, Change::Secret { .. }));
        let shown: Vec<Change> = shown.cloned().collect();
        let base = Change::Set {
            key: KeyPath::new(["instances", INSTANCE]),
            value: Value::Object(serde_json::Map::new()),
        };
        // What the check wrote before the daemon was started anew stays.
        let base = written_part(&document.values(), "").is_none().then_some(base);
        let begun = document.edited(base.as_slice());
        let begun = begun.as_ref().unwrap_or(document);
        match begun.edited(&shown) {
            Ok(edited) => edited.effective(INSTANCE),
            Err(_) => document.effective(INSTANCE),
        }
    }
}

/// Policy and breaker are asked for, so that they stand in the file also where they are the usual ones.
pub(super) fn written_out(step: Step, effective: &Value, sent: &Fields) -> Vec<Change> {
    if step != Step::Policy {
        return Vec::new();
    }
    let fields = POLICY.fields.iter().filter_map(|field| {
        let value = field.value(sent.first(field.key))?;
        Some(Change::Set {
            key: key(INSTANCE, field.key),
            value,
        })
    });
    let known = |change: &Change| {
        effective
            .pointer(&format!("/{}", change.key().parts()[2..].join("/")))
            .is_some()
    };
    fields.filter(known).collect()
}

/// What is wrong with the answers to one step, whatever is still missing at the others.
pub(super) async fn faults_of(page: &Page, step: Step) -> Vec<Fault> {
    let faults = match propose(page, &taken(page, step)).await {
        Err(EditError::NotGood(errors)) => errors.faults().to_vec(),
        _ => return Vec::new(),
    };
    let mut prefixes: Vec<String> = step
        .sections()
        .iter()
        .flat_map(|section| section.fields)
        .map(|field| format!("instances.{INSTANCE}.{}", field.key))
        .collect();
    if step == Step::States {
        prefixes.push(format!("instances.{INSTANCE}.rules"));
    }
    let meant = |fault: &Fault| {
        let key = fault.key.as_deref().unwrap_or_default();
        prefixes.iter().any(|prefix| key.starts_with(prefix.as_str()))
    };
    faults.into_iter().filter(meant).collect()
}

/// What is written of the instance already, below its name.
pub(super) fn written_part<'v>(values: &'v Value, below: &str) -> Option<&'v Value> {
    values.pointer(&format!("/instances/{INSTANCE}{below}"))
}

/// What stands for the answers to steps that were not taken yet, and that the file does not know either, so that the others can
/// be judged.
pub(super) fn placeholders(taken: &[Step], values: &Value) -> Vec<Change> {
    let lacks = |step: Step, keys: &[&str]| {
        !taken.contains(&step) && keys.iter().all(|key| written_part(values, key).is_none())
    };
    let set = |below: &str, value: &str| Change::Set {
        key: key(INSTANCE, below),
        value: value.into(),
    };
    let mut all = Vec::new();
    if lacks(Step::Azure, &["/teams"]) {
        all.extend([
            set("teams.tenant_id", "unset.example"),
            set("teams.client_id", "00000000-0000-4000-8000-000000000000"),
            set("teams.auth", "browser"),
        ]);
    }
    if lacks(Step::Pbx, &["/starface/url"]) {
        all.extend([
            set("starface.url", "https://unset.invalid"),
            set("starface.login", "unset"),
            Change::Secret {
                key: key(INSTANCE, "starface.password_file"),
                secret: Secret::from("unset".to_owned()),
            },
        ]);
    }
    if lacks(Step::Group, &["/starface/group", "/starface/group_id"]) {
        all.push(set("starface.group", "unset"));
    }
    all
}

/// The instance as it was typed so far, turned off, with something in the place of the steps that are not in `taken`.
pub(super) async fn propose(page: &Page, taken: &[Step]) -> Result<Proposal, EditError> {
    let draft = page.drafts.get();
    let mut all: BTreeMap<String, Change> = BTreeMap::new();
    let turned_off = Change::Set {
        key: key(INSTANCE, "enabled"),
        value: false.into(),
    };
    let written = page.api.files.written().await;
    for change in placeholders(taken, &written.values)
        .into_iter()
        .chain(draft.changes())
        .chain([turned_off])
    {
        all.insert(change.key().to_string(), change);
    }
    let edit = Edit {
        base: written.revision,
        changes: all.into_values().collect(),
    };
    page.api.files.propose(&edit).await
}

/// The steps that were taken, with this one.
pub(super) fn taken(page: &Page, step: Step) -> Vec<Step> {
    let mut taken = page.drafts.get().done;
    taken.push(step);
    taken
}

/// Why the groups cannot be listed.
pub(super) struct NoGroups {
    /// Whose fault it is, where the PBX was asked.
    fault: Option<sync_core::Fault>,
    why: String,
}

impl NoGroups {
    /// The same behind a text of this name.
    pub(super) fn said(&self, tongue: Tongue, name: &str) -> Said {
        let mut text = tongue.say(name);
        if let Some(fault) = self.fault {
            text = format!("{text} ({})", tongue.say(&format!("fault-{fault}")));
        }
        Said::of(text, &self.why)
    }
}

/// The groups of the PBX that was typed.
pub(super) async fn groups(page: &Page) -> Result<Vec<GroupChoice>, NoGroups> {
    let proposal = propose(page, &taken(page, Step::Pbx))
        .await
        .map_err(|error| NoGroups {
            fault: None,
            why: error.to_string(),
        })?;
    let name = InstanceName(INSTANCE.into());
    let config = proposal
        .loaded()
        .settings
        .instances
        .get(&name)
        .ok_or_else(|| NoGroups {
            fault: None,
            why: String::new(),
        })?;
    let found = page.api.supervisor.groups(&name, &config.starface).await;
    found.map_err(|error| NoGroups {
        fault: Some(error.fault),
        why: error.chain(),
    })
}
