use std::hint::black_box;

#[inline(never)]
fn grind(count: u64) -> u64 {
    let mut total = 1;
    for number in 0..count {
        total = (total ^ number) / (total % 7 + 3) + (number | 1) / (total % 5 + 1); // PLANTED self 31
    }
    total
}

#[inline(never)]
fn polish(total: u64, number: u64) -> u64 {
    (total ^ number) / (total % 9 + 3) + (number | 1) / (total % 17 + 1) // PLANTED callee 17
}

fn call(count: u64) -> u64 {
    (0..count).fold(1, polish)
}

#[inline(always)]
fn mix(total: u64, number: u64) -> u64 {
    (total ^ number) / (total % 11 + 3) + (number | 1) / (total % 13 + 1) // PLANTED inlined 15
}

#[inline(never)]
fn inline(count: u64) -> u64 {
    let mut total = 1;
    for number in 0..count {
        total = mix(total, number);
    }
    total
}

#[inline(never)]
fn descend(depth: u64) -> u64 {
    if depth == 0 {
        return 1;
    }
    let total = black_box(descend(depth - 1));
    (total ^ depth) / (total % 7 + 3) + (depth | 1) / (total % 5 + 1) // PLANTED recursive 10
}

#[inline(never)]
fn close(count: u64) -> u64 {
    let seven = black_box(7);
    let mix = |total: u64, number: u64| {
        (total ^ number) / (total % seven + 3) // PLANTED closure 14
    };
    (0..count).fold(1, mix)
}

#[inline(never)]
fn convert<T: Into<u64> + Copy>(count: u64, seed: T) -> u64 {
    let mut total = 1;
    for number in 0..count {
        total = (total ^ number) / (total % 7 + seed.into()) + (number | 1) / (total % 5 + 1); // PLANTED generic 7
    }
    total
}

/// All of it, `rounds` times; a round takes about a millisecond.
pub fn work(rounds: u64) -> u64 {
    let mut total = 0u64;
    for _ in 0..rounds {
        let n = black_box(1_000);
        total = total.wrapping_mul(31) ^ grind(34 * n) ^ call(22 * n) ^ inline(18 * n) ^ close(20 * n);
        total ^= convert(4 * n, 3u32) ^ convert(4 * n, 3u8);
        for _ in 0..120 {
            total ^= descend(black_box(100));
        }
    }
    total
}
