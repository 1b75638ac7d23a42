use serde::Deserialize;

use super::*;
use crate::config::{Document, render};
use crate::quantity::{Length, Temperature, Time};

/// A run of the test.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Master seed of all random streams.
    seed: u64,
    /// Temperature of the device, see [`Temperature`].
    ///
    /// A longer explanation that the example leaves out.
    ///
    /// Source: assumed.
    #[serde(default = "room")]
    temperature: Temperature,
    /// How the pictures are read out.
    read_out: ReadOut,
    /// Limit of the run; none where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<Time>,
    /// Widths of the pulses.
    widths: Vec<Time>,
    /// The neuron.
    neuron: Neuron,
    /// Layers of the pillar, from below.
    layers: Vec<Layer>,
}

fn room() -> Temperature {
    Temperature(300.0)
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum ReadOut {
    /// The neuron that fires most.
    SingleWinner,
    /// All neurons.
    Population,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Neuron {
    /// Leaky integration.
    Leaky {
        /// Time constant of the leak.
        leak: Time,
    },
    /// A threshold without memory.
    Threshold {
        /// Level in units of a synapse.
        level: f64,
    },
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Layer {
    /// Thickness of the layer.
    thickness: Length,
}

fn config() -> Config {
    Config {
        seed: 7,
        temperature: Temperature(350.0),
        read_out: ReadOut::SingleWinner,
        limit: None,
        widths: vec![Time(1e-9), Time(2e-9)],
        neuron: Neuron::Leaky { leak: Time(1e-8) },
        layers: vec![Layer { thickness: Length(1e-9) }, Layer { thickness: Length(2e-9) }],
    }
}

#[test]
fn the_example_explains_every_key() {
    let expected = r#"# A run of the test.
# Master seed of all random streams.
seed = 7
# Temperature of the device, see `Temperature`. Source: assumed. Default: "300 K".
temperature = "350 K"
# How the pictures are read out. One of "single-winner", "population".
read_out = "single-winner"
# Widths of the pulses.
widths = ["1 ns", "2 ns"]
# Limit of the run; none where it is left out. Optional: text with a unit, such as "5 ns".
# limit = "5 ns"

# The neuron.
[neuron]
# Leaky integration. One of "leaky", "threshold".
kind = "leaky"
# Time constant of the leak.
leak = "10 ns"

# Layers of the pillar, from below.
[[layers]]
# Thickness of the layer.
thickness = "1 nm"

[[layers]]
# Thickness of the layer.
thickness = "2 nm"
"#;
    assert_eq!(example(&config()).unwrap(), expected);
    let read: Config = Document::from_text("example", expected).unwrap().parse().unwrap();
    assert_eq!(read, config());
    let commented_in = expected.replace("# limit", "limit");
    let read: Config = Document::from_text("example", &commented_in).unwrap().parse().unwrap();
    assert_eq!(read.limit, Some(Time(5e-9)));
    let rendered: Config = Document::from_text("", &render(&config()).unwrap()).unwrap().parse().unwrap();
    assert_eq!(rendered, config());
}

#[test]
fn every_key_is_listed_with_unit_and_default() {
    let keys = keys::<Config>();
    let paths: Vec<&str> = keys.iter().map(|key| key.path.as_str()).collect();
    let expected = [
        "seed",
        "temperature",
        "read_out",
        "limit",
        "widths",
        "neuron",
        "neuron.kind",
        "neuron.leak",
        "neuron.level",
        "layers",
        "layers[].thickness",
    ];
    assert_eq!(paths, expected);
    let key = |path: &str| keys.iter().find(|key| key.path == path).unwrap();
    let temperature = key("temperature");
    assert_eq!(temperature.si_unit.as_deref(), Some("K"));
    assert_eq!(temperature.default.as_deref(), Some("\"300 K\""));
    assert!(!temperature.required && key("seed").required && !key("limit").required);
    assert_eq!(key("seed").form, "whole number from 0");
    assert_eq!(key("widths").form, "list of: text with a unit, such as \"5 ns\"");
    assert_eq!(key("neuron.kind").form, "one of \"leaky\", \"threshold\"");
    assert_eq!(key("neuron.level").only_for.as_deref(), Some("kind = \"threshold\""));
    assert_eq!(key("layers[].thickness").si_unit.as_deref(), Some("m"));
    assert_eq!(key("read_out").form, "one of \"single-winner\", \"population\"");
    assert!(keys.iter().all(|key| !key.description.is_empty()), "{keys:#?}");
    let table = markdown::<Config>();
    assert!(table.contains("| `neuron.leak` | text with a unit, such as \"5 ns\" | required | Only for `kind = \"leaky\"`. Time constant of the leak. |"), "{table}");
}
