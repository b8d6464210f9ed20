// Spends its time in the standard library, most of it inlined into the lines that call it.
use std::collections::HashMap;

#[inline(never)]
fn count(words: &[u64]) -> HashMap<u64, u64> {
    let mut counts = HashMap::new();
    for &word in words {
        *counts.entry(word % 1009).or_insert(0u64) += 1; // PLANTED map
    }
    counts
}

#[inline(never)]
fn shuffle(words: &mut Vec<u64>) {
    for word in words.iter_mut() {
        *word = word.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407) >> 7;
    }
    words.sort_unstable(); // PLANTED sort
}

fn main() {
    let mut words: Vec<u64> = (0..200_000).collect();
    let mut most = 0;
    for _ in 0..60 {
        shuffle(&mut words);
        most = most.max(count(&words).into_values().max().unwrap_or(0));
    }
    println!("{most}");
}
