//! CPU time of a table of 41 voltages x 8 widths x 2 polarities by the Fokker-Planck equation beside
//! the same table by ensembles of 10,000 trials, in one run.
//!
//! `cargo bench -p spinhebb-device --bench reliability`. The ensemble runs at every eighth voltage
//! and its time is scaled by the number of voltages: its cost does not depend on them. All take turns, and the best
//! of each counts: other work on the machine can only make a turn slower.

use cpu_time::ProcessTime;

use spinhebb_device::dynamics::ensemble::Ensemble;
use spinhebb_device::junction::preset;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::PulseGrid;
use spinhebb_device::switching::fokker_planck::Resolution;
use spinhebb_device::switching::probability::{ByEnsemble, ByFokkerPlanck, SwitchingProbability};

const VOLTAGES: usize = 41;
const EVERY: usize = 8;
const TRIALS: u64 = 10_000;
const TURNS: usize = 4;
const WIDTHS: [f64; 8] = [0.3e-9, 0.5e-9, 0.7e-9, 1e-9, 1.5e-9, 2e-9, 3e-9, 5e-9];

fn main() {
    let junction = preset::load("perpendicular-40nm").expect("preset").device.junction().expect("valid");
    let magnitudes: Vec<f64> = (0..VOLTAGES).map(|k| 0.2 + 0.025 * k as f64).collect();
    let few: Vec<f64> = magnitudes.iter().copied().step_by(EVERY).collect();
    let seconds = |back_end: &dyn SwitchingProbability, magnitudes: &[f64]| {
        let begin = ProcessTime::now();
        let mut probabilities = Vec::new();
        for start in State::BOTH {
            let volts: Vec<f64> = magnitudes.iter().map(|v| v * start.switching_polarity()).collect();
            probabilities.push(
                back_end
                    .grid(&junction, PulseGrid { volts: &volts, widths_s: &WIDTHS }, start)
                    .expect("valid"),
            );
        }
        (begin.elapsed().as_secs_f64(), probabilities)
    };
    let resolutions =
        [("table", Resolution::TABLE), ("standard", Resolution::STANDARD), ("fine", Resolution::FINE)];
    let (mut ensemble, mut best) = (f64::INFINITY, [f64::INFINITY; 3]);
    let (mut counts, mut found) = (Vec::new(), [const { Vec::new() }; 3]);
    for _ in 0..TURNS {
        let (time, probabilities) = seconds(&ByEnsemble(Ensemble::new(TRIALS, 1)), &few);
        (ensemble, counts) = (ensemble.min(time * VOLTAGES as f64 / few.len() as f64), probabilities);
        for ((best, found), (_, resolution)) in best.iter_mut().zip(&mut found).zip(resolutions) {
            let (time, probabilities) = seconds(&ByFokkerPlanck(resolution), &magnitudes);
            (*best, *found) = (best.min(time), probabilities);
        }
    }
    println!("ensemble, {TRIALS} trials: {ensemble:.1} CPU-s (from {} of {VOLTAGES} voltages)", few.len());
    for ((time, found), (name, _)) in best.iter().zip(&found).zip(resolutions) {
        let mut largest = 0.0_f64;
        for (found, counts) in found.iter().zip(&counts) {
            for (row, counts) in found.iter().step_by(EVERY).zip(counts) {
                for (a, b) in row.iter().zip(counts) {
                    let deviation = (a.p * a.complement / TRIALS as f64).sqrt().max(0.5 / TRIALS as f64);
                    largest = largest.max((a.p - b.p).abs() / deviation);
                }
            }
        }
        println!(
            "Fokker-Planck, {name}: {time:.2} CPU-s, 1/{:.0} of it; farthest from the ensemble {largest:.1} deviations",
            ensemble / time
        );
    }
}
