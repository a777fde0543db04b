//! Secrets in the state.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use sync_adapters::graph::{Account, ClientId, Cloud, RefreshTokens, SealedRefreshToken, TenantId};
use sync_adapters::sqlite::SqliteLedger;
use sync_adapters::starface::{KnownSignIn, Login, PbxUrl, SealedSignIn, SignInMemory};
use sync_adapters::state::{SealedStore, StateError, StateKey, StateKeyError};
use sync_core::InstanceName;
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn key(&self, name: &str) -> StateKey {
        StateKey::read_or_make(&self.path(name), false).unwrap()
    }

    /// The store as another process would open it.
    async fn open_with(&self, key: &str) -> SealedStore {
        let ledger = SqliteLedger::open(self.path("state.db")).await.unwrap();
        ledger.sealed(self.key(key))
    }

    async fn open(&self) -> SealedStore {
        self.open_with("state.key").await
    }

    /// Everything that is on the disk.
    fn bytes(&self) -> Vec<u8> {
        let files = fs::read_dir(self.0.path()).unwrap();
        files
            .flat_map(|file| fs::read(file.unwrap().path()).unwrap())
            .collect()
    }
}

fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

async fn text(store: &SealedStore, name: &str) -> Option<(String, u64)> {
    let found = store.open(name, "test").await.unwrap();
    found.map(|found| (found.text.expose_secret().to_owned(), found.number))
}

#[tokio::test]
async fn a_secret_is_there_after_reopening_and_nowhere_on_the_disk() {
    let place = Place::new();
    let store = place.open().await;
    assert_eq!(text(&store, "a").await, None);
    assert!(
        store
            .replace("a", "test", None, &secret("SAMPLE-first"))
            .await
            .unwrap()
    );
    assert!(
        store
            .replace("a", "test", Some(1), &secret("SAMPLE-second"))
            .await
            .unwrap()
    );
    let reopened = place.open().await;
    assert_eq!(text(&reopened, "a").await, Some(("SAMPLE-second".to_owned(), 2)));
    let bytes = place.bytes();
    assert!(!bytes.windows(6).any(|window| window == b"SAMPLE"));
    assert!(!format!("{reopened:?} {:?}", reopened.open("a", "test").await).contains("SAMPLE"));
}

#[tokio::test]
async fn nobody_overwrites_what_came_later() {
    let place = Place::new();
    let (one, other) = (place.open().await, place.open().await);
    assert!(one.replace("a", "test", None, &secret("1")).await.unwrap());
    assert!(!other.replace("a", "test", None, &secret("x")).await.unwrap());
    assert!(other.replace("a", "test", Some(1), &secret("2")).await.unwrap());
    assert!(!one.replace("a", "test", Some(1), &secret("x")).await.unwrap());
    assert!(!one.replace("b", "test", Some(1), &secret("x")).await.unwrap());
    assert_eq!(text(&one, "a").await, Some(("2".to_owned(), 2)));
    assert_eq!(text(&one, "b").await, None);
}

#[tokio::test]
async fn of_many_who_replace_the_same_secret_one_does() {
    let place = Place::new();
    let store = Arc::new(place.open().await);
    store.replace("a", "test", None, &secret("0")).await.unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                store
                    .replace("a", "test", Some(1), &secret(&n.to_string()))
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        won += usize::from(task.await.unwrap());
    }
    assert_eq!((won, store.number("a").await.unwrap()), (1, Some(2)));
}

#[tokio::test]
async fn with_another_key_nothing_is_read_and_nothing_is_lost() {
    let place = Place::new();
    place
        .open()
        .await
        .replace("a", "test", None, &secret("old"))
        .await
        .unwrap();
    let other = place.open_with("other.key").await;
    let error = other.open("a", "test").await.unwrap_err();
    assert!(matches!(error, StateError::OtherKey), "{error:?}");
    assert!(error.advice().contains("presencectl login"), "{}", error.advice());
    assert_eq!(text(&place.open().await, "a").await, Some(("old".to_owned(), 1)));
    // A new sign-in replaces it, for it knows the number without the key.
    let number = other.number("a").await.unwrap();
    assert!(other.replace("a", "test", number, &secret("new")).await.unwrap());
    assert_eq!(text(&other, "a").await, Some(("new".to_owned(), 2)));
}

