//! Decides what presences mean by a table of rules, explains each, and says which patterns can never win.
//!
//! ```console
//! $ cargo run -p presence-mapping --example decide                        # some presences
//! $ cargo run -p presence-mapping --example decide Busy/InACall Away      # these
//! ```
#![expect(clippy::print_stdout, reason = "an example prints what it does")]

use std::error::Error;

use presence_mapping::{ChatRule, Presence, Rules, RulesTable};

fn main() -> Result<(), Box<dyn Error>> {
    let mut table = RulesTable::default();
    table.set_chat("Busy/InAMeeting", ChatRule::Away);
    table.set_chat("Busy/Sleeping", ChatRule::Leave);
    let rules = Rules::new(&table)?;

    let mut presences: Vec<String> = std::env::args().skip(1).collect();
    if presences.is_empty() {
        presences = ["Busy/InAMeeting", "AvailableIdle", "inACall", "PresenceUnknown"]
            .map(str::to_owned)
            .to_vec();
    }
    for presence in &presences {
        let presence: Presence = presence.parse()?;
        println!("{}", rules.explain(&presence));
    }
    for remark in rules.lint() {
        println!("{remark}");
    }
    Ok(())
}
