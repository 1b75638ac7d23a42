//! `spinhebb device wer`, `retention` and `disturb`: probabilities that no ensemble reaches.

mod disturb;
mod retention;
mod write_error;

use serde_json::{Value, json};
use spinhebb_data::config::Document;
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::splitting::Splitting;

use crate::drive_voltage::DriveVoltage;
use crate::error::ExperimentError;
use crate::run::RunOptions;

pub use disturb::{DISTURB_DEFAULTS, DisturbConfig};
pub use retention::{RETENTION_DEFAULTS, RetentionConfig};
pub use write_error::{WRITE_ERROR_DEFAULTS, WriteErrorConfig};

/// Papers of the models.
const MODELS: &[&str] = &["brown1963"];
/// Lowest probability drawn, and the lowest whose accuracy is reported.
const LOWEST: f64 = 1e-15;
/// Barrier in kB T below which nothing is stored.
const LEAST_BARRIER: f64 = 3.0;

/// The computations of rare events of one junction.
#[derive(Debug, clap::Subcommand)]
pub enum ReliabilityCommand {
    /// Write-error rate against width and voltage, down to 1e-15
    Wer(ReliabilityArguments),
    /// Retention time, and failures of an array in FIT
    Retention(ReliabilityArguments),
    /// Probability that a constant voltage switches a stored bit
    Disturb(ReliabilityArguments),
}

impl ReliabilityCommand {
    /// Runs the computation.
    ///
    /// # Errors
    /// Those of the three computations.
    pub fn execute(self) -> Result<(), ExperimentError> {
        match self {
            Self::Wer(arguments) => write_error::execute(&arguments.run),
            Self::Retention(arguments) => retention::execute(&arguments.run),
            Self::Disturb(arguments) => disturb::execute(&arguments.run),
        }
    }
}

/// Options of `spinhebb device wer`, `retention` and `disturb`.
#[derive(Debug, clap::Args)]
pub struct ReliabilityArguments {
    /// Options of every run
    #[command(flatten)]
    pub run: RunOptions,
}

/// Rising positive values, or what is wrong with them.
fn rising<T: std::fmt::Display>(
    key: &str,
    values: &[T],
    si: impl Fn(&T) -> f64,
) -> Result<Vec<f64>, ExperimentError> {
    let found: Vec<f64> = values.iter().map(si).collect();
    let fine =
        found.iter().all(|v| v.is_finite() && *v > 0.0) && found.windows(2).all(|pair| pair[0] < pair[1]);
    if found.is_empty() || !fine {
        let shown: Vec<String> = values.iter().map(ToString::to_string).collect();
        let expected =
            "one or more rising values above zero; a voltage is a magnitude, its sign follows from `start`";
        return ExperimentError::refuse(key, format!("[{}]", shown.join(", ")), expected);
    }
    Ok(found)
}

/// Magnitudes in V, rising, at most `largest` critical voltages of `start`; `beyond` says why not more.
fn magnitudes(
    voltages: &[DriveVoltage],
    mtj: &Mtj,
    start: State,
    largest: f64,
    beyond: &str,
) -> Result<Vec<f64>, ExperimentError> {
    let critical = mtj.critical_voltage(start).map(f64::abs).or_else(|error| {
        let expected =
            "a torque that can switch it: give [device.spin_transfer] or [device.spin_orbit] some efficiency";
        ExperimentError::refuse("device", error, expected)
    })?;
    let found = rising("voltages", voltages, |v| v.volts(critical))?;
    if let Some(k) = found.iter().position(|v| *v >= largest * critical) {
        let expected = format!(
            "magnitudes below {:.4} V ({largest} Vc0, the critical voltage of the {start} state being {critical:.4} V): {beyond}",
            largest * critical
        );
        return ExperimentError::refuse("voltages", voltages[k], &expected);
    }
    Ok(found)
}

/// Refuses a device that stores nothing in `start`.
fn stored(mtj: &Mtj, start: State, document: &Document) -> Result<(), ExperimentError> {
    let advice = "choose another preset (`spinhebb presets` lists them), or give [device] a stronger anisotropy, a larger \
                  volume or a smaller field";
    let complaint = match mtj.stability(start) {
        Err(error) => format!("{error}; two stable states are expected: {advice}"),
        Ok(barrier) if !barrier.is_finite() => {
            format!(
                "device.thermal.temperature = {} K: expected a temperature above 0 K; nothing is lost without thermal field",
                mtj.temperature_k
            )
        }
        Ok(barrier) if barrier < LEAST_BARRIER => {
            format!(
                "the barrier of the {start} state is {barrier:.2} kB T; at least {LEAST_BARRIER} are expected: {advice}"
            )
        }
        Ok(_) => return Ok(()),
    };
    Err(ExperimentError::Config(document.at_key("device", complaint)))
}

/// Size and accuracy of splitting, checked.
fn splitting(relative_error: f64, most_repeats: u32, seed: u64) -> Result<Splitting, ExperimentError> {
    let mut splitting = Splitting::new(seed);
    if !(relative_error.is_finite() && relative_error > 0.0) {
        return ExperimentError::refuse("relative_error", relative_error, "a number above 0, such as 0.2");
    }
    if !(2..=10_000).contains(&most_repeats) {
        return ExperimentError::refuse("most_repeats", most_repeats, "2 to 10000 repeats");
    }
    splitting.relative_error = relative_error;
    splitting.most_repeats = most_repeats;
    splitting.repeats = splitting.repeats.min(most_repeats);
    Ok(splitting)
}

/// What was asked of the relative errors and what was reached.
fn accuracy(asked: f64, reached: impl Iterator<Item = f64>) -> Value {
    let mut reached: Vec<f64> = reached.collect();
    reached.sort_by(f64::total_cmp);
    json!({
        "relative_error_asked": asked,
        "median_reached": reached.get(reached.len() / 2),
        "worst_reached": reached.last(),
    })
}

/// Points that a logarithmic axis down to [`LOWEST`] can show.
fn visible(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    points.filter(|(_, p)| *p >= LOWEST).collect()
}
