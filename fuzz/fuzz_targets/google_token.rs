#![no_main]

#[path = "../../push-gcm/tests/hostile/mod.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|input: &[u8]| hostile::google_token(input));
