//! The 4x2 network on its solved crossbar, against loops that ask the circuit solver for each read and each write.

mod formula;

use std::sync::Arc;

use formula::{array, population, transport};
use rand::Rng;
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::crossbar::End;
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::{FaultsConfig, Variation};
use spinhebb_circuit::operate::write::{LearningStep, write};
use spinhebb_data::config::Document;
use spinhebb_data::quantity::Resistance;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::state::State;
use spinhebb_device::population::{DeviceTables, PopulationConfig};
use spinhebb_network::demonstrator::{
    ArrayPulses, Demonstrator, DemonstratorConfig, DendriteCurrents as _, Pattern, SmallArray,
    SwitchingProbabilities, Watch, WriteEvent, WriteProbabilities, ZeroInput, exact_learning_time, learn,
    learn_many,
};

const WIDTH_S: f64 = formula::WIDTH_S;
const VOLTS: f64 = 0.5;
const SEED: u64 = 4;

/// Probability of the nominal device: 0.5 at 0.5 V, a decade lower for each 60 mV below.
fn curve(volts: f64) -> f64 {
    1.0 - (-(0.5_f64.ln().abs()) * 10_f64.powf((volts.abs() - VOLTS) / 0.06)).exp()
}

fn pattern(text: &str) -> Pattern {
    text.parse().unwrap()
}

fn config(learning: ZeroInput) -> DemonstratorConfig {
    let text = r#"
        initial = ["1100", "1100"]
        images = ["1001", "0110"]
        targets = ["1100", "1001"]
        order = "random"
        zero_inputs = { inference = "grounded", learning = "grounded" }
        subtraction = 1.44
        neuron = { retention = 0.9, cycles = 20 }
        threshold = 10.0
        homeostasis = { kind = "querlioz", gain = 2.0, target = 0.5 }
        tie = "analog-race"
        window_cycles = 20
        rest_cycles = 20
        max_images = 60
        runs = 20000
        within = 9
    "#;
    let mut config: DemonstratorConfig = Document::from_text("four.toml", text).unwrap().parse().unwrap();
    config.zero_inputs.learning = learning;
    config
}

/// A 4x2 array with drivers and sense circuits of 50 ohm beside its wires, and the pulses that write it.
struct Chip {
    config: ArrayConfig,
    array: SmallArray,
    variation: Variation,
    pulses: ArrayPulses,
}

fn chip(wire_ohm: f64, scheme: WriteScheme, spread: bool) -> Chip {
    let ohm = if wire_ohm > 0.0 { Resistance(50.0) } else { Resistance(0.0) };
    let config = ArrayConfig { driver: ohm, sense: ohm, write_driver: ohm, ..array(wire_ohm, scheme, 4, 2) };
    let devices = if spread {
        population("area = { relative = 0.1 }\nhazard = { relative = 0.4, distribution = \"log-normal\" }")
    } else {
        PopulationConfig::default()
    };
    let variation = Variation::new(&devices, &FaultsConfig::default(), SEED).unwrap();
    let packed = formula::tables(|volts, _| curve(volts));
    let pulses = ArrayPulses {
        tables: Arc::new(DeviceTables::clone(packed.exact())),
        potentiation_v: VOLTS,
        depression_v: -VOLTS,
        width_s: WIDTH_S,
    };
    let array = SmallArray::new(config.clone(), variation.clone(), transport());
    Chip { config, array, variation, pulses }
}

impl Chip {
    /// Dendrite currents by a fresh solution, written here again.
    fn read(&self, weights: &[Pattern], input: Pattern, zero: ZeroInput) -> Vec<f64> {
        let states = nalgebra::DMatrix::from_fn(4, 2, |i, k| state(weights[k].get(i)));
        let mut made = self.config.made(transport(), &states, &self.variation);
        for (i, driven) in input.values().enumerate() {
            made.word.first[i] = match (driven, zero) {
                (true, _) => End::Driven { volts: self.config.read_voltage.si(), ohm: 50.0 },
                (false, ZeroInput::Grounded) => End::Driven { volts: 0.0, ohm: 50.0 },
                (false, ZeroInput::Open) => End::Floating,
            };
        }
        made.bit.last = vec![End::Driven { volts: 0.0, ohm: 50.0 }; 2];
        made.solve().unwrap().terminals.bottom.iter().copied().collect()
    }

