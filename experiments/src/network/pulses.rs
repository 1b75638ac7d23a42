//! The write pulses of a training: what they do to the nominal device over its stages, and the voltages behind them.
//!
//! Pulses are written as probabilities, which count as they are, or as voltages, which are looked up in the device's
//! table. Where voltages are wanted of probabilities (on an array, or for costs), the table is read the other way round.

use spinhebb_data::config::{Course, Faults, Staged};
use spinhebb_data::quantity::{Amplitude, DriveVoltage};
use spinhebb_device::dynamics::PulsesConfig;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::{SwitchingTable, TableConfig};
use spinhebb_network::training::recipe::WriteProbabilities;
use spinhebb_network::training::schedule::Schedule;

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

/// The amplitudes of one kind of pulse, from which state it drives, and its key.
struct Written<'a> {
    key: &'static str,
    start: State,
    amplitude: Option<&'a Staged<Amplitude>>,
}

fn written(pulses: &PulsesConfig) -> [Written<'_>; 2] {
    let of = |key, start, amplitude| Written { key, start, amplitude };
    [
        of("potentiation", State::AntiParallel, pulses.potentiation.as_ref()),
        of("depression", State::Parallel, pulses.depression.as_ref()),
    ]
}

/// Adds what is wrong with the amplitudes of `pulses` over `stages`.
pub(super) fn check(pulses: &PulsesConfig, stages: u32, voltages: Voltages, faults: &mut Faults) {
    faults.within("pulses", |faults| {
        for pulse in written(pulses) {
            let Some(amplitude) = pulse.amplitude else {
                faults.require(false, pulse.key, "", "a probability, such as 0.35, or a voltage, such as \"0.6 V\"");
                continue;
            };
            faults.within(pulse.key, |faults| check_amplitude(amplitude, pulse.start, stages, voltages, faults));
        }
    });
}

fn check_amplitude(
    amplitude: &Staged<Amplitude>,
    start: State,
    stages: u32,
    voltages: Voltages,
    faults: &mut Faults,
) {
    amplitude.check_stages(stages, faults);
    let entries = amplitude.entries();
    let volts = entries.iter().filter(|(_, a)| a.voltage().is_some()).count();
    let mixed = volts > 0 && volts < entries.len();
    faults.require(!mixed, "", "both voltages and probabilities", "either voltages or probabilities");
    let (polarity, sign) = (start.switching_polarity(), if start == State::Parallel { "below" } else { "above" });
    let geometric = matches!(amplitude, Staged::Between { course: Course::Geometric, .. });
    for (key, value) in entries {
        match *value {
            Amplitude::Voltage(voltage) => {
                let fine = polarity * voltage.volts(1.0) > 0.0;
                let expected = format!("a voltage {sign} 0 V, which drives out of the {start} state");
                faults.require(fine, &key, voltage, expected);
            }
            Amplitude::Probability(p) if voltages != Voltages::AsWritten => {
                let expected = "between 0 and 1, both excluded: a voltage is looked up for it";
                faults.require(p > 0.0 && p < 1.0, &key, p, expected);
            }
            Amplitude::Probability(p) => {
                faults.require(!geometric || p > 0.0, &key, p, "a number above 0 for a geometric course");
            }
        }
    }
}

fn in_volts(amplitude: &Staged<Amplitude>) -> bool {
    amplitude.entries().iter().any(|(_, a)| a.voltage().is_some())
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
    let [up, down] = written(parts.pulses);
    let missing = || ExperimentError::Value {
        key: "pulses".into(),
        value: "without amplitudes".into(),
        expected: "potentiation and depression".into(),
    };
    let (up, down) = (up.amplitude.ok_or_else(missing)?, down.amplitude.ok_or_else(missing)?);
    if voltages == Voltages::AsWritten && !in_volts(up) && !in_volts(down) {
        let probabilities = WriteProbabilities { potentiation: as_schedule(up, 1.0), depression: as_schedule(down, 1.0) };
        return Ok(WritePulses { probabilities, tabulated: None });
    }
    let junction = parts.device.junction()?;
    let widths = [parts.pulses.width];
    let table = compute_table(outcome, &junction, parts.table, &widths, context)?;
    let lookup = Lookup { junction: &junction, table: &table, width_s: parts.pulses.width.si(), stages };
    let mut found = |amplitude, start| lookup.find(amplitude, start, voltages, outcome);
    let (potentiation, potentiation_v) = found(up, State::AntiParallel)?;
    let (depression, depression_v) = found(down, State::Parallel)?;
    let width_s = lookup.width_s;
    let probabilities = WriteProbabilities { potentiation, depression };
    let tabulated = Tabulated { junction, table, width_s, potentiation_v, depression_v };
    Ok(WritePulses { probabilities, tabulated: Some(tabulated) })
}

