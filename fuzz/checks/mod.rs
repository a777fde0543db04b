//! What must hold of whatever comes from outside. The fuzz targets feed it, and so does a test of the product's own workspace
//! (`tests/tests/programs/damaged.rs`), which needs no libFuzzer.

mod double;

pub(crate) mod configuration;
pub(crate) mod presences;
pub(crate) mod xml_rpc;
