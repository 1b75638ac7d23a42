//! The write pulses of a training: what they do to the nominal device over its stages, and the voltages behind them.
//!
//! Pulses are written as probabilities, which count as they are, or as voltages, which are looked up in the device's
//! table. Where voltages are wanted of probabilities (on an array, or for costs), the table is read the other way round.

use std::sync::Arc;

use spinhebb_data::config::{Course, Faults, Staged};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::quantity::Amplitude;
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::transport::Transport;
use spinhebb_device::population::{DeviceTables, PopulationConfig};
use spinhebb_device::switching::amplitude::AmplitudeScale;
use spinhebb_device::switching::table_config::TableConfig;
use spinhebb_network::synapses::PackedTables;
use spinhebb_network::training::hardware::DrivenPulses;
use spinhebb_network::training::recipe::WriteProbabilities;

use crate::device::{TableSource, add_rounding};
use crate::error::ExperimentError;
use crate::experiment::{Context, Outcome};

/// The voltages of the pulses, and what the devices make of them.
pub(super) struct Tabulated {
    pub(super) tables: Arc<PackedTables>,
    /// Full width of a pulse in s.
    pub(super) width_s: f64,
    /// Potentiation (V > 0, AP -> P) in each stage.
    pub(super) potentiation_v: Vec<f64>,
    /// Depression (V < 0, P -> AP) in each stage.
    pub(super) depression_v: Vec<f64>,
}

impl Tabulated {
    /// Conductances of the nominal junction.
    pub(super) fn transport(&self) -> Transport {
        self.tables.exact().nominal_junction().barrier().transport
    }

    /// The pulses as a network's hardware takes them.
    pub(super) fn driven(&self) -> DrivenPulses {
        DrivenPulses {
            tables: Arc::clone(&self.tables),
            potentiation_v: self.potentiation_v.clone(),
            depression_v: self.depression_v.clone(),
        }
    }
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
    /// Always: an array is to be driven, or devices that differ in their switching curves.
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

/// The pulses of a configuration that was checked, over the stages of a training; the table is computed at their width.
///
/// # Errors
/// The device has no table or it does not reach the pulses.
pub(super) fn write_pulses(
    (device, table, population): (&MtjConfig, &TableConfig, &PopulationConfig),
    pulses: &PulsesConfig,
    (stages, voltages): (u32, Voltages),
    outcome: &mut Outcome,
    context: &Context,
) -> Result<WritePulses, ExperimentError> {
    let [Some(up), Some(down)] = written(pulses).map(|(_, amplitude)| amplitude) else {
        return ExperimentError::refuse("pulses", "without amplitudes", "potentiation and depression");
    };
    if voltages == Voltages::AsWritten && !in_volts(up) && !in_volts(down) {
        let probabilities =
            WriteProbabilities { potentiation: probabilities(up), depression: probabilities(down) };
        return Ok(WritePulses { probabilities, tabulated: None });
    }
    let width_s = pulses.width.si();
    let source = TableSource { device, table, population, widths_s: &[width_s] };
    let tables = source.devices(outcome, context)?;
    let lookup = Lookup { tables: &tables, width_s, stages };
    let (potentiation, potentiation_v) = lookup.find(up, State::AntiParallel, voltages)?;
    let (depression, depression_v) = lookup.find(down, State::Parallel, voltages)?;
    let ends = |volts: &[f64]| [volts[0], volts[volts.len() - 1]];
    let tested: Vec<f64> = [ends(&potentiation_v), ends(&depression_v)]
        .concat()
        .iter()
        .flat_map(|volts| SHARES.map(|share| share * volts))
        .collect();
    if let Some(rounding) = source.rounding(&tables, &tested, context)? {
        add_rounding(outcome, &rounding);
    }
    let probabilities = WriteProbabilities { potentiation, depression };
    let tables = Arc::new(PackedTables::new(Arc::new(tables), width_s)?);
    let tabulated = Tabulated { tables, width_s, potentiation_v, depression_v };
    Ok(WritePulses { probabilities, tabulated: Some(tabulated) })
}

/// Shares of the drivers' voltages at which tables are compared with the back end: what cells see.
const SHARES: [f64; 5] = [0.8, 0.85, 0.9, 0.95, 1.0];

/// A table and where it is read.
struct Lookup<'a> {
    tables: &'a DeviceTables,
    width_s: f64,
    stages: u32,
}

