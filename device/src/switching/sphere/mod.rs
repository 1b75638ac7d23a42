//! Switching probabilities of any macrospin from the Fokker-Planck equation on the sphere.
//!
//! The density is expanded in real spherical harmonics. Tilted fields, biaxial anisotropy, field-like
//! and spin-orbit torques, a fixed layer in any direction and a torque that follows the angular
//! conductance keep the matrix sparse: it couples degrees a few apart. Steps solve it by blocks of
//! degrees. Nothing is upwinded, so that the fast precession of weakly damped layers adds
//! no diffusion, which finite volumes on the sphere would: their error v h/2 against the thermal
//! diffusion needs cells below alpha/Delta radians.
//!
//! # Validity
//! Any damping and any ratio of precession to thermal relaxation. The degree needed is seven inverse
//! widths of the narrower thermal cone, `7 sqrt(mu0 Ms Vol H / kB T)` with the larger stiffness field H: 63 for
//! a perpendicular device at Delta = 40 (seconds of work), 350 for a thin in-plane one (minutes). Without a field
//! the read-out takes half the functions. CPU time for the in-plane preset:
//!
//! | Delta | damping | coefficients | preparation | one voltage, 5 damping times |
//! |---|---|---|---|---|
//! | 16 | 0.05 | 6 430 | 2 s | 3 s |
//! | 16 | 0.01 | 6 430 | 6 s | 3 s |
//! | 32 | 0.01 | 12 642 | 19 s | 10 s |
//! | 64 | 0.01 | 25 418 | 66 s | 38 s |
//!
//! Beyond, splitting is cheaper at every probability, and `auto` takes it from
//! [`crate::switching::probability::AFFORDABLE`] coefficients on. More than 600 degrees are refused.
//!
//! A torque of i times the critical one narrows the cone of the state it favours by sqrt(1 + i), so that
//! what the cut leaves out, and with it the least probability, grows from 1e-8 without torque to some 1e-5 at
//! i = 2. Rarer events belong to the axial equation or to splitting. The error is found by
//! a second run with nine tenths of the degrees and ten times the tolerance, and is on the safe side.
//!
//! The energy-diffusion equation, averaged over orbits, would be cheaper but holds only while the
//! energy lost in one turn about the pass is small against kB T. It is some 20 kB T for the
//! in-plane preset at its damping of 0.01 (`energy::loss_per_turn`), which would have to be a hundred
//! times smaller; so it serves none of the shipped devices and is not offered.
//!
//! # Not modelled
//! A temperature that follows the pulse (Joule heating); voltage control under current drive.
//!
//! # References
//! - W. F. Brown, Phys. Rev. 130, 1677 (1963), doi:10.1103/PhysRev.130.1677, eq. (4.2).
//! - W. T. Coffey and Y. P. Kalmykov, The Langevin Equation (World Scientific, 2012), chapter 9.

mod block_tridiagonal;
mod evolution;
mod harmonics;
mod operator;

use crate::error::DeviceError;
use crate::junction::constants::BOLTZMANN;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::junction::vector::{Vector, add_scaled, cross, dot, length};
use crate::switching::direction::Direction;
use crate::switching::estimate::{BackEnd, ProbabilityEstimate};

use evolution::{Accuracy, SphereEvolution, between};
use harmonics::{Basis, HalfTurn};
use operator::assemble;

pub(crate) use harmonics::gauss_legendre;

/// Least probability, and complement, that the coefficients resolve.
pub const FLOOR: f64 = evolution::FLOOR;

/// Accuracy of a run on the sphere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SphereResolution {
    /// Degrees kept, in inverse widths of the narrowest thermal cone.
    pub widths: f64,
    /// Local error of a step relative to the smaller probability.
    pub tolerance: f64,
}

impl SphereResolution {
    /// Default: some 1e-5 of absolute error at twice the critical torque.
    pub const STANDARD: Self = Self { widths: 7.0, tolerance: 1e-4 };
}

