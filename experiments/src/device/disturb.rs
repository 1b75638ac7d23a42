//! `spinhebb device disturb`: the probability that a constant voltage switches a stored bit.

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::quantity::{DriveVoltage, Time};
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::state::State;
use spinhebb_device::population::retention::EscapeRate;
use spinhebb_device::switching::estimate::BackEnd;
use spinhebb_device::switching::splitting::escape::LARGEST_SHARE;
use spinhebb_device::switching::table_config::TableConfig;

use super::voltages::{LOWEST, accuracy, check_rising, check_voltages, magnitudes, stored, visible};
use super::{device_name, summarise};
use crate::error::ExperimentError;
use crate::experiment::{Context, Experiment, Outcome};
use crate::present::Page;
use crate::present::plot::{Axis, Draw, Figure, Panel, Series};
use crate::system::system_parts;

/// Name of the dataset.
const DATASET: &str = "device/disturb";

system_parts! {
    /// Probability that a constant voltage below the critical one switches a stored bit.
    pub struct DisturbParts {
        /// The junction.
        device: MtjConfig,
        /// How escape rates of devices without axial symmetry are computed: `relative_error`, `most_repeats`, `seed`.
        table: TableConfig,
        /// The voltages.
        disturb: DisturbSettings,
    }
    across across;
}

/// Constant voltages on a stored bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisturbSettings {
    /// State that is disturbed; the polarity drives out of it (positive from anti-parallel).
    pub start: State,
    /// Magnitudes of the constant voltage, rising and below the critical one: in volts, or in critical voltages of the
    /// device as "0.5 Vc0".
    pub voltages: Vec<DriveVoltage>,
    /// Durations drawn; the rate is established after some ten damping times over one minus the share of Vc0.
    pub durations: Vec<Time>,
}

impl Check for DisturbSettings {
    fn check(&self, faults: &mut Faults) {
        let written: Vec<(String, f64)> = self.durations.iter().map(|t| (t.to_string(), t.si())).collect();
        check_rising("durations", &written, faults);
    }
}

fn across(config: &DisturbParts, faults: &mut Faults) {
    let Some(mtj) = stored(&config.device, config.disturb.start, faults) else { return };
    // Forward flux needs some barrier left.
    let largest = if mtj.is_axially_symmetric(0.0) { 1.0 } else { LARGEST_SHARE };
    let limit = (largest, "beyond, the voltage writes; `spinhebb device wer` gives what pulses do");
    check_voltages(
        ("disturb.voltages", &config.disturb.voltages),
        (&mtj, config.disturb.start),
        limit,
        faults,
    );
}

/// Probability that a constant voltage switches a stored bit.
pub struct Disturb;

impl Experiment for Disturb {
    type Config = DisturbParts;
    const NAME: &'static str = "device disturb";
    const ABOUT: &'static str = "Probability that a constant voltage switches a stored bit";
    const CITES: &'static [&'static str] = &["brown1963"];

    fn compute(config: &DisturbParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let name = device_name(&config.device);
        let mut outcome = Outcome::new(format!("Disturb of {name}"));
        let (settings, mtj) = (&config.disturb, config.device.resolve()?);
        summarise(&mut outcome, &Junction::new(&config.device)?, &name);
        let magnitudes = magnitudes(&settings.voltages, &mtj, settings.start)?;
        let splitting = config.table.splitting(context.seed());
        let polarity = settings.start.switching_polarity();
        let stage = context.stage("escape rates", magnitudes.len() as u64);
        let data = context.unit("escape rates", || {
            let rate = |magnitude: &f64| {
                let rate = EscapeRate::new(&mtj, polarity * magnitude, settings.start, &splitting)?;
                stage.advance();
                Ok(rate)
            };
            let rates = magnitudes.par_iter().map(rate).collect::<Result<Vec<_>, ExperimentError>>()?;
            Ok(vec![dataset(&magnitudes, &rates, settings)?])
        })?;
        drop(stage);
        for dataset in data {
            outcome.add(dataset);
        }
        let rates = Rates::of(&outcome)?;
        outcome.text("method", rates.method.name());
        let reached = rates.rates.iter().map(|r| r.error / r.per_second);
        accuracy(&mut outcome, config.table.relative_error, reached);
        for ((voltage, rate), magnitude) in settings.voltages.iter().zip(&rates.rates).zip(&magnitudes) {
            let (low, high) = ((rate.per_second - rate.error).max(0.0), rate.per_second + rate.error);
            outcome.scalar(format!("voltage/{voltage}"), *magnitude, "V", "magnitude of the voltage");
            outcome
                .scalar(format!("escape_rate/{voltage}"), rate.per_second, "s-1", "rate out of the state")
                .interval(low, high);
        }
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        page.figure(&figure(&outcome.config::<DisturbParts>()?.disturb, &Rates::of(outcome)?));
        Ok(())
    }
}

