//! The voltage at which a state loses its stability, by bisection.

use crate::error::DeviceError;
use crate::junction::state::State;

/// Halvings of the interval: its ends differ by a factor of two and agree to round-off after these.
const HALVINGS: usize = 60;

/// Voltage in V at which `start` loses its stability, with the sign that switches it (positive from
/// anti-parallel). `stable(volts)` tells whether it is stable at a voltage of that sign; it must be so at 0 V.
///
/// # Errors
/// [`DeviceError::NotApplicable`] if it is stable at 1000 V; errors of `stable`.
pub(crate) fn critical_voltage(
    start: State,
    stable: impl Fn(f64) -> Result<bool, DeviceError>,
) -> Result<f64, DeviceError> {
    let polarity = start.switching_polarity();
    let mut high = 1e-3;
    while stable(polarity * high)? {
        high *= 2.0;
        if high > 1e3 {
            return Err(DeviceError::NotApplicable {
                model: "a critical voltage",
                reason: format!("no voltage up to 1000 V destabilises the {start} state"),
            });
        }
    }
    let mut low = 0.0;
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if stable(polarity * middle)? { low = middle } else { high = middle }
    }
    Ok(polarity * 0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_found_with_the_sign_that_switches() {
        for start in State::BOTH {
            let found = critical_voltage(start, |volts| Ok(volts.abs() < 0.3)).unwrap();
            assert!((found - 0.3 * start.switching_polarity()).abs() < 1e-15, "{found}");
            assert!(critical_voltage(start, |_| Ok(true)).is_err());
        }
    }
}
