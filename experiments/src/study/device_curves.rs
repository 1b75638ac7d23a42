//! Switching probability against voltage at several pulse widths, both polarities, from an LLGS
//! ensemble: the tables that learning looks its pulses up in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_data::measured;
use spinhebb_data::quantity::{Time, Voltage};
use spinhebb_device::dynamics::ensemble::Ensemble;
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::preset;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::table::{TableCell, Refinement, SwitchingTable};

use crate::error::ExperimentError;
use crate::plot::{Axis, Corner, Draw, Figure, Panel, Series};
use crate::progress::Stage;
use crate::report::Comparison;
use crate::run::Run;

/// Switching curves of one device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceCurvesConfig {
    /// Name of the device; `spinhebb presets` lists them.
    pub preset: String,
    /// Full widths of the rectangular pulses, rising.
    pub widths: Vec<Time>,
    /// Smallest pulse amplitude of either polarity.
    pub lowest_voltage: Voltage,
    /// Largest pulse amplitude of either polarity.
    pub highest_voltage: Voltage,
    /// Number of amplitudes of either polarity, evenly spaced.
    pub voltages: usize,
    /// Trials for each amplitude, width and polarity.
    pub trials: u64,
}

impl DeviceCurvesConfig {
    /// Checks the ranges; `path` is the key of this table.
    ///
    /// # Errors
    /// Names the first key out of range.
    pub fn validate(&self, path: &str) -> Result<(), ExperimentError> {
        let refuse = |key: &str, value: String, expected: &str| {
            ExperimentError::refuse(&format!("{path}.{key}"), value, expected)
        };
        if !preset::names().any(|name| name == self.preset) {
            let known: Vec<&str> = preset::names().collect();
            return refuse("preset", self.preset.clone(), &format!("one of {}", known.join(", ")));
        }
        let widths: Vec<f64> = self.widths.iter().map(|w| w.si()).collect();
        if widths.is_empty() || widths[0] <= 0.0 || widths.windows(2).any(|pair| pair[0] >= pair[1]) {
            let shown: Vec<String> = self.widths.iter().map(ToString::to_string).collect();
            return refuse("widths", shown.join(", "), "rising pulse widths above 0 s");
        }
        if self.lowest_voltage.si() <= 0.0 {
            return refuse("lowest_voltage", self.lowest_voltage.to_string(), "an amplitude above 0 V");
        }
        if self.highest_voltage.si() <= self.lowest_voltage.si() {
            return refuse(
                "highest_voltage",
                self.highest_voltage.to_string(),
                "an amplitude above lowest_voltage",
            );
        }
        if !(2..=10_000).contains(&self.voltages) {
            return refuse("voltages", self.voltages.to_string(), "2 to 10000 amplitudes");
        }
        if !(1..=1_000_000_000).contains(&self.trials) {
            return refuse("trials", self.trials.to_string(), "1 to 1000000000 trials");
        }
        Ok(())
    }

    /// Amplitudes in V.
    fn amplitudes(&self) -> Vec<f64> {
        let (low, high) = (self.lowest_voltage.si(), self.highest_voltage.si());
        (0..self.voltages).map(|i| low + (high - low) * i as f64 / (self.voltages - 1) as f64).collect()
    }

    /// Steps of progress: one per amplitude and polarity.
    #[must_use]
    pub fn steps(&self) -> u64 {
        2 * self.voltages as u64
    }
}

/// The curves of one device.
pub struct DeviceCurves {
    /// Name of the device.
    pub preset: String,
    /// One sentence about the device.
    pub description: String,
    /// Its parameters as TOML, with units.
    pub configuration: String,
    /// The device.
    pub mtj: Mtj,
    /// The table made of the curves.
    pub table: SwitchingTable,
}

impl DeviceCurves {
    /// Runs the ensembles.
    ///
    /// # Errors
    /// The device cannot be resolved or has no stable state.
    pub fn compute(config: &DeviceCurvesConfig, seed: u64, stage: &Stage) -> Result<Self, ExperimentError> {
        let preset = preset::load(&config.preset)?;
        let mtj = preset.device.resolve()?;
        let widths: Vec<f64> = config.widths.iter().map(|w| w.si()).collect();
        let ensemble = Ensemble::new(config.trials, seed);
        let amplitudes = config.amplitudes();
        let table =
            SwitchingTable::by_ensemble(&mtj, &amplitudes, &widths, &ensemble, Refinement::NONE, |done| {
                stage.advance_by(done as u64);
            })?;
        Ok(Self {
            preset: config.preset.clone(),
            description: preset.description,
            configuration: spinhebb_data::config::render(&preset.device)?,
            mtj,
            table,
        })
    }

