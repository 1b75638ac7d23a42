//! The write pulses of the system, looked up in its own table.

use spinhebb_data::config::Staged;
use spinhebb_data::quantity::Amplitude;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::amplitude::AmplitudeScale;
use spinhebb_device::switching::table::SwitchingTable;

use super::ReproduceParts;
use crate::error::ExperimentError;

/// A write pulse and what it does: the answer of the device's table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WritePulse {
    /// Amplitude in V; V > 0 is potentiation (AP -> P), V < 0 depression (P -> AP).
    pub(super) volts: f64,
    /// Switching probability at this amplitude and the width of the pulses.
    pub(super) probability: f64,
    /// Lower end of the probability's interval.
    pub(super) lower: f64,
    /// Upper end of the probability's interval.
    pub(super) upper: f64,
}

/// The two pulses of the 4x2 learning.
pub(super) struct LearningPulses {
    /// Of active inputs (AP -> P).
    pub(super) potentiation: WritePulse,
    /// Of inactive inputs (P -> AP).
    pub(super) depression: WritePulse,
    /// Full width in s.
    pub(super) width_s: f64,
}

/// The junction that is written, with its table.
pub(super) struct Writer {
    junction: Junction,
    table: SwitchingTable,
    width_s: f64,
}

impl Writer {
    /// The system's junction with its `table`.
    ///
    /// # Errors
    /// The junction cannot be resolved.
    pub(super) fn new(config: &ReproduceParts, table: SwitchingTable) -> Result<Self, ExperimentError> {
        Ok(Self { junction: Junction::new(&config.device)?, table, width_s: config.pulses.width.si() })
    }

    /// The pulse of `amplitude` that drives out of `start`: AP -> P for potentiation (V > 0), P -> AP for depression (V < 0).
    ///
    /// # Errors
    /// The table does not reach so far.
    pub(super) fn pulse(&self, amplitude: Amplitude, start: State) -> Result<WritePulse, ExperimentError> {
        let (table, width_s) = (Some(&self.table), self.width_s);
        let volts = AmplitudeScale { junction: &self.junction, table, width_s }.volts(amplitude, start)?;
        let found = self.table.probability(volts, width_s, start)?;
        Ok(WritePulse { volts, probability: found.p, lower: found.lower, upper: found.upper })
    }
}

impl LearningPulses {
    /// The pulses of the system, looked up by `writer`.
    ///
    /// # Errors
    /// A pulse is missing, or the table does not reach it.
    pub(super) fn new(config: &ReproduceParts, writer: &Writer) -> Result<Self, ExperimentError> {
        let pulse =
            |key: &str, staged: &Option<Staged<Amplitude>>, start: State| match constant(staged.as_ref()) {
                Some(amplitude) => writer.pulse(amplitude, start),
                None => ExperimentError::refuse(
                    &format!("pulses.{key}"),
                    "not given",
                    "one pulse for the whole learning",
                ),
            };
        Ok(Self {
            potentiation: pulse("potentiation", &config.pulses.potentiation, State::AntiParallel)?,
            depression: pulse("depression", &config.pulses.depression, State::Parallel)?,
            width_s: writer.width_s,
        })
    }
}

/// The amplitude of a kind of pulse where it is one for all stages.
pub(super) fn constant(pulse: Option<&Staged<Amplitude>>) -> Option<Amplitude> {
    match pulse {
        Some(Staged::Constant(amplitude)) => Some(*amplitude),
        _ => None,
    }
}
