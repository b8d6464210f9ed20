/// The remainder of the long sum costs nearly everything.
#[inline(never)]
pub fn slow_sum(values: &[u64]) -> u64 {
    let mut total = 0u64;
    for value in values {
        total = total.wrapping_mul(31).wrapping_add(value % 1009); // PLANTED hot
    }
    total
}

#[inline(never)]
pub fn sorted(values: &[u64]) -> Vec<u64> {
    let mut out = values.to_vec();
    out.sort_unstable();
    out
}

pub fn values(count: u64) -> Vec<u64> {
    (0..count).map(|i| i.wrapping_mul(2654435761) % 100_003).collect()
}
