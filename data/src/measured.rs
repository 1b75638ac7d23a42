//! Measured curves to compare with and to calibrate against.
//!
//! The shipped curves are in `data/measured/`, each file with its citation; the reader takes
//! anyone's table of the same columns.

use std::path::Path;

use crate::DataError;
use crate::columns::{self, Columns};

/// A measured switching probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SwitchingPoint {
    /// Temperature in kelvin, where stated.
    pub temperature_k: Option<f64>,
    /// Pulse amplitude in volt (sign as in the table), where stated.
    pub amplitude_v: Option<f64>,
    /// Pulse width in seconds.
    pub width_s: f64,
    /// Fraction of the pulses that switched the device.
    pub probability: f64,
    /// Number of pulses, where stated.
    pub trials: Option<u32>,
}

/// Measured switching probabilities and where they come from.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchingCurve {
    /// Short name, such as `rehm2023-probability-vs-voltage`.
    pub name: String,
    /// The comment lines at the head of the file: what was measured, and the citation.
    pub citation: String,
    /// The points in the order of the file.
    pub points: Vec<SwitchingPoint>,
}

impl SwitchingCurve {
    /// Reads a table in CSV with the columns `pulse_width_s` and `p_switch` and, where known,
    /// `pulse_amplitude_V`, `temperature_K` and `trials`. Lines that begin with `#` are the citation.
    ///
    /// # Errors
    /// The file cannot be read, a column is missing, or a cell is not what its column holds.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let text = columns::read_text(path)?;
        let columns = Columns::parse(path, &text)?;
        let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        Self::from_columns(&name, &text, &columns)
    }

    fn shipped(name: &str, text: &str) -> Result<Self, DataError> {
        let path = format!("measured/{}.csv", name.replace('-', "_"));
        Self::from_columns(name, text, &Columns::parse(Path::new(&path), text)?)
    }

    fn from_columns(name: &str, text: &str, columns: &Columns) -> Result<Self, DataError> {
        let checked = |column: &str, expected: &str, valid: fn(f64) -> bool| {
            let values = columns.numbers(column)?;
            for ((line, cell), &value) in columns.texts(column)?.into_iter().zip(&values) {
                if !valid(value) {
                    return Err(columns.wrong_cell(column, line, cell, expected));
                }
            }
            Ok(values)
        };
        let width = checked("pulse_width_s", "a time above 0 in seconds", |t| t > 0.0)?;
        let probability = checked("p_switch", "a probability from 0 to 1", |p| (0.0..=1.0).contains(&p))?;
        let amplitude = columns.optional_numbers("pulse_amplitude_V")?;
        let temperature = columns.optional_numbers("temperature_K")?;
        let trials = match columns.optional_numbers("trials")? {
            Some(_) => Some(columns.counts("trials", u32::MAX)?),
            None => None,
        };
        let points = (0..columns.len()).map(|i| SwitchingPoint {
            temperature_k: temperature.as_ref().map(|t| t[i]),
            amplitude_v: amplitude.as_ref().map(|v| v[i]),
            width_s: width[i],
            probability: probability[i],
            trials: trials.as_ref().map(|n| n[i]),
        });
        Ok(Self { name: name.to_string(), citation: citation(text), points: points.collect() })
    }
}

/// Saturation magnetisation and anisotropy of a free layer at one temperature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MagnetisationPoint {
    /// Temperature in kelvin.
    pub temperature_k: f64,
    /// Saturation magnetisation in A/m.
    pub magnetisation_a_per_m: f64,
    /// Effective anisotropy energy per area in J/m^2, demagnetisation subtracted.
    pub anisotropy_j_per_m2: f64,
}

/// Measured switching probability of a 40 nm perpendicular junction against pulse amplitude, 1 ns, 300 K.
///
/// # Errors
/// The text in the program is damaged (a fault of the build).
///
/// # References
/// L. Rehm et al., arXiv:2310.18779 (2023), Fig. 1b.
pub fn rehm2023_probability_vs_voltage() -> Result<SwitchingCurve, DataError> {
    let text = include_str!("../measured/rehm2023_probability_vs_voltage.csv");
    SwitchingCurve::shipped("rehm2023-probability-vs-voltage", text)
}

