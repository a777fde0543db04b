//! The main job: what Teams says becomes DND and chat status, as the table says, for the members of the group alone.

use end_to_end::{Stage, StageOptions};
use sandbox::{Except, Office, Operation, Options, Subject};

#[tokio::test(flavor = "multi_thread")]
async fn each_documented_state_sets_dnd_and_chat_and_nobody_else_is_touched() {
    let stage = Stage::set(StageOptions::plain(10)).await;
    let table = [
        ("Available", "Available", false, "AVAILABLE"),
        ("Busy", "InAMeeting", true, "DO_NOT_DISTURB"),
        ("DoNotDisturb", "Presenting", true, "DO_NOT_DISTURB"),
        ("BeRightBack", "BeRightBack", false, "AWAY"),
        ("Away", "Away", false, "AWAY"),
        ("Offline", "OffWork", false, "AWAY"),
        ("Busy", "Busy", false, "DO_NOT_DISTURB"),
    ];
    for (number, (availability, activity, ..)) in table.iter().enumerate() {
        stage.says(number, availability, activity);
    }
    let daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    for (number, (availability, activity, dnd, chat)) in table.iter().enumerate() {
        let found = stage
            .sandbox
            .pbx()
            .user(stage.user(number))
            .map(|user| (user.dnd, user.chat));
        assert_eq!(
            found,
            Some((*dnd, (*chat).to_owned())),
            "{availability}/{activity}"
        );
    }
    let members: Vec<i64> = (0..10).map(|number| stage.user(number)).collect();
    assert!(
        stage
            .sandbox
            .history()
            .iter()
            .all(|record| members.contains(&record.user))
    );
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(
        stage.sandbox.counters().of(Operation::Logout),
        1,
        "it signs out of the PBX"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_members_are_matched_or_left_alone_and_nobody_is_guessed() {
    let options = StageOptions {
        office: Office::new(25, 1),
        ..StageOptions::plain(0)
    };
    let stage = Stage::set(options).await;
    for number in 0..25 {
        if stage.employee(number).person.is_some() {
            stage.says(number, "Busy", "InACall");
        }
    }
    let _daemon = stage.daemon();
    stage.converge(&Except::default()).await;
    let silent = (0..25).filter(|number| stage.employee(*number).person.is_some());
    for number in silent {
        assert!(stage.dnd(number), "{:?}", stage.employee(number));
    }
    let view = stage
        .settle()
        .await
        .view
        .unwrap_or_else(|| panic!("{}", stage.log()));
    assert_eq!((view.members, view.matched), (25, 22));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_companion_module_dnd_alone_is_kept_in_line() {
    let mut options = StageOptions::plain(5);
    options.options = Options {
        chat: false,
        ..options.options
    };
    let stage = Stage::set(options).await;
    stage.says(0, "Busy", "InACall");
    let _daemon = stage.daemon();
    stage
        .converge(&Except {
            chat: true,
            ..Except::default()
        })
        .await;
    assert!(stage.dnd(0));
    assert!(
        stage
            .sandbox
            .history()
            .iter()
            .all(|record| record.subject == Subject::Dnd)
    );
}
