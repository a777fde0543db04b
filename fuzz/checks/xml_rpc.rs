//! Any bytes as an answer of the companion module: nothing panics, nobody gets a chat status who was not asked for, and no error
//! shows a secret.

use std::sync::LazyLock;

use starface_api::{ChatModule, ChatStatus, Login, ModuleName, OAuth, Pbx, PbxUrl, SignIn, UserId};

use super::double::{Double, http};

const SECRETS: [&str; 3] = ["SAMPLE-token", "SAMPLE-password", "SAMPLE-module-secret"];

struct World {
    double: Double,
    module: ChatModule,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let double = Double::start();
    let url = PbxUrl::parse(&double.url).expect("loopback is allowed");
    let sign_in = SignIn::Auto {
        login: Login::new("0001"),
        password: SECRETS[1].into(),
        oauth: OAuth::default(),
    };
    let pbx = Pbx::new(http(), url, sign_in);
    let name = ModuleName::parse("TeamsPresence").expect("it is a name");
    World {
        double,
        module: ChatModule::new(pbx, name, SECRETS[2].into()),
    }
});

pub(crate) fn check(body: &[u8]) {
    let World { double, module } = &*WORLD;
    let users = [UserId::new(1004), UserId::new(1005)];
    double.answers(body, async {
        let read = module.read(&users).await;
        if let Ok(read) = &read {
            assert!(read.iter().all(|(user, _)| users.contains(user)));
        }
        let set = module.set(users[0], ChatStatus::Away, "In a call").await;
        for error in [read.err(), set.err()].into_iter().flatten() {
            let shown = format!("{error} {error:?} {}", error.advice());
            assert!(SECRETS.iter().all(|secret| !shown.contains(secret)), "{shown}");
        }
    });
}