/// Escape rates as the archive holds them.
struct Rates {
    method: BackEnd,
    magnitudes: Vec<f64>,
    durations: Vec<f64>,
    rates: Vec<EscapeRate>,
}

impl Rates {
    fn of(outcome: &Outcome) -> Result<Self, ExperimentError> {
        let data = outcome.dataset(DATASET)?;
        let axial = matches!(
            data.attributes.get("back_end"),
            Some(spinhebb_data::labelled::Attribute::Text(name)) if name == BackEnd::FokkerPlanck.name()
        );
        let method = if axial { BackEnd::FokkerPlanck } else { BackEnd::Splitting };
        let errors = data.numbers("rate_error")?;
        let rate = |(per_second, error)| EscapeRate { per_second, error, back_end: method };
        Ok(Self {
            method,
            magnitudes: data.numbers("voltage")?.iter().map(|v| v.abs()).collect(),
            durations: data.numbers("duration")?,
            rates: data.numbers("rate")?.into_iter().zip(errors).map(rate).collect(),
        })
    }
}

fn figure(settings: &DisturbSettings, found: &Rates) -> Figure {
    let log = || Axis::log10("disturb probability").range(LOWEST, 1.0);
    let durations = &found.durations;
    let mut by_time = Panel::new("a  against duration", Axis::log10("duration (s)"), log());
    for (voltage, rate) in settings.voltages.iter().zip(&found.rates) {
        let (low, high) = (durations[0].ln(), durations[durations.len() - 1].ln());
        let times = (0..=60).map(|k| (low + (high - low) * f64::from(k) / 60.0).exp());
        let points = visible(times.map(|t| (t, rate.probability(t))));
        if !points.is_empty() {
            by_time = by_time.series(Series::line(voltage.to_string(), points));
        }
    }
    let mut by_voltage = Panel::new("b  against voltage", Axis::linear("voltage magnitude (V)"), log());
    for duration in durations {
        let pairs = found.magnitudes.iter().zip(&found.rates);
        let points = visible(pairs.map(|(v, rate)| (*v, rate.probability(*duration))));
        if !points.is_empty() {
            let label = Time(*duration).to_string();
            by_voltage = by_voltage.series(Series::line(label, points).draw(Draw::LinePoints));
        }
    }
    let how =
        format!("Out of {} at constant voltage; escape rate by {}.", settings.start, found.method.name());
    Figure::new("disturb", "Probability that a constant voltage switches a stored bit.", how)
        .columns(2)
        .panel(by_time)
        .panel(by_voltage)
}

fn dataset(
    magnitudes: &[f64],
    rates: &[EscapeRate],
    settings: &DisturbSettings,
) -> Result<Dataset, ExperimentError> {
    let durations: Vec<f64> = settings.durations.iter().map(|t| t.si()).collect();
    let volts: Vec<f64> = magnitudes.iter().map(|v| v * settings.start.switching_polarity()).collect();
    let of = |value: fn(&EscapeRate) -> f64| rates.iter().map(value).collect::<Vec<f64>>();
    let probabilities: Vec<f64> =
        rates.iter().flat_map(|rate| durations.iter().map(|t| rate.probability(*t))).collect();
    let shape = [rates.len(), durations.len()];
    let dims = ["voltage", "duration"];
    Ok(Dataset::new(DATASET)
        .attribute("start", settings.start.name())
        .attribute("back_end", rates[0].back_end.name())
        .with(Variable::coordinate("voltage", "V", "constant voltage; positive favours parallel", volts))?
        .with(Variable::coordinate("duration", "s", "duration of the voltage", durations))?
        .with(Variable::along("rate", "voltage", "s-1", "escape rate", of(|r| r.per_second)))?
        .with(Variable::along("rate_error", "voltage", "s-1", "absolute error of `rate`", of(|r| r.error)))?
        .with(Variable::new("disturb", "1", "probability of a switch", &dims, &shape, probabilities)?)?)
}
