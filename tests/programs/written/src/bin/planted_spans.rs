//! Spans of the tracing crate, written as trace-<time>.json into the working directory.
use std::time::{Duration, Instant};

use tracing_chrome::ChromeLayerBuilder;
use tracing_subscriber::prelude::*;

fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

#[tracing::instrument] // PLANTED outer
fn parse(item: u32) {
    spin(Duration::from_millis(2));
    index(item);
}

#[tracing::instrument] // PLANTED hot
fn index(item: u32) {
    spin(Duration::from_millis(6));
}

fn main() {
    let items = std::env::args().nth(1).map_or(30, |items| items.parse().unwrap());
    if items == 0 {
        return;
    }
    let (layer, _guard) = ChromeLayerBuilder::new().include_args(true).build();
    tracing_subscriber::registry().with(layer).init();
    for item in 0..items {
        parse(item);
    }
}
