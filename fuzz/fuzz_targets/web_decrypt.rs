#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| push_web::fuzzing::web_decrypt(input));
