//! The macrospin by the Fokker-Planck equation as a model to fit.

use std::sync::Arc;

use rayon::prelude::*;
use spinhebb_data::quantity::Time;

use super::condition::Condition;
use super::device_entries::{
    Entry, by_junction, configure, entries, grouped, heat, thermal_resistance, voltage_offset, width_loss,
};
use super::error::CalibrationError;
use super::model::{Model, shortest_width, typical};
use super::parameter::{Parameter, Scale};
use crate::dynamics::pulse::Drive;
use crate::error::DeviceError;
use crate::junction::mtj::MtjConfig;
use crate::junction::state::State;
use crate::measurement::points::MeasuredData;
use crate::switching::axial::AxialModel;
use crate::switching::closed_form::LogProbability;
use crate::switching::fokker_planck::{FokkerPlanck, Plateau, Resolution};

/// The macrospin solved by the one-dimensional Fokker-Planck equation (perpendicular devices).
///
/// # Formula
/// Parameters are those of [`MtjConfig`]: `delta` (thermal stability from P at the base
/// temperature; the activation volume it implies is kept at others), `damping`, `polarisation`
/// (size of the spin-transfer efficiency, hence of V_c), and, held unless set free,
/// `tmr_half_voltage` (V_h), `voltage_control` (xi), `stray_field`, `voltage_offset`, `width_loss`, and
///
/// - `edge_time`: duration of the linear rise and of the linear fall, both inside the pulse width;
/// - `thermal_resistance` (R_th): the temperature rises by `R_th V^2 (G_P + G_AP(V))/2` at once, which is right for
///   thermal times far below the pulse width;
/// - `torque_slope` (c, per volt): the spin-transfer torque is multiplied by `1 + c V`.
///
/// `voltage_offset`, `width_loss`, `edge_time` and `torque_slope` are of the experiment; a device file does not hold them.
///
/// # Not modelled
/// See [`crate::switching::axial`].
pub struct MacrospinModel {
    base: MtjConfig,
    entries: Vec<Entry>,
    shortest_s: f64,
    typical_v: f64,
    resolution: Resolution,
    coarser: Option<Box<Self>>,
    finer: Option<Box<Self>>,
}

/// Thermal time constant in s of a device file for heat that comes and goes at once.
const AT_ONCE_S: f64 = 1e-11;

/// Fewest cells with which a search finds its way.
const FEWEST_CELLS: usize = 64;

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
        let at = |resolution, coarser, finer| Self {
            entries: entries.clone(),
            base: base.clone(),
            shortest_s: shortest_width(data),
            typical_v: typical(data).0,
            resolution,
            coarser,
            finer,
        };
        let Resolution { cells, tolerance } = resolution;
        let coarse = Resolution { cells: cells / 3, tolerance: (10.0 * tolerance).min(0.1) };
        let fine = Resolution { cells: 2 * cells, tolerance: 0.3 * tolerance };
        let coarser = (coarse.cells >= FEWEST_CELLS).then(|| Box::new(at(coarse, None, None)));
        Ok(at(resolution, coarser, Some(Box::new(at(fine, None, None)))))
    }

    /// The base device with the fitted `values` (order of [`Model::parameters`]).
    #[must_use]
    pub fn device(&self, values: &[f64]) -> MtjConfig {
        let mut config = configure(&self.base, &self.entries, values);
        let resistance = values[self.entries.len() + 3];
        if resistance > 0.0 {
            heat(&mut config, resistance, AT_ONCE_S);
        }
        config
    }
}

impl Model for MacrospinModel {
    fn name(&self) -> String {
        "fokker-planck".to_string()
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut list: Vec<Parameter> = self.entries.iter().map(|e| e.parameter.clone()).collect();
        let (none, linear) = (None, Scale::Linear);
        list.extend([
            voltage_offset(self.typical_v),
            width_loss(self.shortest_s),
            Parameter::free(
                "edge_time",
                "duration of the rise and of the fall, both inside the pulse width",
                Some(Time::KIND),
                linear.over([0.0, 0.49 * self.shortest_s], 0.0),
            )
            .held(),
            thermal_resistance(0.0),
            Parameter::free(
                "torque_slope",
                "growth of the torque per volt",
                none,
                linear.over([-0.9, 3.0], 0.0),
            )
            .held(),
        ]);
        list
    }

    fn predict(
        &self,
        values: &[f64],
        conditions: &[Condition],
    ) -> Result<Vec<LogProbability>, CalibrationError> {
        let config = self.device(values);
        let mut config = config;
        config.thermal.joule_heating = None;
        let &[offset, loss, edge, heating, gain] = &values[self.entries.len()..] else {
            unreachable!("`parameters` lists five after the entries")
        };
        by_junction(&config, conditions, |mtj, own| {
            let mut axial = AxialModel::with_torque_gain(mtj, Drive::Voltage, move |v| 1.0 + gain * v)?;
            if heating > 0.0 {
                let (transport, ambient) = (mtj.transport, mtj.temperature_k);
                axial = axial.heated(move |v| {
                    let conductance = |state| transport.conductance(state, v);
                    let mean = 0.5 * (conductance(State::Parallel) + conductance(State::AntiParallel));
                    1.0 + heating * v * v * mean / ambient
                });
            }
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
                    let plateau = Plateau { volts: first.volts - offset, rise_s: edge, fall_s: edge };
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

    fn coarser(&self) -> Option<&dyn Model> {
        self.coarser.as_deref().map(|model| model as &dyn Model)
    }

    fn finer(&self) -> Option<&dyn Model> {
        self.finer.as_deref().map(|model| model as &dyn Model)
    }

    fn is_slow(&self) -> bool {
        true
    }
}

/// A probability below what doubles hold is written as this.
const SMALLEST: f64 = 1e-300;
