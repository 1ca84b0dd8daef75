//! Counted by callgrind: only what the functions below do, not what was prepared for them.

#![allow(missing_docs, unused_qualifications, clippy::unwrap_used)]

use std::hint::black_box;

use anypush::apns::Notification;
use anypush::http::ConnectionCredential;
use bench_instructions::{Anypush, AnypushFcm, AnypushGateway, Bare, BareFcm, BareGateway, parts};
use gungraun::{
    Callgrind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};

fn anypush(payload_bytes: usize) -> Anypush {
    Anypush::new(payload_bytes).unwrap()
}

fn bare(payload_bytes: usize) -> Bare {
    Bare::new(payload_bytes, false).unwrap()
}

fn gathered(payload_bytes: usize) -> Bare {
    Bare::new(payload_bytes, true).unwrap()
}

// What was prepared is given back, so that its end is not counted either.

#[library_benchmark(setup = bare)]
#[bench::of_109_bytes(109)]
#[bench::of_1024_bytes(1024)]
#[bench::of_4096_bytes(4096)]
fn h2(mut bare: Bare) -> Bare {
    bare.send_all().unwrap();
    bare
}

#[library_benchmark(setup = gathered)]
#[bench::of_109_bytes(109)]
#[bench::of_1024_bytes(1024)]
#[bench::of_4096_bytes(4096)]
fn h2_gathered(mut bare: Bare) -> Bare {
    bare.send_all().unwrap();
    bare
}

#[library_benchmark(setup = anypush)]
#[bench::of_109_bytes(109)]
#[bench::of_1024_bytes(1024)]
#[bench::of_4096_bytes(4096)]
fn anypush_send_all(mut anypush: Anypush) -> Anypush {
    anypush.send_all().unwrap();
    anypush
}

#[library_benchmark(setup = bare)]
#[bench::of_109_bytes(109)]
fn h2_one_at_a_time(mut bare: Bare) -> Bare {
    bare.send_each_alone().unwrap();
    bare
}

#[library_benchmark(setup = anypush)]
#[bench::of_109_bytes(109)]
fn anypush_send_one_at_a_time(mut anypush: Anypush) -> Anypush {
    anypush.send_each_alone().unwrap();
    black_box(anypush)
}

fn bare_of_gateway(payload_bytes: usize) -> BareGateway {
    BareGateway::new(payload_bytes).unwrap()
}

#[library_benchmark(setup = bare_of_gateway)]
#[bench::of_109_bytes(109)]
fn bare_gateway(bare: BareGateway) -> BareGateway {
    bare.send_all().unwrap();
    bare
}

fn anypush_of_gateway(payload_bytes: usize) -> AnypushGateway {
    AnypushGateway::new(payload_bytes).unwrap()
}

#[library_benchmark(setup = anypush_of_gateway)]
#[bench::of_109_bytes(109)]
fn anypush_gateway(mut anypush: AnypushGateway) -> AnypushGateway {
    anypush.send_all().unwrap();
    anypush
}

fn bare_of_fcm(body_bytes: usize) -> BareFcm {
    BareFcm::new(body_bytes).unwrap()
}

#[library_benchmark(setup = bare_of_fcm)]
#[bench::of_400_bytes(400)]
fn h2_fcm(mut bare: BareFcm) -> BareFcm {
    bare.send_all().unwrap();
    bare
}

fn anypush_of_fcm(body_bytes: usize) -> AnypushFcm {
    AnypushFcm::new(body_bytes).unwrap()
}

#[library_benchmark(setup = anypush_of_fcm)]
#[bench::of_400_bytes(400)]
fn anypush_fcm(mut anypush: AnypushFcm) -> AnypushFcm {
    anypush.send_all().unwrap();
    anypush
}

fn notification(_: ()) -> Notification {
    parts::notification()
}

fn credential(_: ()) -> Box<dyn ConnectionCredential> {
    parts::credential().unwrap()
}

fn token_texts(_: ()) -> Vec<String> {
    parts::token_texts()
}

#[library_benchmark(setup = notification)]
#[bench::alert(())]
fn encode_notification(notification: Notification) -> Notification {
    parts::encode(&notification).unwrap();
    notification
}

#[library_benchmark(setup = credential)]
#[bench::signed(())]
fn provider_token_header(
    mut credential: Box<dyn ConnectionCredential>,
) -> Box<dyn ConnectionCredential> {
    parts::authorize(credential.as_mut()).unwrap();
    credential
}

#[library_benchmark(setup = token_texts)]
#[bench::of_64_digits(())]
fn read_device_token(texts: Vec<String>) -> Vec<String> {
    parts::read_tokens(&texts).unwrap();
    texts
}

#[library_benchmark]
#[bench::unregistered(br#"{"reason":"Unregistered","timestamp":1700000000000}"#)]
fn read_refusal(body: &[u8]) {
    parts::read_refusals(body);
}

library_benchmark_group!(
    name = pushes,
    benchmarks = [
        h2,
        h2_gathered,
        anypush_send_all,
        h2_one_at_a_time,
        anypush_send_one_at_a_time
    ]
);

library_benchmark_group!(
    name = notifications,
    benchmarks = [bare_gateway, anypush_gateway]
);

library_benchmark_group!(name = messages, benchmarks = [h2_fcm, anypush_fcm]);

library_benchmark_group!(
    name = of_a_push,
    benchmarks = [
        encode_notification,
        provider_token_header,
        read_device_token,
        read_refusal
    ]
);

main!(
    // Long copies by `rep movsb` would count as one instruction per byte: vectors are nearer to what
    // they cost.
    config = LibraryBenchmarkConfig::default()
        .env(
            "GLIBC_TUNABLES",
            "glibc.cpu.x86_rep_movsb_threshold=1073741824:glibc.cpu.x86_rep_stosb_threshold=1073741824",
        )
        .tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = [pushes, notifications, messages, of_a_push]
);
