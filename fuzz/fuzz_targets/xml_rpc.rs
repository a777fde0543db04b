#![no_main]

#[path = "../checks/double.rs"]
mod double;
#[path = "../checks/xml_rpc.rs"]
mod xml_rpc;

libfuzzer_sys::fuzz_target!(|body: &[u8]| xml_rpc::check(body));
