//! x
use super::context::Context;
use crate::{arguments::SandboxArguments, exit::Exit, failure::Failure};
pub(crate) async fn run(_: &Context, _: &SandboxArguments) -> Result<Exit, Failure> {
    Err(Failure::message("x"))
}
