//! The 4x2 crossbar as a circuit: dendrite currents from a nodal solution of the wired array.
//!
//! Inputs drive the word lines, dendrites are the bit lines, sensed at ground. The reference
//! current of each driven input is subtracted behind the array, as in the paper.

use nalgebra::DMatrix;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::array::Array;
use spinhebb_circuit::array::variation::{Variation, VariationConfig};
use spinhebb_data::quantity::{Resistance, Voltage};
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;
use spinhebb_network::demonstrator::{CurrentTable, Pattern};

use crate::error::ExperimentError;

/// Wires, drivers and spread of the small array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmallArrayConfig {
    /// Read voltage on a driven input; V > 0 is the potentiation polarity.
    pub read_voltage: Voltage,
    /// Wire resistance between neighbouring cells of an input line.
    pub word_wire: Resistance,
    /// Wire resistance between neighbouring cells of a dendrite.
    pub bit_wire: Resistance,
    /// Output resistance of an input driver.
    pub driver: Resistance,
    /// Input resistance of a dendrite's sense circuit.
    pub sense: Resistance,
    /// Variation from device to device.
    pub variation: VariationConfig,
}

impl SmallArrayConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the first key out of range.
    pub fn validate(&self) -> Result<(), ExperimentError> {
        let refuse = |key: &str, value: String, expected: &str| {
            ExperimentError::refuse(&format!("array.{key}"), value, expected)
        };
        if self.read_voltage.si() <= 0.0 {
            return refuse("read_voltage", self.read_voltage.to_string(), "a voltage above 0 V");
        }
        for (key, value) in [
            ("word_wire", self.word_wire),
            ("bit_wire", self.bit_wire),
            ("driver", self.driver),
            ("sense", self.sense),
        ] {
            if value.si() < 0.0 {
                return refuse(key, value.to_string(), "a resistance of 0 ohm or more");
            }
        }
        Ok(self.variation.validate()?)
    }

    /// The same array with ideal lines and equal devices.
    #[must_use]
    pub fn ideal(&self) -> Self {
        let none = Resistance(0.0);
        Self {
            word_wire: none,
            bit_wire: none,
            driver: none,
            sense: none,
            variation: VariationConfig::default(),
            ..self.clone()
        }
    }

    /// Currents of every state of an array of `inputs` x `neurons` devices, after subtraction of
    /// `reference_s` (S) per driven input; devices are drawn by the circuit layer's variation with `seed`.
    ///
    /// # Errors
    /// The array is too large for a table of all its states, or the solver fails.
    pub fn currents(
        &self,
        transport: &Transport,
        inputs: usize,
        neurons: usize,
        reference_s: f64,
        seed: u64,
    ) -> Result<CurrentTable, ExperimentError> {
        let variation = Variation::new(&self.variation, seed)?;
        let table = CurrentTable::build(inputs, neurons, |weights: &[Pattern], input: Pattern| {
            let states = DMatrix::from_fn(inputs, neurons, |i, k| match weights[k].get(i) {
                true => State::Parallel,
                false => State::AntiParallel,
            });
            let cells = variation.cells(*transport, &states, 0.0);
            let volts: Vec<f64> =
                (0..inputs).map(|i| if input.get(i) { self.read_voltage.si() } else { 0.0 }).collect();
            let array = Array::new(cells, self.word_wire.si(), self.bit_wire.si()).for_read(
                &volts,
                self.driver.si(),
                self.sense.si(),
            );
            let reference = reference_s * f64::from(input.bits().count_ones()) * self.read_voltage.si();
            array.solve().map(|solution| solution.output_amperes().iter().map(|i| i - reference).collect())
        })?;
        Ok(table)
    }
}
