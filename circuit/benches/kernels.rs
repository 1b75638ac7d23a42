//! CPU times of the solver alone, for work on its kernels: `cargo bench -p spinhebb-circuit --bench kernels`.

use nalgebra::DMatrix;
use rand::RngExt;
use spinhebb_circuit::Array;
use spinhebb_circuit::cell::Cells;
use spinhebb_data::random_stream::Streams;

/// CPU seconds of this thread so far (Linux).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux keeps schedstat");
    stat.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).expect("first field in ns") * 1e-9
}

/// CPU seconds of one call, averaged over at least 0.3 s, and its last result.
fn cpu_seconds_of<T>(mut work: impl FnMut() -> T) -> (f64, T) {
    let mut result = work();
    let start = cpu_seconds();
    let mut calls = 0;
    while calls < 3 || cpu_seconds() - start < 0.3 {
        result = work();
        calls += 1;
    }
    ((cpu_seconds() - start) / f64::from(calls), result)
}

fn array(size: usize) -> Array {
    let mut rng = Streams::new(1, "bench/resistances").rng(size as u64);
    let siemens = DMatrix::from_fn(size, size, |_, _| 1.0 / rng.random_range(2e3..1e5));
    let volts: Vec<f64> = (0..size).map(|_| rng.random_range(0.0..1.0)).collect();
    Array::new(Cells::Linear(siemens), 1.0, 1.0).for_read(&volts, 0.0, 0.0)
}

fn main() {
    println!("size   all node voltages, one input   iterations   Lambda   transfer matrix");
    for size in [64, 128, 256, 512, 1024] {
        let array = array(size);
        let (solve_s, solution) = cpu_seconds_of(|| array.solve().expect("the array is sound"));
        let certificate = solution.certificate;
        let transfer_s = (size <= 256)
            .then(|| cpu_seconds_of(|| array.effective_siemens().expect("the array is sound")).0);
        println!(
            "{size:4}   {:10.3} ms {:>27} {:>11.1} {:>14}",
            solve_s * 1e3,
            certificate.iterations,
            certificate.severity,
            transfer_s.map_or(String::new(), |s| format!("{:.3} ms", s * 1e3)),
        );
    }
}
