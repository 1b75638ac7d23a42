//! Coverage of fits of the macrospin (Fokker-Planck): 95 % intervals contain the truth in 90 to 98 % of 200 synthetic data sets.
//!
//! The model is evaluated on a stencil about the truth and its quadratic response surface is fitted to each data
//! set, the same surface that calibrations use for the observed information and the posterior; full fits of some of the
//! sets must agree with it. Data are always drawn at the exact (Fokker-Planck) probabilities.

use nalgebra::DMatrix;
use rayon::prelude::*;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::calibration::CalibrationError;
use spinhebb_device::calibration::analysis::{Options, calibrate};
use spinhebb_device::calibration::condition::Condition;
use spinhebb_device::calibration::ensemble_model::EnsembleModel;
use spinhebb_device::calibration::fit::{Effort, score};
use spinhebb_device::calibration::goodness::draw;
use spinhebb_device::calibration::macrospin::MacrospinModel;
use spinhebb_device::calibration::model::Model;
use spinhebb_device::calibration::parameter::{Parameter, ParameterSetting, ParameterSettings};
use spinhebb_device::calibration::problem::{CountLaw, Problem};
use spinhebb_device::calibration::response_surface::{ResponseSurface, whitening};
use spinhebb_device::calibration::slope::slope;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::preset;
use spinhebb_device::junction::state::State;
use spinhebb_device::measurement::points::{MeasuredData, MeasuredVoltage, Measurement};
use spinhebb_device::switching::closed_form::LogProbability;
use spinhebb_device::switching::fokker_planck::Resolution;

const TRIALS: u64 = 400;
const RESOLUTION: Resolution = Resolution { cells: 120, tolerance: 5e-3 };

fn base() -> MtjConfig {
    preset::load("perpendicular-40nm").unwrap().device
}

/// Eight voltages from 1.2 to 2.6 critical voltages at three and six damping times.
fn design() -> MeasuredData {
    let mtj = base().resolve().unwrap();
    let critical = mtj.critical_voltage(State::AntiParallel).unwrap();
    let points = (0..16)
        .map(|i| Measurement {
            drive: MeasuredVoltage::Volts(critical * (1.2 + 0.2 * f64::from(i / 2))),
            width_s: mtj.damping_time_s() * if i % 2 == 0 { 3.0 } else { 6.0 },
            start: State::AntiParallel,
            temperature_k: 300.0,
            field_a_per_m: 0.0,
            trials: TRIALS,
            switched: 0,
            device: 0,
            file: 0,
            line: 0,
        })
        .collect();
    MeasuredData {
        devices: vec!["synthetic".into()],
        files: vec!["synthetic".into()],
        points,
        ..MeasuredData::default()
    }
}

/// A model in the place of another: its response surface over the free parameters.
struct Emulated<'a> {
    of: &'a dyn Model,
    surface: ResponseSurface,
    parameters: Vec<Parameter>,
}

impl Model for Emulated<'_> {
    fn name(&self) -> String {
        self.of.name()
    }

    fn parameters(&self) -> Vec<Parameter> {
        self.parameters.clone()
    }

    fn predict(&self, values: &[f64], _: &[Condition]) -> Result<Vec<LogProbability>, CalibrationError> {
        let u: Vec<f64> = self
            .parameters
            .iter()
            .zip(values)
            .filter(|(p, _)| !p.fixed)
            .map(|(p, v)| p.coordinate(*v))
            .collect();
        Ok(self.surface.predict(&self.surface.whiten(&u)))
    }

    fn simulation_correlation(&self) -> f64 {
        self.of.simulation_correlation()
    }
}

/// Surface of `model` about its own starting values, in steps of one standard error of the design.
fn emulate<'a>(model: &'a dyn Model, data: &MeasuredData) -> Emulated<'a> {
    let problem = Problem::new(model, data, &ParameterSettings::new(), CountLaw::Binomial).unwrap();
    let u = problem.coordinates(&problem.values(&[]));
    let predictions = problem.predict(&u).unwrap();
    let information: DMatrix<f64> = slope(&problem, &u, &predictions, None).unwrap().information;
    let surface =
        ResponseSurface::new(&problem, &u, &predictions, whitening(&information, &vec![0.3; u.len()]), 1.0)
            .unwrap();
    Emulated { of: model, surface, parameters: problem.parameters().to_vec() }
}

fn synthetic(design: &MeasuredData, exact: &[LogProbability], set: u64) -> MeasuredData {
    let mut rng = Streams::new(5, "test/macrospin").rng(set);
    let mut data = design.clone();
    for (m, p) in data.points.iter_mut().zip(exact) {
        m.switched = draw(m.trials, *p, None, &mut rng).switched;
    }
    data
}

/// The model's prediction at its starting values: the truth of these tests.
fn exact(model: &dyn Model, data: &MeasuredData) -> Vec<LogProbability> {
    let problem = Problem::new(model, data, &ParameterSettings::new(), CountLaw::Binomial).unwrap();
    problem.predict(&problem.coordinates(&problem.values(&[]))).unwrap()
}