/// Degrees of the coarse run over those of the fine one.
const COARSE: f64 = 0.9;
/// Tolerance of the coarse run over that of the fine one.
const LAXER: f64 = 10.0;
/// Tolerance of the read-out over that of the steps: its errors are not relative to a small probability.
const READING: f64 = 0.03;
/// Largest degree for which blocks fit memory and patience.
const LARGEST_DEGREE: usize = 600;

/// One of the two runs.
#[derive(Debug)]
struct DegreeLevel {
    basis: Basis,
    /// Probability to be read as P after the relaxation at zero voltage, by start coefficient.
    read: Vec<f64>,
    /// Equilibrium in the wells of [`State::BOTH`].
    start: [Vec<f64>; 2],
}

/// Solver for one device at one resolution.
#[derive(Debug)]
pub struct Sphere {
    mtj: Mtj,
    axes: [Vector; 3],
    unit_s: f64,
    tolerance: f64,
    /// Size of what the cut of the expansion leaves out.
    floor: f64,
    coarse: DegreeLevel,
    fine: DegreeLevel,
}

/// Axes of the expansion.
#[derive(Debug, Clone, Copy)]
struct ExpansionFrame {
    /// The third is the pole.
    axes: [Vector; 3],
    half_turn: HalfTurn,
    /// Whether the pole is the hard direction rather than the easy one.
    hard_is_distinct: bool,
}

impl ExpansionFrame {
    /// Principal directions of the energy, the most distinct one as pole.
    fn of(mtj: &Mtj) -> Self {
        let [easy, middle, hard] = mtj.tensor(0.0).eigen();
        let hard_is_distinct = middle.0 - hard.0 >= easy.0 - middle.0;
        let (first, pole) = if hard_is_distinct { (easy.1, hard.1) } else { (middle.1, easy.1) };
        let axes = [first, cross(pole, first), pole];
        let along = |axis: Vector| {
            let collinear = |v: Vector| length(cross(v, axis)) <= 1e-9 * length(v);
            // Voltage control acts along the normal, which must be a principal direction.
            let normal = [0.0, 0.0, 1.0];
            collinear(mtj.fixed_layer)
                && collinear(mtj.field_a_per_m)
                && mtj.spin_orbit.is_none_or(|orbit| collinear(orbit.polarisation))
                && (mtj.voltage_control == 0.0 || collinear(normal) || dot(normal, axis).abs() < 1e-9)
        };
        let half_turn = if along(axes[2]) {
            HalfTurn::Polar
        } else if along(axes[0]) {
            HalfTurn::First
        } else {
            HalfTurn::None
        };
        Self { axes, half_turn, hard_is_distinct }
    }

    /// Harmonics up to `widths` inverse widths of the narrowest thermal cone.
    fn basis(&self, mtj: &Mtj, widths: f64) -> Result<Basis, DeviceError> {
        let per_field = mtj.energy_per_field() / (BOLTZMANN * mtj.temperature_k);
        let (mut soft, mut hard) = (0.0_f64, 0.0_f64);
        for state in State::BOTH {
            let (s, h) = mtj.stiffness(state, 0.0)?;
            (soft, hard) = (soft.max(s), hard.max(h));
        }
        let degrees = |stiffness: f64| ((widths * (per_field * stiffness).sqrt()).ceil() as usize).max(12);
        let degree = degrees(hard);
        if degree > LARGEST_DEGREE {
            return Err(refused(format!(
                "its thermal cone is so narrow that {degree} degrees are needed and {LARGEST_DEGREE} are the most; \
                 use the back end `auto`, the ensemble or splitting"
            )));
        }
        let order =
            if self.hard_is_distinct { degrees(soft) } else { orders_about_pole(mtj, per_field, widths) };
        Ok(Basis::new(degree, order, self.half_turn))
    }
}

fn refused(reason: String) -> DeviceError {
    DeviceError::NotApplicable { model: "the Fokker-Planck equation on the sphere", reason }
}

