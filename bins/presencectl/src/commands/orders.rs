//! `approve`, `release`, `pause` and `resume`.

use jiff::Timestamp;
use serde::Serialize;
use sync_core::{Address, InstanceName, Pause, PlanId};
use sync_service::api::Order;
use sync_service::standalone::{self, Released};

use super::context::Context;
use crate::arguments::{One, PauseArguments, ResumeArguments};
use crate::configuration::Configuration;
use crate::daemon::Daemon;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show::count;

/// The version of the forms of these commands.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct ReleasedForm<'a> {
    version: u32,
    instance: &'a InstanceName,
    /// Changes that the PBX confirmed.
    taken_back: u64,
    /// Values that are still ours.
    still_ours: usize,
}

pub(crate) async fn release(context: &Context, name: &InstanceName) -> Result<Exit, Failure> {
    let (configuration, daemon) = prepare(context, name).await?;
    let Released {
        taken_back,
        still_ours,
    } = match &daemon {
        Some(daemon) => by_daemon(daemon, name).await?,
        None => standalone::release(&configuration.settings, &configuration.environment, name).await?,
    };
    let form = ReleasedForm {
        version: VERSION,
        instance: name,
        taken_back,
        still_ours,
    };
    context.print(&form, || {
        let taken = count(usize::try_from(taken_back).unwrap_or(usize::MAX), "value");
        let rest = match still_ours {
            0 => "nothing there is ours any more".to_owned(),
            left => format!(
                "{} still ours; `presencectl status {name}` says why",
                count(left, "value")
            ),
        };
        format!("{name}: {taken} taken back, {rest}\n{name}: paused; `presencectl resume {name}` goes on")
    })?;
    Ok(Exit::good_if(still_ours == 0))
}

async fn by_daemon(daemon: &Daemon, name: &InstanceName) -> Result<Released, Failure> {
    let view = |status: &sync_service::api::InstanceStatus| {
        status.view.as_ref().map(|view| (view.changes, view.owned))
    };
    let before = daemon.instance(name).and_then(view);
    let answer = daemon.client.order(name, &Order::Release).await?;
    match (before, view(&answer.instance)) {
        (Some((before, _)), Some((after, still_ours))) => Ok(Released {
            taken_back: after.saturating_sub(before),
            still_ours,
        }),
        _ => Err(
            Failure::message(format!("the daemon has just stopped instance `{name}`"))
                .with_hint(format!("`presencectl status {name}` says how it is")),
        ),
    }
}

#[derive(Serialize)]
struct ApprovedForm<'a> {
    version: u32,
    instance: &'a InstanceName,
    plan: PlanId,
}

/// What is held is in a running daemon's memory, so that only there it can be approved.
pub(crate) async fn approve(context: &Context, plan: PlanId) -> Result<Exit, Failure> {
    let configuration = context.configuration()?;
    let Some(daemon) = Daemon::find(&configuration).await? else {
        return Err(Failure::message("no daemon runs, and so nothing is held"));
    };
    let answer = daemon.client.approve(plan).await?;
    let instance = &answer.instance.instance;
    let form = ApprovedForm {
        version: VERSION,
        instance,
        plan,
    };
    context.print(&form, || {
        format!("{instance}: the plan {plan} is approved, and passes now")
    })?;
    Ok(Exit::SUCCESS)
}

#[derive(Serialize)]
struct PausedForm<'a> {
    version: u32,
    instance: &'a InstanceName,
    /// The one member that was meant; null for all.
    address: Option<&'a Address>,
    paused: bool,
    /// When the pause ends by itself.
    until: Option<Timestamp>,
}

pub(crate) async fn pause(context: &Context, arguments: &PauseArguments) -> Result<Exit, Failure> {
    let PauseArguments {
        one: One { instance: name },
        address,
        lasts,
    } = arguments;
    let (configuration, daemon) = prepare(context, name).await?;
    let until = lasts.and_then(|lasts| context.timestamp().saturating_add(lasts).ok());
    match &daemon {
        Some(daemon) => {
            let order = Order::Pause {
                member: address.clone(),
                lasts: *lasts,
            };
            daemon.knows_members(name).await?;
            daemon.client.order(name, &order).await?;
        }
        None => by_itself(&configuration, name, address.as_ref(), Some(Pause { until })).await?,
    }
    let form = PausedForm {
        version: VERSION,
        instance: name,
        address: address.as_ref(),
        paused: true,
        until,
    };
    context.print(&form, || {
        let whom = who(name, address.as_ref());
        let until = until.map_or_else(String::new, |until| format!(" until {}", context.now().moment(until)));
        let resume = address
            .as_ref()
            .map_or_else(|| name.to_string(), |address| format!("{name} {address}"));
        format!(
            "{whom}: paused{until}; nothing is written, except that DND of ours is taken back where presence stays unknown\n\
             `presencectl resume {resume}` goes on"
        )
    })?;
    Ok(Exit::SUCCESS)
}

pub(crate) async fn resume(context: &Context, arguments: &ResumeArguments) -> Result<Exit, Failure> {
    let ResumeArguments {
        one: One { instance: name },
        address,
    } = arguments;
    let (configuration, daemon) = prepare(context, name).await?;
    match &daemon {
        Some(daemon) => {
            let member = address.clone();
            daemon.client.order(name, &Order::Resume { member }).await?;
        }
        None => by_itself(&configuration, name, address.as_ref(), None).await?,
    }
    let form = PausedForm {
        version: VERSION,
        instance: name,
        address: address.as_ref(),
        paused: false,
        until: None,
    };
    context.print(&form, || {
        let when = if daemon.is_some() {
            "goes on"
        } else {
            "goes on as soon as a daemon runs"
        };
        format!("{}: {when}", who(name, address.as_ref()))
    })?;
    Ok(Exit::SUCCESS)
}

fn who(name: &InstanceName, address: Option<&Address>) -> String {
    address.map_or_else(|| name.to_string(), |address| format!("{name}: {address}"))
}

/// Stores a pause, or its end, for the next daemon.
async fn by_itself(
    configuration: &Configuration,
    name: &InstanceName,
    address: Option<&Address>,
    pause: Option<Pause>,
) -> Result<(), Failure> {
    let (settings, environment) = (&configuration.settings, &configuration.environment);
    match (address, pause) {
        (None, Some(Pause { until })) => standalone::pause(settings, environment, name, until).await?,
        (None, None) => standalone::resume(settings, environment, name).await?,
        (Some(address), pause) => {
            let meant = standalone::pause_member(settings, environment, name, address, pause).await?;
            if meant == 0 {
                let what = format!("no member of instance `{name}` has the address `{address}`");
                let hint = format!("`presencectl members {name}` lists who is there");
                return Err(Failure::message(what).with_hint(hint));
            }
        }
    }
    Ok(())
}

/// The configuration, and the daemon where it works on this instance.
async fn prepare(context: &Context, name: &InstanceName) -> Result<(Configuration, Option<Daemon>), Failure> {
    let configuration = context.configuration()?;
    configuration.instance(name)?;
    let daemon = Daemon::find(&configuration)
        .await?
        .filter(|daemon| daemon.runs(name));
    Ok((configuration, daemon))
}
