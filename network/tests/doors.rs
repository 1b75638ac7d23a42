//! The doors between layers, each against a brute-force computation: the solver of the circuit and the back end of the device
//! for each device's own macrospin, without tables, classes or voltages kept from before.

mod formula;

use std::sync::Arc;

use formula::{array, population};
use rayon::prelude::*;
use spinhebb_circuit::array::cell::Cells;
use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_circuit::operate::write::{LearningStep, write};
use spinhebb_data::config::Document;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::{Junction, preset};
use spinhebb_device::population::{DeviceFactors, Population, PopulationConfig, RoundingTest};
use spinhebb_device::switching::fokker_planck::Resolution;
use spinhebb_device::switching::probability::{ByFokkerPlanck, SwitchingProbability};
use spinhebb_device::switching::table_config::{TableConfig, TableRequest};
use spinhebb_network::synapses::{
    AnalogSynapses, LayerDevices, LayerSize, OwnPulse, PackedTables, Synapses as _, SynapticDevice,
    probability,
};
use spinhebb_network::training::class_rounding::{ClassRounding, LEAST_SHARE};
use spinhebb_network::training::crossbar::Crossbar;
use spinhebb_network::training::hardware::{DrivenPulses, Hardware, HardwareParts};

const WIDTH_S: f64 = 2e-9;
const SEED: u64 = 8;
const BACK_END: ByFokkerPlanck = ByFokkerPlanck(Resolution::TABLE);

/// Every spread at once.
const SPREADS: &str = r#"
    resistance_area = { relative = 0.05 }
    tmr = { relative = 0.05 }
    area = { relative = 0.05 }
    barrier = { relative = 0.06 }
    critical_voltage = { relative = 0.03 }
    hazard = { relative = 0.3, distribution = "log-normal" }
"#;

/// Spreads that need fewer tables.
const FEW: &str = r#"
    resistance_area = { relative = 0.05 }
    area = { relative = 0.05 }
    barrier = { relative = 0.04 }
    hazard = { relative = 0.3, distribution = "log-normal" }
"#;

fn table_config() -> TableConfig {
    let document = Document::from_text("table.toml", include_str!("../../device/tests/table.toml"));
    document.unwrap().parse().unwrap()
}

struct Chip {
    nominal: Mtj,
    population: Population,
    hardware: Arc<Hardware>,
}

/// A chip whose pulses give the nominal device 0.35 and 0.3.
fn chip(spreads: &str, array: &ArrayConfig) -> Chip {
    let junction = Junction::new(&preset::load("perpendicular-40nm").unwrap().device).unwrap();
    let nominal = junction.macrospin("a test").unwrap().clone();
    let spreads: PopulationConfig = population(spreads);
    let drawn = Population::new(&spreads, SEED).unwrap();
    let config = table_config();
    let request = TableRequest::new(&junction, &[WIDTH_S], 1);
    let tables = config.device_tables(&request, &drawn, |request| config.table(request)).unwrap();
    let volts = |p, start| tables.nominal_table().voltage_for(p, WIDTH_S, start).unwrap().volts;
    let (up, down) = (volts(0.35, State::AntiParallel), volts(0.3, State::Parallel));
    let tables = Arc::new(PackedTables::new(Arc::new(tables), WIDTH_S).unwrap());
    let pulses = DrivenPulses { tables, potentiation_v: vec![up], depression_v: vec![down] };
    let faults = FaultsConfig { stuck_state: 0.02, ..FaultsConfig::default() };
    let parts = HardwareParts {
        population: &spreads,
        faults: &faults,
        array,
        transport: nominal.transport,
        seed: SEED,
    };
    Chip { nominal, population: drawn, hardware: Arc::new(Hardware::new(&parts, Some(pulses)).unwrap()) }
}

