//! The values of a device configuration that can be fitted, and the junction they make at each condition.

use spinhebb_data::quantity::{
    Length, MagneticField, Temperature, ThermalResistance, Time, VcmaCoefficient, Voltage, Volume,
};

use super::condition::Condition;
use super::error::CalibrationError;
use super::fitted_device::polarisation_of;
use super::model::WIDTH_LOSS;
use super::parameter::{Parameter, Scale};
use crate::error::DeviceError;
use crate::junction::anisotropy::VoltageControlConfig;
use crate::junction::mtj::{Mtj, MtjConfig};
use crate::junction::state::State;
use crate::junction::thermal::JouleHeatingConfig;

/// One value of a device configuration that can be fitted.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) parameter: Parameter,
    set: fn(&mut MtjConfig, f64),
}

/// The values of a device that any macrospin model can fit.
pub(super) fn entries(base: &MtjConfig) -> Result<Vec<Entry>, CalibrationError> {
    let mtj = base.resolve()?;
    let stability = mtj.stability(State::Parallel)?;
    let Some(transfer) = &base.spin_transfer else {
        return Err(DeviceError::NotApplicable {
            model: "calibration of a macrospin",
            reason: "the base device has no `spin_transfer`, so no voltage switches it".to_string(),
        }
        .into());
    };
    let mut law = transfer.efficiency.clone();
    let polarisation = *polarisation_of(&mut law);
    let control = base.anisotropy.voltage_control.as_ref().map_or(0.0, |c| c.coefficient.si());
    let half =
        base.transport.tmr_half_voltage.map_or(NO_BIAS_DEPENDENCE_V, spinhebb_data::quantity::Voltage::si);
    let mut entries = layer_entries([stability, polarisation, base.material.damping]);
    entries.extend(bias_entries(half, control));
    Ok(entries)
}

/// Stability, spin-transfer efficiency and damping, searched from `starts`.
fn layer_entries(starts: [f64; 3]) -> Vec<Entry> {
    let (free, log) = (Parameter::free, Scale::Log);
    let [stability, polarisation, damping] = starts;
    vec![
        Entry {
            parameter: free(
                "delta",
                "thermal stability E_b/(kB T) from P at the base temperature",
                None,
                log.over([5.0, 300.0], stability),
            ),
            set: |c, x| {
                c.thermal.stability = Some(x);
                c.thermal.activation_volume = None;
            },
        },
        Entry {
            parameter: free(
                "polarisation",
                "size of the spin-transfer efficiency",
                None,
                log.over([0.02, 0.98], polarisation),
            ),
            set: |c, x| {
                if let Some(transfer) = &mut c.spin_transfer {
                    *polarisation_of(&mut transfer.efficiency) = x;
                }
            },
        },
        Entry {
            parameter: free("damping", "Gilbert damping", None, log.over([1e-3, 0.5], damping)),
            set: |c, x| c.material.damping = x,
        },
    ]
}

/// What is held unless set free: the bias dependence of the TMR from `half` V, the voltage `control` in SI, a stray field.
fn bias_entries(half: f64, control: f64) -> Vec<Entry> {
    let (free, log, linear) = (Parameter::free, Scale::Log, Scale::Linear);
    vec![
        Entry {
            parameter: free(
                "tmr_half_voltage",
                "voltage V_h at which the TMR has halved",
                Some(Voltage::KIND),
                log.over([0.05, NO_BIAS_DEPENDENCE_V], half),
            )
            .held(),
            set: |c, x| {
                c.transport.tmr_half_voltage = (x < NO_BIAS_DEPENDENCE_V).then_some(Voltage(x));
            },
        },
        Entry {
            parameter: free(
                "voltage_control",
                "voltage control xi of the interfacial anisotropy",
                Some(VcmaCoefficient::KIND),
                linear.over([-300e-15, 300e-15], control),
            )
            .held(),
            set: |c, x| match &mut c.anisotropy.voltage_control {
                Some(control) => control.coefficient = VcmaCoefficient(x),
                None if x != 0.0 => {
                    let barrier_thickness = Length(DEFAULT_BARRIER_M);
                    c.anisotropy.voltage_control =
                        Some(VoltageControlConfig { coefficient: VcmaCoefficient(x), barrier_thickness });
                }
                None => {}
            },
        },
        Entry {
            parameter: free(
                "stray_field",
                "stray field along the fixed layer, added to that of the base device",
                Some(MagneticField::KIND),
                linear.over([-8e4, 8e4], 0.0),
            )
            .held(),
            set: |c, x| {
                let p = c.fixed_layer.direction;
                let norm = p.iter().map(|c| c * c).sum::<f64>().sqrt();
                c.field.stray =
                    std::array::from_fn(|i| MagneticField(c.field.stray[i].si() + x * p[i] / norm));
            },
        },
    ]
}

