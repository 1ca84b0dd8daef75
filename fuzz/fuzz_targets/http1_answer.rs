#![no_main]

#[path = "../../push-core/tests/hostile/http1.rs"]
mod hostile;
#[path = "../../push-core/tests/http1/mod.rs"]
mod http1;

libfuzzer_sys::fuzz_target!(|input: &[u8]| hostile::http1_answer(input));
