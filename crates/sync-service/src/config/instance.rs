//! `[instances.X]`, with what `[defaults]` gives to all of them.

use std::path::PathBuf;

use sync_core::InstanceName;

use super::fault::FaultKind;
use super::reader::Reader;
use super::rules;
use super::secret_files::NamedFiles;
use super::settings::Instance;
use super::source::{Located, Source};
use super::starface::{self, Target};
use super::sync;
use super::teams;

/// The longest name of an instance, in characters: it becomes a label of metrics and a word of addresses.
const LONGEST_NAME: usize = 63;

/// One instance of the file.
pub(super) struct Read {
    pub(super) name: Located<InstanceName>,
    /// What it is about, where that much is good.
    pub(super) target: Option<Target>,
    /// Whether it runs, as far as that can be said.
    pub(super) enabled: bool,
    pub(super) licence_file: Option<Located<PathBuf>>,
    /// The whole of it; `None` where it has faults.
    pub(super) instance: Option<Instance>,
}

/// Reads all instances, in the order of the file.
pub(super) fn read_all(file: &Reader<'_>, named: &NamedFiles<'_>) -> Vec<Read> {
    let defaults = file.table("defaults");
    // Once by themselves, so that their faults are seen where no instance uses them.
    sync::read(&defaults.table("sync"));
    rules::check_defaults(&defaults.table("rules"));
    let mut instances = Vec::new();
    for (name, reader) in file.named_tables("instances") {
        let well_formed = check_name(file.source, &name);
        let starface = reader.table("starface");
        instances.push(Read {
            name: Located {
                value: InstanceName(name.value.into()),
                place: name.place,
            },
            target: starface
                .is_written()
                .then(|| starface::target(&starface))
                .flatten(),
            enabled: reader.boolean("enabled") != Some(false),
            licence_file: reader.file_name("license_file"),
            instance: read(&reader, &defaults, named).filter(|_| well_formed),
        });
    }
    instances
}

fn read(instance: &Reader<'_>, defaults: &Reader<'_>, named: &NamedFiles<'_>) -> Option<Instance> {
    let mode = instance.choice("mode");
    let enabled = instance.boolean("enabled");
    let observe = instance.boolean("observe");
    let teams = instance
        .required_table("teams")
        .and_then(|teams| teams::read(&teams, named));
    let starface = instance
        .required_table("starface")
        .and_then(|starface| starface::read(&starface, named));
    let rules = rules::read(&instance.table("rules").over(&defaults.table("rules")));
    let sync = sync::read(&instance.table("sync").over(&defaults.table("sync")));
    Some(Instance {
        mode: mode?.value,
        enabled: enabled?,
        observe: observe?,
        teams: teams?,
        starface: starface?,
        rules: rules?,
        sync: sync?,
    })
}

fn check_name(source: &Source<'_>, name: &Located<String>) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let text = &name.value;
    let well_formed = !text.is_empty() && text.len() <= LONGEST_NAME && text.chars().all(legal);
    if !well_formed {
        let proposal: String = text
            .to_lowercase()
            .chars()
            .map(|c| if legal(c) { c } else { '-' })
            .take(LONGEST_NAME)
            .collect();
        let hint = if proposal.is_empty() {
            "write a name such as `main`".to_owned()
        } else {
            format!("write `{proposal}`: lower-case letters, digits and dashes, at most {LONGEST_NAME}")
        };
        source.fault(
            &name.place,
            FaultKind::BadValue,
            "is no name for an instance",
            Some(hint),
        );
    }
    well_formed
}
