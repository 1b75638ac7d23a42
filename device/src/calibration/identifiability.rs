//! Which combinations of parameters the data fix, in words.
//!
//! # Formula
//! Eigenvectors of the observed information in ln(parameter) (parameters that may be negative: in
//! units of their bounds). The eigenvalue lambda fixes the product of powers along its vector to
//! `1/sqrt(lambda)`, relative.
//!
//! # References
//! M. K. Transtrum et al., J. Chem. Phys. 143, 010901 (2015), doi:10.1063/1.4923066 (stiff and sloppy directions).

use nalgebra::DMatrix;

use super::parameter::Scale;
use super::problem::Problem;

/// One combination of parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Combination {
    /// Exponent of each free parameter, the largest scaled to one. Shape: d.
    pub exponents: Vec<f64>,
    /// Standard deviation of the logarithm of the combination.
    pub deviation: f64,
    /// The combination in words, such as `delta^1.00 relaxation_time^-0.31`.
    pub words: String,
}

/// Combinations from the best to the worst known, from the observed information in search coordinates.
#[must_use]
pub fn combinations(problem: &Problem<'_>, information: &DMatrix<f64>) -> Vec<Combination> {
    let d = problem.free().len();
    if d == 0 {
        return Vec::new();
    }
    let unit: Vec<f64> = problem
        .free()
        .iter()
        .map(|&k| match problem.parameters()[k].scale {
            Scale::Log => 1.0,
            Scale::Linear => problem.parameters()[k].upper - problem.parameters()[k].lower,
        })
        .collect();
    // Where all points are certain the likelihood is flat to rounding, and what is not a number says nothing.
    let scaled = DMatrix::from_fn(d, d, |a, b| {
        let entry = information[(a, b)] * unit[a] * unit[b];
        if entry.is_finite() { entry } else { 0.0 }
    });
    let eigen = scaled.symmetric_eigen();
    let mut list: Vec<Combination> = (0..d)
        .map(|k| {
            let vector = eigen.eigenvectors.column(k);
            let largest = vector.iter().copied().fold(0.0, |m: f64, x| if x.abs() > m.abs() { x } else { m });
            let exponents: Vec<f64> = vector.iter().map(|x| x / largest).collect();
            let words = problem
                .free()
                .iter()
                .zip(&exponents)
                .filter(|(_, e)| e.abs() >= 0.05)
                .map(|(&p, e)| format!("{}^{e:.2}", problem.parameters()[p].name))
                .collect::<Vec<_>>()
                .join(" ");
            // The combination is the vector scaled by 1/largest, and so is its deviation.
            let deviation = 1.0 / (eigen.eigenvalues[k].max(1e-12).sqrt() * largest.abs());
            Combination { exponents, deviation, words }
        })
        .collect();
    list.sort_by(|a, b| a.deviation.total_cmp(&b.deviation));
    list
}

/// A sentence per combination.
#[must_use]
pub fn in_words(combinations: &[Combination]) -> Vec<String> {
    combinations
        .iter()
        .map(|c| {
            let percent = 100.0 * c.deviation;
            if percent < 30.0 {
                let percent: f64 = format!("{percent:.1e}").parse().unwrap_or(percent);
                format!("the data fix {} to {percent} %", c.words)
            } else if c.deviation < 1.0 {
                format!("the data fix {} only to a factor of {:.1}", c.words, c.deviation.exp())
            } else {
                format!(
                    "the data do not fix {}; hold one of its parameters or measure at other widths, directions or temperatures",
                    c.words
                )
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::analysis::{Options, calibrate};
    use crate::calibration::closed_form_model::{ClosedForm, ClosedFormModel};
    use crate::calibration::parameter::ParameterSettings;
    use crate::calibration::problem::CountLaw;
    use crate::measurement::csv::{CsvDefaults, read};
    use crate::switching::closed_form::thermal_activation;

    /// At one voltage the thermal law knows Delta and V_c only through `Delta (1 - V/V_c)^2`: its gradient in (ln Delta,
    /// ln V_c) is along (1 - x, 2 x) with x = V/V_c, and nothing across it is known.
    #[test]
    fn a_single_voltage_fixes_one_combination_of_barrier_and_critical_voltage() {
        let (delta, critical, volts) = (40.0, 0.6, 0.35);
        let mut csv = String::from("voltage [V],width [ns],trials,switched\n");
        for step in 0..12 {
            let width_s = 1e-7 * 2_f64.powi(step);
            let p = thermal_activation(delta, volts / critical, 2.0, width_s / 1e-9).probability();
            csv += &format!("{volts},{},1000,{}\n", width_s * 1e9, (1000.0 * p).round());
        }
        let data = read(csv.as_bytes(), "curve.csv", &CsvDefaults::default()).unwrap();
        let model = ClosedFormModel::new(ClosedForm::ThermalActivation, &data);
        let problem = Problem::new(&model, &data, &ParameterSettings::new(), CountLaw::Binomial).unwrap();
        let options = Options { posterior: false, profiles: false, ..Options::default() };
        let fit = calibrate(&problem, &options).unwrap();
        let x = volts / fit.value("critical_voltage").unwrap();
        let known = &fit.combinations[0];
        let ratio = known.exponents[0] / known.exponents[1];
        assert!((ratio / ((1.0 - x) / (2.0 * x)) - 1.0).abs() < 0.02, "{ratio} at x = {x}");
        let words = in_words(&fit.combinations);
        assert!(words[0].starts_with("the data fix ") && words[0].contains('%'), "{words:?}");
        assert!(words[1].starts_with("the data do not fix"), "{words:?}");
    }
}
