//! The write pulses of a training: what they do to the nominal device over its stages, and the voltages behind them.
//!
//! Pulses are written as probabilities, which count as they are, or as voltages, which are looked up in the device's
//! table. Where voltages are wanted of probabilities (on an array, or for costs), the table is read the other way round.

use spinhebb_data::config::{Course, Faults, Staged};
use spinhebb_data::quantity::Amplitude;
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::amplitude::AmplitudeScale;
use spinhebb_device::switching::table::SwitchingTable;
use spinhebb_device::switching::table_config::TableConfig;
use spinhebb_network::training::recipe::WriteProbabilities;

use crate::device::compute_table;
use crate::error::ExperimentError;
use crate::experiment::{Context, Outcome};

/// Device, table and pulses of a system.
#[derive(Clone, Copy)]
pub(super) struct PulseParts<'a> {
    pub(super) device: &'a MtjConfig,
    pub(super) table: &'a TableConfig,
    pub(super) pulses: &'a PulsesConfig,
}

/// The device's table and the voltages of the pulses.
pub(super) struct Tabulated {
    pub(super) junction: Junction,
    pub(super) table: SwitchingTable,
    /// Full width of a pulse in s.
    pub(super) width_s: f64,
    /// Potentiation (V > 0, AP -> P) in the first and in the last stage.
    pub(super) potentiation_v: [f64; 2],
    /// Depression (V < 0, P -> AP) in the first and in the last stage.
    pub(super) depression_v: [f64; 2],
}

/// What the pulses do, and the voltages behind them where these count.
pub(super) struct WritePulses {
    pub(super) probabilities: WriteProbabilities,
    pub(super) tabulated: Option<Tabulated>,
}

/// What voltages are wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Voltages {
    /// Only where the pulses are written as voltages.
    AsWritten,
    /// Always: an array is to be driven.
    Always,
    /// Always, and what is trained with are pulses of voltages in equal steps from the first to the last stage.
    Steps,
}

/// Key and amplitudes of both pulses.
fn written(pulses: &PulsesConfig) -> [(&'static str, Option<&Staged<Amplitude>>); 2] {
    [("potentiation", pulses.potentiation.as_ref()), ("depression", pulses.depression.as_ref())]
}

/// Adds what is wrong with the amplitudes of `pulses` over `stages`, beyond their own check.
pub(super) fn check(pulses: &PulsesConfig, stages: u32, voltages: Voltages, faults: &mut Faults) {
    let both = written(pulses);
    let looked_up =
        voltages != Voltages::AsWritten || both.iter().any(|(_, pulse)| pulse.is_some_and(in_volts));
    faults.within("pulses", |faults| {
        for (key, amplitude) in both {
            let expected = "a probability, such as 0.35, or a voltage, such as \"0.6 V\"";
            faults.require(amplitude.is_some(), key, "", expected);
            if let Some(amplitude) = amplitude {
                faults.within(key, |faults| check_amplitude(amplitude, stages, looked_up, faults));
            }
        }
    });
}

fn check_amplitude(amplitude: &Staged<Amplitude>, stages: u32, looked_up: bool, faults: &mut Faults) {
    amplitude.check_stages(stages, faults);
    let geometric = matches!(amplitude, Staged::Between { course: Course::Geometric, .. });
    for (key, value) in amplitude.entries() {
        let Amplitude::Probability(p) = *value else { continue };
        if looked_up {
            let expected = "between 0 and 1, both excluded: a voltage is looked up for it";
            faults.require(p > 0.0 && p < 1.0, &key, p, expected);
        } else {
            faults.require(!geometric || p > 0.0, &key, p, "a number above 0 for a geometric course");
        }
    }
}

/// Whether some amplitude is a voltage.
fn in_volts(amplitude: &Staged<Amplitude>) -> bool {
    amplitude.entries().iter().any(|(_, a)| a.voltage().is_some())
}

/// The probabilities of amplitudes none of which is a voltage.
fn probabilities(amplitude: &Staged<Amplitude>) -> Staged<f64> {
    amplitude.map(|amplitude| match *amplitude {
        Amplitude::Probability(p) => p,
        Amplitude::Voltage(_) => f64::NAN,
    })
}

/// The pulses of a configuration that was checked, over the stages of a training.
///
/// # Errors
/// The device has no table or it does not reach the pulses.
pub(super) fn write_pulses(
    parts: PulseParts<'_>,
    (stages, voltages): (u32, Voltages),
    outcome: &mut Outcome,
    context: &Context,
) -> Result<WritePulses, ExperimentError> {
    let [Some(up), Some(down)] = written(parts.pulses).map(|(_, amplitude)| amplitude) else {
        return ExperimentError::refuse("pulses", "without amplitudes", "potentiation and depression");
    };
    if voltages == Voltages::AsWritten && !in_volts(up) && !in_volts(down) {
        let probabilities =
            WriteProbabilities { potentiation: probabilities(up), depression: probabilities(down) };
        return Ok(WritePulses { probabilities, tabulated: None });
    }
    let junction = Junction::new(parts.device)?;
    let width_s = parts.pulses.width.si();
    let table = compute_table(outcome, &junction, parts.table, &[width_s], context)?;
    let lookup = Lookup { junction: &junction, table: &table, width_s, stages };
    let (potentiation, potentiation_v) = lookup.find(up, State::AntiParallel, voltages, outcome)?;
    let (depression, depression_v) = lookup.find(down, State::Parallel, voltages, outcome)?;
    let probabilities = WriteProbabilities { potentiation, depression };
    let tabulated = Tabulated { junction, table, width_s, potentiation_v, depression_v };
    Ok(WritePulses { probabilities, tabulated: Some(tabulated) })
}

/// A table and where it is read.
struct Lookup<'a> {
    junction: &'a Junction,
    table: &'a SwitchingTable,
    width_s: f64,
    stages: u32,
}

