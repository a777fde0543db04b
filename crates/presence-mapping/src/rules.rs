//! The operator's table, compiled: decision, explanation and linter.

mod compiled;
mod contest;
mod explain;
mod fault;
mod lint;
mod name;
mod remark;
mod table;

pub use self::compiled::{Decision, Rules};
pub use self::explain::{Explanation, FieldExplanation, LosingRule, Loss};
pub use self::fault::{RuleFault, RulesError};
pub use self::name::RuleName;
pub use self::remark::{Problem, Remark};
pub use self::table::{List, RulesTable};