    /// One run of the learning with every read and every write solved when it happens: states after each image until the images
    /// are held, by the random numbers of `rng` in the order of the demonstrator.
    fn brute_force(
        &self,
        config: &DemonstratorConfig,
        unit_a: f64,
        rng: &mut impl Rng,
    ) -> (Vec<Pattern>, u32) {
        let uniform = |rng: &mut dyn FnMut() -> u64| (rng() >> 11) as f64 / (1u64 << 53) as f64;
        let mut weights = config.initial.clone();
        let mut firings = [0_u32; 2];
        for image in 0..config.max_images {
            let input = config.images[((u64::from(rng.next_u32()) * 2) >> 32) as usize];
            let currents = self.read(&weights, input, config.zero_inputs.learning);
            let thresholds = firings.map(|k| 10.0 + 2.0 * (f64::from(k) - 0.5 * f64::from(image)));
            let mut levels = [0.0; 2];
            let mut winner = None;
            for _ in 0..20 {
                for k in 0..2 {
                    levels[k] = 0.9 * levels[k] + currents[k] / unit_a;
                }
                let over = [0, 1].map(|k| levels[k] > thresholds[k]);
                let ratio =
                    |k: usize| if thresholds[k] > 0.0 { currents[k] / thresholds[k] } else { f64::INFINITY };
                winner = match over {
                    [false, false] => continue,
                    [true, false] => Some(0),
                    [false, true] => Some(1),
                    _ if ratio(0) == ratio(1) => Some(((u64::from(rng.next_u32()) * 2) >> 32) as usize),
                    _ => Some(usize::from(ratio(1) > ratio(0))),
                };
                break;
            }
            if let Some(neuron) = winner {
                firings[neuron] += 1;
                let flips = self.solve_write(&weights, neuron, input);
                let mut next = || rng.next_u64();
                let meant = |k: usize, i: usize| k == neuron && weights[k].get(i) != input.get(i);
                let mut after = weights.iter().map(|row| row.bits()).collect::<Vec<u32>>();
                for (k, i) in (0..8).map(|d| (d / 4, d % 4)).filter(|&(k, i)| meant(k, i)) {
                    after[k] ^= u32::from(uniform(&mut next) < flips[k][i]) << i;
                }
                for (k, i) in (0..8).map(|d| (d / 4, d % 4)).filter(|&(k, i)| !meant(k, i)) {
                    if flips[k][i] > 0.0 {
                        after[k] ^= u32::from(uniform(&mut next) < flips[k][i]) << i;
                    }
                }
                weights = after.into_iter().map(|bits| Pattern::new(bits, 4).unwrap()).collect();
            }
            if config.learned(&weights) {
                return (weights, image + 1);
            }
        }
        (weights, config.max_images)
    }

    /// What a write does to each device, from the voltages of the solver and the curve of the device.
    fn solve_write(&self, weights: &[Pattern], neuron: usize, input: Pattern) -> [[f64; 4]; 2] {
        let states = nalgebra::DMatrix::from_fn(4, 2, |i, k| state(weights[k].get(i)));
        let made = self.config.made(transport(), &states, &self.variation);
        let active: Vec<bool> = input.values().collect();
        let step = LearningStep {
            dendrite: neuron,
            active: &active,
            potentiation_volts: VOLTS,
            depression_volts: -VOLTS,
            width_s: WIDTH_S,
            contacts: None,
        };
        let drivers = self.config.write_drivers(transport());
        let written = write(&made, self.config.scheme, &drivers, &step).unwrap();
        assert_eq!(written.phases.len(), 1);
        [0, 1].map(|k| {
            [0, 1, 2, 3].map(|i| {
                let volts = written.phases[0].device_volts[(i, k)];
                let factors = self.variation.device(i, k, 4, 2).factors;
                let found = self.pulses.tables.probability(&factors, volts, WIDTH_S, states[(i, k)]);
                found.unwrap().p
            })
        })
    }
}

