//! End-to-end tests over the built programs, and the test that holds the walls between the crates.
