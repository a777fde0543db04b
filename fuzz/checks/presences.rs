//! Any bytes as Graph's answer for presences: nothing panics, nobody gets a presence who was not asked for, and no error shows
//! the token.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use graph_presence::{AccessToken, Cloud, GraphClient, SignInError, TokenSource, UserId};

use super::double::{Double, http};

const TOKEN: &str = "SAMPLE-token";

struct Token(AccessToken);

#[async_trait]
impl TokenSource for Token {
    async fn token(&self) -> Result<AccessToken, SignInError> {
        Ok(self.0.clone())
    }

    async fn renew(&self, _: &AccessToken) -> Result<AccessToken, SignInError> {
        Ok(self.0.clone())
    }
}

struct World {
    double: Double,
    graph: GraphClient,
    ids: Vec<UserId>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let double = Double::start();
    let url: reqwest::Url = double.url.parse().expect("it is an address");
    let token = Token(AccessToken::new(TOKEN.into()).expect("it is a token"));
    let cloud = Cloud::custom(url.clone(), url).expect("loopback is allowed");
    let graph = GraphClient::new(http(), cloud, Arc::new(token));
    let ids = [
        "fa8bf3dc-eca7-46b7-bad1-db199b62afc3",
        "66825e03-7ef5-42da-9069-724602c31f6b",
    ];
    World {
        double,
        graph,
        ids: ids.map(|id| UserId::new(id).expect("it is an id")).to_vec(),
    }
});

pub(crate) fn check(body: &[u8]) {
    let World { double, graph, ids } = &*WORLD;
    match double.answers(body, graph.presences(ids)) {
        Ok(read) => {
            assert!(read.answers.len() <= ids.len());
            assert!(read.answers.iter().all(|answer| ids.contains(&answer.user)));
        }
        Err(error) => assert!(!format!("{error} {error:?}").contains(TOKEN)),
    }
}
