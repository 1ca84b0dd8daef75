#![no_main]

#[path = "../../push-sim/tests/oracle/mod.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|input: &[u8]| oracle::requests(input));
