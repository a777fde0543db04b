//! The disk of the state is full, cannot be written, or was put back from a backup: nothing is lost, and it is said.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use end_to_end::{Daemon, Stage, StageOptions, presencectl};
use sandbox::{Except, Options};

const MEMBERS: usize = 60;
const PATIENCE: Duration = Duration::from_secs(60);

/// A stage whose state lies in a folder of its own, under the policy that never turns DND off that is not ours: whoever's DND goes
/// off again was known to be ours.
async fn stage() -> (Stage, PathBuf) {
    let mut options = StageOptions::plain(MEMBERS);
    options.options = Options {
        policy: "own-only".to_owned(),
        chat: false,
        ..options.options
    };
    let stage = Stage::set(options).await;
    let text = fs::read_to_string(stage.config()).expect("it was written");
    assert!(text.contains("sqlite:state.db"), "{text}");
    stage.write(
        "presence-sync.toml",
        &text.replace("sqlite:state.db", "sqlite:state/state.db"),
    );
    let folder = stage.path("state");
    fs::create_dir(&folder).expect("the folder can be made");
    // Nobody has turned DND on by hand.
    (0..MEMBERS).for_each(|number| {
        stage
            .sandbox
            .pbx()
            .edit(stage.user(number), |user| user.dnd = false);
    });
    (stage, folder)
}

/// Employees from `from` on are in a call, or not any more.
fn all_say(stage: &Stage, from: usize, availability: &str, activity: &str) {
    (from..MEMBERS).for_each(|number| stage.says(number, availability, activity));
}

/// Takes all the room that there is.
fn fill(file: &Path) {
    let mut file = fs::File::create(file).expect("it can be made");
    while file.write_all(&[0; 1024]).is_ok() {}
}

/// Waits until so many members are silenced.
async fn silenced(stage: &Stage, of: usize) {
    let count = || (0..MEMBERS).filter(|number| stage.dnd(*number)).count();
    let reached = stage.sandbox.wait_until(PATIENCE, |_| count() == of).await;
    assert!(reached, "{} are silenced, not {of}\n{}", count(), stage.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_writing_says_so_and_loses_nothing() {
    let (stage, folder) = stage().await;
    all_say(&stage, 0, "Available", "Available");
    (0..10).for_each(|number| stage.says(number, "Busy", "InACall"));
    let mount = "mount -t tmpfs -o size=1m,mode=700 state \"$1\"";
    let Some(daemon) = Daemon::start_on_disk(stage.config(), &folder, mount) else {
        println!("skipped: no namespace with a disk of its own can be made here");
        return;
    };
    silenced(&stage, 10).await;

    let filler = daemon.sees(&folder.join("filler"));
    fill(&filler);
    all_say(&stage, 10, "Busy", "InACall");
    let said = stage
        .sandbox
        .wait_until(PATIENCE, |_| stage.log().contains("The disk is full."))
        .await;
    assert!(said, "{}", stage.log());
    let written = stage.sandbox.history().len();
    assert!(
        written < MEMBERS,
        "with a full disk not everything can be stored, and so not everything is written"
    );

    fs::remove_file(&filler).expect("it can be removed");
    silenced(&stage, MEMBERS).await;
    all_say(&stage, 0, "Available", "Available");
    silenced(&stage, 0).await;
    assert_eq!(daemon.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_cannot_be_written_is_refused_and_left_as_it_is() {
    let (stage, folder) = stage().await;
    all_say(&stage, 0, "Busy", "InACall");
    let daemon = Daemon::start(stage.config());
    silenced(&stage, MEMBERS).await;
    assert_eq!(daemon.stop(), Some(0));
    let before = fs::read(folder.join("state.db")).expect("it is there");
    let writes = stage.sandbox.history().len();

    all_say(&stage, 0, "Available", "Available");
    let mount = "mount --bind \"$1\" \"$1\"; mount -o remount,bind,ro \"$1\"";
    let Some(daemon) = Daemon::start_on_disk(stage.config(), &folder, mount) else {
        println!("skipped: no namespace with a disk of its own can be made here");
        return;
    };
    assert_eq!(daemon.wait(), Some(1), "{}", stage.log());
    let log = stage.log();
    assert!(log.contains("Read-only file system"), "{log}");
    assert!(log.contains("must be writable for the daemon's user"), "{log}");
    assert_eq!(fs::read(folder.join("state.db")).expect("it is there"), before);
    assert_eq!(
        stage.sandbox.history().len(),
        writes,
        "nothing is written to the PBX"
    );

    let daemon = Daemon::start(stage.config());
    silenced(&stage, 0).await;
    assert_eq!(daemon.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_put_back_still_knows_what_is_ours() {
    let (stage, folder) = stage().await;
    all_say(&stage, 0, "Busy", "InACall");
    let daemon = Daemon::start(stage.config());
    silenced(&stage, MEMBERS).await;
    assert_eq!(daemon.stop(), Some(0));
    let archive = stage.path("backup.tar.gz");
    let tar = |arguments: &[&str]| {
        let ended = std::process::Command::new("tar")
            .args(arguments)
            .arg("-C")
            .arg(folder.parent().expect("it has one"))
            .arg("state")
            .status();
        assert!(ended.expect("`tar` can be started").success());
    };
    let archive = archive.to_str().expect("it is text");
    tar(&["-czf", archive]);
    let audit = presencectl(stage.config(), &["audit"]);
    assert_eq!(audit.stdout.lines().count(), MEMBERS, "{}", audit.stderr);

    fs::remove_dir_all(&folder).expect("it can be lost");
    tar(&["-xzf", archive]);
    assert_eq!(presencectl(stage.config(), &["audit"]).stdout, audit.stdout);
    all_say(&stage, 0, "Available", "Available");
    let daemon = Daemon::start(stage.config());
    silenced(&stage, 0).await;
    stage.converge(&Except::default()).await;
    assert_eq!(daemon.stop(), Some(0));
}
