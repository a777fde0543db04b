//! Answers and files that were damaged on their way: a short run of what the fuzz targets do, without what libFuzzer needs.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

use crate::checks;

/// How often each is damaged.
const CASES: u32 = 1_000;

/// One of the seeds, with up to eight pieces replaced by others: bytes of any kind, or a piece from elsewhere in the seed.
fn damaged(seeds: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    let piece = (any::<[Index; 4]>(), vec(any::<u8>(), 0..12), any::<bool>());
    (select(seeds), vec(piece, 0..8)).prop_map(|(seed, pieces)| {
        let mut text = seed.to_vec();
        for ([at, until, from, to], bytes, moved) in pieces {
            let place = |index: Index, length: usize| index.index(length + 1);
            let (at, until) = sorted(place(at, text.len()), place(until, text.len()));
            let (from, to) = sorted(place(from, seed.len()), place(to, seed.len()));
            let instead = if moved { &seed[from..to] } else { &bytes[..] };
            text.splice(at..until.min(at + 40), instead.iter().copied());
        }
        text
    })
}

fn sorted(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}

fn each(seeds: &'static [&'static [u8]], check: impl Fn(&[u8])) {
    for seed in seeds {
        check(seed);
    }
    let mut runner = TestRunner::new(Config::with_cases(CASES));
    let run = runner.run(&damaged(seeds), |text| {
        check(&text);
        Ok(())
    });
    if let Err(failure) = run {
        panic!("{failure}");
    }
}

#[test]
fn presences() {
    each(
        &[
            include_bytes!("../../../fuzz/seeds/presences/graph-presences-response-camel.json"),
            include_bytes!("../../../fuzz/seeds/presences/graph-presences-response-full.json"),
            include_bytes!("../../../fuzz/seeds/presences/graph-presences-response-tolerance.json"),
        ],
        checks::presences::check,
    );
}

#[test]
fn chat_statuses() {
    each(
        &[
            include_bytes!("../../../fuzz/seeds/xml_rpc/fault.xml"),
            include_bytes!("../../../fuzz/seeds/xml_rpc/get.xml"),
            include_bytes!("../../../fuzz/seeds/xml_rpc/not-ok.xml"),
            include_bytes!("../../../fuzz/seeds/xml_rpc/set.xml"),
        ],
        checks::xml_rpc::check,
    );
}

#[test]
fn configurations() {
    let seeds: &[&[u8]] = &[include_bytes!("../../../fuzz/seeds/configuration/example.toml")];
    each(seeds, |text| {
        if let Ok(text) = std::str::from_utf8(text) {
            checks::configuration::check(text);
        }
    });
}
