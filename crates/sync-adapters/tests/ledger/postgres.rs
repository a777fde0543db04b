//! What is true of PostgreSQL alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use sync_adapters::clock::SystemClock;
use sync_adapters::postgres::{PostgresLedger, PostgresOptions};
use sync_adapters::state::StateKey;
use sync_core::{Acquired, Claim, Clock, DaemonsPort, Fault, LedgerPort, Moment, TenantApp};

use crate::sample::{NOW, claim, full_row, lease, row, seats, upsert};
use crate::server::{self, PASSWORD};
use crate::stores::{Postgres, Store, address};

/// A clock that somebody sets.
#[derive(Default)]
struct HandClock(AtomicU64);

impl HandClock {
    fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Moment {
        let uptime = Duration::from_secs(self.0.load(Ordering::SeqCst));
        Moment {
            wall: NOW + uptime,
            uptime,
        }
    }
}

/// An empty place, where there is a server.
fn place() -> Option<Postgres> {
    Postgres::is_there().then(Postgres::default)
}

fn by(holder: &str) -> Claim {
    Claim {
        holder: holder.to_owned(),
        ..claim("main", "pbx")
    }
}

#[tokio::test]
async fn a_dead_holders_lease_is_taken_over_and_what_it_does_afterwards_is_refused() {
    let Some(place) = place() else { return };
    let clock = Arc::new(HandClock::default());
    let (one, other) = (
        place.ledger(clock.clone()).await,
        place.ledger(clock.clone()).await,
    );
    let old = lease(&one, &by("one")).await;
    assert_eq!(old.lasts, Some(Duration::from_secs(12)));
    one.commit(&old, &upsert([full_row(1)])).await.unwrap();
    let held = |until: u64| Acquired::HeldBy {
        holder: "one".to_owned(),
        until: Some(NOW + Duration::from_secs(until)),
    };
    assert_eq!(other.acquire(&by("other"), NOW).await.unwrap(), held(22));
    clock.pass(21);
    assert!(one.renew(&old, NOW).await.unwrap());
    clock.pass(1);
    assert_eq!(
        other.acquire(&by("other"), NOW).await.unwrap(),
        held(44),
        "it has shown a sign of life"
    );
    clock.pass(22);
    let new = lease(&other, &by("other")).await;
    assert_eq!(new.fence, old.fence + 1);
    assert_eq!(other.load(&new.claim).await.unwrap().rows, [full_row(1)]);

    assert!(!one.renew(&old, NOW).await.unwrap());
    assert_eq!(
        one.commit(&old, &upsert([row(1)])).await.unwrap_err().fault,
        Fault::State
    );
    assert!(one.take_seats(&old, &seats("L1", 1, 2)).await.is_err());
    one.surrender(&old).await.unwrap();
    assert!(
        other.renew(&new, NOW).await.unwrap(),
        "giving back what is lost takes nothing away"
    );
    assert_eq!(other.load(&new.claim).await.unwrap().rows, [full_row(1)]);
}