impl Chip {
    fn synapses(&self, size: LayerSize) -> AnalogSynapses {
        let row = |neuron: usize| -> Vec<SynapticDevice> {
            self.hardware.row(neuron, size.lines, usize::from(size.copies))
        };
        let tables = self.hardware.pulses().map(|pulses| Arc::clone(&pulses.tables));
        AnalogSynapses::random(size, 0.5, SEED, &LayerDevices { range: 2.0, tables, row: &row }).unwrap()
    }

    /// The probability of a device by the back end for its own macrospin.
    fn exact(&self, device: &DeviceFactors, volts: f64, start: State) -> f64 {
        if volts * start.switching_polarity() <= 0.0 {
            return 0.0;
        }
        let own = Junction::Single(Box::new(device.macrospin(&self.nominal).unwrap()));
        let found = BACK_END.probability(&own, &Pulse::rectangular(volts, WIDTH_S), start).unwrap();
        device.with_hazard(found.p)
    }

    /// Stated rounding of tables and classes together: root mean square, largest.
    fn stated(&self, synapses: &AnalogSynapses) -> (f64, f64) {
        let pulses = self.hardware.pulses().unwrap();
        let volts: Vec<f64> =
            [0.8, 0.85, 0.9, 0.95, 1.0].iter().flat_map(|share| pulses.at(0).map(|v| share * v)).collect();
        let test = RoundingTest { back_end: &BACK_END, volts: &volts, width_s: WIDTH_S, devices: 400 };
        let tables = pulses.tables.exact().rounding(&self.population, &test).unwrap();
        let classes = ClassRounding::of(synapses, &self.hardware, (0, SEED)).unwrap().unwrap();
        (tables.rms + classes.rms, tables.largest + classes.largest)
    }
}

/// Population -> network: 10,000 pairs of a device and a voltage, the probability by which the device is written against the back
/// end for the device itself; and, with the same random numbers, what switches by either.
#[test]
fn devices_are_written_with_their_own_probability() {
    let chip = chip(SPREADS, &array(0.0, WriteScheme::CutOff, 64, 64));
    let size = LayerSize { neurons: 100, lines: 100, copies: 2 };
    let synapses = chip.synapses(size);
    let (rms, largest) = chip.stated(&synapses);
    let pulses = chip.hardware.pulses().unwrap();
    let streams = Streams::new(3, "pairs");
    let pairs: Vec<(f64, f64, f64)> = (0..10_300_u64)
        .into_par_iter()
        .filter_map(|pair| {
            let words = streams.block(pair, 0).map(|word| f64::from(word) / 4_294_967_296.0);
            let (neuron, input) = ((words[0] * 100.0) as usize, (words[1] * 200.0) as usize);
            let draw = chip.hardware.draw(input, neuron);
            if draw.fault.is_some() {
                return None;
            }
            let side = pair % 2 == 1;
            let start = if side { State::AntiParallel } else { State::Parallel };
            let volts = pulses.at(0)[usize::from(side)] * (LEAST_SHARE + (1.0 - LEAST_SHARE) * words[2]);
            let log_volts = volts.abs().ln() as f32;
            let packed = probability(synapses.devices().at_volts(neuron * 200 + input, log_volts, start));
            Some((f64::from(packed), chip.exact(&draw.factors, volts, start), words[3]))
        })
        .collect();
    assert!(pairs.len() >= 10_000);
    let n = pairs.len() as f64;
    let misses = || pairs.iter().map(|(packed, exact, _)| packed - exact);
    let found = (misses().map(|miss| miss * miss).sum::<f64>() / n).sqrt();
    let most = misses().fold(0.0_f64, |most, miss| most.max(miss.abs()));
    println!("rms {found:.2e} (stated {rms:.2e}), largest {most:.2e} (stated {largest:.2e}), {n} pairs");
    assert!(found <= rms, "{found:e} {rms:e}");
    assert!(most <= largest, "{most:e} {largest:e}");
    let differ = pairs.iter().filter(|(packed, exact, u)| (u < packed) != (u < exact)).count() as f64;
    let expected: f64 = misses().map(f64::abs).sum();
    let variance: f64 = misses().map(|miss| miss.abs() * (1.0 - miss.abs())).sum();
    assert!(differ <= expected + 3.0 * variance.sqrt(), "{differ} flips differ, {expected} expected");
}

