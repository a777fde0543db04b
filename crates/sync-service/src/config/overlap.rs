//! Instances that would write to the same members.

use sync_core::InstanceName;

use super::fault::FaultKind;
use super::settings::Instance;
use super::source::{Located, Source};
use super::starface::host_and_port;

/// Says which instances share a PBX and a group, or name one PBX differently. Two groups of one PBX are legal: who
/// is in both belongs to one instance, as the ledger's claim decides.
pub(super) fn check(source: &Source<'_>, instances: &[(Located<InstanceName>, Option<Instance>)]) {
    let good: Vec<_> = instances
        .iter()
        .filter_map(|(name, instance)| instance.as_ref().map(|instance| (name, &instance.starface)))
        .collect();
    for (index, (name, pbx)) in good.iter().enumerate() {
        for (earlier, other) in &good[..index] {
            let same_host = host_and_port(&pbx.url) == host_and_port(&other.url);
            let same_pbx = same_host || pbx.pbx == other.pbx;
            if same_pbx && pbx.group == other.group {
                let what = format!(
                    "has the same PBX and the same group as `instances.{}`",
                    earlier.value
                );
                let hint = "remove one of the two instances, or give each a group of its own";
                source.fault(&name.place, FaultKind::Contradiction, what, Some(hint.to_owned()));
            }
            if same_host && pbx.pbx != other.pbx {
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
