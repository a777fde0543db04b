//! The daemon. What it does is in the library; here are the process's arguments, environment and exit code.

use std::process::ExitCode;
use std::time::Duration;

use presence_syncd::{Arguments, Failure, run};
use sync_service::config::Environment;
use tokio::runtime::Runtime;

/// A roster pass takes memory for everybody at once, and nothing that is as large is needed before the next one. The system's
/// own allocator keeps most of it. Huge pages are off (`no_thp`): a daemon of a few megabytes would be resident with five times as much.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What still blocks a thread after the end is left to the system.
const LINGER: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(refused) => return refused.print(),
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the program's `main` is where the environment is read"
    )]
    let environment = Environment::read(|name| std::env::var(name).ok()).with_clock(jiff::Timestamp::now);
    let ended = match Runtime::new() {
        Ok(runtime) => {
            let ended = runtime.block_on(run(&arguments, environment));
            runtime.shutdown_timeout(LINGER);
            ended
        }
        Err(error) => Err(Failure::new(error)),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.print(),
    }
}
