//! `spinhebb device retention`: how long a stored bit lives, and how many of an array fail.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::quantity::Time;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::{Mtj, MtjConfig};
use spinhebb_device::junction::state::State;
use spinhebb_device::population::retention::{EscapeRate, RateLaw, StoredBits};
use spinhebb_device::population::{Population, PopulationConfig};
use spinhebb_device::switching::estimate::BackEnd;
use spinhebb_device::switching::splitting::Splitting;
use spinhebb_device::switching::table_config::TableConfig;

use super::voltages::{accuracy, stored};
use super::{device_name, summarise};
use crate::error::ExperimentError;
use crate::experiment::{Context, Experiment, Outcome};
use crate::present::Page;
use crate::present::plot::{Axis, Draw, Figure, Panel, Series};
use crate::system::system_parts;

/// Seconds in a year (the data layer's unit).
const YEAR_S: f64 = 31_557_600.0;
/// Failures against time, and failures in time against the barrier.
const FAILURES: &str = "device/retention";
const BY_BARRIER: &str = "device/retention_by_barrier";
/// Columns of the failures: of the nominal bit and of an array of it, and over the bits of the population.
const NOMINAL: &str = "failure_nominal";
const ANY_NOMINAL: &str = "any_failure_nominal";
const MEAN: &str = "failure_mean";
const ANY: &str = "any_failure";

system_parts! {
    /// Retention time of a bit and failures of an array.
    pub struct RetentionParts {
        /// The junction.
        device: MtjConfig,
        /// How devices differ from the nominal one.
        population: PopulationConfig,
        /// How escape rates of devices without axial symmetry are computed: `relative_error`, `most_repeats`, `seed`.
        table: TableConfig,
        /// The array and its storage.
        retention: RetentionSettings,
    }
    across across;
}

/// An array and its storage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionSettings {
    /// Stored state.
    pub start: State,
    /// Bits of the array. They differ in barrier, stray field and hazard as `[population]` says; what else differs there acts
    /// through a current and changes no retention.
    pub bits: f64,
    /// Storage time over which failures are counted.
    pub storage_time: Time,
}

impl Check for RetentionSettings {
    fn check(&self, faults: &mut Faults) {
        let fine = self.bits.is_finite() && self.bits >= 1.0;
        faults.require(fine, "bits", self.bits, "a finite number of bits, one or more");
        let expected = "a time above 0 s, such as \"10 year\"";
        faults.require(self.storage_time.si() > 0.0, "storage_time", self.storage_time, expected);
    }
}

fn across(config: &RetentionParts, faults: &mut Faults) {
    stored(&config.device, config.retention.start, faults);
}

/// Retention time and failures of an array.
pub struct Retention;

impl Experiment for Retention {
    type Config = RetentionParts;
    const NAME: &'static str = "device retention";
    const ABOUT: &'static str = "Retention time, and failures of an array in FIT";
    const CITES: &'static [&'static str] = &["brown1963"];

    fn compute(config: &RetentionParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let name = device_name(&config.device);
        let mut outcome = Outcome::new(format!("Retention of {name}"));
        let (settings, mtj) = (&config.retention, config.device.resolve()?);
        let splitting = config.table.splitting(context.seed());
        summarise(&mut outcome, &Junction::new(&config.device)?, &name);
        let stage = context.stage("escape rate", 1);
        let rate = EscapeRate::new(&mtj, 0.0, settings.start, &splitting)?;
        stage.advance();
        drop(stage);
        outcome.text("method", rate.back_end.name());
        let relative = rate.error / rate.per_second;
        accuracy(&mut outcome, config.table.relative_error, std::iter::once(relative));
        let ends = |value: f64| (value * (1.0 - relative).max(0.0), value * (1.0 + relative));
        let (low, high) = ends(rate.per_second);
        outcome.scalar("rate", rate.per_second, "s-1", "rate at which the state is lost").interval(low, high);
        let years = 1.0 / rate.per_second / YEAR_S;
        outcome
            .scalar("retention_time", years, "year", "mean time until the state is lost")
            .interval(years * rate.per_second / high, years * rate.per_second / low.max(f64::MIN_POSITIVE));
        let (low, high) = ends(rate.fit());
        outcome
            .scalar("fit_per_bit", rate.fit(), "1", "failures of one bit in 1e9 hours")
            .interval(low, high);
        let bits = Bits::of(config, &mtj, &rate, context)?;
        if !config.population.stray_field.is_none() && !RateLaw::counts_stray_fields(&rate) {
            outcome.warn(
                "The spread of stray fields is not counted: the device is not axially symmetric, and escape rates of many such \
                 devices are too much work. The barriers count with the prefactor of the nominal device.",
            );
        }
        array(&mut outcome, settings, &bits.population);
        outcome.add(failures(settings, &rate, &bits)?);
        outcome.add(by_barrier(&mtj, settings, &rate, &splitting)?);
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        page.figure(&figure(outcome)?);
        Ok(())
    }
}

