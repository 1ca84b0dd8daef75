#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| push_wns::fuzzing::wns_notification(input));
