//! Hardware whose switching curves are formulas, so that tests know what to expect.
#![allow(dead_code)] // Each test crate uses some of it.

use std::sync::Arc;

use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::scheme::WriteScheme;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_data::config::Document;
use spinhebb_data::quantity::Resistance;
use spinhebb_device::junction::preset;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;
use spinhebb_device::population::{DeviceTables, PopulationConfig};
use spinhebb_device::switching::table::{SwitchingTable, TableCell, gumbel};
use spinhebb_network::synapses::{OwnPulse, PackedTables};
use spinhebb_network::training::hardware::{DrivenPulses, Hardware, HardwareParts};

pub const WIDTH_S: f64 = 5e-9;

/// Conductances 1.9e-4 S and 1e-4 S.
pub fn transport() -> Transport {
    Transport::from_conductances(1.9e-4, 1e-4).unwrap()
}

/// An array of ideal lines but for its wires.
pub fn array(wire_ohm: f64, scheme: WriteScheme, inputs: usize, outputs: usize) -> ArrayConfig {
    let document = Document::from_text("array.toml", include_str!("../../../circuit/tests/array.toml"));
    let ideal: ArrayConfig = document.unwrap().parse().unwrap();
    let (word_wire, bit_wire) = (Resistance(wire_ohm), Resistance(wire_ohm));
    ArrayConfig { inputs, outputs, word_wire, bit_wire, scheme, ..ideal }
}

pub fn population(text: &str) -> PopulationConfig {
    Document::from_text("population.toml", text).unwrap().parse().unwrap()
}

/// One table, `p(volts, start)` at voltages of 5 mV apart, for devices that differ in torque and hazard.
pub fn tables(p: impl Fn(f64, State) -> f64) -> Arc<PackedTables> {
    let cells = |start: State, _| {
        (1..=240).map(|k| 0.005 * f64::from(k)).map(|v| TableCell::computed(v, p(v, start), 0.0)).collect()
    };
    let table = SwitchingTable::new(&[WIDTH_S], "formula", cells).unwrap();
    let junction = preset::load("perpendicular-40nm").unwrap().device.junction().unwrap();
    let exact = Arc::new(DeviceTables::of_nominal(&junction, table));
    Arc::new(PackedTables::new(exact, WIDTH_S).unwrap())
}

/// Pulses of +-0.5 V in every one of `stages`.
pub fn pulses(tables: Arc<PackedTables>, stages: usize) -> DrivenPulses {
    DrivenPulses { tables, potentiation_v: vec![0.5; stages], depression_v: vec![-0.5; stages] }
}

pub fn hardware(
    population: &PopulationConfig,
    faults: &FaultsConfig,
    array: &ArrayConfig,
    pulses: Option<DrivenPulses>,
) -> Arc<Hardware> {
    let parts = HardwareParts { population, faults, array, transport: transport(), seed: 8 };
    Arc::new(Hardware::new(&parts, pulses).unwrap())
}

/// Devices on ideal lines that differ in conductance and hazard, some stuck.
pub fn varied() -> Arc<Hardware> {
    let spreads = "area = { relative = 0.2, distribution = \"log-normal\" }\n\
                   hazard = { relative = 0.5, distribution = \"log-normal\" }";
    let faults = FaultsConfig { stuck_state: 0.05, ..FaultsConfig::default() };
    hardware(&population(spreads), &faults, &array(0.0, WriteScheme::CutOff, 64, 64), None)
}

/// Depression and potentiation by probability.
pub fn by_probability(potentiation: f64, depression: f64) -> [OwnPulse; 2] {
    [depression, potentiation].map(|p| OwnPulse::Nominal(gumbel(p) as f32))
}