/// The bits of the array if they were all nominal, and as they are.
struct Bits {
    nominal: StoredBits,
    population: StoredBits,
}

impl Bits {
    fn of(
        config: &RetentionParts,
        mtj: &Mtj,
        rate: &EscapeRate,
        context: &Context,
    ) -> Result<Self, ExperimentError> {
        let population =
            Population::new(&config.population, context.seed()).map_err(ExperimentError::field)?;
        let rates = RateLaw::over(&population, mtj, config.retention.start, rate)?;
        let bits = config.retention.bits;
        Ok(Self {
            nominal: StoredBits { bits, rates: RateLaw::equal(rate) },
            population: StoredBits { bits, rates },
        })
    }
}

/// Failures of the array.
fn array(outcome: &mut Outcome, settings: &RetentionSettings, bits: &StoredBits) {
    let storage_s = settings.storage_time.si();
    outcome.scalar("array/fit", bits.fit(storage_s), "1", "failures of the array in 1e9 hours");
    let any = bits.any_failure(storage_s);
    let meaning = "probability that a bit has failed within the storage time";
    outcome.scalar("array/any_failure", any, "1", meaning);
    let failed = settings.bits * bits.failure_probability(storage_s);
    outcome.scalar("array/failed_bits", failed, "1", "bits expected to fail within the storage time");
}

/// Failure probability of a bit against time, of the nominal device and over the population.
fn failures(
    settings: &RetentionSettings,
    rate: &EscapeRate,
    bits: &Bits,
) -> Result<Dataset, ExperimentError> {
    let times: Vec<f64> = (0..=90).map(|k| 10.0_f64.powf(f64::from(k) * 0.1)).collect();
    let mut data = Dataset::new(FAILURES)
        .attribute("start", settings.start.name())
        .attribute("back_end", rate.back_end.name())
        .attribute("rate_per_second", rate.per_second)
        .attribute("rate_error", rate.error)
        .attribute("bits", settings.bits)
        .with(Variable::coordinate("time", "s", "storage time", times.clone()))?;
    let over = |of: &dyn Fn(f64) -> f64| times.iter().map(|t| of(*t)).collect::<Vec<f64>>();
    let (nominal, population) = (&bits.nominal, &bits.population);
    for (name, meaning, values) in [
        (NOMINAL, "failure probability of the nominal bit", over(&|t| nominal.failure_probability(t))),
        (
            ANY_NOMINAL,
            "probability that any of so many nominal bits has failed",
            over(&|t| nominal.any_failure(t)),
        ),
        (MEAN, "mean failure probability of the bits", over(&|t| population.failure_probability(t))),
        (ANY, "probability that any bit has failed", over(&|t| population.any_failure(t))),
    ] {
        data = data.with(Variable::along(name, "time", "1", meaning, values))?;
    }
    Ok(data)
}

