//! Description of one physical array: lines, wires, drivers, cells, reads, writes and what they cost.

use nalgebra::DMatrix;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::quantity::{Area, Capacitance, Current, Energy, Resistance, Time, Voltage};
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;

use crate::array::cell::{Cell, CellLaw, Cells};
use crate::array::compensation::Compensation;
use crate::array::crossbar::Array;
use crate::array::scheme::WriteScheme;
use crate::array::variation::Variation;

/// One physical array and what drives it; larger matrices are laid on it in tiles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrayConfig {
    /// Word lines (inputs) of one array.
    pub inputs: usize,
    /// Bit lines (outputs, dendrites) of one array.
    pub outputs: usize,
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
    pub cell: CellKind,
    /// Voltage scale of the cubic and the sinh law.
    pub cell_voltage: Voltage,
    /// What dendrites that are not to learn do during a write.
    pub scheme: WriteScheme,
    /// Whether both write pulses are driven at once (1), each on its own lines, or one after the other (2); schemes that bias other
    /// lines always take two.
    pub phases: u32,
    /// How write drivers make up for the loss on the lines.
    pub compensation: Compensation,
    /// Further pulses at most after which the devices of a tile that switched are counted, given while they are fewer than wanted.
    pub verify: u32,
    /// Relative standard deviation of the supply voltage from word line to word line.
    pub supply_spread: f64,
    /// Spread of the contact resistance from line to line: a line has this times the magnitude of a normal deviate beside its driver.
    pub contact_spread: Resistance,
    /// Output resistance of a write driver, and of the switch that grounds the dendrite.
    pub write_driver: Resistance,
    /// Resistance of a transistor that is switched off; from 1e15 ohm on it is open.
    pub off: Resistance,
    /// Voltage of an active input in a read; V > 0 is the potentiation polarity.
    pub read_voltage: Voltage,
    /// Time for which a read applies its voltages, after settling where that is reckoned.
    pub read_time: Time,
    /// Clock period of the neurons.
    pub clock: Time,
    /// How signed outputs are made of the currents.
    pub subtraction: SubtractionKind,
    /// Resolution of the converter behind each output, bits.
    pub converter_bits: u32,
    /// Offset current of the converter, added to every output.
    pub converter_offset: Current,
    /// Capacitance of a word line per cell.
    pub word_capacitance: Capacitance,
    /// Capacitance of a bit line per cell.
    pub bit_capacitance: Capacitance,
    /// Relative distance from the end value at which a read counts as settled.
    pub settling_tolerance: f64,
    /// Area of one cell.
    pub cell_area: Area,
    /// Area of one word-line driver.
    pub driver_area: Area,
    /// Area of one sense amplifier with its converter.
    pub sense_area: Area,
    /// Energy of one conversion.
    pub conversion_energy: Energy,
}

/// Current-voltage law of the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CellKind {
    /// The junction of the device, with its bias-dependent TMR.
    Junction,
    /// Ohmic: the conductance at zero bias.
    Linear,
    /// I = G V (1 + (V/V_h)^2).
    Cubic,
    /// I = G V_s sinh(V/V_s).
    Sinh,
}

/// How signed outputs are made of the currents of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubtractionKind {
    /// Not at all.
    None,
    /// A column of resistors halfway between the two states at the right of the array, subtracted from all others.
    ReferenceColumn,
    /// Neighbouring columns are pairs; their difference is the output.
    Pairs,
}

/// Most lines of either kind.
const MOST_LINES: usize = 16_384;

