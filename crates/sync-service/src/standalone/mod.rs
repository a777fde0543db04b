//! What works without a daemon: one pass, or a look, by an engine that lives as long as the command.
//!
//! Each of these takes the lease of the instance, so that no two processes write for it; a look takes none, because
//! it writes nothing, neither to the PBX nor to the ledger.

mod audit;
mod error;
mod session;
mod settings_audit;

use jiff::Timestamp;
use licensing::Licence;
use sync_core::{
    Address, Claim, Engine, ExplainView, InstanceName, InstanceView, LedgerCommit, LedgerRow, LinkName,
    MemberView, Memory, Mode, Pause, PbxName, Plan, PortError, SeatClaim,
};

use crate::assembly::Assembly;
use crate::config::{Environment, Settings};
use crate::opened::OpenState;
use crate::refusals::{Noted, Presented};
pub use audit::AuditReader;
pub use error::StandaloneError;
use session::{Purpose, Session, config_of, lease, open, stuck};
pub use settings_audit::SettingsAuditReader;

/// One pass over an instance.
#[derive(Clone, Debug)]
pub struct Pass {
    /// What is still due or held afterwards.
    pub plan: Plan,
    /// Changes that the PBX confirmed.
    pub changes: u64,
    /// The instance afterwards.
    pub view: InstanceView,
    /// Its members afterwards.
    pub members: Vec<MemberView>,
}

/// A release of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Changes that the PBX confirmed.
    pub taken_back: u64,
    /// Values that are still ours.
    pub still_ours: usize,
}

/// What a pass would change now. Writes nothing.
///
/// # Errors
/// [`StandaloneError`].
pub async fn plan(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
) -> Result<Plan, StandaloneError> {
    Ok(look(settings, environment, instance).await?.plan)
}

/// How an instance and its members are. Writes nothing.
///
/// # Errors
/// [`StandaloneError`].
pub async fn members(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
) -> Result<(InstanceView, Vec<MemberView>), StandaloneError> {
    let pass = look(settings, environment, instance).await?;
    Ok((pass.view, pass.members))
}

/// Why the members with this address are as they are, over all enabled instances. Writes nothing.
///
/// # Errors
/// [`StandaloneError`].
pub async fn explain(
    settings: &Settings,
    environment: &Environment,
    address: &Address,
) -> Result<Vec<ExplainView>, StandaloneError> {
    let mut found = Vec::new();
    for (name, _) in settings.instances.iter().filter(|(_, config)| config.enabled) {
        let mut session = Session::open(settings, environment, name, Purpose::Look).await?;
        let done = session.until_settled().await;
        let (asked, now) = (address.clone(), session.assembly.now());
        if done.is_ok() {
            found.extend(
                session
                    .handle
                    .ask(move |engine| engine.explain(&asked, now))
                    .await
                    .unwrap_or_default(),
            );
        }
        let remembered = session.close_and_remember(settings, environment).await;
        done?;
        remembered?;
    }
    Ok(found)
}

async fn look(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
) -> Result<Pass, StandaloneError> {
    run_to_settled(settings, environment, instance, Purpose::Look).await
}

/// Brings an instance in line once.
///
/// # Errors
/// [`StandaloneError`].
pub async fn sync_once(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
) -> Result<Pass, StandaloneError> {
    if !config_of(settings, instance)?.enabled {
        return Err(StandaloneError::Disabled(instance.clone()));
    }
    if config_of(settings, instance)?.observe {
        return Err(StandaloneError::Observes(instance.clone()));
    }
    run_to_settled(settings, environment, instance, Purpose::Work).await
}

async fn run_to_settled(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
    purpose: Purpose,
) -> Result<Pass, StandaloneError> {
    let mut session = Session::open(settings, environment, instance, purpose).await?;
    let done = session.until_settled().await;
    let now = session.assembly.now();
    let pass = session.handle.ask(move |engine| {
        let view = engine.instance_view(now);
        Pass {
            plan: engine.plan(now),
            changes: view.changes,
            view,
            members: engine.member_views(now),
        }
    });
    let pass = pass.await;
    let remembered = session.close_and_remember(settings, environment).await;
    done?;
    remembered?;
    pass.map_err(|_| stuck(instance))
}

/// Takes back everything that is ours, and leaves the instance paused.
///
/// # Errors
/// [`StandaloneError`].
pub async fn release(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
) -> Result<Released, StandaloneError> {
    let mut session = Session::open(settings, environment, instance, Purpose::Release).await?;
    let mut done = Ok(());
    if session.handle.release().await.is_ok() {
        let links = [LinkName::Pbx, LinkName::Ledger];
        done = session.wait(&links, Engine::is_released).await;
    }
    let now = session.assembly.now();
    let view = session.handle.ask(move |engine| engine.instance_view(now)).await;
    session.close().await;
    done?;
    let view = view.map_err(|_| stuck(instance))?;
    Ok(Released {
        taken_back: view.changes,
        still_ours: view.owned,
    })
}

