//! A device configuration with the fitted values of a closed form.
//!
//! # Formula
//! `thermal.stability` = Delta; `material.damping` solves `(1 + alpha^2)/(alpha gamma0 Hk)` = tau_D with the Hk of
//! the base device; the polarisation is that at which the critical voltage of AP -> P is the fitted V_c.
//!
//! # Not modelled
//! The closed forms know neither the angle dependence of the torque nor V_h; what the base
//! device says of them stays. The device so made has the fitted Delta, V_c and tau_D, but
//! its exact switching probability differs from the closed form by that form's own error.

use super::analysis::Calibration;
use super::error::CalibrationError;
use crate::error::DeviceError;
use crate::junction::constants::GAMMA0;
use crate::junction::mtj::MtjConfig;
use crate::junction::state::State;
use crate::junction::torque::EfficiencyConfig;

/// Size of the spin-transfer efficiency.
pub(super) fn polarisation_of(law: &mut EfficiencyConfig) -> &mut f64 {
    match law {
        EfficiencyConfig::Constant { polarisation }
        | EfficiencyConfig::Slonczewski { polarisation }
        | EfficiencyConfig::Asymmetric { polarisation, .. } => polarisation,
    }
}

/// `base` with the values of `fit`, a fit of one of the closed forms.
///
/// # Errors
/// [`DeviceError::NotApplicable`] if no damping below one gives the fitted tau_D, or no polarisation the
/// fitted V_c, with what the base device states.
pub fn fitted_device(base: &MtjConfig, fit: &Calibration) -> Result<MtjConfig, CalibrationError> {
    let refuse = |reason: String| {
        CalibrationError::Device(DeviceError::NotApplicable {
            model: "the transfer of a closed form to a device",
            reason,
        })
    };
    let mut config = base.clone();
    if let Some(delta) = fit.value("delta") {
        config.thermal.stability = Some(delta);
        config.thermal.activation_volume = None;
    }
    if let Some(relaxation_s) = fit.value("relaxation_time") {
        let hk = config.resolve()?.anisotropy_field(0.0).abs();
        let sum = relaxation_s * GAMMA0 * hk;
        if sum < 2.0 {
            return Err(refuse(format!(
                "the fitted tau_D = {relaxation_s:.3e} s is shorter than 2/(gamma0 Hk) = {:.3e} s of the base device; \
                 state a larger anisotropy, hold `relaxation_time`, or fit the `fokker-planck` model",
                2.0 / (GAMMA0 * hk)
            )));
        }
        config.material.damping = 0.5 * (sum - (sum * sum - 4.0).sqrt());
    }
    if let Some(critical_v) = fit.value("critical_voltage") {
        let mut at = |polarisation: f64| -> Result<f64, CalibrationError> {
            if let Some(transfer) = &mut config.spin_transfer {
                *polarisation_of(&mut transfer.efficiency) = polarisation;
            }
            Ok(config.resolve()?.critical_voltage(State::AntiParallel)?)
        };
        // The critical voltage falls as the polarisation grows.
        let (mut low, mut high) = (1e-3, 0.999);
        let (least, most) = (at(high)?, at(low).unwrap_or(f64::INFINITY));
        if !(least..=most).contains(&critical_v) {
            return Err(refuse(format!(
                "no polarisation below one gives the fitted V_c = {critical_v:.4} V (the least is {least:.4} V); \
                 the base device's anisotropy, thickness or resistance-area product do not fit"
            )));
        }
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if at(middle)? > critical_v { low = middle } else { high = middle }
        }
        at(0.5 * (low + high))?;
    }
    config.validate()?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::analysis::{Options, calibrate};
    use crate::calibration::closed_form_model::{ClosedForm, ClosedFormModel};
    use crate::calibration::problem::{CountLaw, Problem};
    use crate::measurement::csv::{CsvDefaults, read};

    #[test]
    fn the_device_has_the_fitted_stability_critical_voltage_and_time() {
        let mut csv = String::from("voltage [V],width [ns],trials,switched\n");
        for (v, k) in
            [(0.3, 2), (0.35, 19), (0.4, 92), (0.45, 240), (0.5, 430), (0.6, 780), (0.7, 930), (0.8, 985)]
        {
            csv += &format!("{v},5,1000,{k}\n");
        }
        let data = read(csv.as_bytes(), "curve.csv", &CsvDefaults::default()).unwrap();
        let model = ClosedFormModel::new(ClosedForm::Butler, &data);
        let held = [(
            "delta".to_string(),
            crate::calibration::parameter::ParameterSetting {
                fixed: Some("50".into()),
                ..Default::default()
            },
        )];
        let problem = Problem::new(&model, &data, &held.into(), CountLaw::Binomial).unwrap();
        let fit = calibrate(&problem, &Options { posterior: false, profiles: false, ..Options::default() })
            .unwrap();
        let base = crate::junction::preset::load("perpendicular-40nm").unwrap().device;
        let device = fitted_device(&base, &fit).unwrap().resolve().unwrap();
        let critical = fit.value("critical_voltage").unwrap();
        let relaxation = fit.value("relaxation_time").unwrap();
        assert!((device.stability(State::Parallel).unwrap() - 50.0).abs() < 1e-6);
        assert!((device.critical_voltage(State::AntiParallel).unwrap() / critical - 1.0).abs() < 1e-6);
        assert!((device.damping_time_s() / relaxation - 1.0).abs() < 1e-6);
    }
}
