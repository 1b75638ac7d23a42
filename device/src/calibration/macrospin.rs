//! The macrospin itself as a model to fit: a device configuration with some of its values free.

use std::sync::Arc;

use rayon::prelude::*;
use spinhebb_data::quantity::{Length, MagneticField, Temperature, Time, VcmaCoefficient, Voltage, Volume};

use super::error::CalibrationError;
use super::fitted_device::polarisation_of;
use super::measurement::MeasuredData;
use super::model::{Condition, Model, WIDTH_LOSS, shortest_width};
use super::parameter::{Parameter, Scale};
use crate::anisotropy::VoltageControlConfig;
use crate::axial::AxialModel;
use crate::closed_form::LogProbability;
use crate::error::DeviceError;
use crate::fokker_planck::{FokkerPlanck, Plateau, Resolution};
use crate::mtj::{Mtj, MtjConfig};
use crate::pulse::Drive;
use crate::state::State;

/// One value of a device configuration that can be fitted.
pub(super) struct Entry {
    pub(super) parameter: Parameter,
    set: fn(&mut MtjConfig, f64),
}

/// The macrospin solved by the one-dimensional Fokker-Planck equation (perpendicular devices).
///
/// # Formula
/// Parameters are those of [`MtjConfig`]: `delta` (thermal stability from P at the base
/// temperature; the activation volume it implies is kept at others), `damping`, `polarisation`
/// (size of the spin-transfer efficiency, hence of V_c), and, held unless set free,
/// `tmr_half_voltage` (V_h), `voltage_control` (xi), `stray_field`, `voltage_offset`, `width_loss`.
///
/// # Not modelled
/// See [`crate::axial`].
pub struct MacrospinModel {
    base: MtjConfig,
    entries: Vec<Entry>,
    shortest_s: f64,
    typical_v: f64,
    resolution: Resolution,
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
    let half = base.transport.tmr_half_voltage.map_or(NO_BIAS_DEPENDENCE_V, |v| v.si());
    let (free, log, linear) = (Parameter::free, Scale::Log, Scale::Linear);
    Ok(vec![
        Entry {
            parameter: free(
                "delta",
                "thermal stability E_b/(kB T) from P at the base temperature",
                None,
                log,
                [5.0, 300.0],
                stability,
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
                log,
                [0.02, 0.98],
                polarisation,
            ),
            set: |c, x| {
                if let Some(transfer) = &mut c.spin_transfer {
                    *polarisation_of(&mut transfer.efficiency) = x;
                }
            },
        },
        Entry {
            parameter: free("damping", "Gilbert damping", None, log, [1e-3, 0.5], base.material.damping),
            set: |c, x| c.material.damping = x,
        },
        Entry {
            parameter: free(
                "tmr_half_voltage",
                "voltage V_h at which the TMR has halved",
                Some(Voltage::KIND),
                log,
                [0.05, NO_BIAS_DEPENDENCE_V],
                half,
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
                linear,
                [-300e-15, 300e-15],
                control,
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
                linear,
                [-8e4, 8e4],
                0.0,
            )
            .held(),
            set: |c, x| {
                let p = c.fixed_layer.direction;
                let norm = p.iter().map(|c| c * c).sum::<f64>().sqrt();
                c.field.stray =
                    std::array::from_fn(|i| MagneticField(c.field.stray[i].si() + x * p[i] / norm));
            },
        },
    ])
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

impl MacrospinModel {
    /// The device `base` as the model of `data`.
    ///
    /// # Errors
    /// What the device layer refuses of `base`, in particular a device without axial symmetry.
    pub fn new(
        base: MtjConfig,
        data: &MeasuredData,
        resolution: Resolution,
    ) -> Result<Self, CalibrationError> {
        AxialModel::of(&base.resolve()?, Drive::Voltage)?;
        let entries = entries(&base)?;
        Ok(Self {
            entries,
            base,
            shortest_s: shortest_width(data),
            typical_v: super::model::typical(data).0,
            resolution,
        })
    }

    /// The base device with the fitted `values` (order of [`Model::parameters`]).
    #[must_use]
    pub fn device(&self, values: &[f64]) -> MtjConfig {
        configure(&self.base, &self.entries, values)
    }
}

impl Model for MacrospinModel {
    fn name(&self) -> String {
        "fokker-planck".to_string()
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut list: Vec<Parameter> = self.entries.iter().map(|e| e.parameter.clone()).collect();
        let v = self.typical_v;
        list.push(
            Parameter::free(
                "voltage_offset",
                "voltage at which the drive vanishes",
                Some(Voltage::KIND),
                Scale::Linear,
                [-0.5 * v, 0.5 * v],
                0.0,
            )
            .held(),
        );
        let t = self.shortest_s;
        list.push(
            Parameter::free(
                WIDTH_LOSS,
                "part of the pulse width that does not act (rise and fall)",
                Some(Time::KIND),
                Scale::Linear,
                [-0.9 * t, 0.9 * t],
                0.0,
            )
            .held(),
        );
        list
    }

    fn predict(
        &self,
        values: &[f64],
        conditions: &[Condition],
    ) -> Result<Vec<LogProbability>, CalibrationError> {
        let config = self.device(values);
        let (offset, loss) = (values[self.entries.len()], values[self.entries.len() + 1]);
        let mut found = vec![LogProbability::from_log_odds(0.0); conditions.len()];
        let same_junction = |a: &Condition, b: &Condition| {
            (a.temperature_k, a.field_a_per_m) == (b.temperature_k, b.field_a_per_m)
        };
        for junction in grouped(conditions, same_junction) {
            let mtj = junction_at(&config, &conditions[junction[0]])?;
            let axial = AxialModel::of(&mtj, Drive::Voltage)?;
            let solver = Arc::new(FokkerPlanck::new(axial, mtj.default_relaxation_s(), self.resolution)?);
            let own: Vec<Condition> = junction.iter().map(|&i| conditions[i]).collect();
            let pulses = grouped(&own, |a, b| (a.volts, a.start) == (b.volts, b.start));
            let results: Vec<(Vec<usize>, Vec<LogProbability>)> = pulses
                .into_par_iter()
                .map(|group| {
                    let first = &own[group[0]];
                    let widths: Vec<f64> = group.iter().map(|&i| own[i].width_s - loss).collect();
                    let plateau = Plateau::rectangular(first.volts - offset);
                    let estimates = solver.plateau(&plateau, first.start, &widths)?;
                    let logs = estimates
                        .iter()
                        .map(|e| LogProbability {
                            switched: e.p.max(SMALLEST).ln(),
                            unswitched: e.complement.max(SMALLEST).ln(),
                        })
                        .collect();
                    Ok((group.into_iter().map(|i| junction[i]).collect(), logs))
                })
                .collect::<Result<_, DeviceError>>()?;
            for (indices, logs) in results {
                for (i, log) in indices.into_iter().zip(logs) {
                    found[i] = log;
                }
            }
        }
        Ok(found)
    }

    fn resolution(&self) -> f64 {
        2e-3
    }

    fn is_slow(&self) -> bool {
        true
    }
}

/// A probability below what doubles hold is written as this.
const SMALLEST: f64 = 1e-300;
