#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| push_gcm::fuzzing::fcm_message(input));
