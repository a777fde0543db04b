//! Presence to a PBX of one's own: the trait `PbxPort` is implemented, and everything else is taken from here.
//!
//! Without variables it starts a simulated tenant in which one person makes a call:
//!
//! ```console
//! $ cargo run -p sync-adapters --example own_pbx
//! ```
//!
//! With `GRAPH_TENANT_ID`, `GRAPH_CLIENT_ID`, the app's secret in the file `GRAPH_CLIENT_SECRET_FILE` and addresses, separated by
//! commas, in `GRAPH_ADDRESSES` it reads a real tenant until Ctrl-C.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example is a program of its own"
)]

use std::collections::BTreeMap;
use std::env::var;
use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sandbox::{CLIENT, CLIENT_SECRET, Office, Said, Sandbox};
use secrecy::SecretString;
use sync_adapters::clock::SystemClock;
use sync_adapters::graph::{ClientId, ClientSecret, Cloud, GraphAdapter, GraphClient, TenantId};
use sync_adapters::http::{HttpClient, HttpSettings};
use sync_adapters::sqlite::SqliteLedger;
use sync_core::{
    Acquired, Claim, Clock, Driver, Engine, Fault, Handle, InstanceName, LedgerPort, Login, Observer,
    PbxName, PbxPort, PbxRoster, PbxUser, PbxUserId, PortError, Ports, Report, Settings, Value, Write,
    Written,
};

// guide: port
/// Your PBX: here a table of extensions, each with an address and with Do Not Disturb on or off.
struct MyPbx(Mutex<BTreeMap<i64, (String, bool)>>);

#[async_trait]
impl PbxPort for MyPbx {
    async fn roster(&self) -> Result<PbxRoster, PortError> {
        let user = |(id, (address, _)): (&i64, &(String, bool))| PbxUser {
            id: PbxUserId(*id),
            login: Login(id.to_string().into()),
            name: format!("Extension {id}"),
            address: address.parse().ok(),
        };
        let users: Vec<_> = self.0.lock().unwrap().iter().map(user).collect();
        let members = users.iter().map(|user| user.id).collect();
        Ok(PbxRoster { members, users })
    }

    async fn dnd(&self, user: PbxUserId) -> Result<bool, PortError> {
        let found = self.0.lock().unwrap().get(&user.0).map(|(_, dnd)| *dnd);
        found.ok_or_else(|| PortError::new(Fault::NotFound, "read DND"))
    }

    /// Reads, tests what the change was planned for, and writes: who else wrote in between is heard, not overwritten.
    async fn set_dnd(&self, write: &Write) -> Result<Written, PortError> {
        let before = Value::Dnd(self.dnd(write.user).await?);
        let on = write.to == Value::Dnd(true);
        if before == write.to {
            return Ok(Written::AlreadyEqual);
        } else if before != write.from {
            return Ok(Written::Conflict { found: before });
        }
        let mut extensions = self.0.lock().unwrap();
        extensions.entry(write.user.0).and_modify(|(_, dnd)| *dnd = on);
        Ok(Written::Applied { before })
    }

    async fn close(&self) {}
}
// guide: end

// guide: run
/// Keeps the PBX in line with the tenant until the handle is told to stop.
async fn keep_in_line(
    pbx: Arc<MyPbx>,
    graph: Arc<GraphAdapter>,
    state: &Path,
) -> Result<Handle, Box<dyn Error>> {
    let mut settings = Settings::new(InstanceName("main".into()), PbxName("my-pbx".into()));
    settings.chat = false;
    let ledger = Arc::new(SqliteLedger::open(state).await?);
    let clock = Arc::new(SystemClock::default());
    let claim = Claim {
        instance: settings.instance.clone(),
        pbx: settings.pbx.clone(),
        holder: "my program".to_owned(),
        settings: None,
    };
    let Acquired::Granted(lease) = ledger.acquire(&claim, clock.now().wall).await? else {
        return Err("another process keeps this PBX in line".into());
    };
    let engine = Engine::new(settings, ledger.load(&claim).await?, clock.now(), 1);
    let ports = Ports {
        presence: graph.clone(),
        directory: graph,
        pbx,
        chat: None,
        ledger,
    };
    let (driver, handle) = Driver::new(engine, ports, lease, clock, Arc::new(Print));
    tokio::spawn(driver.run());
    Ok(handle)
}
// guide: end