/// Refuses devices without a thermal field or with a temperature that changes.
fn applicable(mtj: &Mtj) -> Result<(), DeviceError> {
    if mtj.joule_heating.is_some() {
        return Err(refused("the temperature follows the pulse; use the ensemble or splitting".into()));
    }
    if mtj.temperature_k <= 0.0 || mtj.damping <= 0.0 {
        return Err(refused("there is no thermal field; use a trajectory".into()));
    }
    Ok(())
}

impl Sphere {
    /// Prepares basis, starts and read-out for `mtj`; the state is read as the sign of m.p a time
    /// `relaxation_s` after the end of the pulse.
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] under Joule heating, at zero temperature, without two wells, or if more than
    /// 600 degrees would be needed; [`DeviceError::OutOfRange`] for a resolution or relaxation out of range.
    pub fn new(mtj: &Mtj, relaxation_s: f64, resolution: SphereResolution) -> Result<Self, DeviceError> {
        Self::in_frame(mtj, relaxation_s, resolution, ExpansionFrame::of(mtj))
    }

    fn in_frame(
        mtj: &Mtj,
        relaxation_s: f64,
        resolution: SphereResolution,
        frame: ExpansionFrame,
    ) -> Result<Self, DeviceError> {
        applicable(mtj)?;
        if !(relaxation_s.is_finite() && relaxation_s >= 0.0) {
            return Err(DeviceError::out_of_range("relaxation_s", relaxation_s, "it must not be negative"));
        }
        if !(2.0..=20.0).contains(&resolution.widths) {
            return Err(DeviceError::out_of_range(
                "widths",
                resolution.widths,
                "it must lie between 2 and 20",
            ));
        }
        if !(resolution.tolerance > 0.0 && resolution.tolerance <= 0.1) {
            return Err(DeviceError::out_of_range(
                "tolerance",
                resolution.tolerance,
                "it must lie in (0, 0.1]",
            ));
        }
        let (axes, unit_s) = (frame.axes, mtj.damping_time_s());
        let level = |widths: f64, tolerance: f64| {
            let basis = frame.basis(mtj, widths)?;
            let read = reading(mtj, &frame, &basis, [relaxation_s, unit_s], READING * tolerance)?;
            let wells = State::BOTH.map(|state| equilibrium(mtj, state, &axes, &basis));
            let [parallel, anti_parallel] = wells;
            Ok(DegreeLevel { basis, read, start: [parallel?, anti_parallel?] })
        };
        Ok(Self {
            mtj: mtj.clone(),
            axes,
            unit_s,
            tolerance: resolution.tolerance,
            floor: FLOOR.max((-0.5 * resolution.widths * resolution.widths).exp()),
            coarse: level(COARSE * resolution.widths, LAXER * resolution.tolerance)?,
            fine: level(resolution.widths, resolution.tolerance)?,
        })
    }

    /// Number of coefficients that a run on `mtj` takes; time and memory grow with its power 3/2 to 2.
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] as [`Sphere::new`].
    pub fn coefficients(mtj: &Mtj, resolution: SphereResolution) -> Result<usize, DeviceError> {
        applicable(mtj)?;
        Ok(ExpansionFrame::of(mtj).basis(mtj, resolution.widths)?.len())
    }

    /// Switching probabilities of rectangular pulses of `volts` (> 0 favours P) from thermal equilibrium
    /// in the well of `start`, one for each width, in the order given.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] if a width is negative or not finite; errors of the operator.
    pub fn plateau(
        &self,
        volts: f64,
        start: State,
        widths_s: &[f64],
    ) -> Result<Vec<ProbabilityEstimate>, DeviceError> {
        if let Some(bad) = widths_s.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
            return Err(DeviceError::out_of_range("width", bad, "it must be finite and not negative"));
        }
        let longest = widths_s.iter().copied().fold(0.0, f64::max) / self.unit_s;
        let which = usize::from(start == State::AntiParallel);
        let run = |level: &DegreeLevel, tolerance: f64| {
            let operator = assemble(&self.mtj, volts, self.unit_s, &self.axes, &level.basis)?;
            let mut evolution = SphereEvolution::new(&operator, &level.basis, Direction::Forward);
            evolution.follow(
                &level.start[which],
                longest,
                &level.read,
                Accuracy { tolerance, floor: self.floor },
            )
        };
        let (_, coarse_moments) = run(&self.coarse, LAXER * self.tolerance)?;
        let (_, fine_moments) = run(&self.fine, self.tolerance)?;
        let estimate = |width: &f64| {
            let (rough, value) =
                (between(&coarse_moments, width / self.unit_s), between(&fine_moments, width / self.unit_s));
            let error = (value - rough).abs() + FLOOR;
            let parallel = ProbabilityEstimate::from_smaller(
                (value.clamp(0.0, 1.0), error),
                ((1.0 - value).clamp(0.0, 1.0), error),
                BackEnd::Sphere,
            );
            if start == State::AntiParallel { parallel } else { parallel.opposite() }
        };
        Ok(widths_s.iter().map(estimate).collect())
    }
}

