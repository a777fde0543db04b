//! A file to begin with.

/// A commented configuration file to begin with. It is a good one as soon as the secret files that it names exist.
pub const EXAMPLE: &str = include_str!("example.toml");
