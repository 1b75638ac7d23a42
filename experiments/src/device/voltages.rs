//! What the commands of rare events share: lists of voltages in critical ones, a stored state, accuracy reached.

use spinhebb_data::config::Faults;
use spinhebb_data::quantity::DriveVoltage;
use spinhebb_device::error::DeviceError;
use spinhebb_device::junction::mtj::{Mtj, MtjConfig};
use spinhebb_device::junction::state::State;

use super::method::check_relaxation;
use crate::error::ExperimentError;
use crate::experiment::Outcome;

/// Lowest probability drawn, and the lowest whose accuracy is reported.
pub(super) const LOWEST: f64 = 1e-15;
/// Barrier in kB T below which nothing is stored.
const LEAST_BARRIER: f64 = 3.0;
/// What can be done about a device that stores nothing.
const ADVICE: &str = "choose another device (`spinhebb presets` lists them), or give it a stronger anisotropy, a larger \
                      volume or a smaller field";

/// The macrospin of a device that stores `start`; what it lacks becomes a fault of `device`, `None` where it is no device.
pub(super) fn stored(device: &MtjConfig, start: State, faults: &mut Faults) -> Option<Mtj> {
    check_relaxation(device, faults);
    let mtj = match device.resolve() {
        Ok(mtj) => mtj,
        // A value out of range is a fault of its own already.
        Err(DeviceError::OutOfRange { .. }) => return None,
        Err(error) => {
            faults.require(false, "device", "", format!("one macrospin: {error}"));
            return None;
        }
    };
    match mtj.stability(start) {
        Err(error) => faults.require(false, "device", "", format!("two stable states ({error}): {ADVICE}")),
        Ok(barrier) if !barrier.is_finite() => faults.require(
            false,
            "device.thermal.temperature",
            format!("{} K", mtj.temperature_k),
            "a temperature above 0 K; nothing is lost without thermal field",
        ),
        Ok(barrier) => faults.require(
            barrier >= LEAST_BARRIER,
            "device",
            format!("a device whose barrier of the {start} state is {barrier:.2} kB T"),
            format!("at least {LEAST_BARRIER} kB T: {ADVICE}"),
        ),
    }
    Some(mtj)
}

/// Faults of a list of rising positive values under `key`.
pub(super) fn check_rising(key: &str, values: &[(String, f64)], faults: &mut Faults) {
    let fine = values.iter().all(|(_, v)| v.is_finite() && *v > 0.0)
        && values.windows(2).all(|pair| pair[0].1 < pair[1].1);
    let shown: Vec<&str> = values.iter().map(|(text, _)| text.as_str()).collect();
    let expected =
        "one or more rising values above zero; a voltage is a magnitude, its sign follows from `start`";
    faults.require(fine && !values.is_empty(), key, format!("[{}]", shown.join(", ")), expected);
}

/// Faults of `voltages` under `key`: rising, and below `largest` critical voltages of `start`; `beyond` says why not more.
pub(super) fn check_voltages(
    (key, voltages): (&str, &[DriveVoltage]),
    (mtj, start): (&Mtj, State),
    (largest, beyond): (f64, &str),
    faults: &mut Faults,
) {
    let Ok(critical) = mtj.critical_voltage(start).map(f64::abs) else {
        let expected =
            "a torque that can switch it: give [device.spin_transfer] or [device.spin_orbit] some efficiency";
        faults.require(false, "device", "", expected);
        return;
    };
    let written: Vec<(String, f64)> = voltages.iter().map(|v| (v.to_string(), v.volts(critical))).collect();
    check_rising(key, &written, faults);
    for (index, (text, volts)) in written.iter().enumerate() {
        let expected = format!(
            "a magnitude below {:.4} V ({largest} Vc0, the critical voltage of the {start} state being {critical:.4} V): {beyond}",
            largest * critical
        );
        faults.require(*volts < largest * critical, &format!("{key}[{index}]"), text, expected);
    }
}

/// Magnitudes in V of `voltages` for a device that was checked.
///
/// # Errors
/// The device has no critical voltage.
pub(super) fn magnitudes(
    voltages: &[DriveVoltage],
    mtj: &Mtj,
    start: State,
) -> Result<Vec<f64>, ExperimentError> {
    let critical = mtj.critical_voltage(start)?.abs();
    Ok(voltages.iter().map(|v| v.volts(critical)).collect())
}

/// Adds what was asked of the relative errors and what was reached.
pub(super) fn accuracy(outcome: &mut Outcome, asked: f64, reached: impl Iterator<Item = f64>) {
    let mut reached: Vec<f64> = reached.collect();
    reached.sort_by(f64::total_cmp);
    outcome.scalar("accuracy/relative_error_asked", asked, "1", "relative error that was asked for");
    if let (Some(median), Some(worst)) = (reached.get(reached.len() / 2), reached.last()) {
        outcome.scalar("accuracy/median_reached", *median, "1", "median of the relative errors reached");
        outcome.scalar("accuracy/worst_reached", *worst, "1", "largest of the relative errors reached");
    }
}

/// Points that a logarithmic axis down to [`LOWEST`] can show.
pub(super) fn visible(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    points.filter(|(_, p)| *p >= LOWEST).collect()
}
