use super::{DendriteCurrents, Pattern};
use crate::error::NetworkError;

/// Currents for one input pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct InferenceRow {
    /// The pattern driven onto the inputs.
    pub input: Pattern,
    /// Current of each neuron's dendrite, in A.
    pub currents_a: Vec<f64>,
    /// Hamming distance between the input and each neuron's target pattern.
    pub hamming: Vec<u32>,
}

/// All (input, neuron) currents at one Hamming distance between input and target.
#[derive(Debug, Clone, PartialEq)]
pub struct HammingBin {
    /// Hamming distance.
    pub distance: u32,
    /// Number of (input, neuron) pairs.
    pub count: usize,
    /// Mean current in A.
    pub mean_a: f64,
    /// Smallest current in A.
    pub min_a: f64,
    /// Largest current in A.
    pub max_a: f64,
}

/// Inference over all input patterns (the paper's Fig. 1d).
#[derive(Debug, Clone, PartialEq)]
pub struct Inference {
    /// Target pattern of each neuron: the states of its devices.
    pub targets: Vec<Pattern>,
    /// One row per input pattern, 0000 first.
    pub rows: Vec<InferenceRow>,
    /// One bin per Hamming distance, 0 first.
    pub bins: Vec<HammingBin>,
}

impl Inference {
    /// Smallest gap between neighbouring bins (worst current of one against best of the next), in A.
    ///
    /// Positive when every input can be told apart by its distance from the target; non-positive when bins touch.
    #[must_use]
    pub fn margin_a(&self) -> f64 {
        self.bins.windows(2).map(|pair| pair[0].min_a - pair[1].max_a).fold(f64::INFINITY, f64::min)
    }
}

/// Reads all `2^inputs` patterns against the targets and bins the currents by Hamming distance.
///
/// With ideal lines, subtraction of `(G_P + G_AP)/2` per driven input, `G_P = 1.9 G_AP` and targets of two
/// ones among four, the bins are +0.9, +0.45, 0, -0.45, -0.9 in units of `G_AP V_I`.
///
/// # Errors
/// [`NetworkError::Length`] when the targets do not fit the array, [`NetworkError::Pattern`] above 16 inputs.
pub fn infer_all(source: &dyn DendriteCurrents, targets: &[Pattern]) -> Result<Inference, NetworkError> {
    if targets.len() != source.neurons() {
        return Err(NetworkError::Length {
            what: "targets",
            found: targets.len(),
            expected: source.neurons(),
            why: "one per neuron",
        });
    }
    for target in targets {
        if target.len() != source.inputs() {
            return Err(NetworkError::Length {
                what: "a target",
                found: target.len(),
                expected: source.inputs(),
                why: "one value per input",
            });
        }
    }
    let mut rows = Vec::new();
    for input in Pattern::all(source.inputs())? {
        let mut currents_a = vec![0.0; targets.len()];
        source.currents_a(targets, input, &mut currents_a);
        let hamming = targets.iter().map(|t| t.hamming(input)).collect();
        rows.push(InferenceRow { input, currents_a, hamming });
    }
    let bins = (0..=source.inputs() as u32)
        .filter_map(|distance| {
            let members: Vec<f64> = rows
                .iter()
                .flat_map(|row| row.currents_a.iter().zip(&row.hamming))
                .filter(|(_, d)| **d == distance)
                .map(|(i, _)| *i)
                .collect();
            (!members.is_empty()).then(|| HammingBin {
                distance,
                count: members.len(),
                mean_a: members.iter().sum::<f64>() / members.len() as f64,
                min_a: members.iter().copied().fold(f64::INFINITY, f64::min),
                max_a: members.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            })
        })
        .collect();
    Ok(Inference { targets: targets.to_vec(), rows, bins })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demonstrator::DeviceConductances;

    /// A TMR of 90 % on ideal lines gives exactly these five currents.
    #[test]
    fn ideal_lines_give_the_five_bins() {
        let devices = DeviceConductances { reference_s: 1.45, ..DeviceConductances::uniform(2, 4, 1.9, 1.0) };
        let targets = ["1100".parse().unwrap(), "1001".parse().unwrap()];
        let inference = infer_all(&devices, &targets).unwrap();
        assert_eq!(inference.rows.len(), 16);
        let expected = [(2, 0.9), (8, 0.45), (12, 0.0), (8, -0.45), (2, -0.9)];
        for (bin, (count, mean)) in inference.bins.iter().zip(expected) {
            assert_eq!(bin.count, count);
            for value in [bin.mean_a, bin.min_a, bin.max_a] {
                assert!((value - mean).abs() < 1e-15, "{bin:?}");
            }
        }
        assert!((inference.margin_a() - 0.45).abs() < 1e-15);
    }
}
