#![no_main]

#[path = "../checks/double.rs"]
mod double;
#[path = "../checks/presences.rs"]
mod presences;

libfuzzer_sys::fuzz_target!(|body: &[u8]| presences::check(body));
