//! planted cpu|heap ROUNDS; 0 rounds: fail with status 7.

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let rounds: u64 = words.get(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    if rounds == 0 {
        println!("nothing to do");
        std::process::exit(7);
    }
    let total = match words[0].as_str() {
        "heap" => planted::heap::work(rounds),
        _ => planted::cpu::work(rounds),
    };
    println!("{total}");
}