/// Opens the state for a look that changes nothing.
///
/// # Errors
/// When it cannot be read.
pub(crate) async fn look_at_state(
    settings: &Settings,
    environment: &Environment,
) -> Result<Assembly, PortError> {
    session::open_state(settings, environment, Purpose::Look).await
}

/// How many seats of a licence are in use, as the instances that share it counted them last.
///
/// # Errors
/// When the state cannot be read.
pub async fn seats_in_use(settings: &Settings, licence: &Licence) -> Result<usize, PortError> {
    let ledger = OpenState::to_look(&settings.daemon).await?.ledger;
    // Nobody asks for seats of its own here: no instance has this name.
    let nobody = Claim {
        instance: InstanceName("".into()),
        pbx: PbxName("".into()),
        holder: String::new(),
        settings: None,
    };
    let claim = SeatClaim {
        licence: licence.identity(),
        text: licence.text().to_owned(),
        users: [].into(),
        at: licence.terms().issued,
    };
    Ok(ledger.count_seats(&nobody, &claim).await?.taken)
}

/// Freezes writes, for the next daemon too.
///
/// # Errors
/// [`StandaloneError`].
pub async fn pause(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
    until: Option<Timestamp>,
) -> Result<(), StandaloneError> {
    let commit = LedgerCommit {
        mode: Some(Mode::Paused),
        paused_until: until,
        ..LedgerCommit::default()
    };
    store(settings, environment, instance, |_| commit).await
}

/// Ends a pause, for the next daemon too.
///
/// # Errors
/// [`StandaloneError`].
pub async fn resume(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
) -> Result<(), StandaloneError> {
    let commit = LedgerCommit {
        mode: Some(Mode::Running),
        ..LedgerCommit::default()
    };
    store(settings, environment, instance, |_| commit).await
}

/// Notes how the credentials of an instance were received by whoever presented them: the next daemon presents accepted ones at
/// once and refused ones not before their time. Says what became of it; nothing where another process has the instance.
///
/// Neither a state nor its key is made unless there is something to remember.
///
/// # Errors
/// [`StandaloneError`].
pub async fn note_presented(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
    presented: &Presented,
) -> Result<Noted, StandaloneError> {
    let config = config_of(settings, instance)?;
    let port = |source| StandaloneError::Port {
        instance: instance.clone(),
        source,
    };
    if presented.refused.is_empty() {
        let looking = open(settings, environment, instance, Purpose::Look).await?;
        let (lease, _) = lease(&looking, instance, config, Purpose::Look).await?;
        let known = looking.ledger().load(&lease.claim).await.map_err(port)?.refusals;
        let accepted = known.iter().any(|known| presented.accepted.contains(&known.side));
        if !accepted {
            return Ok(Noted::default());
        }
    }
    let assembly = open(settings, environment, instance, Purpose::Work).await?;
    let noted = assembly.note_presented(instance, config, presented).await;
    noted.map_err(port)
}

/// Freezes writes for the members with this address, or ends that, for the next daemon too. Says how many there are.
///
/// # Errors
/// [`StandaloneError`].
pub async fn pause_member(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
    address: &Address,
    pause: Option<Pause>,
) -> Result<usize, StandaloneError> {
    let (_, members) = members(settings, environment, instance).await?;
    let meant: Vec<&MemberView> = members
        .iter()
        .filter(|member| member.address.as_ref() == Some(address))
        .collect();
    if meant.is_empty() {
        return Ok(0);
    }
    let rows = |memory: &Memory| {
        let row = |member: &&MemberView| {
            let known = memory
                .rows
                .iter()
                .find(|row| row.user == member.pbx_user)
                .cloned();
            let row = known.unwrap_or_else(|| LedgerRow::new(member.pbx_user, member.login.clone()));
            LedgerRow { paused: pause, ..row }
        };
        LedgerCommit {
            upsert: meant.iter().map(row).collect(),
            ..LedgerCommit::default()
        }
    };
    store(settings, environment, instance, rows).await?;
    Ok(meant.len())
}

/// Stores what `commit` makes of what is remembered, under the instance's lease.
async fn store(
    settings: &Settings,
    environment: &Environment,
    instance: &InstanceName,
    commit: impl FnOnce(&Memory) -> LedgerCommit,
) -> Result<(), StandaloneError> {
    let config = config_of(settings, instance)?;
    let assembly = open(settings, environment, instance, Purpose::Work).await?;
    let (lease, _) = lease(&assembly, instance, config, Purpose::Work).await?;
    let ledger = assembly.ledger();
    let stored = match ledger.load(&lease.claim).await {
        Ok(memory) => ledger.commit(&lease, &commit(&memory)).await,
        Err(error) => Err(error),
    };
    // The lease ends with the process anyway.
    let _ = ledger.surrender(&lease).await;
    stored.map(|_| ()).map_err(|source| StandaloneError::Port {
        instance: instance.clone(),
        source,
    })
}
