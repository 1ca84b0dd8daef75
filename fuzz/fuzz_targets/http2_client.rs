#![no_main]

#[path = "../../push-core/tests/hostile/mod.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|input: &[u8]| hostile::http2_client(input));