#[tokio::test]
async fn a_secret_is_bound_to_its_name_and_its_purpose() {
    let place = Place::new();
    let store = place.open().await;
    store.replace("a", "test", None, &secret("of a")).await.unwrap();
    store.replace("b", "test", None, &secret("of b")).await.unwrap();
    let error = store.open("a", "another purpose").await.unwrap_err();
    assert!(matches!(error, StateError::Unsealable), "{error:?}");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.path("state.db"));
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let swap = "UPDATE sealed SET sealed = (SELECT sealed FROM sealed AS other WHERE other.name = 'b') WHERE name = 'a'";
    sqlx::query(swap).execute(&pool).await.unwrap();
    let error = store.open("a", "test").await.unwrap_err();
    assert!(matches!(error, StateError::Unsealable), "{error:?}");
    for damaged in [&b""[..], b"short", &[0; 64]] {
        let damage = sqlx::query("UPDATE sealed SET sealed = ? WHERE name = 'b'").bind(damaged);
        damage.execute(&pool).await.unwrap();
        assert!(store.open("b", "test").await.is_err());
    }
}

#[tokio::test]
async fn no_two_encryptions_of_one_secret_are_alike() {
    let place = Place::new();
    let store = place.open().await;
    let mut seen = Vec::new();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.path("state.db"));
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let mut number = None;
    for _ in 0..3 {
        store
            .replace("a", "test", number, &secret("the same"))
            .await
            .unwrap();
        number = store.number("a").await.unwrap();
        let sealed: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM sealed")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert!(!seen.contains(&sealed));
        seen.push(sealed);
    }
}

#[tokio::test]
async fn a_store_that_only_reads_changes_nothing() {
    let place = Place::new();
    place
        .open()
        .await
        .replace("a", "test", None, &secret("there"))
        .await
        .unwrap();
    let ledger = SqliteLedger::open_read_only(place.path("state.db"))
        .await
        .unwrap();
    let store = ledger.sealed(place.key("state.key"));
    assert!(store.replace("a", "test", Some(1), &secret("x")).await.unwrap());
    assert_eq!(text(&store, "a").await, Some(("there".to_owned(), 1)));
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_key_is_made_once_for_its_owner_alone() {
    let place = Place::new();
    let path = place.path("state.key");
    let absent = StateKey::read(&path, false).unwrap_err();
    assert!(absent.is_absent() && !path.exists());
    let made: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| place.key("state.key"))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(made.len(), 8);
    let bytes = fs::read(&path).unwrap();
    assert_eq!((bytes.len(), mode(&path)), (32, 0o600));
    assert_eq!(
        fs::read_dir(place.0.path()).unwrap().count(),
        1,
        "no draft is left"
    );
    place.key("state.key");
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_ne!(fs::read(&path).unwrap(), {
        place.key("other.key");
        fs::read(place.path("other.key")).unwrap()
    });
}

