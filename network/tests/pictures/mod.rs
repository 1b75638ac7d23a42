//! Images with something to learn.

use spinhebb_data::random_stream::Streams;
use spinhebb_network::rules::chance;

/// Width and height.
pub const SIDE: usize = 12;

/// Noisy grey images of ten patterns, with their labels.
pub fn images(count: usize) -> (Vec<u8>, Vec<u8>) {
    let mut rng = Streams::new(21, "images").rng(0);
    let size = SIDE * SIDE;
    let patterns: Vec<Vec<bool>> =
        (0..10).map(|_| (0..size).map(|_| chance::uniform(&mut rng) < 0.25).collect()).collect();
    let mut pixels = Vec::new();
    let mut labels = Vec::new();
    for _ in 0..count {
        let label = chance::below(10, &mut rng);
        labels.push(label as u8);
        for &on in &patterns[label] {
            let on = on ^ (chance::uniform(&mut rng) < 0.08);
            pixels.push(if on {
                128 + chance::below(128, &mut rng) as u8
            } else {
                chance::below(60, &mut rng) as u8
            });
        }
    }
    (pixels, labels)
}
