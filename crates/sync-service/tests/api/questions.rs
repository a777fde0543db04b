//! Questions about people and groups to an instance whose PBX is dead.

use sync_core::{MemberQuery, Show};
use sync_service::api::ClientError;

use super::support::{Home, instance};

#[tokio::test]
async fn people_of_an_instance_without_a_roster_are_none() {
    let home = Home::new().await;
    let found = home
        .client()
        .people(&instance("main"), &MemberQuery::default())
        .await
        .unwrap();
    assert_eq!(
        (
            found.version,
            found.instance,
            found.found.members,
            found.found.page.len()
        ),
        (1, instance("main"), 0, 0)
    );
    home.stop().await;
}

#[tokio::test]
async fn every_choice_of_people_is_understood() {
    let home = Home::new().await;
    for show in Show::ALL {
        let (status, answer) = home
            .ask(&format!("/api/v1/instances/main/people?show={}", show.as_str()))
            .await;
        assert_eq!((status, &answer["fitting"]), (200, &0.into()), "{answer}");
    }
    home.stop().await;
}

#[tokio::test]
async fn people_are_refused_with_the_reason() {
    let home = Home::new().await;
    for (path, status, error) in [
        ("instances/main/people?show=nobody", 400, "nobody"),
        ("instances/main/people?limit=-1", 400, "limit"),
        ("instances/none/people", 404, "there is no instance `none`"),
        ("instances/off/people", 409, "instance `off` is not running"),
    ] {
        let (answered, answer) = home.ask(&format!("/api/v1/{path}")).await;
        let said = answer["error"].as_str().unwrap();
        assert_eq!((answered, said.contains(error)), (status, true), "{path}: {said}");
    }
    home.stop().await;
}

#[tokio::test]
async fn groups_of_a_dead_pbx_are_refused_with_the_way_to_it() {
    let home = Home::new().await;
    for name in ["main", "off"] {
        let refused = home.client().groups(&instance(name)).await.unwrap_err();
        let ClientError::Refused { message, unknown, .. } = refused else {
            panic!("{refused:?}");
        };
        assert!(message.starts_with("cannot ") && !unknown, "{message}");
        let (status, _) = home.ask(&format!("/api/v1/instances/{name}/groups")).await;
        assert_eq!(status, 502);
    }
    home.stop().await;
}

#[tokio::test]
async fn groups_of_an_instance_that_is_not_there_are_unknown() {
    let home = Home::new().await;
    let (status, answer) = home.ask("/api/v1/instances/none/groups").await;
    assert_eq!(
        (status, &answer["error"]),
        (404, &"there is no instance `none`".into())
    );
    home.stop().await;
}
