//! A person has to sign in, and has not done so yet.

use sync_core::{Fault, LinkName, PortError};

use crate::support::{World, seconds};

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_nobody_told_of_is_noticed_within_seconds() {
    let mut world = World::with(1);
    world.teams_says(1, "Busy/InACall");
    world.tenant.fail_with(Some(PortError::new(
        Fault::NobodySignedIn,
        "sign in to Microsoft",
    )));
    world.start().await;
    world.pass(seconds(3_600)).await;
    let view = world.view().await;
    let link = |name| {
        let link = view.links.iter().find(|link| link.link == name).unwrap();
        (link.state.as_str(), link.fault.as_deref())
    };
    let waits = ("down", Some("nobody-signed-in"));
    // The presence of people whom the directory did not name is not asked for.
    assert_eq!(link(LinkName::Directory), waits);
    assert_eq!(world.reports().len(), 1, "told once: {:?}", world.reports());
    // Somebody has signed in, and nothing told the engine.
    world.tenant.fail_with(None);
    world.pass(seconds(25)).await;
    assert!(world.dnd(1));
}

#[tokio::test(start_paused = true)]
async fn where_nobody_has_signed_in_a_restart_remembers_no_refusal() {
    let mut world = World::with(1);
    world.teams_says(1, "Busy/InACall");
    world.tenant.fail_with(Some(PortError::new(
        Fault::NobodySignedIn,
        "sign in to Microsoft",
    )));
    world.start().await;
    world.pass(seconds(60)).await;
    world.stop().await;
    world.tenant.fail_with(None);
    world.start().await;
    world.settle().await;
    assert!(world.dnd(1));
}
