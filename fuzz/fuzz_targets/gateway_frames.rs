#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| push_apns::fuzzing::gateway_frames(input));
