//! From arguments to a command.

use crate::arguments::{Arguments, Command};
use crate::commands::{
    Context, audit, config, demo, doctor, explain, generate, license, log, login, members, orders, plan,
    rules, sandbox, setup_link, status, sync,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::surroundings::Surroundings;

/// Carries out what the arguments ask for.
///
/// # Errors
/// When it cannot be done; the failure knows its exit code.
pub async fn run(arguments: Arguments, surroundings: Surroundings) -> Result<Exit, Failure> {
    let Arguments {
        config: file,
        output,
        command,
    } = arguments;
    let context = Context::new(file, output, surroundings);
    match command {
        Command::Demo(arguments) => Box::pin(demo::run(&context, &arguments)).await,
        Command::Sandbox(arguments) => Box::pin(sandbox::run(&context, &arguments)).await,
        Command::Config(command) => config::run(&context, command),
        Command::Doctor(arguments) => Box::pin(doctor::run(&context, &arguments)).await,
        Command::Plan(which) => plan::run(&context, which.instance.as_ref()).await,
        Command::Login(arguments) => Box::pin(login::run(&context, &arguments)).await,
        Command::SetupLink => setup_link::run(&context).await,
        Command::Sync(arguments) => sync::run(&context, arguments.which.instance.as_ref()).await,
        Command::Status(which) => status::run(&context, which.instance.as_ref()).await,
        Command::Members(which) => members::run(&context, &which.instance).await,
        Command::Explain { address } => explain::run(&context, &address).await,
        Command::Approve { plan } => orders::approve(&context, plan).await,
        Command::Rules(command) => rules::run(&context, &command),
        Command::Release(which) => orders::release(&context, &which.instance).await,
        Command::Pause(arguments) => orders::pause(&context, &arguments).await,
        Command::Resume(arguments) => orders::resume(&context, &arguments).await,
        Command::License(command) => license::run(&context, &command).await,
        Command::Audit {
            since,
            settings: true,
            ..
        } => audit::settings(&context, since).await,
        Command::Audit { since, instance, .. } => audit::run(&context, since, instance.as_ref()).await,
        Command::Log(command) => log::run(&context, &command).await,
        Command::Generate(command) => generate::run(&context, &command),
    }
}
