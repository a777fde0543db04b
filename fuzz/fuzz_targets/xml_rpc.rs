#![no_main]

#[allow(dead_code, reason = "each target feeds one of them")]
#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|body: &[u8]| checks::xml_rpc::check(body));
