//! CPU time per image: training at several sizes, the analog engine against the binary one, and the core's memory.
//!
//! `cargo bench -p spinhebb-network --bench throughput [-- small | large]`; one thread; best of several turns, because
//! other work on the machine can only make a turn slower.

#[path = "../tests/formula/mod.rs"]
mod formula;

use cpu_time::ProcessTime;
use multiversion::multiversion;
use spinhebb_data::mnist;
use spinhebb_network::encoding::Images;
use spinhebb_network::readout::preset;
use spinhebb_network::training::config::SynapseModel;
use spinhebb_network::training::network::Network;
use std::hint::black_box;

/// Best CPU microseconds per image of `turns` stretches of `images` training images.
fn train_us(mut network: Network, set: &Images<'_>, turns: u32, images: u64) -> f64 {
    network.advance(set, images).expect("the set fits the network");
    (0..turns)
        .map(|_| {
            let start = ProcessTime::now();
            network.advance(set, images).expect("the set fits the network");
            start.elapsed().as_secs_f64() * 1e6 / images as f64
        })
        .fold(f64::INFINITY, f64::min)
}

/// Sum of all bytes lane by lane, in the widest registers the processor has, as the layer adds its weights.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2", "aarch64+neon"))]
fn sum_lanes(data: &[u8]) -> [u8; 256] {
    let mut sums = [0u8; 256];
    for chunk in data.as_chunks::<256>().0 {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum = sum.wrapping_add(*x);
        }
    }
    sums
}

/// Bytes per second when summing `bytes` bytes over and over, best of several turns.
fn read_bandwidth(bytes: usize) -> f64 {
    let data = vec![1u8; bytes];
    (0..12)
        .map(|_| {
            let start = ProcessTime::now();
            let turns = (1 << 28) / bytes;
            for _ in 0..turns {
                black_box(sum_lanes(black_box(&data)));
            }
            (turns * bytes) as f64 / start.elapsed().as_secs_f64()
        })
        .fold(0.0, f64::max)
}

fn main() {
    let asked = |name: &str| std::env::args().any(|a| a == name);
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("the pool is built once");
    let set = mnist::load(None).expect("the shipped set is readable");
    let images = Images::new(&set.train.pixels, set.train.columns, set.train.rows).expect("whole images");
    let ideal = |neurons, copies| {
        Network::new(&preset::tuned(neurons, copies, images.len()), None, &images, 1, 0)
            .expect("a valid recipe")
    };
    if asked("large") {
        let us = train_us(ideal(10_000, 8), &images, 20, 2000);
        println!("spinhebb n=10000 r=8: {us:.2} CPU-us per training image");
        return;
    }
    let us = train_us(ideal(400, 8), &images, 10, 5000);
    println!("spinhebb n=400 r=8: {us:.2} CPU-us per training image, {:.0} images per CPU-second", 1e6 / us);
    if asked("small") {
        return;
    }
    for (neurons, copies) in [(1000, 8), (10_000, 1), (10_000, 8)] {
        let us = train_us(ideal(neurons, copies), &images, 10, 2000);
        println!("spinhebb n={neurons} r={copies}: {us:.2} CPU-us per training image");
    }
    let mut varied = preset::tuned(1000, 1, images.len());
    varied.network.synapses = SynapseModel::Devices;
    let hardware = formula::varied();
    let analog = Network::new(&varied, Some(&hardware), &images, 1, 0).expect("a valid recipe");
    let (binary, analog) = (train_us(ideal(1000, 1), &images, 10, 3000), train_us(analog, &images, 10, 3000));
    println!(
        "n=1000 r=1: binary {binary:.2}, analog {analog:.2} CPU-us per training image, ratio {:.2}",
        analog / binary
    );
    // 8-bit weights of the active lines of a mean image at N = 10,000 (122 of 784 lines).
    let touched = 122.0 * 10_240.0;
    for (name, bytes) in
        [("first-level cache", 16 << 10), ("second-level cache", 1 << 20), ("beyond", 16 << 20)]
    {
        let rate = read_bandwidth(bytes);
        println!(
            "reading from the {name}: {:.1} GB/s; the {:.2} MB of active weights at N = 10,000 take {:.1} us",
            rate * 1e-9,
            touched * 1e-6,
            touched / rate * 1e6
        );
    }
}