impl Check for ArrayConfig {
    fn check(&self, faults: &mut Faults) {
        for (key, count) in [("inputs", self.inputs), ("outputs", self.outputs)] {
            let fine = (1..=MOST_LINES).contains(&count);
            faults.require(fine, key, count, format_args!("1 to {MOST_LINES} lines"));
        }
        let odd = self.subtraction == SubtractionKind::Pairs && !self.outputs.is_multiple_of(2);
        faults.require(!odd, "outputs", self.outputs, "an even number of bit lines for pairs");
        for (key, ohm) in [
            ("word_wire", self.word_wire),
            ("bit_wire", self.bit_wire),
            ("driver", self.driver),
            ("sense", self.sense),
            ("access", self.access),
            ("write_driver", self.write_driver),
            ("contact_spread", self.contact_spread),
        ] {
            faults.require(not_negative(ohm.si()), key, ohm, "a finite resistance of 0 ohm or more");
        }
        faults.require(positive(self.off.si()), "off", self.off, "a finite resistance above 0 ohm");
        for (key, volts) in [("cell_voltage", self.cell_voltage), ("read_voltage", self.read_voltage)] {
            faults.require(positive(volts.si()), key, volts, "a finite voltage above 0 V");
        }
        let time = self.read_time;
        faults.require(not_negative(time.si()), "read_time", time, "a finite time of 0 s or more");
        faults.require(positive(self.clock.si()), "clock", self.clock, "a finite time above 0 s");
        faults.require(matches!(self.phases, 1 | 2), "phases", self.phases, "1 or 2");
        let verify = self.verify;
        faults.require(verify <= 1000, "verify", verify, "at most 1000 further pulses");
        let spread = self.supply_spread;
        let fine = (0.0..=0.3).contains(&spread);
        faults.require(fine, "supply_spread", spread, "a relative spread from 0 to 0.3");
        let bits = self.converter_bits;
        faults.require((1..=24).contains(&bits), "converter_bits", bits, "1 to 24 bits");
        let offset = self.converter_offset;
        faults.require(offset.si().is_finite(), "converter_offset", offset, "a finite current");
        for (key, farad) in
            [("word_capacitance", self.word_capacitance), ("bit_capacitance", self.bit_capacitance)]
        {
            faults.require(positive(farad.si()), key, farad, "a finite capacitance above 0 F");
        }
        let tolerance = self.settling_tolerance;
        let fine = tolerance > 0.0 && tolerance < 1.0;
        faults.require(fine, "settling_tolerance", tolerance, "a relative tolerance between 0 and 1");
        for (key, area) in [
            ("cell_area", self.cell_area),
            ("driver_area", self.driver_area),
            ("sense_area", self.sense_area),
        ] {
            faults.require(not_negative(area.si()), key, area, "a finite area of 0 m^2 or more");
        }
        let energy = self.conversion_energy;
        faults.require(
            not_negative(energy.si()),
            "conversion_energy",
            energy,
            "a finite energy of 0 J or more",
        );
    }
}

fn positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

