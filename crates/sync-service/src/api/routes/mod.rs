//! The routes by subject: what each takes and answers, and what serves it.

mod daemon;
mod health;
mod history;
mod instances;
mod log;
mod orders;
mod settings;

use super::openapi::Table;

pub use history::HistoryAnswer;
pub use log::{LogAnswer, LogLevelAnswer};
pub use settings::{PreviewAnswer, SettingsAuditAnswer, SettingsRefusal};

/// Where everything is that wants the token.
pub(super) const BELOW: &str = "/api/v1";

/// What needs no sign-in.
pub(super) fn open() -> Table {
    Table::open().group(
        "health",
        "For whoever watches the daemon: no sign-in, and no addresses of people.",
        health::operations(),
    )
}

/// What wants the token of the endpoint file.
pub(super) fn signed_in() -> Table {
    let mut instances = instances::operations();
    instances.extend(history::operations());
    Table::signed_in(BELOW)
        .group(
            "daemon",
            "The daemon as a whole, and all its instances.",
            daemon::operations(),
        )
        .group("instances", "Questions to one instance.", instances)
        .group("orders", "Orders to an instance.", orders::operations())
        .group(
            "log",
            "The recent lines of the log, in memory, and how much is logged.",
            log::operations(),
        )
        .group(
            "settings",
            "The configuration file is the single truth, and what is changed here is changed there.",
            settings::operations(),
        )
}
