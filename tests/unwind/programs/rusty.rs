// SPDX-License-Identifier: Apache-2.0
// rusty.rs - closures, iterators, boxed traits and caught panics: rusty SECONDS
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

trait Shape {
    fn area(&self, depth: u32) -> f64;
}
struct Square(f64);
struct Nested(Vec<Box<dyn Shape>>);

impl Shape for Square {
    #[inline(never)]
    fn area(&self, depth: u32) -> f64 {
        (0..200).map(|i| (self.0 * i as f64 + depth as f64).sqrt()).sum()
    }
}
impl Shape for Nested {
    #[inline(never)]
    fn area(&self, depth: u32) -> f64 {
        self.0.iter().map(|s| s.area(depth + 1)).sum()
    }
}

fn nested(n: u32) -> Box<dyn Shape> {
    if n == 0 { Box::new(Square(2.0)) } else { Box::new(Nested(vec![nested(n - 1), nested(n - 1)])) }
}

fn words() -> usize {
    let mut m: BTreeMap<String, usize> = BTreeMap::new();
    for i in 0..300u32 {
        *m.entry(format!("word {}", i.wrapping_mul(7919) % 41)).or_default() += 1;
    }
    let mut v: Vec<_> = m.into_iter().collect();
    v.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    v.len()
}

fn main() {
    let seconds: f64 = std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(5.0);
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let shape = nested(6);
    let mut sum = 0.0;
    std::panic::set_hook(Box::new(|_| {}));
    while Instant::now() < end {
        sum += shape.area(0) + words() as f64;
        let _ = std::panic::catch_unwind(|| {
            if words() > 3 {
                panic!("expected");
            }
        });
    }
    println!("{}", sum > 0.0);
}
