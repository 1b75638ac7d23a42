//! What can be sealed when a unit of work is finished, and read back when the run goes on after an interruption.

use serde::Serialize;
use serde::de::DeserializeOwned;
use spinhebb_data::labelled::{Dataset, Values, Variable};

use crate::error::ExperimentError;

/// A result of a unit of work that survives an interruption: reading back what was written gives the same value.
pub trait Sealable: Sized {
    /// The result as labelled data.
    ///
    /// # Errors
    /// It has no such form.
    fn to_datasets(&self) -> Result<Vec<Dataset>, ExperimentError>;

    /// The result that [`Sealable::to_datasets`] wrote.
    ///
    /// # Errors
    /// The data are of something else.
    fn from_datasets(datasets: Vec<Dataset>) -> Result<Self, ExperimentError>;
}

impl Sealable for Vec<Dataset> {
    fn to_datasets(&self) -> Result<Vec<Dataset>, ExperimentError> {
        Ok(self.clone())
    }

    fn from_datasets(datasets: Vec<Dataset>) -> Result<Self, ExperimentError> {
        Ok(datasets)
    }
}

/// Any value of serde whose numbers are finite, kept as JSON text; doubles keep their bits.
#[derive(Debug, Clone, PartialEq)]
pub struct Json<T>(pub T);

const JSON: &str = "json";

impl<T: Serialize + DeserializeOwned> Sealable for Json<T> {
    fn to_datasets(&self) -> Result<Vec<Dataset>, ExperimentError> {
        let bytes = serde_json::to_vec(&self.0).map_err(unit_error)?;
        Ok(vec![Dataset::new(JSON).with(Variable::along("bytes", "byte", "1", "JSON text", bytes))?])
    }

    fn from_datasets(datasets: Vec<Dataset>) -> Result<Self, ExperimentError> {
        let bytes = datasets.iter().find(|d| d.name == JSON).and_then(|d| d.variable("bytes"));
        match bytes.map(|v| &v.values) {
            Some(Values::U8(bytes)) => serde_json::from_slice(bytes).map(Self).map_err(unit_error),
            _ => Err(unit_error("no JSON text")),
        }
    }
}

fn unit_error(reason: impl ToString) -> ExperimentError {
    ExperimentError::Unit { reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_keep_their_bits() {
        let values = vec![0.1 + 0.2, 1e-300, -0.0, f64::MIN_POSITIVE, 1.0 / 3.0];
        let sealed = Json(values.clone()).to_datasets().unwrap();
        let Json(read) = Json::<Vec<f64>>::from_datasets(sealed).unwrap();
        for (a, b) in values.iter().zip(&read) {
            assert_eq!(a.to_bits(), b.to_bits());
        }
        assert!(Json::<Vec<f64>>::from_datasets(Vec::new()).is_err());
    }
}