#[tokio::test]
async fn of_many_who_take_a_lease_one_gets_it() {
    let Some(place) = place() else { return };
    let ledger = Arc::new(place.ledger(Arc::new(SystemClock::default())).await);
    for _ in 0..5 {
        let tasks: Vec<_> = (0..8)
            .map(|number| {
                let ledger = Arc::clone(&ledger);
                tokio::spawn(async move { ledger.acquire(&by(&format!("{number}")), NOW).await.unwrap() })
            })
            .collect();
        let mut granted = Vec::new();
        for task in tasks {
            if let Acquired::Granted(lease) = task.await.unwrap() {
                granted.push(lease);
            }
        }
        assert_eq!(granted.len(), 1);
        ledger.surrender(&granted[0]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_instances_share_a_few_connections() {
    let Some(place) = place() else { return };
    let mut options = place.options();
    options.node = "the-one-with-hundreds".to_owned();
    let ledger = PostgresLedger::open(options, Arc::new(SystemClock::default())).await;
    let ledger = Arc::new(ledger.unwrap());
    let live = |number: u32| {
        let ledger = Arc::clone(&ledger);
        async move {
            let mine = lease(&*ledger, &claim(&format!("i{number}"), &format!("pbx{number}"))).await;
            ledger
                .commit(&mine, &upsert([row(1), full_row(2)]))
                .await
                .unwrap();
            assert!(ledger.renew(&mine, NOW).await.unwrap());
            assert_eq!(
                ledger
                    .take_seats(&mine, &seats(&format!("L{number}"), 1, 3))
                    .await
                    .unwrap()
                    .taken,
                3
            );
        }
    };
    let tasks: Vec<_> = (0..200).map(|number| tokio::spawn(live(number))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(ledger.remembered().await.unwrap().len(), 200);
    let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%the-one-with-hundreds'";
    let connections: u32 = server::shared().unwrap().psql(count).1.parse().unwrap();
    assert!((1..=10).contains(&connections), "{connections}");
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_at_one_pbx_commit_at_once_without_a_deadlock() {
    let Some(place) = place() else { return };
    let ledger = Arc::new(place.ledger(Arc::new(SystemClock::default())).await);
    let work = |number: u32| {
        let ledger = Arc::clone(&ledger);
        async move {
            let mine = lease(&*ledger, &claim(&format!("i{number}"), "pbx")).await;
            for turn in 0..10 {
                let mut rows: Vec<_> = (1..20).map(row).collect();
                if (number + turn).is_multiple_of(2) {
                    rows.reverse();
                }
                ledger.commit(&mine, &upsert(rows)).await.unwrap();
                ledger
                    .take_seats(&mine, &seats("L1", 1, i64::from(turn) + 2))
                    .await
                    .unwrap();
            }
        }
    };
    let tasks: Vec<_> = (0..6).map(|number| tokio::spawn(work(number))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn other_settings_than_those_of_the_last_holder_are_refused() {
    let Some(place) = place() else { return };
    let clock = Arc::new(HandClock::default());
    let with = |holder: &str, settings: &str| Claim {
        settings: Some(settings.to_owned()),
        ..by(holder)
    };
    let mut options = place.options();
    options.node = "elsewhere".to_owned();
    let one = place.ledger(clock.clone()).await;
    let other = PostgresLedger::open(options, clock.clone()).await.unwrap();
    let held = lease(&one, &with("one", "a")).await;
    clock.pass(60);
    drop(other.acquire(&with("other", "b"), NOW).await.unwrap());
    assert!(one.renew(&held, NOW).await.unwrap());
    let refused = Acquired::OtherSettings {
        holder: "one".to_owned(),
    };
    assert_eq!(other.acquire(&with("other", "b"), NOW).await.unwrap(), refused);
    clock.pass(60);
    assert_eq!(
        other.acquire(&with("other", "b"), NOW).await.unwrap(),
        refused,
        "it is dead"
    );
    lease(&other, &with("other", "a")).await;
}

#[tokio::test]
async fn a_later_format_is_refused_and_an_empty_database_is_read_as_an_empty_state() {
    let Some(place) = place() else { return };
    let clock = || Arc::new(SystemClock::default());
    let look = PostgresLedger::open_read_only(place.options(), clock())
        .await
        .unwrap();
    assert_eq!(look.remembered().await.unwrap(), []);
    assert!(look.load(&claim("main", "pbx")).await.unwrap().rows.is_empty());
    let made = server::shared()
        .unwrap()
        .psql(&format!("SELECT to_regnamespace('{}')", place.0));
    assert_eq!(made, (true, String::new()), "looking makes nothing");

    let ledger = place.ledger(clock()).await;
    let held = lease(&ledger, &claim("main", "pbx")).await;
    ledger.commit(&held, &upsert([full_row(1)])).await.unwrap();
    let look = PostgresLedger::open_read_only(place.options(), clock())
        .await
        .unwrap();
    assert_eq!(
        look.load(&claim("main", "pbx")).await.unwrap().rows,
        [full_row(1)]
    );
    place.change("UPDATE state SET version = 99").await;
    for error in [
        PostgresLedger::open(place.options(), clock()).await.unwrap_err(),
        PostgresLedger::open_read_only(place.options(), clock())
            .await
            .unwrap_err(),
    ] {
        let chain = error.chain();
        assert!(
            chain.ends_with("its format is version 99, and this program knows versions up to 1"),
            "{chain}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_may_make_and_open_the_same_state_at_once() {
    let Some(place) = place() else { return };
    let opening: Vec<_> = (0..6)
        .map(|_| {
            tokio::spawn(PostgresLedger::open(
                place.options(),
                Arc::new(SystemClock::default()),
            ))
        })
        .collect();
    for opened in opening {
        assert_eq!(opened.await.unwrap().unwrap().remembered().await.unwrap(), []);
    }
}

#[tokio::test]
async fn all_daemons_agree_on_one_key() {
    let Some(place) = place() else { return };
    let folder = tempfile::tempdir().unwrap();
    let key = |name: &str| StateKey::read_or_make(&folder.path().join(name), false).unwrap();
    let ledger = place.ledger(Arc::new(SystemClock::default())).await;
    assert!(!ledger.has_key().await.unwrap());
    ledger.agree_on_key(&key("a")).await.unwrap();
    ledger.agree_on_key(&key("a")).await.unwrap();
    assert!(ledger.has_key().await.unwrap());
    let error = ledger.agree_on_key(&key("b")).await.unwrap_err();
    assert!(error.chain().contains("is another key here"), "{}", error.chain());
    assert!(error.advice.unwrap().starts_with("Copy the key file"));
    let (one, other) = (ledger.beside().sealed(key("a")), ledger.beside().sealed(key("b")));
    let secret: SecretString = "SAMPLE".to_owned().into();
    assert!(one.replace("n", "p", None, &secret).await.unwrap());
    assert!(!one.replace("n", "p", None, &secret).await.unwrap());
    assert!(one.replace("n", "p", Some(1), &secret).await.unwrap());
    assert_eq!(one.open("n", "p").await.unwrap().unwrap().number, 2);
    assert!(other.open("n", "p").await.is_err());
}

/// As the operator guide says it.
#[tokio::test]
async fn a_dump_is_a_backup() {
    let Some(place) = place() else { return };
    let (ledger, main) = (place.open().await, claim("main", "pbx"));
    let held = lease(&*ledger, &main).await;
    let kept = [full_row(1), row(2)];
    ledger.commit(&held, &upsert(kept.clone())).await.unwrap();

    let server = server::shared().unwrap();
    let schema = &place.0;
    let (dumped, dump) = server.run("pg_dump", &[&format!("--schema={schema}"), "presence"]);
    assert!(dumped, "{dump}");
    let file = server.put(&format!("{schema}.sql"), &dump);
    ledger.commit(&held, &upsert([row(1), row(3)])).await.unwrap();
    ledger.surrender(&held).await.unwrap();
    drop(ledger);

    let (dropped, said) = server.psql(&format!("DROP SCHEMA {schema} CASCADE"));
    assert!(dropped, "{said}");
    let file = file.to_str().unwrap();
    let (restored, said) = server.run("psql", &["-v", "ON_ERROR_STOP=1", "-f", file, "presence"]);
    assert!(restored, "{said}");
    let again = place.open().await;
    assert_eq!(again.load(&main).await.unwrap().rows, kept);
}

#[tokio::test]
async fn changes_of_the_settings_are_kept_here_too() {
    let Some(place) = place() else { return };
    let audit = place
        .ledger(Arc::new(SystemClock::default()))
        .await
        .beside()
        .settings_audit();
    for number in 0..3 {
        audit
            .add(NOW, "page", None, &serde_json::json!([number]))
            .await
            .unwrap();
    }
    let page = audit.page(NOW, Some(1), 9).await.unwrap();
    assert_eq!(
        page.iter().map(|change| change.number).collect::<Vec<_>>(),
        [2, 3]
    );
    assert_eq!(audit.forget(NOW + Duration::from_secs(1)).await.unwrap(), 3);
}

#[tokio::test]
async fn the_living_daemons_of_a_tenant_and_an_app_are_counted() {
    let Some(place) = place() else { return };
    let ledger = place.ledger(Arc::new(SystemClock::default())).await;
    let of = |tenant: &str| TenantApp {
        tenant: tenant.into(),
        app: "app".into(),
    };
    assert_eq!(ledger.announce("a", &[of("t"), of("u")]).await.unwrap(), [1, 1]);
    assert_eq!(ledger.announce("b", &[of("t")]).await.unwrap(), [2]);
    place
        .change("UPDATE daemons SET seen = seen - interval '31 seconds' WHERE daemon = 'a'")
        .await;
    assert_eq!(ledger.announce("b", &[of("t"), of("u")]).await.unwrap(), [1, 1]);
    ledger.announce("b", &[]).await.unwrap();
    assert_eq!(ledger.announce("c", &[of("t")]).await.unwrap(), [1]);
}

#[tokio::test]
async fn the_password_opens_the_database_and_is_shown_nowhere() {
    let Some(place) = place() else { return };
    let url = server::shared().unwrap().url_of("presence");
    let open = async |password: Option<&str>| {
        let mut options = PostgresOptions::new(address(&url), password.map(|text| text.to_owned().into()));
        options.schema.clone_from(&place.0);
        let shown = format!("{options:?}");
        let opened = PostgresLedger::open(options, Arc::new(SystemClock::default())).await;
        (shown, opened)
    };
    let (shown, opened) = open(Some(PASSWORD)).await;
    let shown = format!("{shown} {:?}", opened.unwrap());
    assert!(!shown.contains("SAMPLE"), "{shown}");
    let (_, wrong) = open(Some("SAMPLE-other")).await;
    let wrong = wrong.unwrap_err();
    assert!(
        !format!("{wrong:?} {}", wrong.chain()).contains("SAMPLE"),
        "{wrong:?}"
    );
    assert!(wrong.chain().contains("(28P01)"), "{}", wrong.chain());
    assert!(wrong.advice.unwrap().contains("state_password_file"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_a_user() {
    let options = PostgresOptions::new(address("postgres://someone@127.0.0.1:1/db"), None);
    let error = PostgresLedger::open(options, Arc::new(SystemClock::default()))
        .await
        .unwrap_err();
    let chain = error.chain();
    assert!(
        chain.starts_with("cannot open the state: no connection to PostgreSQL at 127.0.0.1:1/db: "),
        "{chain}"
    );
    assert!(!chain.contains("someone"));
}

#[tokio::test]
async fn tls_is_spoken_where_it_is_asked_for_and_the_servers_certificate_is_verified() {
    let Some(place) = place() else { return };
    let server = server::shared().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let of_address = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = of_address.self_signed(&key).unwrap();
    let trusted = server.put("server.crt", &certificate.pem());
    let private = server.put("server.key", &key.serialize_pem());
    let (trusted, private) = (trusted.display(), private.display());
    for change in [
        format!("ALTER SYSTEM SET ssl_cert_file = '{trusted}'"),
        format!("ALTER SYSTEM SET ssl_key_file = '{private}'"),
        "ALTER SYSTEM SET ssl = on".to_owned(),
        "SELECT pg_reload_conf()".to_owned(),
    ] {
        let changed = server.psql(&change);
        assert!(changed.0, "{}", changed.1);
    }
    let open = async |parameters: &str| {
        let url = format!("{}?{parameters}", server.url_of("presence"));
        let mut options = PostgresOptions::new(address(&url), Some(PASSWORD.to_owned().into()));
        options.schema.clone_from(&place.0);
        options.node = "the-one-with-tls".to_owned();
        PostgresLedger::open(options, Arc::new(SystemClock::default())).await
    };
    // The server takes the certificate up a moment later.
    let mut opened = open(&format!("sslmode=verify-full&sslrootcert={trusted}")).await;
    for _ in 0..50 {
        if opened.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        opened = open(&format!("sslmode=verify-full&sslrootcert={trusted}")).await;
    }
    let ledger = opened.unwrap();
    assert_eq!(ledger.remembered().await.unwrap(), []);
    let count = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
         WHERE ssl AND application_name LIKE '%the-one-with-tls'";
    assert_ne!(server.psql(count).1, "0", "it is encrypted");
    let refused = open("sslmode=verify-full").await.unwrap_err();
    assert!(
        refused
            .chain()
            .contains("no connection to PostgreSQL at 127.0.0.1"),
        "{}",
        refused.chain()
    );
    assert!(refused.advice.unwrap().contains("sslrootcert"));
}