const fn state(parallel: bool) -> State {
    if parallel { State::Parallel } else { State::AntiParallel }
}

/// With wires, drivers and sense circuits of 50 ohm and devices that differ, whole runs leave the same states after the same number
/// of images as the brute-force loop; on ideal lines the same random numbers lead elsewhere.
#[test]
fn learning_on_a_wired_array_is_that_of_the_solver() {
    for (scheme, zero) in
        [(WriteScheme::CutOff, ZeroInput::Open), (WriteScheme::Floating, ZeroInput::Grounded)]
    {
        let (chip, config) = (chip(50.0, scheme, true), config(zero));
        let unit_current_a = chip.array.mean_current_a(State::Parallel).unwrap();
        let table = chip.array.writes(&config.potentiated(), &chip.pulses).unwrap();
        let on = |currents, probabilities: &dyn WriteProbabilities, unit_current_a, run| {
            let demonstrator = Demonstrator { config: &config, currents, unit_current_a, probabilities };
            let mut rng = Streams::new(SEED, "runs").rng(run);
            learn(&demonstrator, Watch::default(), &mut rng).unwrap()
        };
        let currents = chip.array.currents(zero).unwrap();
        let ideal = self::chip(0.0, WriteScheme::CutOff, false);
        let ideal_currents = ideal.array.currents(zero).unwrap();
        let uniform = SwitchingProbabilities::uniform(8, 0.5, 0.5);
        let (mut other, mut disturbed) = (0, 0);
        for run in 0..60 {
            let found = on(&currents, &table, unit_current_a, run);
            let mut rng = Streams::new(SEED, "runs").rng(run);
            let solved = chip.brute_force(&config, unit_current_a, &mut rng);
            assert_eq!((found.weights.clone(), found.images), solved, "{scheme:?}, run {run}");
            let plain = on(&ideal_currents, &uniform, 1.9e-4 * chip.config.read_voltage.si(), run);
            other += u32::from((plain.weights, plain.images) != (found.weights, found.images));
            disturbed += found.disturbed;
        }
        println!("{scheme:?}: {other} of 60 runs differ from ideal lines, {disturbed} devices disturbed");
        assert!(other > 30, "{scheme:?}: {other}");
        assert_eq!(disturbed > 0, scheme == WriteScheme::Floating, "{disturbed}");
    }
}

/// On ideal lines with equal devices the solved array has the two probabilities of the pulses in every event, and disturbs nothing.
#[test]
fn ideal_lines_give_the_two_probabilities() {
    let (chip, config) = (chip(0.0, WriteScheme::CutOff, false), config(ZeroInput::Open));
    let sets = config.potentiated();
    let table = chip.array.writes(&sets, &chip.pulses).unwrap();
    let unit_current_a = chip.array.mean_current_a(State::Parallel).unwrap();
    assert!((unit_current_a / (1.9e-4 * chip.config.read_voltage.si()) - 1.0).abs() < 1e-9);
    let uniform = SwitchingProbabilities::uniform(8, curve(VOLTS), curve(VOLTS));
    let rows = Pattern::all(4).unwrap();
    let (mut found, mut expected) = ([0.0; 8], [0.0; 8]);
    for weights in rows.iter().flat_map(|&first| rows.iter().map(move |&second| [first, second])) {
        for (neuron, &potentiated) in [0, 1].into_iter().flat_map(|k| sets.iter().map(move |set| (k, set))) {
            let event = WriteEvent { weights: &weights, neuron, potentiated };
            table.flips(&event, &mut found).unwrap();
            uniform.flips(&event, &mut expected).unwrap();
            for (p, exact) in found.iter().zip(expected) {
                // A cut-off transistor passes a millionth of the voltage, at which nothing switches.
                assert!((p - exact).abs() < 1e-7, "{event:?}: {found:?} {expected:?}");
            }
        }
    }
}

