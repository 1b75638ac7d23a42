//! A configuration with everything that a configuration can hold.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use crate::config::{Check, Faults, Rename, Staged};
use crate::quantity::{Amplitude, DriveVoltage, Length, MagneticField, Resistance, Temperature, Time};

/// A system and the table of one command.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Seed.
    pub seed: u64,
    /// Device.
    pub device: Device,
    /// Array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array: Option<Array>,
    /// Training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<Training>,
}

/// What is at each crossing.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Name of a preset.
    pub from: String,
    /// Diameter.
    pub diameter: Length,
    /// Applied field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<MagneticField>,
    /// Temperature.
    #[serde(default = "room")]
    pub temperature: Temperature,
    /// Layers, each of one of several materials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Layer>,
    /// Rows of a tensor.
    #[serde(default)]
    pub tensor: [[f64; 2]; 2],
    /// Angle and state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<(f64, State)>,
}

fn room() -> Temperature {
    Temperature(300.0)
}

/// State of a device.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Parallel.
    Parallel,
    /// Anti-parallel.
    AntiParallel,
}

/// One layer.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Thickness.
    pub thickness: Length,
    /// Material.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub material: Option<Material>,
}

/// Material of a layer.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Material {
    /// No magnet.
    None,
    /// A law in a struct of its own.
    Bloch(Bloch),
    /// A table of points.
    Points {
        /// Temperatures.
        temperatures: Vec<Temperature>,
        /// How to go between.
        between: Between,
    },
}

/// Bloch's law.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bloch {
    /// Exponent.
    #[schemars(range(min = 0.5, max = 4.0))]
    pub exponent: f64,
    /// Curie temperature.
    pub curie: Temperature,
}

/// Interpolation within interpolation.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Between {
    /// Straight.
    Linear {},
    /// Of an order.
    Spline {
        /// Order.
        #[schemars(range(max = 5))]
        order: u8,
    },
}

/// The array.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Array {
    /// Lines.
    pub inputs: usize,
    /// Wire.
    pub wire: Resistance,
    /// Drivers by name.
    #[serde(default)]
    pub drivers: BTreeMap<String, Driver>,
    /// Words or a number.
    pub sense: Sense,
    /// Whether it floats.
    #[serde(default)]
    pub floating: bool,
}

/// A driver.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Driver {
    /// Amplitude.
    pub amplitude: DriveVoltage,
}

/// A word, a resistance or a table.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Sense {
    /// A word.
    Word(SenseWord),
    /// A resistance.
    Load(Resistance),
    /// A list.
    Loads(Vec<Resistance>),
    /// A table.
    Table(SenseTable),
}

/// Words for a sense.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SenseWord {
    /// Grounded.
    Ground,
    /// Open.
    Open,
}

/// A sense amplifier.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SenseTable {
    /// Bits.
    #[schemars(range(min = 1, max = 16))]
    pub bits: u32,
}

/// The training.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Gain.
    pub gain: Staged<f64>,
    /// Pulse.
    pub pulse: Staged<Amplitude>,
    /// Widths.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub widths: Vec<Time>,
    /// Share.
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub share: f64,
}

impl Check for System {
    fn check(&self, faults: &mut Faults) {
        faults.within("device", |faults| {
            let wide = self.device.diameter.si() <= 1e-6;
            faults.require(wide, "diameter", self.device.diameter, "a diameter up to 1 um");
            faults.each("layers", &self.device.layers, |layer, faults| {
                faults.require(
                    layer.thickness.si() > 0.0,
                    "thickness",
                    layer.thickness,
                    "a length above 0 m",
                );
            });
        });
        if let Some(array) = &self.array {
            faults.within("array", |faults| {
                faults.require(array.inputs > 0, "inputs", array.inputs, "at least 1");
            });
        }
    }
}

pub fn schema() -> Schema {
    schemars::schema_for!(System)
}

pub const RENAMES: &[Rename] = &[
    Rename { old: "hardware.tile.rows", new: "array.inputs" },
    Rename { old: "device.radius", new: "device.diameter" },
    Rename { old: "device.layers[].height", new: "device.layers[].thickness" },
    Rename { old: "hardware.*", new: "array.*" },
    Rename { old: "old.*", new: "device.* or array.*" },
    Rename { old: "training.epochs", new: "say how many images are shown" },
];

pub const SAMPLE: &str = r#"seed = 7

[device]
from = "perpendicular"
diameter = "40 nm"
field = "-5 mT"
tensor = [[0.1, 0.2], [0.3, 0.4]]
start = [0.5, "anti-parallel"]

[[device.layers]]
thickness = "1 nm"
[device.layers.material]
kind = "points"
temperatures = ["10 K", "300 K"]
between = { kind = "spline", order = 3 }

[[device.layers]]
thickness = "2 nm"
material = { kind = "bloch", exponent = 1.5, curie = "1100 K" }

[[device.layers]]
thickness = "3 nm"
material.kind = "none"

[array]
inputs = 16
wire = "2 ohm"
sense = ["1 kohm", "2 kohm"]
floating = true
drivers.word = { amplitude = "1.5 Vc0" }

[array.drivers.bit]
amplitude = "0.7 V"

[training]
gain = { first = 1.0, last = 0.5, course = "geometric" }
widths = ["5 ns"]
share = 0.5

[training.pulse]
values = ["0.7 V", 0.35, "35 %"]
"#;
