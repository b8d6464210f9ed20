//! Allocates at planted lines and writes dhat-heap.json into the working directory.
#[global_allocator]
static ALLOC: dhat::Alloc = dhat::Alloc;

#[inline(never)]
fn large(rounds: usize) -> usize {
    let mut total = 0;
    for i in 0..rounds {
        let buffer = vec![i as u8; 100_000]; // PLANTED allocated
        total += buffer.iter().map(|b| *b as usize).sum::<usize>();
    }
    total
}

#[inline(never)]
fn many(count: usize) -> usize {
    let mut total = 0;
    for i in 0..count {
        let text = std::hint::black_box(i.to_string()); // PLANTED allocations
        total += text.len();
    }
    total
}

#[inline(never)]
fn kept() -> &'static mut [u8] {
    vec![7u8; 300_000].leak() // PLANTED peak
}

fn main() {
    let _profiler = dhat::Profiler::new_heap();
    let leaked = kept();
    println!("{} {} {}", large(40), many(3000), leaked.len());
}