/// Amplitudes as numbers: probabilities, or volts of a device whose critical voltage has the magnitude `critical_v`.
fn as_schedule(staged: &Staged<Amplitude>, critical_v: f64) -> Schedule {
    let number = |amplitude: &Amplitude| match *amplitude {
        Amplitude::Probability(p) => p,
        Amplitude::Voltage(voltage) => voltage.volts(critical_v),
    };
    staged.map(number).into()
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
    ) -> Result<(Schedule, [f64; 2]), ExperimentError> {
        let last = self.stages.saturating_sub(1);
        if in_volts(amplitude) {
            let volts = as_schedule(amplitude, self.critical_v(amplitude, start)?);
            let ends = [volts.at(0, self.stages), volts.at(last, self.stages)];
            return Ok((self.probabilities(&volts, start, outcome)?, ends));
        }
        let wanted = as_schedule(amplitude, 1.0);
        let volts = |p: f64| self.table.voltage_for(p, self.width_s, start).map(|found| found.volts);
        let ends = [volts(wanted.at(0, self.stages))?, volts(wanted.at(last, self.stages))?];
        match voltages {
            Voltages::Steps => {
                Ok((self.probabilities(&Schedule::linear(ends[0], ends[1]), start, outcome)?, ends))
            }
            _ => Ok((wanted, ends)),
        }
    }

    /// Magnitude of the critical voltage, where an amplitude is a multiple of it.
    fn critical_v(&self, amplitude: &Staged<Amplitude>, start: State) -> Result<f64, ExperimentError> {
        let multiple = |a: &Amplitude| matches!(a, Amplitude::Voltage(DriveVoltage::Critical(_)));
        match amplitude.entries().iter().any(|(_, a)| multiple(a)) {
            true => Ok(self.junction.critical_voltage(start)?.abs()),
            false => Ok(1.0),
        }
    }

    /// The probability of each stage's voltage.
    fn probabilities(
        &self,
        volts: &Schedule,
        start: State,
        outcome: &mut Outcome,
    ) -> Result<Schedule, ExperimentError> {
        let mut listed = Vec::with_capacity(self.stages as usize);
        for stage in 0..self.stages {
            let volts = volts.at(stage, self.stages);
            let found = self.table.probability(volts, self.width_s, start)?;
            if found.extrapolated {
                outcome.warn(format!(
                    "pulses of {volts:.4} V lie below the first counted cell of the table: their probability {:.2e} is extrapolated",
                    found.p
                ));
            }
            listed.push(found.p);
        }
        Ok(Schedule::listed(listed))
    }
}

/// Adds width, voltages and table of the pulses.
///
/// # Errors
/// Never: the arrays fit.
pub(super) fn add_pulses(outcome: &mut Outcome, pulses: &Tabulated) -> Result<(), ExperimentError> {
    outcome.scalar("pulse_width", pulses.width_s, "s", "full width of a write pulse");
    for (kind, [first, last]) in [("potentiation", pulses.potentiation_v), ("depression", pulses.depression_v)] {
        let key = |stage: &str| format!("{kind}_voltage/{stage}");
        outcome.scalar(key("first"), first, "V", format!("{kind} at the driver in the first stage"));
        outcome.scalar(key("last"), last, "V", format!("{kind} at the driver in the last stage"));
    }
    outcome.add(pulses.table.to_dataset()?);
    Ok(())
}