impl Lookup<'_> {
    /// Probabilities over the stages, and the voltages in the first and in the last.
    fn find(
        &self,
        amplitude: &Staged<Amplitude>,
        start: State,
        voltages: Voltages,
        outcome: &mut Outcome,
    ) -> Result<(Staged<f64>, [f64; 2]), ExperimentError> {
        let scale =
            AmplitudeScale { junction: self.junction, table: Some(self.table), width_s: self.width_s };
        if in_volts(amplitude) {
            let volts = scale.staged(amplitude, start)?;
            return Ok((self.looked_up(&volts, start, outcome)?, self.ends(&volts)));
        }
        let wanted = probabilities(amplitude);
        let [first, last] = self.ends(&wanted).map(|p| scale.volts(Amplitude::Probability(p), start));
        let ends = [first?, last?];
        let trained = match voltages {
            Voltages::Steps => self.looked_up(&Staged::linear(ends[0], ends[1]), start, outcome)?,
            Voltages::AsWritten | Voltages::Always => wanted,
        };
        Ok((trained, ends))
    }

    /// Values in the first and in the last stage.
    fn ends(&self, staged: &Staged<f64>) -> [f64; 2] {
        [0, self.stages.saturating_sub(1)].map(|stage| staged.at(stage, self.stages))
    }

    /// The probability of each stage's voltage.
    fn looked_up(
        &self,
        volts: &Staged<f64>,
        start: State,
        outcome: &mut Outcome,
    ) -> Result<Staged<f64>, ExperimentError> {
        let volts: Vec<f64> = (0..self.stages).map(|stage| volts.at(stage, self.stages)).collect();
        let found = volts
            .iter()
            .map(|volts| self.table.probability(*volts, self.width_s, start))
            .collect::<Result<Vec<_>, _>>()?;
        let below = found.iter().filter(|p| p.extrapolated).count();
        if below > 0 {
            outcome.warn(format!(
                "pulses out of the {start} state lie below the table of the device in {below} of {} stages: their \
                 probabilities are extrapolated",
                self.stages
            ));
        }
        let listed = found.iter().map(|found| found.p).collect();
        Ok(Staged::Listed(listed))
    }
}

/// Adds width, voltages and table of the pulses.
///
/// # Errors
/// Never: the arrays fit.
pub(super) fn add_pulses(outcome: &mut Outcome, pulses: &Tabulated) -> Result<(), ExperimentError> {
    outcome.scalar("pulse_width", pulses.width_s, "s", "full width of a write pulse");
    for (kind, [first, last]) in
        [("potentiation", pulses.potentiation_v), ("depression", pulses.depression_v)]
    {
        let key = |stage: &str| format!("{kind}_voltage/{stage}");
        outcome.scalar(key("first"), first, "V", format!("{kind} at the driver in the first stage"));
        outcome.scalar(key("last"), last, "V", format!("{kind} at the driver in the last stage"));
    }
    outcome.add(pulses.table.to_dataset()?);
    Ok(())
}