impl Lookup<'_> {
    /// Probabilities over the stages, and the voltage of each.
    fn find(
        &self,
        amplitude: &Staged<Amplitude>,
        start: State,
        voltages: Voltages,
    ) -> Result<(Staged<f64>, Vec<f64>), ExperimentError> {
        let scale = AmplitudeScale {
            junction: self.tables.nominal_junction(),
            table: Some(self.tables.nominal_table()),
            width_s: self.width_s,
        };
        let over_stages = |staged: &Staged<f64>| -> Vec<f64> {
            (0..self.stages).map(|stage| staged.at(stage, self.stages)).collect()
        };
        if in_volts(amplitude) {
            let volts = over_stages(&scale.staged(amplitude, start)?);
            return Ok((self.looked_up(&volts, start)?, volts));
        }
        let wanted = probabilities(amplitude);
        let volts = |p: f64| scale.volts(Amplitude::Probability(p), start);
        if voltages == Voltages::Steps {
            let last = self.stages.saturating_sub(1);
            let [first, last] = [0, last].map(|stage| volts(wanted.at(stage, self.stages)));
            let volts = over_stages(&Staged::linear(first?, last?));
            return Ok((self.looked_up(&volts, start)?, volts));
        }
        let volts = over_stages(&wanted).into_iter().map(volts).collect::<Result<_, _>>()?;
        Ok((wanted, volts))
    }

    /// The probability of each stage's voltage for the nominal device.
    fn looked_up(&self, volts: &[f64], start: State) -> Result<Staged<f64>, ExperimentError> {
        let table = self.tables.nominal_table();
        let found = volts.iter().map(|volts| Ok(table.probability(*volts, self.width_s, start)?.p));
        Ok(Staged::Listed(found.collect::<Result<_, ExperimentError>>()?))
    }
}

/// Name of the dataset of the pulses over the stages.
const PULSES: &str = "network/pulses";

/// Adds width, voltages and table of the pulses, and what they do to the nominal device with interval and flag.
///
/// # Errors
/// The table does not reach a voltage.
pub(super) fn add_pulses(outcome: &mut Outcome, pulses: &Tabulated) -> Result<(), ExperimentError> {
    outcome.scalar("pulse_width", pulses.width_s, "s", "full width of a write pulse");
    let table = pulses.tables.exact().nominal_table();
    let mut data = Dataset::new(PULSES);
    for (kind, volts, start) in [
        ("potentiation", &pulses.potentiation_v, State::AntiParallel),
        ("depression", &pulses.depression_v, State::Parallel),
    ] {
        let found = volts
            .iter()
            .map(|volts| table.probability(*volts, pulses.width_s, start))
            .collect::<Result<Vec<_>, _>>()?;
        for (stage, at) in [("first", 0), ("last", volts.len() - 1)] {
            let meaning = format!("{kind} at the driver in the {stage} stage");
            outcome.scalar(format!("{kind}_voltage/{stage}"), volts[at], "V", meaning);
            let flag = found[at].flag.name();
            let meaning = format!("{kind} of the nominal device in the {stage} stage; {flag}");
            outcome
                .scalar(format!("{kind}_probability/{stage}"), found[at].p, "1", meaning)
                .interval(found[at].lower, found[at].upper);
        }
        let below = found.iter().filter(|p| p.is_extrapolated()).count();
        if below > 0 {
            outcome.warn(format!(
                "pulses out of the {start} state lie below the table of the device in {below} of {} stages: their \
                 probabilities are extrapolated",
                volts.len()
            ));
        }
        let mut push = |name: &str, unit: &str, meaning: &str, values: Vec<f64>| {
            data.push(Variable::along(&format!("{kind}_{name}"), "stage", unit, meaning, values))
        };
        push("voltage", "V", "at the driver; positive potentiates", volts.clone())?;
        push(
            "probability",
            "1",
            "of the nominal device at that voltage",
            found.iter().map(|p| p.p).collect(),
        )?;
        push("probability_lower", "1", "lower 95 % limit", found.iter().map(|p| p.lower).collect())?;
        push("probability_upper", "1", "upper 95 % limit", found.iter().map(|p| p.upper).collect())?;
        let flags: Vec<u8> = found.iter().map(|p| p.flag as u8).collect();
        let meaning = "what it rests on: 0 counted or computed, 1 interpolated, 2 extrapolated";
        data.push(Variable::along(&format!("{kind}_flag"), "stage", "1", meaning, flags))?;
    }
    outcome.add(data);
    outcome.add(table.to_dataset()?);
    Ok(())
}
