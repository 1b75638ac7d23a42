//! The macrospin by the Fokker-Planck equation as a model to fit.

use std::sync::Arc;

use rayon::prelude::*;

use super::device_entries::{Entry, by_junction, configure, entries, grouped, voltage_offset, width_loss};
use super::error::CalibrationError;
use super::measurement::MeasuredData;
use super::model::{Condition, Model, shortest_width, typical};
use super::parameter::Parameter;
use crate::axial::AxialModel;
use crate::closed_form::LogProbability;
use crate::error::DeviceError;
use crate::fokker_planck::{FokkerPlanck, Plateau, Resolution};
use crate::mtj::MtjConfig;
use crate::pulse::Drive;

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
        Ok(Self { entries, base, shortest_s: shortest_width(data), typical_v: typical(data).0, resolution })
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
        list.extend([voltage_offset(self.typical_v), width_loss(self.shortest_s)]);
        list
    }

    fn predict(
        &self,
        values: &[f64],
        conditions: &[Condition],
    ) -> Result<Vec<LogProbability>, CalibrationError> {
        let config = self.device(values);
        let (offset, loss) = (values[self.entries.len()], values[self.entries.len() + 1]);
        by_junction(&config, conditions, |mtj, own| {
            let axial = AxialModel::of(mtj, Drive::Voltage)?;
            let solver = Arc::new(FokkerPlanck::new(axial, mtj.default_relaxation_s(), self.resolution)?);
            let own: Vec<Condition> = own.iter().map(|&i| conditions[i]).collect();
            let mut found = vec![LogProbability::from_log_odds(0.0); own.len()];
            // One solution serves all widths of a voltage.
            let pulses = grouped(&own, |a, b| (a.volts, a.start) == (b.volts, b.start));
            let solved = pulses
                .into_par_iter()
                .map(|group| {
                    let first = &own[group[0]];
                    let widths: Vec<f64> = group.iter().map(|&i| own[i].width_s - loss).collect();
                    let plateau = Plateau::rectangular(first.volts - offset);
                    Ok((group, solver.plateau(&plateau, first.start, &widths)?))
                })
                .collect::<Result<Vec<_>, DeviceError>>()?;
            for (i, e) in solved.into_iter().flat_map(|(group, list)| group.into_iter().zip(list)) {
                found[i] = LogProbability {
                    switched: e.p.max(SMALLEST).ln(),
                    unswitched: e.complement.max(SMALLEST).ln(),
                };
            }
            Ok(found)
        })
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
