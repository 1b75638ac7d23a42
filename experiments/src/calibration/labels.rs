//! Names of measured devices and files in letters that name files and groups.

use std::path::Path;

use spinhebb_data::labelled::{Dataset, Variable};

use crate::error::ExperimentError;
use crate::experiment::{Outcome, texts};

/// Name of the dataset of devices.
const DEVICES: &str = "devices";

/// A label for each of the devices `names`, no two alike.
pub(super) fn of_devices(names: &[String]) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for name in names {
        let plain = plain(name);
        let numbered = (2_u64..).map(|n| format!("{plain}-{n}"));
        let free = std::iter::once(plain.clone()).chain(numbered).find(|label| !labels.contains(label));
        labels.push(free.unwrap_or(plain));
    }
    labels
}

/// A label for the file `name`: the end of its path without extension.
pub(super) fn of_file(name: &str) -> String {
    plain(&Path::new(name).file_stem().map_or(name.into(), |stem| stem.to_string_lossy()))
}

fn plain(name: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let plain: String = name.chars().map(|c| if kept(c) { c } else { '_' }).collect();
    if plain.is_empty() { "_".to_string() } else { plain }
}

/// Labels and names of the devices.
///
/// # Errors
/// Never: both have one length.
pub(super) fn to_dataset(labels: &[String], names: &[String]) -> Result<Dataset, ExperimentError> {
    Ok(Dataset::new(DEVICES)
        .with(Variable::coordinate("device", "1", "label of the device in keys and groups", labels.to_vec()))?
        .with(Variable::along("name", "device", "1", "name of the device in the data", names.to_vec()))?)
}

/// Label and name of every device of `outcome`.
///
/// # Errors
/// It holds none.
pub(super) fn from_outcome(outcome: &Outcome) -> Result<Vec<(String, String)>, ExperimentError> {
    let data = outcome.dataset(DEVICES)?;
    Ok(texts(data, "device")?.into_iter().zip(texts(data, "name")?).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_told_apart() {
        let names = ["a/1", "a 1", "b.1", "b.2", ""].map(String::from);
        assert_eq!(of_devices(&names), ["a_1", "a_1-2", "b_1", "b_2", "_"]);
        assert_eq!(of_file("data/counts.2.csv"), "counts_2");
    }
}
