//! Configuration of the circuit commands, and the arrays it describes.

use nalgebra::DMatrix;
use rand::RngExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::array::Array;
use spinhebb_circuit::array::cell::{Cell, CellLaw, Cells};
use spinhebb_circuit::array::variation::{Variation, VariationConfig};
use spinhebb_circuit::operate::read::Subtraction;
use spinhebb_data::quantity::{Area, Capacitance, Current, Energy, Resistance, Time, Voltage};
use spinhebb_data::random_stream::Streams;
use spinhebb_device::junction::mtj::{Mtj, MtjConfig};
use spinhebb_device::junction::state::State;

use crate::device_choice::resolve;
use crate::error::ExperimentError;

/// Configuration of the circuit commands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CircuitConfig {
    /// Master seed of all random streams.
    pub seed: u64,
    /// Name of the device at every crossing; `spinhebb presets` lists them.
    pub preset: String,
    /// Device at every crossing in full, in place of the preset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<MtjConfig>,
    /// Fraction of the devices that are parallel.
    pub parallel_fraction: f64,
    /// Fraction of the inputs that are active.
    pub active_fraction: f64,
    /// The array and what drives it.
    pub array: ArrayConfig,
    /// Variation from device to device, faults and read noise.
    pub variation: VariationConfig,
    /// Reading.
    pub read: ReadConfig,
    /// Writing.
    pub write: WriteConfig,
    /// Mapping onto tiles.
    pub map: MapConfig,
}

/// The array and what drives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrayConfig {
    /// Word lines (inputs).
    pub rows: usize,
    /// Bit lines (dendrites).
    pub cols: usize,
    /// Wire resistance between neighbouring cells of a word line.
    pub word_wire: Resistance,
    /// Wire resistance between neighbouring cells of a bit line.
    pub bit_wire: Resistance,
    /// Output resistance of a word-line driver in a read.
    pub driver: Resistance,
    /// Input resistance of a sense circuit.
    pub sense: Resistance,
    /// Resistance of the access transistor in each cell; 0 for none.
    pub access: Resistance,
    /// Current-voltage law of the cells; all laws have the device's conductances at zero bias.
    #[serde(default)]
    pub cell: CellKind,
    /// Voltage scale of the cubic and the sinh law.
    #[serde(default = "default_cell_voltage")]
    pub cell_voltage: Voltage,
}

fn default_cell_voltage() -> Voltage {
    Voltage(0.5)
}

/// Current-voltage law of the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CellKind {
    /// The junction of the device, with its bias-dependent TMR.
    #[default]
    Junction,
    /// Ohmic: the conductance at zero bias.
    Linear,
    /// I = G V (1 + (V/V_h)^2).
    Cubic,
    /// I = G V_s sinh(V/V_s).
    Sinh,
}

impl ArrayConfig {
    /// A drawn cell under the configured law.
    pub(super) fn cell_of(&self, cell: Cell) -> Cell {
        let (siemens, scale_volts) = (cell.law.zero_bias_siemens(), self.cell_voltage.si());
        let law = match (self.cell, cell.law) {
            (CellKind::Junction, law) | (_, law @ (CellLaw::Open | CellLaw::Linear { .. })) => law,
            (CellKind::Linear, _) => CellLaw::Linear { siemens },
            (CellKind::Cubic, _) => CellLaw::Cubic { siemens, scale_volts },
            (CellKind::Sinh, _) => CellLaw::Sinh { siemens, scale_volts },
        };
        Cell { law, ..cell }
    }
}

/// Reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadConfig {
    /// Voltage of an active input; V > 0 is the potentiation polarity.
    pub voltage: Voltage,
    /// How signed outputs are made of the currents.
    #[serde(default)]
    pub subtraction: SubtractionKind,
    /// Resolution of the converter behind each output, bits.
    pub converter_bits: u32,
    /// Offset current of the converter, added to every output.
    #[serde(default)]
    pub converter_offset: Current,
    /// Capacitance of a word line per cell.
    pub word_capacitance: Capacitance,
    /// Capacitance of a bit line per cell.
    pub bit_capacitance: Capacitance,
    /// Relative distance from the end value at which a read counts as settled.
    pub tolerance: f64,
    /// Time for which currents are integrated after settling.
    pub integration: Time,
    /// Line sweeps of the guaranteed two-sided bounds.
    #[serde(default = "default_bound_sweeps")]
    pub bound_sweeps: usize,
    /// Sizes of square arrays for the figure of error against size.
    pub sizes: Vec<usize>,
}

fn default_bound_sweeps() -> usize {
    20
}

