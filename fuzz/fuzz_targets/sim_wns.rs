#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| push_sim::wns::fuzzing::wns(input));