/// Probability to be read as P a time `relaxation_s` later at zero voltage, per `unit_s`.
///
/// Without a field a half turn across the fixed layer exchanges the wells: the indicator of the half sphere is one half,
/// which stays, and a part that changes sign, for which half the functions suffice.
fn reading(
    mtj: &Mtj,
    frame: &ExpansionFrame,
    basis: &Basis,
    [relaxation_s, unit_s]: [f64; 2],
    tolerance: f64,
) -> Result<Vec<f64>, DeviceError> {
    let pole = frame.axes.map(|axis| dot(axis, mtj.fixed_layer));
    let relaxed = |basis: &Basis| {
        let operator = assemble(mtj, 0.0, unit_s, &frame.axes, basis)?;
        let mut evolution = SphereEvolution::new(&operator, basis, Direction::Backward);
        evolution.relax(&basis.half_sphere(pole), relaxation_s / unit_s, tolerance)
    };
    let Some(odd) = basis.odd().filter(|_| mtj.field_a_per_m == [0.0; 3]) else {
        return relaxed(basis);
    };
    let mut read = vec![0.0; basis.len()];
    read[0] = std::f64::consts::PI.sqrt();
    for (index, value) in odd.functions.iter().zip(relaxed(&odd)?) {
        if let Some(place) = basis.place(*index) {
            read[place] = value;
        }
    }
    Ok(read)
}

/// Orders needed where the wells lie near the pole: those of `exp(x cos phi)`, x being what breaks the
/// symmetry about the pole in kB T; a tilted torque counts at twice the critical field.
fn orders_about_pole(mtj: &Mtj, per_field: f64, widths: f64) -> usize {
    let [easy, middle, hard] = mtj.tensor(0.0).eigen();
    let across = |v: Vector| length(cross(v, easy.1));
    let torque = 2.0 * (easy.0 - middle.0);
    let tilted = across(mtj.field_a_per_m)
        + torque * across(mtj.fixed_layer)
        + mtj.spin_orbit.map_or(0.0, |orbit| torque * across(orbit.polarisation));
    let strength = per_field * (tilted + 0.5 * (middle.0 - hard.0));
    if strength < 1e-9 {
        return 0;
    }
    (1.5 * strength.min(widths * strength.sqrt()) + 2.0 * widths).ceil() as usize
}

