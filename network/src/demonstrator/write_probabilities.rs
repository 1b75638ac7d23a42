use super::currents::{all_states, state_index};
use super::{DemonstratorConfig, Pattern};
use crate::error::NetworkError;
use crate::rules::stdp::Polarity;

/// The write that follows a firing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteEvent<'a> {
    /// Device states of every neuron before the write (1 = P).
    pub weights: &'a [Pattern],
    /// The neuron that fired, whose row is written.
    pub neuron: usize,
    /// Inputs with a potentiation pulse (V > 0); all others have a depression pulse (V < 0).
    pub potentiated: Pattern,
}

/// How devices switch in a write: by given probabilities, or as a solved crossbar writes them.
pub trait WriteProbabilities: Sync {
    /// Writes the probability of every device to be in its other state after the event; `out` is neuron-major,
    /// `[neuron * inputs + input]`.
    ///
    /// # Errors
    /// The event is not among those that are known.
    fn flips(&self, event: &WriteEvent<'_>, out: &mut [f64]) -> Result<(), NetworkError>;

    /// Whether the probabilities are those of an array and of events as `config` has.
    ///
    /// # Errors
    /// [`NetworkError::Length`] for another size, [`NetworkError::OutOfRange`] for a value that is no probability or an event
    /// that is not known.
    fn check(&self, config: &DemonstratorConfig) -> Result<(), NetworkError>;
}

/// Devices on ideal lines: those of the fired neuron see the pulse meant for them, all others nothing. Neuron-major.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchingProbabilities {
    /// AP -> P under a potentiation pulse (V > 0).
    pub potentiation: Vec<f64>,
    /// P -> AP under a depression pulse (V < 0).
    pub depression: Vec<f64>,
}

impl SwitchingProbabilities {
    /// The same for all `devices`.
    #[must_use]
    pub fn uniform(devices: usize, potentiation: f64, depression: f64) -> Self {
        Self { potentiation: vec![potentiation; devices], depression: vec![depression; devices] }
    }

    fn validate(&self, devices: usize) -> Result<(), NetworkError> {
        for (key, values) in [("potentiation", &self.potentiation), ("depression", &self.depression)] {
            if values.len() != devices {
                return Err(NetworkError::Length {
                    what: "switching probabilities",
                    found: values.len(),
                    expected: devices,
                    why: "one per device",
                });
            }
            for p in values {
                NetworkError::require((0.0..=1.0).contains(p), key, p, "a probability between 0 and 1")?;
            }
        }
        Ok(())
    }

    /// Probability that a device in `state` switches under a pulse of `polarity`.
    fn of(&self, device: usize, state: bool, polarity: Polarity) -> f64 {
        match (polarity, state) {
            (Polarity::Potentiation, false) => self.potentiation[device],
            (Polarity::Depression, true) => self.depression[device],
            _ => 0.0,
        }
    }
}

impl WriteProbabilities for SwitchingProbabilities {
    fn flips(&self, event: &WriteEvent<'_>, out: &mut [f64]) -> Result<(), NetworkError> {
        let row = event.weights[event.neuron];
        let first = event.neuron * row.len();
        out.fill(0.0);
        for (i, driven) in event.potentiated.values().enumerate() {
            let polarity = if driven { Polarity::Potentiation } else { Polarity::Depression };
            out[first + i] = self.of(first + i, row.get(i), polarity);
        }
        Ok(())
    }

    fn check(&self, config: &DemonstratorConfig) -> Result<(), NetworkError> {
        self.validate(config.initial.iter().map(|row| row.len()).sum())
    }
}

/// Probabilities of every combination of states, neuron and pulses, computed once.
///
/// For a crossbar whose voltages need a network solution: a 4x2 array has 256 states, 2 neurons and, in the paper, 2 images.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteTable {
    inputs: usize,
    neurons: usize,
    /// Sets of potentiated inputs, rising.
    potentiated: Vec<Pattern>,
    /// `[((state * neurons + neuron) * potentiated + set) * devices + device]`.
    flips: Vec<f64>,
}

impl WriteTable {
    /// Asks `solve(event)` for the probability of each device (neuron-major) to be in its other state afterwards, for all
    /// states of `neurons` rows, each neuron and each set of `potentiated` inputs.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`] for an array beyond [`super::CurrentTable`], no set or sets of another length; the error
    /// of `solve`; [`NetworkError::Length`] when it gives another number of probabilities than there are devices.
    pub fn build<E: Into<NetworkError>>(
        neurons: usize,
        potentiated: &[Pattern],
        mut solve: impl FnMut(&WriteEvent<'_>) -> Result<Vec<f64>, E>,
    ) -> Result<Self, NetworkError> {
        let inputs = potentiated.first().map_or(0, |set| set.len());
        let fine = inputs > 0 && potentiated.iter().all(|set| set.len() == inputs);
        NetworkError::require(fine, "potentiated", potentiated.len(), "one or more sets of as many inputs")?;
        let mut sets = potentiated.to_vec();
        sets.sort_unstable();
        sets.dedup();
        let mut flips = Vec::new();
        for weights in all_states(inputs, neurons)? {
            for neuron in 0..neurons {
                for &potentiated in &sets {
                    let event = WriteEvent { weights: &weights, neuron, potentiated };
                    let found = solve(&event).map_err(Into::into)?;
                    if found.len() != inputs * neurons {
                        return Err(NetworkError::Length {
                            what: "switching probabilities",
                            found: found.len(),
                            expected: inputs * neurons,
                            why: "one per device",
                        });
                    }
                    flips.extend(found);
                }
            }
        }
        Ok(Self { inputs, neurons, potentiated: sets, flips })
    }

    fn set(&self, potentiated: Pattern) -> Result<usize, NetworkError> {
        self.potentiated.binary_search(&potentiated).map_err(|_| NetworkError::OutOfRange {
            key: "potentiated",
            value: potentiated.to_string(),
            expected: format!("one of {} tabulated sets of inputs", self.potentiated.len()),
        })
    }
}

impl WriteProbabilities for WriteTable {
    fn flips(&self, event: &WriteEvent<'_>, out: &mut [f64]) -> Result<(), NetworkError> {
        let set = self.set(event.potentiated)?;
        let row = state_index(event.weights) * self.neurons + event.neuron;
        let devices = self.inputs * self.neurons;
        let start = (row * self.potentiated.len() + set) * devices;
        out.copy_from_slice(&self.flips[start..start + devices]);
        Ok(())
    }

    fn check(&self, config: &DemonstratorConfig) -> Result<(), NetworkError> {
        let own = [self.neurons, self.inputs];
        let given = [config.initial.len(), config.initial.first().map_or(0, |row| row.len())];
        for (what, found, expected) in [
            ("rows of switching probabilities", own[0], given[0]),
            ("switching probabilities of a row", own[1], given[1]),
        ] {
            if found != expected {
                return Err(NetworkError::Length { what, found, expected, why: "the size of the array" });
            }
        }
        config.potentiated().into_iter().try_for_each(|set| self.set(set).map(|_| ()))?;
        for p in &self.flips {
            NetworkError::require((0.0..=1.0).contains(p), "flips", p, "a probability between 0 and 1")?;
        }
        Ok(())
    }
}