fn not_negative(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

impl ArrayConfig {
    /// The same array with ideal lines: no resistance of wires, drivers, sense circuits and access transistors.
    #[must_use]
    pub fn ideal(&self) -> Self {
        let none = Resistance(0.0);
        Self {
            word_wire: none,
            bit_wire: none,
            driver: none,
            sense: none,
            access: none,
            write_driver: none,
            contact_spread: none,
            ..self.clone()
        }
    }

    /// A cell, given as a junction, under the configured law; faults (open and shorted cells) stay.
    #[must_use]
    pub fn cell_of(&self, cell: Cell) -> Cell {
        let (siemens, scale_volts) = (cell.law.zero_bias_siemens(), self.cell_voltage.si());
        let law = match (self.cell, cell.law) {
            (CellKind::Junction, law) | (_, law @ (CellLaw::Open | CellLaw::Linear { .. })) => law,
            (CellKind::Linear, _) => CellLaw::Linear { siemens },
            (CellKind::Cubic, _) => CellLaw::Cubic { siemens, scale_volts },
            (CellKind::Sinh, _) => CellLaw::Sinh { siemens, scale_volts },
        };
        Cell { law, ..cell }
    }

    /// A cell of the nominal device in `state`, behind the access transistor.
    #[must_use]
    pub fn nominal_cell(&self, nominal: Transport, state: State) -> Cell {
        self.cell_of(Cell { law: CellLaw::junction(nominal, state), access_ohm: self.access.si() })
    }

    /// Cells, M x N, of devices that `variation` draws around `nominal`, in the given states at read 0, each behind
    /// the access transistor.
    #[must_use]
    pub fn drawn_cells(&self, nominal: Transport, states: &DMatrix<State>, variation: &Variation) -> Cells {
        let cells = variation.cells(nominal, states, self.access.si());
        let mut cells = variation.at_read(&cells, 0);
        if let Cells::Devices(devices) = &mut cells {
            devices.apply(|cell| *cell = self.cell_of(*cell));
        }
        cells
    }

    /// An array of these cells, of whatever size, with the configured wires; its line ends float.
    #[must_use]
    pub fn wired(&self, cells: Cells) -> Array {
        Array::new(cells, self.word_wire.si(), self.bit_wire.si())
    }

    /// An array as it is made: drawn cells ([`ArrayConfig::drawn_cells`]), wires with their broken segments; its line
    /// ends float.
    #[must_use]
    pub fn made(&self, nominal: Transport, states: &DMatrix<State>, variation: &Variation) -> Array {
        let mut array = self.wired(self.drawn_cells(nominal, states, variation));
        variation.break_wires(&mut array);
        array
    }

    /// Voltages in V of inputs in a read: the read voltage where active, else 0 V.
    #[must_use]
    pub fn input_volts(&self, active: &[bool]) -> Vec<f64> {
        active.iter().map(|&active| if active { self.read_voltage.si() } else { 0.0 }).collect()
    }

    /// `array` with the configured drivers at `word_volts` (V, one per word line) and sense circuits at its bit lines.
    #[must_use]
    pub fn for_read(&self, array: Array, word_volts: &[f64]) -> Array {
        array.for_read(word_volts, self.driver.si(), self.sense.si())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::variation::FaultsConfig;

    use spinhebb_data::config::{Document, render};
    use spinhebb_device::population::PopulationConfig;

    fn config() -> ArrayConfig {
        Document::from_text("array.toml", include_str!("../../tests/array.toml")).unwrap().parse().unwrap()
    }

    #[test]
    fn what_is_written_reads_back() {
        let config = config();
        assert!(config.first_fault().is_ok());
        let again: ArrayConfig = Document::from_text("", &render(&config).unwrap()).unwrap().parse().unwrap();
        assert_eq!(again, config);
        let old = include_str!("../../tests/array.toml").replace("inputs", "rows");
        assert!(Document::from_text("", &old).unwrap().parse::<ArrayConfig>().is_err());
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let (ohm, nan) = (Resistance(-1.0), f64::NAN);
        let config = ArrayConfig {
            inputs: 0,
            outputs: 16_385,
            word_wire: ohm,
            bit_wire: ohm,
            driver: ohm,
            sense: Resistance(nan),
            access: Resistance(f64::INFINITY),
            write_driver: ohm,
            contact_spread: ohm,
            phases: 3,
            verify: 1001,
            supply_spread: 0.31,
            off: Resistance(0.0),
            cell_voltage: Voltage(0.0),
            read_voltage: Voltage(-0.1),
            read_time: Time(-1e-9),
            clock: Time(0.0),
            subtraction: SubtractionKind::Pairs,
            converter_bits: 25,
            converter_offset: Current(nan),
            word_capacitance: Capacitance(0.0),
            bit_capacitance: Capacitance(-1e-15),
            settling_tolerance: 1.0,
            cell_area: Area(-1e-14),
            driver_area: Area(nan),
            sense_area: Area(f64::INFINITY),
            conversion_energy: Energy(-1e-12),
            ..config()
        };
        let mut faults = Faults::default();
        faults.within("array", |faults| config.check(faults));
        let paths: Vec<&str> = faults.found().iter().map(|fault| fault.path.as_str()).collect();
        let expected = [
            "inputs",
            "outputs",
            "outputs",
            "word_wire",
            "bit_wire",
            "driver",
            "sense",
            "access",
            "write_driver",
            "contact_spread",
            "off",
            "cell_voltage",
            "read_voltage",
            "read_time",
            "clock",
            "phases",
            "verify",
            "supply_spread",
            "converter_bits",
            "converter_offset",
            "word_capacitance",
            "bit_capacitance",
            "settling_tolerance",
            "cell_area",
            "driver_area",
            "sense_area",
            "conversion_energy",
        ];
        assert_eq!(paths, expected.map(|key| format!("array.{key}")));
        assert_eq!(faults.found()[0].to_string(), "`array.inputs` is 0; expected 1 to 16384 lines");
        assert_eq!(faults.found()[3].value, "-1 ohm");
    }

    /// All laws have the conductances of the device at zero bias; an ideal array without faults is the device alone.
    #[test]
    fn cells_follow_the_configured_law() {
        let nominal = Transport { parallel_s: 2e-4, tmr: 1.0, half_voltage_v: 0.5 };
        let wired = ArrayConfig { word_wire: Resistance(2.0), access: Resistance(1000.0), ..config() };
        for kind in [CellKind::Junction, CellKind::Linear, CellKind::Cubic, CellKind::Sinh] {
            let config = ArrayConfig { cell: kind, ..wired.ideal() };
            let cell = config.nominal_cell(nominal, State::AntiParallel);
            assert!((cell.zero_bias_siemens() / 1e-4 - 1.0).abs() < 1e-15, "{kind:?}");
            assert_eq!(config.cell_of(CellLaw::Open.into()).law, CellLaw::Open);
            let variation =
                Variation::new(&PopulationConfig::default(), &FaultsConfig::default(), 1).unwrap();
            let states = DMatrix::from_element(3, 2, State::AntiParallel);
            assert_eq!(
                config.made(nominal, &states, &variation),
                Array::new(Cells::Devices(states.map(|state| config.nominal_cell(nominal, state))), 0.0, 0.0)
            );
        }
        let behind = wired.nominal_cell(nominal, State::Parallel).zero_bias_siemens();
        assert!((behind * 6000.0 - 1.0).abs() < 1e-14, "{behind}");
    }
}