/// Thermal equilibrium at zero voltage on the half sphere of `state`.
fn equilibrium(mtj: &Mtj, state: State, axes: &[Vector; 3], basis: &Basis) -> Result<Vec<f64>, DeviceError> {
    let lowest = mtj.energy(mtj.well(state)?, 0.0);
    let scale = 1.0 / (BOLTZMANN * mtj.temperature_k);
    let mut density = basis.project(|m| {
        let m: Vector = (0..3).fold([0.0; 3], |sum, axis| add_scaled(sum, m[axis], axes[axis]));
        if dot(m, mtj.fixed_layer) * state.cosine() > 0.0 {
            (scale * (lowest - mtj.energy(m, 0.0))).exp()
        } else {
            0.0
        }
    });
    let total = density[0] * (4.0 * std::f64::consts::PI).sqrt();
    density.iter_mut().for_each(|c| *c /= total);
    Ok(density)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::junction::preset;
    use crate::switching::fokker_planck::Resolution;
    use crate::switching::probability::{ByFokkerPlanck, SwitchingProbability};

    /// A device symmetric about its fixed layer, solved in a frame far from its axis where every
    /// coupling is at work, is the device of the one-dimensional equation.
    #[test]
    fn an_axial_device_in_a_turned_frame_is_the_one_dimensional_one() {
        let mut mtj = preset::load("perpendicular-40nm").unwrap().device.resolve().unwrap();
        mtj = mtj.with_stability(8.0).unwrap();
        mtj.transport.half_voltage_v = 0.4; // the torque depends on the angle
        mtj.voltage_control = -4e4;
        mtj.field_a_per_m = [0.0, 0.0, 1.5e4];
        if let Some(transfer) = &mut mtj.spin_transfer {
            transfer.field_like_ratio = 2.0;
        }
        let (sin, cos) = 0.7_f64.sin_cos();
        let axes = [[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]];
        let turned = ExpansionFrame { axes, half_turn: HalfTurn::None, hard_is_distinct: true };
        let relaxation_s = mtj.default_relaxation_s();
        let resolution = SphereResolution { widths: 6.0, ..SphereResolution::STANDARD };
        let solver = Sphere::in_frame(&mtj, relaxation_s, resolution, turned).unwrap();
        let widths: Vec<f64> = [0.7, 1.5, 3.0].map(|w| w * mtj.damping_time_s()).to_vec();
        for start in State::BOTH {
            let volts = 1.5 * mtj.critical_voltage(start).unwrap();
            let exact =
                ByFokkerPlanck(Resolution::FINE).by_width(&(&mtj).into(), volts, &widths, start).unwrap();
            let found = solver.plateau(volts, start, &widths).unwrap();
            for (found, exact) in found.iter().zip(&exact) {
                let difference = (found.p - exact.p).abs();
                println!("{} {} {difference:e} {:e} {:e}", found.p, exact.p, found.p_error, exact.p_error);
                assert!(difference < 1e-4 && difference < 2.0 * (found.p_error + exact.p_error));
            }
        }
    }

    /// Half the functions give the read-out of all, for both kinds of frame.
    #[test]
    fn the_part_that_changes_sign_is_all_of_the_reading() {
        for name in ["in-plane", "perpendicular-40nm"] {
            let mtj = preset::load(name).unwrap().device.resolve().unwrap().with_stability(6.0).unwrap();
            let frame = ExpansionFrame::of(&mtj);
            let basis = frame.basis(&mtj, 4.0).unwrap();
            let times = [mtj.default_relaxation_s(), mtj.damping_time_s()];
            let halved = reading(&mtj, &frame, &basis, times, 1e-7).unwrap();
            // A field too weak to matter takes the symmetry away.
            let stray = Mtj { field_a_per_m: mtj.fixed_layer.map(|p| 1e-9 * p), ..mtj.clone() };
            let whole = reading(&stray, &frame, &basis, times, 1e-7).unwrap();
            assert!(basis.odd().unwrap().len() * 2 <= basis.len() + 1);
            let worst = halved.iter().zip(&whole).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-5, "{name}: {worst:e}");
        }
    }

    #[test]
    fn devices_it_does_not_hold_for_are_refused() {
        let mtj = preset::load("perpendicular-40nm").unwrap().device.resolve().unwrap();
        let cold = Mtj { temperature_k: 0.0, ..mtj.clone() };
        let narrow = mtj.with_stability(6000.0).unwrap();
        for device in [cold, narrow] {
            let refused = Sphere::new(&device, 1e-9, SphereResolution::STANDARD);
            assert!(matches!(refused, Err(DeviceError::NotApplicable { .. })));
        }
    }
}