    /// The curves on their grid: start x width x voltage.
    fn to_dataset(&self) -> Result<Dataset, ExperimentError> {
        let (starts, widths) = ([State::AntiParallel, State::Parallel], self.table.widths_s());
        let voltages: Vec<f64> = self.table.cells(State::Parallel, 0).iter().map(|c| c.magnitude_v).collect();
        let shape = [starts.len(), widths.len(), voltages.len()];
        let mut cells = Vec::new();
        for start in starts {
            for width in 0..widths.len() {
                cells.extend(self.table.cells(start, width).iter().copied());
            }
        }
        let grid = |name: &str, words: &str, pick: fn(&TableCell) -> f64| {
            let values: Vec<f64> = cells.iter().map(pick).collect();
            Variable::new(name, "1", words, &["start", "width", "voltage"], &shape, values)
        };
        let count = |name: &str, words: &str, pick: fn(&TableCell) -> u64| {
            let values: Vec<u64> = cells.iter().map(pick).collect();
            Variable::new(name, "1", words, &["start", "width", "voltage"], &shape, values)
        };
        let polarity: Vec<i64> = starts.iter().map(|s| if *s == State::Parallel { 1 } else { -1 }).collect();
        Ok(Dataset::new(&format!("switching_{}", self.preset.replace('-', "_")))
            .attribute("device", self.preset.as_str())
            .attribute("device_configuration", self.configuration.as_str())
            .with(Variable::coordinate(
                "start",
                "1",
                "state before the pulse, m.p: +1 parallel, -1 anti-parallel",
                polarity,
            ))?
            .with(Variable::coordinate("width", "s", "full width of the pulse", widths.to_vec()))?
            .with(Variable::coordinate(
                "voltage",
                "V",
                "magnitude of the pulse; its sign drives out of the start (V > 0 from anti-parallel)",
                voltages,
            ))?
            .with(grid("probability", "fraction of the trials that switched", |c| c.p)?)?
            .with(grid("lower", "lower end of the 95 % Wilson interval", |c| c.lower)?)?
            .with(grid("upper", "upper end of the 95 % Wilson interval", |c| c.upper)?)?
            .with(count("switched", "trials that switched", |c| c.switched)?)?
            .with(count("trials", "trials", |c| c.trials)?)?)
    }

    /// Curve of one start and width over the signed voltage, with its band.
    fn series(&self, label: &str, start: State, width: usize) -> Series {
        let cells = self.table.cells(start, width);
        let sign = start.switching_polarity();
        Series::line(label, cells.iter().map(|c| (sign * c.magnitude_v, c.p)).collect())
            .interval(cells.iter().map(|c| (c.lower, c.upper)).collect())
            .draw(Draw::LinePoints)
            .tone(width)
    }
}

