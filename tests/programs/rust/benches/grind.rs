//! A benchmark with a main of its own, as criterion's are; cargo bench adds --bench.

fn main() {
    let kind = std::env::args().nth(1).unwrap_or_default();
    let total = match kind.as_str() {
        "heap" => planted::heap::work(300),
        _ => planted::cpu::work(1000),
    };
    println!("{total}");
}