// guide: tenant
/// Reads a tenant as an app with a client secret.
fn graph(
    cloud: Cloud,
    tenant: &TenantId,
    client: &ClientId,
    secret: SecretString,
) -> Result<Arc<GraphAdapter>, Box<dyn Error>> {
    let http = HttpClient::build(&HttpSettings::default())?;
    let tokens = ClientSecret::new(http.clone(), &cloud, tenant, client, secret);
    Ok(Arc::new(GraphAdapter::new(GraphClient::new(
        http,
        cloud,
        Arc::new(tokens),
    ))))
}

/// Hears of everything that is worth telling.
struct Print;

impl Observer for Print {
    fn report(&self, report: &Report) {
        println!("{report:?}");
    }
}
// guide: end

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let state = folder.path().join("state.db");
    if var("GRAPH_TENANT_ID").is_ok() {
        let addresses = var("GRAPH_ADDRESSES")?;
        let pbx = pbx(addresses.split(',').map(str::to_owned));
        let handle = keep_in_line(pbx, real()?, &state).await?;
        tokio::signal::ctrl_c().await?;
        return Ok(handle.stop().await?);
    }

    let office = Office::plain(3, 1);
    let caller = office.employees()[0]
        .person
        .clone()
        .ok_or("everybody has a Teams user")?;
    let sandbox = Sandbox::builder().office(office).start().await?;
    let url = sandbox.tenant_url().parse::<url::Url>()?;
    let cloud = Cloud::custom(url.clone(), url)?;
    let (id, client) = (TenantId::new(sandbox.tenant_id())?, ClientId::new(CLIENT)?);
    let graph = graph(cloud, &id, &client, CLIENT_SECRET.into())?;
    sandbox
        .tenant()
        .set_presence(&caller, Said::new("Busy", "InACall"));

    let pbx = pbx(sandbox.pbx().users().into_iter().map(|user| user.email));
    let handle = keep_in_line(Arc::clone(&pbx), graph, &state).await?;
    let silenced = || {
        pbx.0
            .lock()
            .unwrap()
            .values()
            .filter(|extension| extension.1)
            .count()
    };
    let in_line = sandbox
        .wait_until(Duration::from_secs(30), |_| silenced() == 1)
        .await;
    handle.stop().await?;
    sandbox.stop().await;
    println!(
        "{} of {} extensions are silenced",
        silenced(),
        pbx.0.lock().unwrap().len()
    );
    if in_line {
        Ok(())
    } else {
        Err("the PBX was not brought in line".into())
    }
}

/// A PBX in which each address has an extension.
fn pbx(addresses: impl Iterator<Item = String>) -> Arc<MyPbx> {
    let extensions = (100..).zip(addresses.map(|address| (address, false)));
    Arc::new(MyPbx(Mutex::new(extensions.collect())))
}

fn real() -> Result<Arc<GraphAdapter>, Box<dyn Error>> {
    let secret = std::fs::read_to_string(var("GRAPH_CLIENT_SECRET_FILE")?)?;
    let cloud = match (var("GRAPH_LOGIN_URL"), var("GRAPH_URL")) {
        (Ok(login), Ok(graph)) => Cloud::custom(login.parse()?, graph.parse()?)?,
        _ => Cloud::Global,
    };
    let tenant = TenantId::new(&var("GRAPH_TENANT_ID")?)?;
    let client = ClientId::new(&var("GRAPH_CLIENT_ID")?)?;
    graph(cloud, &tenant, &client, secret.trim_end().into())
}
