//! CPU time per step of the ensemble kernel, for every integrator and instruction set, beside
//! cmtj in the same run (interleaved); and the time of a full switching table.
//!
//! `cargo bench -p spinhebb-device --bench kernel`; cmtj is taken from `target/peers` (see
//! `cmtj_steps.py`) and left out when absent. `SPINHEBB_BENCH_TABLE=1` adds the table.

use cpu_time::ThreadTime;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use spinhebb_data::random_stream::Streams;
use spinhebb_device::dynamics::block::BLOCK;
use spinhebb_device::dynamics::ensemble::{Ensemble, switching_count};
use spinhebb_device::dynamics::instruction_set::InstructionSet;
use spinhebb_device::dynamics::integrator::Integrator;
use spinhebb_device::dynamics::lanes::{Dynamics, Stepping};
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::preset;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::PulseGrid;
use spinhebb_device::switching::fokker_planck::Resolution;
use spinhebb_device::switching::probability::{ByFokkerPlanck, SwitchingProbability};
use spinhebb_device::switching::table::{Refinement, SwitchingTable};

const ROUNDS: usize = 9;
const STEPS: usize = 20_000;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The peer process.
struct Peer {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    fn start() -> Option<Self> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("../target/peers/bin/python");
        let mut process = Command::new(python)
            .arg(root.join("benches/cmtj_steps.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (input, output) = (process.stdin.take()?, BufReader::new(process.stdout.take()?));
        Some(Self { process, input, output })
    }

    /// CPU nanoseconds per step of one run.
    fn time(&mut self, solver: &str) -> Option<f64> {
        writeln!(self.input, "{solver}").ok()?;
        // cmtj itself prints warnings on the same stream.
        for line in (&mut self.output).lines() {
            if let Ok(nanoseconds) = line.ok()?.trim().parse() {
                return Some(nanoseconds);
            }
        }
        None
    }
}

/// Error of one cell of a table against the Fokker-Planck equation for Heun's scheme at cmtj's step of 1 ps and for
/// Runge-Kutta at longer steps, and what a simulated nanosecond costs: the time to a table of equal accuracy.
fn equal_accuracy(heun_ns: f64, runge_kutta_ns: f64, cmtj_ns: &[f64]) {
    let mtj = preset::load("perpendicular-40nm").expect("preset").device.resolve().expect("valid");
    let pulse = Pulse::rectangular(0.65, 1e-9);
    let exact = ByFokkerPlanck(Resolution::STANDARD)
        .probability(&(&mtj).into(), &pulse, State::AntiParallel)
        .expect("axially symmetric")
        .p;
    let trials = 1_000_000;
    for (integrator, step_ns, picoseconds) in [
        (Integrator::Heun, heun_ns, 1.0),
        (Integrator::RungeKutta4, runge_kutta_ns, 1.0),
        (Integrator::RungeKutta4, runge_kutta_ns, 2.0),
        (Integrator::RungeKutta4, runge_kutta_ns, 4.0),
    ] {
        let mut ensemble = Ensemble::new(trials, 1);
        ensemble.stepping = Stepping { integrator, step_s: Some(picoseconds * 1e-12), ..Stepping::default() };
        let found = switching_count(&mtj, &pulse, State::AntiParallel, &ensemble).expect("valid").fraction();
        let scatter = (exact * (1.0 - exact) / trials as f64).sqrt();
        let ratio = if cmtj_ns.is_empty() {
            String::new()
        } else {
            format!(", {:.0} times cmtj's Heun at 1 ps", median(cmtj_ns.to_vec()) * picoseconds / step_ns)
        };
        println!(
            "{integrator:?} at {picoseconds} ps: P = {found:.4} against {exact:.4} (scatter {scatter:.4}), {:.1} us per \
             simulated ns{ratio}",
            step_ns / picoseconds
        );
    }
}

fn main() {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let family = cpu.lines().find_map(|line| line.strip_prefix("model\t")).unwrap_or("");
    println!("CPU{model}, model{family}");
    let mut config = preset::load("perpendicular-40nm").expect("preset").device;
    config.transport.tmr_half_voltage = Some(spinhebb_data::quantity::Voltage(0.5));
    let mtj = config.resolve().expect("valid");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let ours = |integrator: Integrator, set: InstructionSet| {
        let stepping = Stepping { integrator, step_s: Some(1e-12), instruction_set: Some(set) };
        let pulse = Pulse::constant(0.5, STEPS as f64 * 1e-12);
        let dynamics = Dynamics::new(&mtj, &pulse, &stepping).expect("valid");
        let mut lanes = dynamics.lanes((0..BLOCK as u64).map(|k| (k, [0.1, 0.0, 0.995])));
        let streams = Streams::new(1, "bench");
        pool.install(|| {
            let begin = ThreadTime::now();
            dynamics.advance(&mut lanes, &streams, 0..STEPS);
            begin.elapsed().as_secs_f64() / (STEPS * BLOCK) as f64 * 1e9
        })
    };
    let mut peer = Peer::start();
    if peer.is_none() {
        println!("cmtj: absent (target/peers), left out");
    }
    let solvers = ["Heun", "EulerHeun"];
    let mut theirs = solvers.map(|_| Vec::new());
    let cases: Vec<(Integrator, InstructionSet)> =
        [Integrator::RungeKutta4, Integrator::Heun, Integrator::ImplicitMidpoint]
            .into_iter()
            .flat_map(|integrator| InstructionSet::available().into_iter().map(move |set| (integrator, set)))
            .collect();
    let mut times = vec![Vec::new(); cases.len()];
    for _ in 0..ROUNDS {
        for (case, times) in cases.iter().zip(&mut times) {
            times.push(ours(case.0, case.1));
        }
        if let Some(running) = &mut peer {
            for (solver, times) in solvers.iter().zip(&mut theirs) {
                match running.time(solver) {
                    Some(time) => times.push(time),
                    None => println!("cmtj: no answer for {solver}"),
                }
            }
        }
    }
    let heun = theirs[0].clone();
    for (solver, times) in solvers.iter().zip(theirs) {
        if !times.is_empty() {
            println!("cmtj {solver}, thermal, one layer: {:.1} ns per step", median(times));
        }
    }
    for ((integrator, set), times) in cases.into_iter().zip(times) {
        let time = median(times);
        let ratio = if heun.is_empty() {
            String::new()
        } else {
            format!(", {:.1} times the steps per second of cmtj's Heun", median(heun.clone()) / time)
        };
        println!("{integrator:?}, {}: {time:.2} ns per step{ratio}", set.name());
    }
    let cost = |integrator: Integrator| ours(integrator, InstructionSet::widest());
    equal_accuracy(cost(Integrator::Heun), cost(Integrator::RungeKutta4), &heun);
    if std::env::var_os("SPINHEBB_BENCH_TABLE").is_some() {
        let magnitudes: Vec<f64> = (0..41).map(|i| 0.2 + 0.025 * f64::from(i)).collect();
        let widths = [0.3e-9, 0.5e-9, 0.7e-9, 1e-9, 1.5e-9, 2e-9, 3e-9, 5e-9];
        let device = preset::load("perpendicular-40nm").expect("preset").device.resolve().expect("valid");
        let wall = Instant::now();
        let ensemble = Ensemble::new(10_000, 1);
        let table = SwitchingTable::by_ensemble(
            &(&device).into(),
            PulseGrid { volts: &magnitudes, widths_s: &widths },
            &ensemble,
            Refinement::NONE,
            |_| {},
        )
        .expect("valid");
        let median = table
            .voltage_for(0.5, 1e-9, spinhebb_device::junction::state::State::AntiParallel)
            .expect("inside");
        println!(
            "table of 41 voltages x 8 widths x 2 polarities, 10,000 trials a cell: {:.1} s on {} threads \
             (half at 1 ns: {:.4} V)",
            wall.elapsed().as_secs_f64(),
            rayon::current_num_threads(),
            median.volts
        );
    }
    if let Some(mut running) = peer {
        drop(running.input);
        let _ = running.process.wait();
    }
}
