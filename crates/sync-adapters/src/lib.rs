#![doc = include_str!("../README.md")]

pub mod clock;
#[cfg(feature = "graph")]
pub mod graph;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "memory")]
pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod read_only;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(feature = "starface")]
pub mod starface;
#[cfg(feature = "state")]
pub mod state;
