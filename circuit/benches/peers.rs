//! The solver beside badcrossbar and ngspice, in one run: the same random crossbars (2 to 100 kohm, 1 ohm
//! per segment), one thread, CPU time.
//!
//! ```text
//! python3 -m venv target/peers
//! target/peers/bin/pip install numpy scipy sortednp pathvalidate
//! target/peers/bin/pip install --no-deps badcrossbar==1.1.0
//! apt-get install ngspice
//! cargo bench -p spinhebb-circuit --bench peers -- [largest size for badcrossbar, default 512]
//! ```
//!
//! A peer that is not installed is named and left out.

mod cpu_cost;

use std::path::{Path, PathBuf};
use std::process::Command;

use cpu_cost::cpu_seconds_of;
use nalgebra::DMatrix;
use rand::RngExt;
use serde_json::Value;
use spinhebb_circuit::array::Array;
use spinhebb_circuit::array::cell::{CellLaw, Cells};
use spinhebb_data::random_stream::Streams;

struct Case {
    ohm: DMatrix<f64>,
    /// One column per input.
    volts: DMatrix<f64>,
}

fn case(size: usize, inputs: usize) -> Case {
    let mut rng = Streams::new(1, "bench/resistances").rng(size as u64);
    let ohm = DMatrix::from_fn(size, size, |_, _| rng.random_range(2e3..1e5));
    let volts = DMatrix::from_fn(size, inputs, |_, _| rng.random_range(0.0..1.0));
    Case { ohm, volts }
}

impl Case {
    fn array(&self) -> Array {
        Array::new(Cells::Linear(self.ohm.map(|ohm| 1.0 / ohm)), 1.0, 1.0).for_read(
            self.volts.column(0).as_slice(),
            0.0,
            0.0,
        )
    }

    /// The same crossbar with cubic cells (V_h = 0.5 V).
    fn cubic(&self) -> Array {
        let cell = |ohm: f64| CellLaw::Cubic { siemens: 1.0 / ohm, scale_volts: 0.5 }.into();
        Array { cells: Cells::Devices(self.ohm.map(cell)), ..self.array() }
    }
}

fn doubles(matrix: &DMatrix<f64>) -> Vec<u8> {
    matrix.transpose().iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// Output currents that badcrossbar wrote, inputs x columns.
fn read_doubles(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).expect("the peer wrote its currents");
    bytes.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().expect("eight bytes"))).collect()
}

struct Peers {
    python: PathBuf,
    script: PathBuf,
    folder: PathBuf,
}

impl Peers {
    fn run(&self, arguments: &[&str]) -> Option<Value> {
        let output = Command::new(&self.python).arg(&self.script).args(arguments).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let parsed = text.lines().last().and_then(|line| serde_json::from_str(line).ok());
        if parsed.is_none() {
            let error = String::from_utf8_lossy(&output.stderr);
            println!("  {arguments:?} did not finish: {}", error.lines().last().unwrap_or("no message"));
        }
        parsed
    }

    fn badcrossbar(&self, case: &Case, wanted: &str) -> Option<(Value, Vec<f64>)> {
        std::fs::write(self.folder.join("ohm.bin"), doubles(&case.ohm)).expect("the folder is writable");
        std::fs::write(self.folder.join("volts.bin"), doubles(&case.volts)).expect("the folder is writable");
        let (size, inputs) = (case.ohm.nrows().to_string(), case.volts.ncols().to_string());
        let folder = self.folder.to_str()?;
        let cost = self.run(&["badcrossbar", folder, &size, &inputs, wanted])?;
        Some((cost, read_doubles(&self.folder.join("amperes.bin"))))
    }

    fn ngspice(&self, array: &Array, solver: &str) -> Option<Value> {
        let deck = array.to_spice("benchmark").expect("the array is sound");
        let deck = deck.replace("print all\n", "");
        let path = self.folder.join("deck.cir");
        std::fs::write(&path, deck).expect("the folder is writable");
        self.run(&["ngspice", path.to_str()?, solver])
    }
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or(f64::NAN)
}

