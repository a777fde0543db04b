//! How a command ends.

use std::process::ExitCode;

/// The exit code of a command. What the codes mean is part of the commands' promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exit(u8);

impl Exit {
    /// Done, and nothing is wrong.
    pub const SUCCESS: Self = Self(0);
    /// Something failed, or is not as it should be.
    pub const FAILED: Self = Self(1);
    /// `plan`: something would be changed, or is held back.
    pub const CHANGES: Self = Self(2);
    /// `config check`: the configuration is not good.
    pub const INVALID: Self = Self(2);
    /// `explain`: no member has this address.
    pub const UNKNOWN_ADDRESS: Self = Self(3);
    /// The command was called wrongly (`EX_USAGE` of sysexits).
    pub const USAGE: Self = Self(64);

    /// The number.
    pub fn code(self) -> u8 {
        self.0
    }

    /// [`Self::SUCCESS`] where `good`, else [`Self::FAILED`].
    pub(crate) fn good_if(good: bool) -> Self {
        if good { Self::SUCCESS } else { Self::FAILED }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.0.into()
    }
}
