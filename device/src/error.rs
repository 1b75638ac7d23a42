//! What can go wrong in the device layer.

use spinhebb_data::config::FieldFault;

/// Error of the device layer; every variant holds the offending numbers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DeviceError {
    /// A configuration value outside its range.
    #[error("`{key}` is {value}, but {expected}")]
    OutOfRange {
        /// Dotted key of the value in the configuration.
        key: String,
        /// The value as given.
        value: String,
        /// What would be accepted, and what to do.
        expected: String,
    },
    /// No preset of this name.
    #[error(
        "there is no device preset `{name}`; known presets: {known}; a device file ends in .toml, and the folder of a \
         calibration run holds one"
    )]
    UnknownPreset {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A file of a device or of a pulse that cannot be read.
    #[error("`{name}` cannot be read: {message}")]
    Unreadable {
        /// Preset or file.
        name: String,
        /// What the reader said.
        message: String,
    },
    /// A model that holds only for devices of another kind.
    #[error("{model} does not hold for this device: {reason}")]
    NotApplicable {
        /// The model.
        model: &'static str,
        /// Which property of the device it needs.
        reason: String,
    },
    /// A query outside a table.
    #[error(
        "{quantity} = {value:e} is outside the table ({low:e} to {high:e}); widen the table (`table.highest_voltage`, `table.widths`) or ask inside it"
    )]
    OutsideTable {
        /// Name and unit of the axis.
        quantity: &'static str,
        /// The value asked for.
        value: f64,
        /// Lower end of the axis.
        low: f64,
        /// Upper end of the axis.
        high: f64,
    },
    /// An iteration that did not converge.
    #[error("{what} did not converge after {iterations} iterations (residual {residual:e}); {advice}")]
    NotConverged {
        /// What was solved for.
        what: &'static str,
        /// Iterations made.
        iterations: usize,
        /// Last residual.
        residual: f64,
        /// What to do.
        advice: &'static str,
    },
}

impl DeviceError {
    /// A fault of a configuration, for code that is handed one which nobody has checked.
    pub(crate) fn of_field(fault: FieldFault) -> Self {
        let expected = format!("expected is {}", fault.expected);
        Self::OutOfRange { key: fault.path, value: fault.value, expected }
    }

    /// Shorthand for [`DeviceError::OutOfRange`].
    pub(crate) fn out_of_range(key: &str, value: impl ToString, expected: &str) -> Self {
        Self::OutOfRange { key: key.to_string(), value: value.to_string(), expected: expected.to_string() }
    }
}

/// Refuses a value that is not finite and positive.
pub(crate) fn positive(key: &str, value: f64, shown: impl ToString) -> Result<(), DeviceError> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(DeviceError::out_of_range(key, shown, "it must be positive; give a value above zero"))
    }
}

/// Returns the unit vector along `direction`, or names the key.
pub(crate) fn unit_vector(key: &str, direction: [f64; 3]) -> Result<[f64; 3], DeviceError> {
    let norm = direction.iter().map(|c| c * c).sum::<f64>().sqrt();
    if norm.is_finite() && norm > 0.0 {
        Ok(direction.map(|c| c / norm))
    } else {
        Err(DeviceError::out_of_range(
            key,
            format!("{direction:?}"),
            "it must be a direction; give three finite numbers that are not all zero",
        ))
    }
}