/// Circuit -> network: the probability of each cell of a written dendrite, and the voltage of every other cell, against a fresh
/// solution of the same event with the devices as they are.
#[test]
fn cells_are_written_with_the_voltages_of_the_solver() {
    for scheme in [WriteScheme::CutOff, WriteScheme::HalfBias, WriteScheme::Floating] {
        let wired = ArrayConfig {
            write_driver: spinhebb_data::quantity::Resistance(20.0),
            ..array(2.0, scheme, 48, 8)
        };
        let chip = chip(FEW, &wired);
        let size = LayerSize { neurons: 8, lines: 24, copies: 2 };
        let mut synapses = chip.synapses(size);
        let (_, largest) = chip.stated(&synapses);
        let crossbar = Crossbar { hardware: Arc::clone(&chip.hardware), first: 0 };
        let pulses = chip.hardware.pulses().unwrap();
        let [down, up] = pulses.at(0);
        let writes = crossbar.solve_writes(&synapses, [down, up], WIDTH_S, SEED).unwrap();
        synapses.set_drive(writes.drive.clone());
        let log = |volts: f64| OwnPulse::LogVolts(volts.abs().ln() as f32);
        let plasticity = synapses.plasticity([log(down), log(up)], 0.0);
        // The pattern for which voltages are solved: a random half of the lines.
        let words = Streams::new(SEED, "write-pattern");
        let active: Vec<u8> = (0..24).map(|line| (words.block(line, 0)[0] & 1) as u8).collect();
        let states = synapses.states();
        let state = |input: usize, neuron: usize| {
            let parallel = states[neuron * 24 + input / 2] >> (input % 2) & 1 == 1;
            if parallel { State::Parallel } else { State::AntiParallel }
        };
        let cells = nalgebra::DMatrix::from_fn(48, 8, |input, neuron| {
            let draw = chip.hardware.draw(input, neuron);
            let variation = chip.hardware.variation();
            variation.cell(&draw, chip.nominal.transport, state(input, neuron), 0.0)
        });
        let tile = wired.wired(Cells::Devices(cells));
        let driven: Vec<bool> = (0..48).map(|input| active[input / 2] == 1).collect();
        for dendrite in 0..8 {
            let step = LearningStep {
                dendrite,
                active: &driven,
                potentiation_volts: up,
                depression_volts: down,
                width_s: WIDTH_S,
            };
            let solved = write(&tile, scheme, &wired.write_drivers(), &step).unwrap();
            let found = synapses.probabilities(dendrite, &active, &plasticity);
            for (input, &found) in found.iter().enumerate() {
                let draw = chip.hardware.draw(input, dendrite);
                let side = usize::from(driven[input]);
                let start = if driven[input] { State::AntiParallel } else { State::Parallel };
                let phase = solved.phases.iter().find(|phase| phase.driven[input]).unwrap();
                let volts = phase.device_volts[(input, dendrite)];
                let exact = if draw.fault.is_some() { 0.0 } else { chip.exact(&draw.factors, volts, start) };
                let miss = (f64::from(found) - exact).abs();
                assert!(
                    miss <= largest,
                    "{scheme:?} ({input}, {dendrite}) at {volts} V: {found} {exact} {largest:e}"
                );
                // What the other dendrites see, phase by phase.
                for (k, phase) in solved.phases.iter().enumerate() {
                    for other in (0..8).filter(|other| *other != dendrite) {
                        let place = writes.drive.place(dendrite, input, other);
                        let share = writes.drive.phases(dendrite)[k][side][place];
                        let volts = f64::from(share) * [down, up][side].abs();
                        let exact = phase.device_volts[(input, other)];
                        assert!((volts - exact).abs() < 1e-6, "{scheme:?} {input} {other}: {volts} {exact}");
                    }
                }
            }
        }
    }
}
