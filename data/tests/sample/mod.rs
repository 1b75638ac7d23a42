//! An archive with one variable of every kind.

use spinhebb_data::DataError;
use spinhebb_data::archive::Header;
use spinhebb_data::labelled::{Dataset, Variable};

pub fn header() -> Header {
    Header {
        title: "Test of the archive".into(),
        version: "0.1.0".into(),
        commit: "unknown".into(),
        seed: (1 << 63) + 11,
        configuration: "seed = 11\ndiameter = \"40 nm\"\n".into(),
        inputs: vec![("mnist/train-images".into(), "6bbc".into()), ("my table.csv".into(), "77aa".into())],
        experiment: "device table".into(),
        physics: 3,
    }
}

pub fn datasets() -> Result<Vec<Dataset>, DataError> {
    let p = Variable::new(
        "p",
        "1",
        "switching probability (Wahrscheinlichkeit à)",
        &["voltage", "width"],
        &[3, 2],
        vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
    )?;
    let switching = Dataset::new("device/switching")
        .attribute("source", "LLGS ensemble")
        .attribute("trials", 10_000_usize)
        .attribute("temperature", 300.0)
        .attribute("offset", -3_i64)
        .with(Variable::coordinate("voltage", "V", "pulse amplitude", vec![0.3, 0.4, 0.5]))?
        .with(Variable::coordinate("width", "s", "pulse width", vec![1e-9, 2e-9]))?
        .with(p.with_attribute("confidence", 0.95))?
        .with(Variable::along("counts", "voltage", "1", "switched", vec![1_u32, 2, u32::MAX]))?
        .with(Variable::along("signed", "voltage", "1", "", vec![i64::MIN, 0, i64::MAX]))?
        .with(Variable::along("single", "voltage", "A", "", vec![1.5_f32, f32::NAN, -0.0]))?
        .with(Variable::along("large", "voltage", "1", "", vec![0, 1, u64::MAX]))?
        .with(Variable::along("short", "voltage", "1", "", vec![0, 1, u16::MAX]))?;
    let bits = (0..20).map(|i| i % 3 == 0);
    let weights = Dataset::new("network/weights").with(Variable::packed_bits(
        "w",
        "synaptic states",
        &["neuron", "pixel"],
        &[2, 10],
        bits,
    )?)?;
    let network = Dataset::new("network")
        .with(Variable::along("model", "neuron", "1", "neuron model", vec!["LIF", "", "Schwellwert ä"]))?
        .with(Variable::scalar("accuracy", "1", "test accuracy", 0.875)?)?;
    let empty = Dataset::new("empty").with(Variable::along("time", "spike", "s", "", Vec::<f64>::new()))?;
    Ok(vec![switching, weights, network, empty])
}