fn assert_covers(what: &str, emulated: &Emulated<'_>, design: &MeasuredData, exact: &[LogProbability]) {
    let options = Options {
        effort: Some(Effort { candidates: 0, starts: 1, evaluations: 0 }),
        posterior: false,
        simulated_sets: 10,
        ..Options::default()
    };
    const SETS: u64 = 200;
    let inside: Vec<Vec<[bool; 2]>> = (0..SETS)
        .into_par_iter()
        .map(|set| {
            let data = synthetic(design, exact, set);
            let problem =
                Problem::new(emulated, &data, &ParameterSettings::new(), CountLaw::Binomial).unwrap();
            let fit = calibrate(&problem, &options).unwrap();
            (0..fit.free.len())
                .map(|j| {
                    let truth = emulated.parameters[fit.free[j]].start;
                    let (low, high) = fit.normal_intervals[j];
                    let profile = &fit.profiles[j];
                    [
                        (low..=high).contains(&truth),
                        profile.lower.is_none_or(|l| l <= truth) && profile.upper.is_none_or(|u| truth <= u),
                    ]
                })
                .collect()
        })
        .collect();
    let names = emulated.parameters.iter().filter(|p| !p.fixed).map(|p| p.name.as_str());
    for (j, name) in names.enumerate() {
        for (kind, k) in [("normal", 0), ("profile", 1)] {
            let share = inside.iter().filter(|set| set[j][k]).count() as f64 / SETS as f64;
            println!("{what} {name}: {kind} intervals cover {share}");
            assert!((0.90..=0.98).contains(&share), "{what} {name}: {kind} intervals cover {share}");
        }
    }
}

#[test]
fn fokker_planck_covers_and_full_fits_agree_with_the_surface() {
    let design = design();
    let model = MacrospinModel::new(base(), &design, RESOLUTION).unwrap();
    let exact = exact(&model, &design);
    let emulated = emulate(&model, &design);
    assert_covers("fokker-planck", &emulated, &design, &exact);
    for set in 0..3 {
        let data = synthetic(&design, &exact, set);
        let full = Problem::new(&model, &data, &ParameterSettings::new(), CountLaw::Binomial).unwrap();
        let start = full.coordinates(&full.values(&[]));
        let by_solver = score(&full, &start).unwrap();
        let cheap = Problem::new(&emulated, &data, &ParameterSettings::new(), CountLaw::Binomial).unwrap();
        let by_surface = score(&cheap, &start).unwrap();
        // Likelihood lost by taking the surface's estimate for the solver's: an eighth is half a standard error.
        let lost = full.objective(&by_surface.u) - by_solver.objective;
        assert!(lost < 0.125, "set {set}: {lost}");
    }
}

/// Edges inside the width and a torque that falls with the voltage cost switching; heat helps where the torque alone
/// rarely switches. Without them the probabilities are those of the plain model, to the bit.
#[test]
fn edges_heat_and_torque_slope_move_the_probability_as_they_should() {
    let mut design = design();
    design.points.truncate(4);
    let model = MacrospinModel::new(base(), &design, RESOLUTION).unwrap();
    let with = |name: &str, text: &str| -> Vec<f64> {
        let fixed = ParameterSetting { fixed: Some(text.to_string()), ..Default::default() };
        let settings = [(name.to_string(), fixed)].into();
        let problem = Problem::new(&model, &design, &settings, CountLaw::Binomial).unwrap();
        let found = problem.predict(&problem.coordinates(&problem.values(&[]))).unwrap();
        found.iter().map(|p| p.log_odds()).collect()
    };
    let plain = with("edge_time", "0 s");
    assert_eq!(plain, with("torque_slope", "0"));
    for (name, text, sign) in [
        ("edge_time", "0.1 ns", -1.0),
        ("torque_slope", "-0.2", -1.0),
        ("thermal_resistance", "1e6 K/W", 1.0),
    ] {
        let changed = with(name, text);
        let shift = changed.iter().zip(&plain).map(|(c, p)| sign * (c - p)).fold(f64::INFINITY, f64::min);
        assert!(shift > 0.05, "{name} = {text}: log-odds {plain:.3?} become {changed:.3?}");
    }
}

/// The ensemble predicts what the Fokker-Planck equation does, within the noise it states.
#[test]
fn the_ensemble_agrees_with_the_fokker_planck_equation_within_its_noise() {
    let design = design();
    let exact = exact(&MacrospinModel::new(base(), &design, RESOLUTION).unwrap(), &design);
    let trials = 2000;
    let model = EnsembleModel::new(base(), &design, trials, 11).unwrap();
    let problem = Problem::new(&model, &design, &ParameterSettings::new(), CountLaw::Binomial).unwrap();
    let simulated = problem.predict(&problem.coordinates(&problem.values(&[]))).unwrap();
    // Points where at least five trials are expected on either side.
    let scores: Vec<f64> = exact
        .iter()
        .zip(&simulated)
        .filter(|(e, _)| (e.switched + e.unswitched).exp() * trials as f64 > 5.0)
        .map(|(e, s)| {
            let variance = (e.switched + e.unswitched).exp() * model.simulation_correlation();
            (s.probability() - e.probability()) / variance.sqrt()
        })
        .collect();
    let chi_square: f64 = scores.iter().map(|z| z * z).sum();
    println!("{} points, chi-square {chi_square:.2}, scores {scores:.2?}", scores.len());
    assert!(scores.len() >= 8);
    // 99.9 % quantile of chi-square for up to 16 points.
    assert!(chi_square < 39.3, "{chi_square}");
}