/// Draws, archives and summarises the curves of all devices.
///
/// # Errors
/// A probability cannot be looked up, or a file cannot be written.
pub fn report(run: &mut Run, curves: &[DeviceCurves]) -> Result<(), ExperimentError> {
    run.report().section("Switching probability");
    run.report().paragraph(
        "Each point is an ensemble of stochastic LLGS trajectories that start in thermal equilibrium in \
         their well, see the pulse, relax and are read. V > 0 drives AP to P (potentiation), V < 0 P to AP \
         (depression). Bands are 95 % Wilson intervals.",
    );
    let mut rows = Vec::new();
    for device in curves {
        run.report().paragraph(&format!("{}: {}.", device.preset, device.description.trim_end_matches('.')));
        run.figure(&figure(device)?)?;
        let mut half = serde_json::Map::new();
        for (index, &width_s) in device.table.widths_s().iter().enumerate() {
            for start in State::BOTH {
                // A curve that does not reach one half within the voltages computed has no median.
                let Ok(median) = device.table.voltage_for(0.5, width_s, start) else { continue };
                let (low, high) = (median.lower.min(median.upper), median.lower.max(median.upper));
                let published = published_median(device, width_s, start)?;
                rows.push(Comparison::new(
                    format!(
                        "{}: voltage of P = 1/2, {:.3} ns, from {start} (V)",
                        device.preset,
                        width_s * 1e9
                    ),
                    format!("{:.4} ({low:.4} to {high:.4})", median.volts),
                    published.map_or_else(|| "-".to_string(), |v| format!("{v:.3}")),
                    if published.is_some() {
                        "inverse lookup in the ensemble's table; published: Rehm et al., interpolated"
                    } else {
                        "inverse lookup in the ensemble's table"
                    },
                ));
                half.insert(format!("{}_{index}_{start}", (width_s * 1e12).round()), json!(median.volts));
            }
        }
        run.value(&format!("switching.{}.median_voltage_v", device.preset), serde_json::Value::Object(half));
        run.add(device.to_dataset()?)?;
    }
    run.report().comparison(&rows);
    Ok(())
}

/// The measured curve that belongs to `device` at `width_s`, as (voltage, probability).
fn measured_curve(device: &DeviceCurves, width_s: f64) -> Result<Option<Vec<(f64, f64)>>, ExperimentError> {
    if device.preset != "perpendicular-40nm" {
        return Ok(None);
    }
    let points = measured::rehm2023_probability_vs_voltage()?.points;
    let same = points.iter().filter(|p| (p.width_s / width_s - 1.0).abs() < 1e-6);
    let curve: Vec<(f64, f64)> = same.filter_map(|p| p.amplitude_v.map(|v| (v, p.probability))).collect();
    Ok((!curve.is_empty()).then_some(curve))
}

/// Voltage at which the measured curve passes one half. The direction of the measurement is not
/// stated; it stands beside the anti-parallel start.
fn published_median(
    device: &DeviceCurves,
    width_s: f64,
    start: State,
) -> Result<Option<f64>, ExperimentError> {
    let Some(curve) = measured_curve(device, width_s)?.filter(|_| start == State::AntiParallel) else {
        return Ok(None);
    };
    Ok(curve.windows(2).find(|pair| pair[0].1 < 0.5 && pair[1].1 >= 0.5).map(|pair| {
        let fraction = (0.5 - pair[0].1) / (pair[1].1 - pair[0].1);
        pair[0].0 + fraction * (pair[1].0 - pair[0].0)
    }))
}

fn figure(device: &DeviceCurves) -> Result<Figure, ExperimentError> {
    let widths = device.table.widths_s();
    let mut linear = Panel::new(
        "a  linear",
        Axis::linear("pulse voltage (V)"),
        Axis::linear("switching probability").range(0.0, 1.0),
    );
    let mut gumbel = Panel::new(
        "b  AP to P, Gumbel scale",
        Axis::linear("pulse voltage (V)"),
        Axis::gumbel("switching probability").range(1e-4, 0.999_9),
    )
    .legend(Corner::BottomRight);
    for (index, &width_s) in widths.iter().enumerate() {
        let label = format!("{:.3} ns", width_s * 1e9).replace(".000", "").replace("00 ns", " ns");
        linear = linear
            .series(device.series(&label, State::AntiParallel, index))
            .series(device.series(&label, State::Parallel, index).unlabelled());
        gumbel = gumbel.series(device.series(&label, State::AntiParallel, index));
        if let Some(curve) = measured_curve(device, width_s)? {
            linear = linear.series(Series::points("measured, 1 ns", curve.clone()).tone(5));
            gumbel = gumbel.series(Series::points("measured, 1 ns", curve).tone(5));
        }
    }
    Ok(Figure::new(
        format!("switching_{}", device.preset.replace('-', "_")),
        format!("Switching probability of the device {} against pulse voltage.", device.preset),
        format!(
            "LLGS ensembles, {} trials a point, 95 % Wilson intervals; measured points: Rehm et al., arXiv:2310.18779.",
            device.table.cells(State::Parallel, 0).first().map_or(0, |c| c.trials)
        ),
    )
    .panel(linear)
    .panel(gumbel))
}