/// How signed outputs are made of the currents of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubtractionKind {
    /// Not at all.
    #[default]
    None,
    /// A column of resistors halfway between the two states at the right of the array, subtracted from all others.
    ReferenceColumn,
    /// Neighbouring columns are pairs; their difference is the output.
    Pairs,
}

impl SubtractionKind {
    /// The array with what the subtraction needs, and the subtraction.
    pub(super) fn prepare(
        self,
        array: Array,
        mean_siemens: f64,
    ) -> Result<(Array, Subtraction), ExperimentError> {
        let cols = array.shape().1;
        Ok(match self {
            Self::None => (array, Subtraction::None),
            Self::Pairs => (array, Subtraction::Pairs),
            Self::ReferenceColumn => {
                (array.with_reference_column(mean_siemens)?, Subtraction::ReferenceColumn(cols))
            }
        })
    }
}

/// Writing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteConfig {
    /// Dendrite of the neuron that fired, counted from 0.
    pub dendrite: usize,
    /// Wanted probability of potentiation of a cell that sees its full voltage.
    pub potentiation: f64,
    /// Wanted probability of depression.
    pub depression: f64,
    /// Full width of the pulses.
    pub width: Time,
    /// Output resistance of a write driver, and of the switch that grounds the dendrite.
    pub driver: Resistance,
    /// Resistance of a transistor that is switched off.
    pub off: Resistance,
    /// Smallest voltage of the switching table.
    pub lowest_voltage: Voltage,
    /// Largest voltage of the switching table; junctions of open dendrites may see the sum of both pulses.
    pub highest_voltage: Voltage,
    /// Voltages of the switching table, evenly spaced.
    pub voltages: usize,
    /// Trials for each voltage and polarity.
    pub trials: u64,
    /// Switching tables over the barriers of a varied array, from its lowest to its highest.
    #[serde(default = "default_tables")]
    pub barrier_tables: usize,
    /// Switching tables over the torques of a varied array, from its weakest to its strongest.
    #[serde(default = "default_tables")]
    pub torque_tables: usize,
    /// Arrays (inputs, dendrites) for the report on driving all inputs at once with open dendrites.
    #[serde(default = "default_sizes")]
    pub sizes: Vec<[usize; 2]>,
}

fn default_tables() -> usize {
    2
}

fn default_sizes() -> Vec<[usize; 2]> {
    vec![[4, 2], [64, 64], [128, 128]]
}

/// Mapping onto tiles of the size of the array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapConfig {
    /// Logical inputs.
    pub inputs: usize,
    /// Logical outputs.
    pub outputs: usize,
    /// Area of one cell.
    pub cell_area: Area,
    /// Area of one word-line driver.
    pub driver_area: Area,
    /// Area of one sense amplifier with its converter.
    pub sense_area: Area,
    /// Energy of one conversion.
    pub conversion_energy: Energy,
}

/// Largest side of an array or layer.
const LARGEST: usize = 16_384;

