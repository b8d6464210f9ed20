use std::hint::black_box;

#[inline(never)]
fn allocate(size: usize) -> Vec<u8> {
    Vec::with_capacity(size) // PLANTED allocations 60
}

#[inline(always)]
fn boxed(number: u64) -> Box<u64> {
    Box::new(number) // PLANTED inlined 30
}

#[inline(never)]
fn hold(size: usize) -> Vec<u64> {
    vec![1; size] // PLANTED peak 80
}

#[inline(never)]
fn lose(size: usize) {
    std::mem::forget(black_box(vec![1u8; size])); // PLANTED leaked 100
}

/// `rounds` times many small blocks, one that is held, and one that is lost.
pub fn work(rounds: u64) -> u64 {
    let held = black_box(hold(500_000));
    let mut total = 0;
    for round in 0..black_box(rounds) {
        for _ in 0..60 {
            total += black_box(allocate(64)).capacity() as u64;
        }
        for _ in 0..30 {
            total += *black_box(boxed(round));
        }
        lose(100);
    }
    total + held.len() as u64
}