/// Open inputs change nothing on ideal lines. With resistances every current is that of the solver, and some differ from those of
/// grounded inputs.
#[test]
fn open_inputs_count_where_lines_have_resistance() {
    let weights = [pattern("1100"), pattern("1001")];
    let ideal = chip(0.0, WriteScheme::CutOff, true);
    let wired = chip(50.0, WriteScheme::CutOff, true);
    let mut most = 0.0_f64;
    for input in Pattern::all(4).unwrap() {
        let [open, grounded] = [ZeroInput::Open, ZeroInput::Grounded].map(|zero| {
            let mut found = [0.0; 2];
            wired.array.currents(zero).unwrap().currents_a(&weights, input, &mut found);
            assert_eq!(found.to_vec(), wired.read(&weights, input, zero), "{input} {zero:?}");
            found
        });
        let [a, b] = [ZeroInput::Open, ZeroInput::Grounded]
            .map(|zero| ideal.array.read_a(&weights, input, zero).unwrap());
        for k in 0..2 {
            // A floating line carries what of a dendrite's voltage its cells pass: it takes nothing to ground.
            assert!(open[k] >= grounded[k] - 1e-15, "{input}: {} {}", open[k], grounded[k]);
            most = most.max(open[k] / grounded[k].max(1e-12) - 1.0);
            assert!((a[k] - b[k]).abs() <= 1e-12 * a[k].abs().max(1e-9), "{input}: {} {}", a[k], b[k]);
        }
    }
    println!("open inputs raise a current by up to {:.1} %", 100.0 * most);
    assert!(most > 0.005, "{most}");
}

/// With transistors that hardly cut off, so that every write may change any device, the runs in random order follow the exact
/// chain.
#[test]
fn the_chain_follows_disturbed_devices() {
    let (mut chip, config) = (chip(5.0, WriteScheme::CutOff, true), config(ZeroInput::Open));
    let leaky = ArrayConfig { off: Resistance(3000.0), ..chip.config.clone() };
    chip.array = SmallArray::new(leaky, chip.variation.clone(), transport());
    let table = chip.array.writes(&config.potentiated(), &chip.pulses).unwrap();
    let currents = chip.array.currents(ZeroInput::Open).unwrap();
    let unit_current_a = chip.array.mean_current_a(State::Parallel).unwrap();
    let demonstrator =
        Demonstrator { config: &config, currents: &currents, unit_current_a, probabilities: &table };
    let found = learn_many(&demonstrator, SEED).unwrap();
    let exact = exact_learning_time(&demonstrator).unwrap();
    for images in [9, 20, 40, 60] {
        let p = exact.within(images);
        // Four comparisons at 4 sigma: one false alarm in 4,000 seeds.
        let sigma = (p * (1.0 - p) / f64::from(config.runs)).sqrt();
        let fraction = found.learned_within(images);
        println!("within {images}: {fraction} {p}");
        assert!((fraction - p).abs() <= 4.0 * sigma, "{images}: {fraction} {p}");
    }
    assert!(found.disturbed > 1000, "{}", found.disturbed);
    assert!(exact.within(60) > 0.05, "{}", exact.within(60));
}

/// Voltages beyond the tables are told, and probabilities of another network are refused.
#[test]
fn what_does_not_fit_is_refused() {
    let (chip, config) = (chip(0.0, WriteScheme::CutOff, false), config(ZeroInput::Open));
    let high = ArrayPulses { potentiation_v: 1.5, ..chip.pulses.clone() };
    let error = chip.array.writes(&config.potentiated(), &high).unwrap_err().to_string();
    assert!(error.contains("1.5"), "{error}");
    let table = chip.array.writes(&[pattern("1001")], &chip.pulses).unwrap();
    let error = table.check(&config).unwrap_err().to_string();
    assert!(error.contains("0110"), "{error}");
    let wider = DemonstratorConfig { initial: vec![pattern("1100"); 3], ..config };
    assert!(table.check(&wider).unwrap_err().to_string().contains("size of the array"));
}