/// Failures in time of one bit against its barrier.
fn by_barrier(
    mtj: &Mtj,
    settings: &RetentionSettings,
    rate: &EscapeRate,
    splitting: &Splitting,
) -> Result<Dataset, ExperimentError> {
    let stability = mtj.stability(settings.start)?;
    // As far down as the bits are stable: a barrier of 150 kB T fails with 1e-30 and less.
    let highest = (stability + 10.0).max(90.0);
    let barriers: Vec<f64> = (0..=35).map(|k| 20.0 + (highest - 20.0) * f64::from(k) / 35.0).collect();
    let axial = rate.back_end == BackEnd::FokkerPlanck;
    let parallel = mtj.stability(State::Parallel)?;
    let fit = |barrier: &f64| -> Result<f64, ExperimentError> {
        if axial {
            let other = mtj.with_stability(barrier * parallel / stability)?;
            Ok(EscapeRate::new(&other, 0.0, settings.start, splitting)?.fit())
        } else {
            // The prefactor depends little on the barrier, and splitting takes seconds for each point.
            Ok(rate.fit() * (stability - barrier).exp())
        }
    };
    let values: Vec<f64> = barriers.iter().map(fit).collect::<Result<_, _>>()?;
    Ok(Dataset::new(BY_BARRIER)
        .attribute("method", if axial { "eigenvalue" } else { "its prefactor" })
        .attribute("barrier_of_this_device", stability)
        .with(Variable::coordinate("barrier", "1", "energy barrier over kB T", barriers))?
        .with(Variable::along("fit", "barrier", "1", "failures of one bit in 1e9 hours", values))?)
}

/// Failures against time, and FIT of a bit against its barrier.
fn figure(outcome: &Outcome) -> Result<Figure, ExperimentError> {
    let config = outcome.config::<RetentionParts>()?;
    let settings = &config.retention;
    let data = outcome.dataset(FAILURES)?;
    let times = data.numbers("time")?;
    let mut by_time = Panel::new(
        "a  one bit, and any bit of the array",
        Axis::log10("storage time (s)"),
        Axis::log10("failure probability"),
    );
    let spread = [("nominal", NOMINAL, ANY_NOMINAL), ("population", MEAN, ANY)];
    let shown = if config.population.is_uniform() { &spread[..1] } else { &spread[..] };
    for (tone, (label, one, any)) in shown.iter().enumerate() {
        let row = |name: &str| -> Result<Vec<(f64, f64)>, ExperimentError> {
            Ok(times.iter().copied().zip(data.numbers(name)?).collect())
        };
        by_time = by_time.series(Series::line(*label, row(one)?).tone(tone));
        let dots = row(any)?.into_iter().step_by(6).collect();
        by_time = by_time.series(Series::line("", dots).draw(Draw::Points).tone(tone).unlabelled());
    }
    let data = outcome.dataset(BY_BARRIER)?;
    let points = data.numbers("barrier")?.into_iter().zip(data.numbers("fit")?).collect();
    let text = |name: &str| match data.attributes.get(name) {
        Some(spinhebb_data::labelled::Attribute::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let barrier = match data.attributes.get("barrier_of_this_device") {
        Some(spinhebb_data::labelled::Attribute::F64(barrier)) => *barrier,
        _ => f64::NAN,
    };
    let this = (barrier, outcome.number("fit_per_bit")?);
    let by_barrier =
        Panel::new("b  FIT of one bit", Axis::linear("barrier / kB T"), Axis::log10("FIT per bit"))
            .series(Series::line(text("method"), points))
            .series(Series::points("this device", vec![this]))
            .horizontal(1.0, "1 FIT");
    let how = format!(
        "Rate by {}; lines: one bit, mean over the population where devices differ; dots: at least one of {:e} bits.",
        outcome.words("method")?,
        settings.bits
    );
    Ok(Figure::new("retention", "Thermal loss of the stored state.", how)
        .columns(2)
        .panel(by_time)
        .panel(by_barrier))
}
