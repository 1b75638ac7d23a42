//! What a file of measured curves leaves open.

use crate::junction::state::State;

/// What the columns and the command line leave open.
#[derive(Debug, Clone, PartialEq)]
pub struct CsvDefaults {
    /// Units of columns whose title has none: (column name, unit).
    pub units: Vec<(String, String)>,
    /// Number of pulses of a point where no column says it.
    pub trials: Option<u64>,
    /// Pulse width in s where no column says it.
    pub width_s: Option<f64>,
    /// Pulse amplitude in V where no column says it.
    pub amplitude_v: Option<f64>,
    /// Start of the search in V where the amplitude is not known and has to be fitted.
    pub amplitude_guess_v: Option<f64>,
    /// State before the pulse where no column says it; `None`: by the sign of the voltage.
    pub start: Option<State>,
    /// Temperature in K where no column says it.
    pub temperature_k: f64,
    /// Name of the device where no column says it.
    pub device: String,
}

impl Default for CsvDefaults {
    fn default() -> Self {
        Self {
            units: Vec::new(),
            trials: None,
            width_s: None,
            amplitude_v: None,
            amplitude_guess_v: None,
            start: None,
            temperature_k: 300.0,
            device: "device".to_string(),
        }
    }
}