/// Measured switching probability of the same junction against pulse width, 300 K; the amplitude is not stated.
///
/// # Errors
/// The text in the program is damaged (a fault of the build).
///
/// # References
/// L. Rehm et al., arXiv:2310.18779 (2023), Fig. 1a.
pub fn rehm2023_probability_vs_width() -> Result<SwitchingCurve, DataError> {
    let text = include_str!("../measured/rehm2023_probability_vs_width.csv");
    SwitchingCurve::shipped("rehm2023-probability-vs-width", text)
}

/// Magnetisation and anisotropy of a 2.6 nm free layer from 4 K to 295 K, with the citation.
///
/// # Errors
/// The text in the program is damaged (a fault of the build).
///
/// # References
/// L. Rehm et al., Phys. Rev. Applied 15, 034088 (2021), doi:10.1103/PhysRevApplied.15.034088.
pub fn rehm2021_magnetisation_vs_temperature() -> Result<(String, Vec<MagnetisationPoint>), DataError> {
    let text = include_str!("../measured/rehm2021_magnetisation_vs_temperature.csv");
    let columns = Columns::parse(Path::new("measured/rehm2021_magnetisation_vs_temperature.csv"), text)?;
    let temperature = columns.numbers("temperature_K")?;
    let magnetisation = columns.numbers("magnetisation_A_per_m")?;
    let anisotropy = columns.numbers("anisotropy_J_per_m2")?;
    let points = (0..columns.len()).map(|i| MagnetisationPoint {
        temperature_k: temperature[i],
        magnetisation_a_per_m: magnetisation[i],
        anisotropy_j_per_m2: anisotropy[i],
    });
    Ok((citation(text), points.collect()))
}

fn citation(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix('#'));
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_shipped_curves_are_whole() {
        let curve = rehm2023_probability_vs_voltage().unwrap();
        assert_eq!(curve.points.len(), 29);
        let half = curve.points.iter().find(|p| p.probability > 0.5).unwrap();
        assert_eq!((half.amplitude_v, half.probability), (Some(0.685_435), 0.5286));
        assert_eq!((half.width_s, half.temperature_k, half.trials), (1e-9, Some(300.0), Some(10_000)));
        assert!(curve.citation.contains("arXiv:2310.18779"));

        let curve = rehm2023_probability_vs_width().unwrap();
        assert_eq!(curve.points.len(), 28);
        assert!(curve.points.iter().all(|p| p.amplitude_v.is_none()));
        assert!(curve.points.iter().any(|p| p.width_s == 1e-9 && p.probability == 0.5022));

        let (citation, points) = rehm2021_magnetisation_vs_temperature().unwrap();
        assert!(citation.contains("034088") && points.len() == 9);
        assert!(points.windows(2).all(|w| w[0].magnetisation_a_per_m > w[1].magnetisation_a_per_m));
    }

    fn read(text: &[u8]) -> Result<SwitchingCurve, DataError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        SwitchingCurve::read(file.path())
    }

    #[test]
    fn wrong_tables_say_what_is_wrong() {
        let message = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
        assert!(message("").contains("no rows"));
        assert!(message("pulse_width_s,p\n1e-9,0.5\n").contains("`p_switch`"));
        let wrong = message("pulse_width_s,p_switch\n1e-9,0.5\n2e-9,1.5\n");
        assert!(wrong.contains("line 3 has `1.5`") && wrong.contains("probability from 0 to 1"), "{wrong}");
        assert!(message("pulse_width_s,p_switch\nnan,0.5\n").contains("finite number"));
        assert!(message("pulse_width_s,p_switch\n1e-9\n").contains("not a table in CSV"));
        assert!(message("pulse_width_s,p_switch,trials\n1e-9,0.5,-3\n").contains("whole number"));
        assert!(read(&[0xff, 0xfe, b'\n']).is_err());
    }

    proptest! {
        #[test]
        fn damaged_tables_never_panic(cut in 0_usize..1500, at in 0_usize..1500, with: u8) {
            let mut text = include_bytes!("../measured/rehm2023_probability_vs_voltage.csv").to_vec();
            let length = text.len();
            text[at % length] = with;
            text.truncate(cut);
            if let Ok(curve) = read(&text) {
                prop_assert!(curve.points.iter().all(|p| (0.0..=1.0).contains(&p.probability)));
            }
        }
    }
}
