use super::Pattern;
use crate::error::NetworkError;

/// Where the currents into the neurons come from: ideal lines, varied devices, or a solved crossbar.
pub trait DendriteCurrents: Sync {
    /// Number of inputs.
    fn inputs(&self) -> usize;
    /// Number of neurons.
    fn neurons(&self) -> usize;
    /// Writes the current of every neuron's dendrite, after subtraction of the reference, in A.
    ///
    /// `weights[k]` holds the device states of neuron `k` (1 = P), `input` the driven inputs; `out` has
    /// one entry per neuron.
    fn currents_a(&self, weights: &[Pattern], input: Pattern, out: &mut [f64]);
}

/// Devices on ideal lines, each with its own conductances.
///
/// # Formula
/// `I_k = sum_j x_j (G_kj - G_ref) V_I`, `G_kj` = `parallel_s` or `antiparallel_s` by the state of the device.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceConductances {
    /// Conductance in the P state, neuron-major: `[neuron * inputs + input]`, in S.
    pub parallel_s: Vec<f64>,
    /// Conductance in the AP state, same order, in S.
    pub antiparallel_s: Vec<f64>,
    /// Reference conductance subtracted for each driven input, in S (0: no subtraction).
    pub reference_s: f64,
    /// Read voltage on a driven input, in V (V > 0: potentiation polarity; small enough not to switch).
    pub read_v: f64,
    /// Number of inputs.
    pub inputs: usize,
}

impl DeviceConductances {
    /// Equal devices without a reference, read at 1 V.
    #[must_use]
    pub fn uniform(neurons: usize, inputs: usize, parallel_s: f64, antiparallel_s: f64) -> Self {
        let cells = neurons * inputs;
        Self {
            parallel_s: vec![parallel_s; cells],
            antiparallel_s: vec![antiparallel_s; cells],
            reference_s: 0.0,
            read_v: 1.0,
            inputs,
        }
    }
}

impl DendriteCurrents for DeviceConductances {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn neurons(&self) -> usize {
        self.parallel_s.len() / self.inputs.max(1)
    }

    fn currents_a(&self, weights: &[Pattern], input: Pattern, out: &mut [f64]) {
        for (k, (row, current)) in weights.iter().zip(out).enumerate() {
            *current = 0.0;
            for j in (0..self.inputs).filter(|&j| input.get(j)) {
                let cell = k * self.inputs + j;
                let g = if row.get(j) { self.parallel_s[cell] } else { self.antiparallel_s[cell] };
                *current += (g - self.reference_s) * self.read_v;
            }
        }
    }
}

/// Currents of every combination of weights and inputs, computed once.
///
/// For a crossbar whose currents need a network solution: a 4x2 array has 256 states and 16 inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct CurrentTable {
    inputs: usize,
    neurons: usize,
    /// `[(weights << inputs | input) * neurons + neuron]`, in A.
    currents_a: Vec<f64>,
}

/// Most bits of device states and inputs together, of whose combinations a table is made.
const MOST_BITS: usize = 20;

/// Number of a combination of device states among [`all_states`].
pub(super) fn state_index(weights: &[Pattern]) -> usize {
    weights.iter().rev().fold(0, |state, row| state << row.len() | row.bits() as usize)
}

/// All combinations of device states of an array, in the order of [`state_index`].
///
/// # Errors
/// [`NetworkError::OutOfRange`] when devices and inputs are more than 20.
pub(super) fn all_states(
    inputs: usize,
    neurons: usize,
) -> Result<impl Iterator<Item = Vec<Pattern>>, NetworkError> {
    let bits = inputs * neurons + inputs;
    NetworkError::require(
        inputs >= 1 && neurons >= 1 && bits <= MOST_BITS,
        "inputs * neurons + inputs",
        bits,
        "at most 20 (a table of all states is only for small arrays)",
    )?;
    let rows = (0..1u32 << inputs).map(|bits| Pattern::new(bits, inputs)).collect::<Result<Vec<_>, _>>()?;
    Ok((0..1usize << (inputs * neurons))
        .map(move |state| (0..neurons).map(|k| rows[state >> (k * inputs) & (rows.len() - 1)]).collect()))
}

impl CurrentTable {
    /// Asks `solve(weights, input)` for the dendrite currents (A, after subtraction) of all combinations.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`] above 16 devices + inputs in total 20 bits, the error of `solve`, [`NetworkError::Length`] when it gives another number of currents than there are neurons.
    pub fn build<E: Into<NetworkError>>(
        inputs: usize,
        neurons: usize,
        mut solve: impl FnMut(&[Pattern], Pattern) -> Result<Vec<f64>, E>,
    ) -> Result<Self, NetworkError> {
        let states = all_states(inputs, neurons)?;
        let mask = (1u32 << inputs) - 1;
        let mut currents_a = Vec::with_capacity(neurons << (inputs * neurons + inputs));
        for weights in states {
            for bits in 0..=mask {
                let found = solve(&weights, Pattern::new(bits, inputs)?).map_err(Into::into)?;
                if found.len() != neurons {
                    return Err(NetworkError::Length {
                        what: "currents",
                        found: found.len(),
                        expected: neurons,
                        why: "one per neuron",
                    });
                }
                currents_a.extend(found);
            }
        }
        Ok(Self { inputs, neurons, currents_a })
    }

    /// The same currents, less `amperes` for each driven input.
    #[must_use]
    pub fn less_per_driven_input(mut self, amperes: f64) -> Self {
        let mask = (1 << self.inputs) - 1;
        for (index, current) in self.currents_a.iter_mut().enumerate() {
            *current -= amperes * f64::from(((index / self.neurons) & mask).count_ones());
        }
        self
    }
}

impl DendriteCurrents for CurrentTable {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn neurons(&self) -> usize {
        self.neurons
    }

    fn currents_a(&self, weights: &[Pattern], input: Pattern, out: &mut [f64]) {
        let start = (state_index(weights) << self.inputs | input.bits() as usize) * self.neurons;
        out.copy_from_slice(&self.currents_a[start..start + self.neurons]);
    }
}