impl CircuitConfig {
    /// Checks ranges within and across tables; the circuit layer checks the rest as it computes.
    ///
    /// # Errors
    /// Names the first key that is wrong.
    pub fn validate(&self) -> Result<(), ExperimentError> {
        let check = |key: &str, value: String, expected: &str, fine: bool| {
            let (key, expected) = (key.to_string(), expected.to_string());
            if fine { Ok(()) } else { Err(ExperimentError::Value { key, value, expected }) }
        };
        for (key, fraction) in [
            ("parallel_fraction", self.parallel_fraction),
            ("active_fraction", self.active_fraction),
            ("write.potentiation", self.write.potentiation),
            ("write.depression", self.write.depression),
        ] {
            check(key, fraction.to_string(), "0 to 1", (0.0..=1.0).contains(&fraction))?;
        }
        let side = "1 to 16384 lines";
        for (key, count) in [
            ("array.rows", self.array.rows),
            ("array.cols", self.array.cols),
            ("map.inputs", self.map.inputs),
            ("map.outputs", self.map.outputs),
        ] {
            check(key, count.to_string(), side, (1..=LARGEST).contains(&count))?;
        }
        for &size in &self.read.sizes {
            check("read.sizes", size.to_string(), "1 to 1024 lines each", (1..=1024).contains(&size))?;
        }
        let dendrite = self.write.dendrite;
        check("write.dendrite", dendrite.to_string(), "a column of the array", dendrite < self.array.cols)?;
        let (low, high) = (self.write.lowest_voltage, self.write.highest_voltage);
        check("write.lowest_voltage", low.to_string(), "a voltage above 0 V", low.si() > 0.0)?;
        let expected = "a voltage above lowest_voltage";
        check("write.highest_voltage", high.to_string(), expected, high.si() > low.si())?;
        let voltages = self.write.voltages;
        check("write.voltages", voltages.to_string(), "2 to 10000", (2..=10_000).contains(&voltages))?;
        let trials = self.write.trials;
        check("write.trials", trials.to_string(), "at least 1", trials >= 1)?;
        for (key, ohm) in [
            ("array.access", self.array.access),
            ("array.word_wire", self.array.word_wire),
            ("array.bit_wire", self.array.bit_wire),
            ("array.driver", self.array.driver),
            ("array.sense", self.array.sense),
            ("write.driver", self.write.driver),
        ] {
            let fine = ohm.si().is_finite() && ohm.si() >= 0.0;
            check(key, ohm.to_string(), "a finite resistance, 0 ohm or more", fine)?;
        }
        let off = self.write.off;
        check("write.off", off.to_string(), "a resistance above 0 ohm", off.si() > 0.0)?;
        let scale = self.array.cell_voltage;
        check("array.cell_voltage", scale.to_string(), "a voltage above 0 V", scale.si() > 0.0)?;
        let bits = self.read.converter_bits;
        check("read.converter_bits", bits.to_string(), "1 to 24 bits", (1..=24).contains(&bits))?;
        let odd = self.read.subtraction == SubtractionKind::Pairs && !self.array.cols.is_multiple_of(2);
        check("array.cols", self.array.cols.to_string(), "an even number of columns for pairs", !odd)?;
        for (key, count) in [
            ("write.barrier_tables", self.write.barrier_tables),
            ("write.torque_tables", self.write.torque_tables),
        ] {
            check(key, count.to_string(), "1 to 20 tables", (1..=20).contains(&count))?;
        }
        for size in &self.write.sizes {
            let fine = size.iter().all(|lines| (1..=1024).contains(lines));
            check("write.sizes", format!("{size:?}"), "1 to 1024 inputs and dendrites", fine)?;
        }
        let width = self.write.width;
        check("write.width", width.to_string(), "a width above 0 s", width.si() > 0.0)?;
        Ok(self.variation.validate()?)
    }

    /// The device at every crossing.
    pub(super) fn device(&self) -> Result<Mtj, ExperimentError> {
        Ok(resolve(&self.preset, self.device.as_ref())?.0)
    }

    /// State of the device (row, col), drawn at random.
    pub(super) fn state(&self, row: usize, col: usize) -> State {
        let mut rng = Streams::new(self.seed, "circuit/states").rng2(row as u32, col as u32);
        if rng.random::<f64>() < self.parallel_fraction { State::Parallel } else { State::AntiParallel }
    }

    /// States drawn at random, device by device.
    pub(super) fn states(&self, rows: usize, cols: usize) -> DMatrix<State> {
        DMatrix::from_fn(rows, cols, |i, j| self.state(i, j))
    }

    /// Inputs drawn at random.
    pub(super) fn active(&self, rows: usize) -> Vec<bool> {
        let streams = Streams::new(self.seed, "circuit/inputs");
        (0..rows).map(|i| streams.rng(i as u64).random::<f64>() < self.active_fraction).collect()
    }

    /// Voltages of the inputs of a read, in V.
    pub(super) fn input_volts(&self, rows: usize) -> Vec<f64> {
        let volts = |active| if active { self.read.voltage.si() } else { 0.0 };
        self.active(rows).into_iter().map(volts).collect()
    }

    /// An array of the configured kind whose line ends float.
    pub(super) fn array(&self, mtj: &Mtj, rows: usize, cols: usize) -> Result<Array, ExperimentError> {
        let variation = Variation::new(&self.variation, self.seed)?;
        let cells = variation.cells(mtj.transport, &self.states(rows, cols), self.array.access.si());
        let mut cells = variation.at_read(&cells, 0);
        if let Cells::Devices(devices) = &mut cells {
            devices.apply(|cell| *cell = self.array.cell_of(*cell));
        }
        let mut array = Array::new(cells, self.array.word_wire.si(), self.array.bit_wire.si());
        variation.break_wires(&mut array);
        Ok(array)
    }

    /// The array as it is read.
    pub(super) fn for_read(&self, mtj: &Mtj, rows: usize, cols: usize) -> Result<Array, ExperimentError> {
        let array = self.array(mtj, rows, cols)?;
        Ok(array.for_read(&self.input_volts(rows), self.array.driver.si(), self.array.sense.si()))
    }
}
