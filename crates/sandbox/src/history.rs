//! What the PBX saw: every write, by whom, and when.

use std::time::Duration;

/// One write of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When, counted from the start of the sandbox.
    pub at: Duration,
    /// The PBX user.
    pub user: i64,
    /// The field.
    pub subject: Subject,
    /// What stood there: `true` / `false` for DND, the module's word for the chat status.
    pub from: String,
    /// What was written. Complete: a PBX keeps no more of a user that matters here.
    pub to: String,
    /// By whom.
    pub author: Author,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Do Not Disturb.
    Dnd,
    /// The chat status.
    Chat,
    /// Another member of the phone configuration.
    Phone,
}

/// Who wrote. Complete: whoever judges writes decides about each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Author {
    /// A program, over REST or XML-RPC.
    Program,
    /// The user, or the user's own client.
    Human,
}