/// V_h at and above which the TMR counts as independent of the bias.
const NO_BIAS_DEPENDENCE_V: f64 = 1e3;
/// Barrier thickness in m for a fitted voltage control where the base device states none.
const DEFAULT_BARRIER_M: f64 = 1e-9;

/// Configuration with the entries set to `values` (those after the entries are of the pulse).
pub(super) fn configure(base: &MtjConfig, entries: &[Entry], values: &[f64]) -> MtjConfig {
    let mut config = base.clone();
    for (entry, &value) in entries.iter().zip(values) {
        (entry.set)(&mut config, value);
    }
    config
}

/// The junction at the temperature and field of `condition`: the activation volume stays that of the
/// base temperature.
pub(super) fn junction_at(config: &MtjConfig, condition: &Condition) -> Result<Mtj, DeviceError> {
    let mut there = config.clone();
    if condition.temperature_k != config.thermal.temperature.si() {
        let volume = config.resolve()?.activation_volume_m3;
        there.thermal.stability = None;
        there.thermal.activation_volume = Some(Volume(volume));
        there.thermal.temperature = Temperature(condition.temperature_k);
    }
    if condition.field_a_per_m != 0.0 {
        let p = there.fixed_layer.direction;
        let norm = p.iter().map(|c| c * c).sum::<f64>().sqrt();
        there.field.applied = std::array::from_fn(|i| {
            MagneticField(there.field.applied[i].si() + condition.field_a_per_m * p[i] / norm)
        });
    }
    there.resolve()
}

/// Indices of `conditions` grouped by `same`, in order of first appearance.
pub(super) fn grouped(
    conditions: &[Condition],
    same: impl Fn(&Condition, &Condition) -> bool,
) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (i, c) in conditions.iter().enumerate() {
        match groups.iter_mut().find(|g| same(&conditions[g[0]], c)) {
            Some(group) => group.push(i),
            None => groups.push(vec![i]),
        }
    }
    groups
}

/// Part of the pulse width that does not act, for pulses not shorter than `shortest_s`.
pub(super) fn width_loss(shortest_s: f64) -> Parameter {
    let meaning = "part of the pulse width that does not act (rise and fall)";
    let bounds = [-0.9 * shortest_s, 0.9 * shortest_s];
    Parameter::free(WIDTH_LOSS, meaning, Some(Time::KIND), Scale::Linear.over(bounds, 0.0)).held()
}

/// Voltage at which the drive vanishes, for voltages of the size `typical_v`.
pub(super) fn voltage_offset(typical_v: f64) -> Parameter {
    let meaning = "voltage at which the drive vanishes";
    let bounds = [-0.5 * typical_v, 0.5 * typical_v];
    Parameter::free("voltage_offset", meaning, Some(Voltage::KIND), Scale::Linear.over(bounds, 0.0)).held()
}

/// Temperature rise per power, held at `start` (K/W) unless set free.
pub(super) fn thermal_resistance(start: f64) -> Parameter {
    let kind = Some(ThermalResistance::KIND);
    let meaning = "temperature rise per power R_th";
    Parameter::free("thermal_resistance", meaning, kind, Scale::Linear.over([0.0, 1e7], start)).held()
}

/// Sets the temperature rise per power of `config`; the thermal time constant where it has none is `pole_s`.
pub(super) fn heat(config: &mut MtjConfig, resistance_k_per_w: f64, pole_s: f64) {
    let resistance = ThermalResistance(resistance_k_per_w);
    let none = JouleHeatingConfig { resistance, time_constant: Time(pole_s) };
    config.thermal.joule_heating.get_or_insert(none).resistance = resistance;
}

/// What `predict` finds for the conditions of each junction (temperature and field) that `config` makes, in the
/// order of `conditions`; it gets the junction and the indices of its conditions.
pub(super) fn by_junction<T: Clone>(
    config: &MtjConfig,
    conditions: &[Condition],
    mut predict: impl FnMut(&Mtj, &[usize]) -> Result<Vec<T>, DeviceError>,
) -> Result<Vec<T>, CalibrationError> {
    let same = |a: &Condition, b: &Condition| {
        (a.temperature_k, a.field_a_per_m) == (b.temperature_k, b.field_a_per_m)
    };
    let mut found: Vec<Option<T>> = vec![None; conditions.len()];
    for junction in grouped(conditions, same) {
        let mtj = junction_at(config, &conditions[junction[0]])?;
        for (&i, one) in junction.iter().zip(predict(&mtj, &junction)?) {
            found[i] = Some(one);
        }
    }
    Ok(found.into_iter().flatten().collect())
}
