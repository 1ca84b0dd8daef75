#![no_main]

#[path = "../../push-apns/tests/common/mod.rs"]
mod common;
#[path = "../../push-apns/tests/hostile/mod.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|input: &[u8]| hostile::apns_answer(input));