/// Largest resident memory of this process so far in kB.
fn peak_kb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux keeps status");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("VmHWM is in status");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).expect("kB")
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|a| a == "--memory-of") {
        // Child process: one solve and nothing else, for its peak memory.
        let size: usize = arguments[at + 1].parse().expect("a size");
        let case = case(size, 1);
        let before = peak_kb();
        let solution = case.array().solve().expect("the array is sound");
        println!("{} {} {}", before, peak_kb(), solution.output_amperes()[0]);
        return;
    }
    let largest: usize = arguments.iter().filter_map(|a| a.parse().ok()).next().unwrap_or(512);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = root.join("target/peers-cases");
    std::fs::create_dir_all(&folder).expect("target is writable");
    let python = root.join("target/peers/bin/python");
    let python = if python.exists() { python } else { PathBuf::from("python3") };
    let peers = Peers { python, script: root.join("circuit/benches/peers.py"), folder };

    println!("badcrossbar, one input, all node voltages");
    for size in [64, 128, 256, 512, 1024].into_iter().filter(|&size| size <= largest) {
        let case = case(size, 1);
        let array = case.array();
        let (ours, solution) = cpu_seconds_of(|| array.solve().expect("the array is sound"));
        let Some((cost, theirs)) = peers.badcrossbar(&case, "all") else { continue };
        let off = (0..size).map(|j| (theirs[j] / solution.output_amperes()[j] - 1.0).abs());
        let peer = number(&cost, "cpu_s");
        println!(
            "  {size:4}: {:.3} ms against {:.1} ms, {:.0} times; currents differ by {:.1e}; badcrossbar's peak {:.0} MB",
            ours * 1e3,
            peer * 1e3,
            peer / ours,
            off.fold(0.0, f64::max),
            (number(&cost, "peak_kb") - number(&cost, "base_kb")) / 1e3,
        );
        let child = Command::new(&arguments[0]).args(["--memory-of", &size.to_string()]).output();
        if let Ok(child) = child {
            let text = String::from_utf8_lossy(&child.stdout).to_string();
            let kb: Vec<f64> = text.split_whitespace().filter_map(|v| v.parse().ok()).collect();
            if let [before, peak, _] = kb[..] {
                let theirs = number(&cost, "peak_kb") - number(&cost, "base_kb");
                println!(
                    "        peak memory of the solve: {:.1} MB against {:.0} MB, {:.0} times less",
                    (peak - before) / 1e3,
                    theirs / 1e3,
                    theirs / (peak - before)
                );
            }
        }
    }

    println!("badcrossbar, 100 inputs, outputs only");
    for size in [64, 128, 256] {
        let case = case(size, 100);
        let array = case.array();
        let (ours, outputs) =
            cpu_seconds_of(|| array.effective_siemens().expect("the array is sound").tr_mul(&case.volts));
        let Some((cost, theirs)) = peers.badcrossbar(&case, "outputs") else { continue };
        let off = (0..100 * size).map(|k| (theirs[k] / outputs[(k % size, k / size)] - 1.0).abs());
        let peer = number(&cost, "cpu_s");
        println!(
            "  {size:4}: {:.2} ms against {:.0} ms, {:.0} times; currents differ by {:.1e}",
            ours * 1e3,
            peer * 1e3,
            peer / ours,
            off.fold(0.0, f64::max)
        );
    }

    println!(
        "ngspice, operating point (CPU time of the process less that of an empty deck; stopped after 240 s)"
    );
    for (size, solver) in [(64, "klu"), (128, "klu"), (64, "default"), (128, "default")] {
        let case = case(size, 1);
        for (kind, array) in [("linear", case.array()), ("cubic", case.cubic())] {
            let (ours, _) = cpu_seconds_of(|| array.solve().expect("the array is sound"));
            let Some(cost) = peers.ngspice(&array, solver) else { continue };
            if let Some(reason) = cost["unavailable"].as_str() {
                println!("  {size:4} {kind}, {solver}: {reason}");
                continue;
            }
            let peer = number(&cost, "cpu_s");
            println!(
                "  {size:4} {kind}: {:.3} ms against {:.0} ms, {:.0} times; ngspice used {}",
                ours * 1e3,
                peer * 1e3,
                peer / ours,
                cost["solver"].as_str().unwrap_or("?")
            );
        }
    }
}
