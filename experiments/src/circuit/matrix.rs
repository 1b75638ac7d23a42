//! Matrices between arrays, datasets and maps.

use spinhebb_data::labelled::Dataset;

use crate::error::ExperimentError;

/// Rows of the two-dimensional variable `name`, for a map.
pub(super) fn rows(data: &Dataset, name: &str) -> Result<Vec<Vec<f64>>, ExperimentError> {
    let columns = data.variable(name).and_then(|v| v.shape.last().copied()).unwrap_or(1).max(1);
    Ok(data.numbers(name)?.chunks(columns).map(<[f64]>::to_vec).collect())
}

/// Largest difference relative to the largest ideal current.
pub(super) fn relative_error(amperes: &[f64], ideal: &[f64]) -> f64 {
    let scale = ideal.iter().fold(0.0_f64, |a, i| a.max(i.abs()));
    let worst = amperes.iter().zip(ideal).fold(0.0_f64, |a, (x, y)| a.max((x - y).abs()));
    if scale > 0.0 { worst / scale } else { 0.0 }
}
