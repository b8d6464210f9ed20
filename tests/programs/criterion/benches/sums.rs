use std::time::Duration;

use criterion::{black_box, criterion_group, criterion_main, BenchmarkId, Criterion};
use sums::{slow_sum, sorted, values};

fn sums(c: &mut Criterion) {
    let input = values(1000);
    c.bench_function("slow_sum 1k", |b| b.iter(|| slow_sum(black_box(&input))));
}

fn sorts(c: &mut Criterion) {
    let mut group = c.benchmark_group("sorted");
    for size in [100u64, 1000] {
        let input = values(size);
        group.bench_with_input(BenchmarkId::from_parameter(size), &input, |b, input| {
            b.iter(|| sorted(black_box(input)))
        });
    }
    group.finish();
}

fn short() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(100))
        .sample_size(20)
        .nresamples(1001)
}

criterion_group! {
    name = benches;
    config = short();
    targets = sums, sorts
}
criterion_main!(benches);
