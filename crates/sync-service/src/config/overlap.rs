//! Instances that would write to the same members.

use super::fault::FaultKind;
use super::instance::Read;
use super::source::Source;
use super::starface::host_and_port;

/// Says which instances share a PBX and a group, or name one PBX differently. Two groups of one PBX are legal: who
/// is in both belongs to one instance, as the ledger's claim decides.
pub(super) fn check(source: &Source<'_>, instances: &[Read]) {
    let targets: Vec<_> = instances
        .iter()
        .filter_map(|read| read.target.as_ref().map(|target| (&read.name, target)))
        .collect();
    for (index, (name, target)) in targets.iter().enumerate() {
        for (earlier, other) in &targets[..index] {
            let same_host = host_and_port(&target.url) == host_and_port(&other.url);
            let same_pbx = same_host || target.pbx == other.pbx;
            if same_pbx && target.group == other.group {
                let what = format!(
                    "has the same PBX and the same group as `instances.{}`",
                    earlier.value
                );
                let hint = "remove one of the two instances, or give each a group of its own";
                source.fault(&name.place, FaultKind::Contradiction, what, Some(hint.to_owned()));
            }
            if same_host && target.pbx != other.pbx {
                let what = format!(
                    "has the same PBX as `instances.{}`, but another `pbx_id`",
                    earlier.value
                );
                let hint = "write the same `pbx_id` in both, or in neither";
                source.fault(&name.place, FaultKind::Contradiction, what, Some(hint.to_owned()));
            }
        }
    }
}
