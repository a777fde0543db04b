//! The command line. What it does is in the library; here are the process's arguments, environment, clock and exit code.

use std::process::ExitCode;
use std::time::Duration;

use presencectl::{Arguments, Failure, Surroundings, run};
use sync_service::config::Environment;
use sync_service::language::Language;
use tokio::runtime::Runtime;

/// What still blocks a thread after the end is left to the system.
const LINGER: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(refused) => return refused.print(),
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the program's `main` is where environment, clock and randomness are taken from"
    )]
    let surroundings = Surroundings {
        environment: Environment::read(|name| std::env::var(name).ok()).with_clock(jiff::Timestamp::now),
        now: jiff::Timestamp::now,
        random: |bytes| getrandom::fill(bytes).map_err(std::io::Error::other),
        language: Language::of_environment(|name| std::env::var(name).ok()),
    };
    let ended = match Runtime::new() {
        Ok(runtime) => {
            let ended = runtime.block_on(run(arguments, surroundings));
            runtime.shutdown_timeout(LINGER);
            ended
        }
        Err(error) => Err(Failure::new(error)),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => failure.print().into(),
    }
}