#[test]
fn a_key_that_others_may_read_or_that_is_none_is_refused_and_left() {
    let place = Place::new();
    let path = place.path("state.key");
    place.key("state.key");
    for open in [0o640, 0o604, 0o660, 0o644] {
        fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
        let error = StateKey::read_or_make(&path, false).unwrap_err();
        assert!(matches!(error, StateKeyError::Readable { .. }), "{error:?}");
        assert!(error.advice().contains("chmod 600"), "{}", error.advice());
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
    assert!(
        StateKey::read(&path, true).is_ok(),
        "systemd's access list shows as the group's rights"
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    for contents in [&b""[..], &[1; 31], &[1; 33]] {
        fs::write(&path, contents).unwrap();
        let error = StateKey::read_or_make(&path, false).unwrap_err();
        assert!(matches!(error, StateKeyError::NotAKey(_)), "{error:?}");
        assert_eq!(fs::read(&path).unwrap(), contents);
    }
    let nowhere = place.path("no/such/folder/state.key");
    assert!(matches!(
        StateKey::read_or_make(&nowhere, false),
        Err(StateKeyError::Unmakable { .. })
    ));
}

#[tokio::test]
async fn each_instance_tenant_app_and_cloud_has_its_own_sign_in() {
    let place = Place::new();
    let token = async |instance: &str, cloud: &Cloud, tenant: &str, client: &str| {
        let (tenant, client) = (TenantId::new(tenant).unwrap(), ClientId::new(client).unwrap());
        SealedRefreshToken::new(
            place.open().await,
            &InstanceName(instance.into()),
            cloud,
            &tenant,
            &client,
        )
    };
    let main = token("main", &Cloud::Global, "t", "c").await;
    main.sign_in(&secret("first"), None).await.unwrap();
    main.sign_in(&secret("second"), None).await.unwrap();
    let again = token("main", &Cloud::Global, "t", "c").await;
    let found = again.current().await.unwrap().unwrap();
    assert_eq!((found.token.expose_secret(), found.number), ("second", 2));
    assert!(!again.replace(Some(1), &secret("late")).await.unwrap());
    for other in [
        token("other", &Cloud::Global, "t", "c").await,
        token("main", &Cloud::UsGovHigh, "t", "c").await,
        token("main", &Cloud::Global, "u", "c").await,
        token("main", &Cloud::Global, "t", "d").await,
    ] {
        assert!(other.current().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn who_signed_in_is_known_until_somebody_else_does() {
    let place = Place::new();
    let (tenant, client) = (TenantId::new("t").unwrap(), ClientId::new("c").unwrap());
    let main = InstanceName("main".into());
    let token = async || SealedRefreshToken::new(place.open().await, &main, &Cloud::Global, &tenant, &client);
    let who = async || {
        let stored = token().await.signed_in().await.unwrap();
        stored.map(|stored| stored.account.map(|account| account.to_string()))
    };
    let anna = Account::new("anna@example.com").unwrap();
    assert_eq!(who().await, None);
    token()
        .await
        .sign_in(&secret("SAMPLE-1"), Some(&anna))
        .await
        .unwrap();
    assert_eq!(who().await, Some(Some("anna@example.com".to_owned())));
    let found = token().await.current().await.unwrap().unwrap();
    assert_eq!(found.token.expose_secret(), "SAMPLE-1");

    assert!(token().await.replace(Some(1), &secret("SAMPLE-2")).await.unwrap());
    assert_eq!(
        who().await,
        Some(Some("anna@example.com".to_owned())),
        "the same sign-in"
    );
    let found = token().await.current().await.unwrap().unwrap();
    assert_eq!((found.token.expose_secret(), found.number), ("SAMPLE-2", 2));
    assert!(!place.bytes().windows(4).any(|window| window == b"anna"));

    token().await.sign_in(&secret("SAMPLE-3"), None).await.unwrap();
    assert_eq!(who().await, Some(None));
}

#[tokio::test]
async fn how_a_pbx_signs_in_is_known_to_the_next_process_and_to_no_other_login() {
    let place = Place::new();
    let pbx = PbxUrl::parse("https://pbx.example").unwrap();
    let memory = async |login: &str| SealedSignIn::new(place.open().await, &pbx, &Login::new(login), None);
    let first = memory("0001").await;
    assert_eq!(first.load().await, None);
    first.store(Some(&KnownSignIn::Nonce)).await;
    assert_eq!(first.load().await, Some(KnownSignIn::Nonce));
    assert_eq!(memory("0001").await.load().await, Some(KnownSignIn::Nonce));
    assert_eq!(memory("0002").await.load().await, None);
    memory("0001").await.store(None).await;
    assert_eq!(memory("0001").await.load().await, None);
}

#[tokio::test]
async fn where_nothing_can_be_stored_the_sign_in_is_known_as_long_as_the_process_lives() {
    let place = Place::new();
    drop(place.open().await);
    let key = place.key("state.key");
    let look = SqliteLedger::open_read_only(place.path("state.db"))
        .await
        .unwrap();
    let pbx = PbxUrl::parse("https://pbx.example").unwrap();
    let memory = SealedSignIn::new(look.sealed(key), &pbx, &Login::new("0001"), Some("a-client"));
    memory.store(Some(&KnownSignIn::Nonce)).await;
    assert_eq!(memory.load().await, Some(KnownSignIn::Nonce));
}
