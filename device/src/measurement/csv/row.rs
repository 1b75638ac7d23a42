//! One line of a measured curve: its fields, and the point that they make.

use std::path::Path;

use spinhebb_data::quantity::Kind;

use super::defaults::CsvDefaults;
use super::header::{Column, Content};
use crate::junction::state::State;
use crate::measurement::points::{MeasuredData, MeasuredVoltage, Measurement, UnknownAmplitude};

fn direction(text: &str) -> Option<State> {
    let key: String = text.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    match key.as_str() {
        "ap" | "app" | "aptop" | "potentiation" | "antiparallel" | "antiparalleltoparallel" => {
            Some(State::AntiParallel)
        }
        "p" | "pap" | "ptoap" | "depression" | "parallel" | "paralleltoantiparallel" => Some(State::Parallel),
        _ => None,
    }
}

fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(format!("`{text}` is not a finite number")),
    }
}

/// More pulses than anyone applies; such counts are exact in doubles.
const MOST_PULSES: u64 = 1_000_000_000_000_000;

fn whole(text: &str) -> Result<u64, String> {
    if let Ok(value) = text.parse::<u64>()
        && value <= MOST_PULSES
    {
        return Ok(value);
    }
    let value = number(text)?;
    if value >= 0.0 && value.fract() == 0.0 && value <= MOST_PULSES as f64 {
        Ok(value as u64)
    } else {
        Err(format!("`{text}` is not a whole number of pulses (0 to {MOST_PULSES:e})"))
    }
}

/// Largest size in SI of a quantity that is taken for a measurement.
const LARGEST: f64 = 1e12;

/// What one line says.
#[derive(Default)]
pub(super) struct Row {
    volts: Option<f64>,
    amplitude: Option<f64>,
    width_s: Option<f64>,
    start: Option<State>,
    trials: Option<u64>,
    switched: Option<u64>,
    probability: Option<f64>,
    temperature_k: Option<f64>,
    field_a_per_m: f64,
    device: Option<String>,
}

/// Reads the fields of `record` under `columns`. What is wrong goes to `report` as column, title and problem.
pub(super) fn read_row(
    record: &csv::StringRecord,
    columns: &[Option<Column>],
    mut report: impl FnMut(usize, &str, String),
) -> Row {
    let mut row = Row::default();
    for (index, (text, column)) in record.iter().zip(columns).enumerate() {
        let Some(column) = column else { continue };
        let mut set = || -> Result<(), String> {
            let si = |kind: Option<Kind>| -> Result<f64, String> {
                number(text)?;
                let kind = kind.ok_or("no quantity")?;
                match kind.parse(&format!("{text} {}", column.unit)).map_err(|e| e.to_string())? {
                    value if value.abs() <= LARGEST => Ok(value),
                    _ => Err(format!("`{text}` {} is beyond anything measured", column.unit)),
                }
            };
            match column.content {
                Content::Voltage => row.volts = Some(si(column.kind)?),
                Content::Amplitude => match si(column.kind)? {
                    v if v < 0.0 => {
                        return Err(format!(
                            "`{text}` is negative, but an amplitude is a magnitude; title the column `voltage` for signed values"
                        ));
                    }
                    v => row.amplitude = Some(v),
                },
                Content::Width => match si(column.kind)? {
                    t if t > 0.0 => row.width_s = Some(t),
                    _ => return Err(format!("`{text}` is not a positive pulse width")),
                },
                Content::Direction => {
                    row.start =
                        Some(direction(text).ok_or_else(|| {
                            format!("`{text}` is no direction; expected `AP->P` or `P->AP`")
                        })?);
                }
                Content::Trials => match whole(text)? {
                    0 => return Err("0 trials; leave the line out".to_string()),
                    n => row.trials = Some(n),
                },
                Content::Switched => row.switched = Some(whole(text)?),
                Content::Probability => {
                    let p = number(text)? * if column.unit == "%" { 0.01 } else { 1.0 };
                    if !(0.0..=1.0).contains(&p) {
                        return Err(format!("`{text}` is no probability between 0 and 1"));
                    }
                    row.probability = Some(p);
                }
                Content::Temperature => match si(column.kind)? {
                    t if t > 0.0 => row.temperature_k = Some(t),
                    _ => return Err(format!("`{text}` is not a positive temperature")),
                },
                Content::Field => row.field_a_per_m = si(column.kind)?,
                Content::Device => row.device = Some(text.to_string()),
            }
            Ok(())
        };
        if let Err(problem) = set() {
            report(index + 1, &column.title, problem);
        }
    }
    row
}

impl Row {
    /// The point that the line and the `defaults` make; a device or an amplitude new to `data` is added there. `file` names an
    /// amplitude that has to be fitted.
    pub(super) fn complete(
        self,
        defaults: &CsvDefaults,
        file: &str,
        data: &mut MeasuredData,
    ) -> Result<Measurement, String> {
        let trials = self.trials.or(defaults.trials).ok_or("no number of trials")?;
        let switched = match (self.switched, self.probability) {
            (Some(switched), _) => switched,
            (None, Some(p)) => {
                let count = p * trials as f64;
                // A rounded probability may miss a whole count by the rounding, never by a tenth of a count
                // when the digits suffice; more means that the number of trials is another.
                if (count - count.round()).abs() > 0.1 {
                    return Err(format!(
                        "probability {p} of {trials} trials is {count:.3} switched pulses, not a whole number; is the number of trials right?"
                    ));
                }
                count.round() as u64
            }
            (None, None) => return Err("no count".to_string()),
        };
        if switched > trials {
            return Err(format!(
                "{switched} of {trials} pulses switched, more than were applied; are the columns exchanged?"
            ));
        }
        let start = self.start.or(defaults.start).unwrap_or_else(|| {
            if self.volts.is_some_and(|v| v < 0.0) { State::Parallel } else { State::AntiParallel }
        });
        let drive = if let Some(volts) = self.volts {
            MeasuredVoltage::Volts(volts)
        } else if let Some(amplitude) = self.amplitude.or(defaults.amplitude_v) {
            MeasuredVoltage::Volts(start.switching_polarity() * amplitude)
        } else {
            let guess_v = defaults.amplitude_guess_v.ok_or("no voltage")?;
            if data.amplitudes.is_empty() {
                let name = Path::new(file).file_stem().map_or_else(|| file.into(), |s| s.to_string_lossy());
                data.amplitudes.push(UnknownAmplitude { name: name.into_owned(), guess_v });
            }
            MeasuredVoltage::Amplitude(0)
        };
        let name = self.device.unwrap_or_else(|| defaults.device.clone());
        let device = data.devices.iter().position(|d| *d == name).unwrap_or_else(|| {
            data.devices.push(name);
            data.devices.len() - 1
        });
        Ok(Measurement {
            drive,
            width_s: self.width_s.or(defaults.width_s).ok_or("no pulse width")?,
            start,
            temperature_k: self.temperature_k.unwrap_or(defaults.temperature_k),
            field_a_per_m: self.field_a_per_m,
            trials,
            switched,
            device,
            file: 0,
            line: 0,
        })
    }
}
