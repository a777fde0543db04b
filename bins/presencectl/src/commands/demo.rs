//! x
use super::context::Context;
use crate::{arguments::DemoArguments, exit::Exit, failure::Failure};
pub(crate) async fn run(_: &Context, _: &DemoArguments) -> Result<Exit, Failure> {
    Err(Failure::message("x"))
}
