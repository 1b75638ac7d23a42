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
use spinhebb_circuit::operate::write::{Compensation, LearningStep, write};
use spinhebb_data::config::Document;
use spinhebb_data::mnist;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::{Junction, preset};
use spinhebb_device::population::{DeviceFactors, Population, PopulationConfig, RoundingTest};
use spinhebb_device::switching::fokker_planck::Resolution;
use spinhebb_device::switching::probability::{ByFokkerPlanck, SwitchingProbability};
use spinhebb_device::switching::table_config::{TableConfig, TableRequest};
use spinhebb_network::encoding::{Encoder, EncodingConfig, Field, Images};
use spinhebb_network::neuron::LeakyIntegrator;
use spinhebb_network::rules::homeostasis::Form;
use spinhebb_network::rules::winner::TieRule;
use spinhebb_network::synapses::{
    AnalogSynapses, Batch, Layer, LayerConfig, LayerDevices, LayerSize, OwnPulse, PackedTables,
    Synapses as _, SynapticDevice, Timing, probability,
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
    spreads: PopulationConfig,
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
    let hardware = on(&spreads, &nominal, array, pulses);
    Chip { nominal, spreads, population: drawn, hardware }
}

fn on(spreads: &PopulationConfig, nominal: &Mtj, array: &ArrayConfig, pulses: DrivenPulses) -> Arc<Hardware> {
    let faults = FaultsConfig { stuck_state: 0.02, ..FaultsConfig::default() };
    let transport = nominal.transport;
    let parts = HardwareParts { population: spreads, faults: &faults, array, transport, seed: SEED };
    Arc::new(Hardware::new(&parts, Some(pulses)).unwrap())
}

impl Chip {
    /// The same devices and pulses on another array.
    fn on(&self, array: &ArrayConfig) -> Self {
        let pulses = self.hardware.pulses().unwrap().clone();
        let hardware = on(&self.spreads, &self.nominal, array, pulses);
        let (nominal, spreads) = (self.nominal.clone(), self.spreads.clone());
        Self { nominal, spreads, population: self.population.clone(), hardware }
    }

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

/// An event as it stood before it was written.
struct Event {
    states: Vec<u8>,
    neuron: usize,
    active: Vec<u8>,
    /// Probabilities of the network, phase by phase.
    found: Vec<Vec<f32>>,
}

const LINES: usize = 112;
const NEURONS: usize = 50;

/// The middle of handwritten digits, 14 x 8 pixels: what a network is shown.
fn digits(count: usize) -> Vec<Vec<u16>> {
    let set = mnist::load(None).unwrap().train.first(count);
    let images = Images::new(&set.pixels, set.columns, set.rows).unwrap();
    let field = Some(Field { left: 7, top: 10, width: 14, height: 8 });
    let config = EncodingConfig { thresholds: vec![64], upright: false, field };
    let encoder = Encoder::new(&config, set.columns, set.rows).unwrap();
    (0..count)
        .map(|image| {
            let mut lines = Vec::new();
            encoder.encode(images.image(image), [0, 0], &mut lines);
            lines
        })
        .collect()
}

impl Chip {
    /// Lets a layer learn from `images`, and keeps every event.
    fn events(&self, images: &[Vec<u16>]) -> Vec<Event> {
        let mut synapses = self.synapses(LayerSize { neurons: NEURONS, lines: LINES, copies: 1 });
        let crossbar = Crossbar { hardware: Arc::clone(&self.hardware), first: 0 };
        crossbar.carry(&mut synapses).unwrap();
        let volts = self.hardware.pulses().unwrap().at(0);
        let log = volts.map(|volts| OwnPulse::LogVolts(volts.abs().ln() as f32));
        let plasticity = synapses.plasticity(log, [0.3, 0.35], 0.1);
        let config = LayerConfig {
            neuron: LeakyIntegrator { retention: 1.0, cycles: 50 },
            reference: 0.0,
            threshold: 1e-3,
            form: Form::Ratio,
            fraction: 1.0,
            winners: 1,
            tie: TieRule::AnalogRace,
            timing: Timing::default(),
        };
        let mut layer = Layer::new(synapses, config, SEED).unwrap();
        let mut events = Vec::new();
        for image in images {
            let before = layer.synapses().clone();
            let mut batch = Batch::default();
            batch.push(|lines| lines.extend_from_slice(image));
            let mut fired = None;
            layer.learn(&batch, |_| &plasticity, |_, response| fired = response.fired.first().copied());
            let Some(neuron) = fired else { continue };
            let mut active = vec![0u8; LINES];
            image.iter().for_each(|&line| active[usize::from(line)] = 1);
            let found = before.probabilities_on_array(neuron, &active, &plasticity).unwrap();
            events.push(Event { states: before.states(), neuron, active, found });
        }
        events
    }

