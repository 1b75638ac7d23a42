//! CPU times of the solver alone, for work on its kernels: `cargo bench -p spinhebb-circuit --bench kernels`.

mod cpu_cost;

use cpu_cost::cpu_seconds_of;
use nalgebra::DMatrix;
use rand::RngExt;
use spinhebb_circuit::array::Array;
use spinhebb_circuit::array::cell::Cells;
use spinhebb_data::random_stream::Streams;

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