    /// (probability of the network, voltage of the nodal solution, device, state) of every device that the event's pulses can switch.
    fn compared(&self, event: &Event, array: &ArrayConfig) -> Vec<(f64, f64, DeviceFactors, State)> {
        let pulses = self.hardware.pulses().unwrap();
        let [down, up] = pulses.at(0);
        let state = |input: usize, neuron: usize| {
            if event.states[neuron * LINES + input] & 1 == 1 { State::Parallel } else { State::AntiParallel }
        };
        let mut compared = Vec::new();
        for first in (0..LINES).step_by(array.inputs) {
            let cells = nalgebra::DMatrix::from_fn(array.inputs, NEURONS, |i, neuron| {
                let draw = self.hardware.draw(first + i, neuron);
                let variation = self.hardware.variation();
                variation.cell(&draw, self.nominal.transport, state(first + i, neuron), array.access.si())
            });
            let active: Vec<bool> = (0..array.inputs).map(|i| event.active[first + i] != 0).collect();
            let step = LearningStep {
                dendrite: event.neuron,
                active: &active,
                potentiation_volts: up,
                depression_volts: down,
                width_s: WIDTH_S,
                contacts: None,
            };
            let drivers = array.write_drivers(self.nominal.transport);
            let solved = write(&array.wired(Cells::Devices(cells)), array.scheme, &drivers, &step).unwrap();
            for (i, &is_active) in active.iter().enumerate() {
                let draw = self.hardware.draw(first + i, event.neuron);
                let start = state(first + i, event.neuron);
                if draw.fault.is_some() || (start == State::AntiParallel) != is_active {
                    continue;
                }
                let volts = solved.phases.iter().find(|phase| phase.driven[i]).unwrap().device_volts
                    [(i, event.neuron)];
                // The network's phases are those of all tiles: potentiation first.
                let phase = if event.found.len() == 1 { 0 } else { usize::from(!is_active) };
                compared.push((f64::from(event.found[phase][first + i]), volts, draw.factors, start));
            }
        }
        compared
    }
}

/// Circuit -> network: N = 50, 2,000 images, every scheme. With the brute-force state imposed before each event, the write
/// probabilities are those of the devices at the voltages of a full nodal solution of each tile, within 1 % rms; and at 1,000 pairs of
/// device and voltage those of the device's own back end.
#[test]
fn events_are_written_with_the_voltages_of_the_nodal_solution() {
    let images = digits(2000);
    let devices = chip(FEW, &array(0.5, WriteScheme::CutOff, 56, NEURONS));
    let (stated, _) =
        devices.stated(&devices.synapses(LayerSize { neurons: NEURONS, lines: LINES, copies: 1 }));
    for (scheme, phases, compensation) in [
        (WriteScheme::CutOff, 1, Compensation::None),
        (WriteScheme::CutOff, 2, Compensation::Row),
        (WriteScheme::HalfBias, 2, Compensation::Count),
        (WriteScheme::ThirdBias, 2, Compensation::None),
        (WriteScheme::Floating, 1, Compensation::Feedback),
        (WriteScheme::Grounded, 1, Compensation::None),
    ] {
        let array = ArrayConfig {
            write_driver: spinhebb_data::quantity::Resistance(20.0),
            phases,
            compensation,
            ..array(0.5, scheme, 56, NEURONS)
        };
        let chip = devices.on(&array);
        // A nodal solution of tiles whose dendrites carry current is dear: some of the events.
        let every = if scheme == WriteScheme::CutOff { 4 } else { 20 };
        let events = chip.events(&images);
        assert!(events.len() > 1900, "{}", events.len());
        let pairs: Vec<_> = events
            .par_iter()
            .enumerate()
            .filter(|(k, _)| k % every == 0)
            .flat_map_iter(|(_, event)| chip.compared(event, &array))
            .collect();
        let tables = chip.hardware.pulses().unwrap().tables.exact();
        let (mut miss, mut sum, n) = (0.0, 0.0, pairs.len() as f64);
        for (found, volts, device, start) in &pairs {
            let exact = tables.probability(device, *volts, WIDTH_S, *start).unwrap().p;
            miss += (found - exact).powi(2);
            sum += exact * exact;
        }
        let rms = (miss / sum).sqrt();
        println!("{scheme:?}: {n} devices of {} events, rms {rms:.1e} of the probability", events.len());
        assert!(rms < 0.01, "{scheme:?} {compensation:?}: {rms:e}");
        let step = pairs.len() / 170;
        let sampled: Vec<(f64, f64)> = pairs
            .par_iter()
            .step_by(step)
            .map(|(found, volts, device, start)| (*found, chip.exact(device, *volts, *start)))
            .collect();
        let n = sampled.len() as f64;
        let miss = sampled.iter().map(|(found, exact)| (found - exact).powi(2)).sum::<f64>() / n;
        let mean = sampled.iter().map(|(_, exact)| exact * exact).sum::<f64>() / n;
        let (rms, allowed) = (miss.sqrt(), stated + 0.01 * mean.sqrt());
        assert!(
            rms < allowed,
            "{scheme:?} {compensation:?} against the back end: {rms:e}, {allowed:e} allowed"
        );
    }
}
