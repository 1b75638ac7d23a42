//! Coverage of fits by simulation: 95 % intervals of the ensemble model, from its covariance and its profiles, contain the
//! truth in 90 to 98 % of 500 synthetic data sets.
//!
//! Data are drawn at the exact (Fokker-Planck) probabilities. Ten independent simulations of few trials, each
//! about a point beside the truth, serve 50 data sets each; the standard error of a coverage of 0.95 is then 0.010.

use nalgebra::DVector;
use rayon::prelude::*;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::calibration::analysis::{Calibration, Options, by_simulation};
use spinhebb_device::calibration::ensemble_model::EnsembleModel;
use spinhebb_device::calibration::fit::Effort;
use spinhebb_device::calibration::goodness::draw;
use spinhebb_device::calibration::macrospin::MacrospinModel;
use spinhebb_device::calibration::parameter::ParameterSettings;
use spinhebb_device::calibration::problem::{CountLaw, Problem};
use spinhebb_device::calibration::response_surface::whitening;
use spinhebb_device::calibration::simulated_likelihood::{SimulatedLikelihood, SimulatedStencil};
use spinhebb_device::calibration::slope::slope;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::preset;
use spinhebb_device::junction::state::State;
use spinhebb_device::measurement::points::{MeasuredData, MeasuredVoltage, Measurement};
use spinhebb_device::switching::closed_form::LogProbability;
use spinhebb_device::switching::fokker_planck::Resolution;

const TRIALS: u64 = 300;
const SIMULATED: u64 = 2560;
const TRUTH: [(&str, f64); 3] = [("delta", 40.0), ("polarisation", 0.45), ("damping", 0.2)];

fn device(delta: f64, polarisation: f64, damping: f64) -> MtjConfig {
    let mut config = preset::load("perpendicular-40nm").unwrap().device;
    config.thermal.stability = Some(delta);
    config.thermal.activation_volume = None;
    config.material.damping = damping;
    if let Some(transfer) = &mut config.spin_transfer {
        transfer.efficiency = spinhebb_device::junction::torque::EfficiencyConfig::Constant { polarisation };
    }
    config
}

/// Four voltages at two widths.
fn design(truth: &MtjConfig) -> MeasuredData {
    let mtj = truth.resolve().unwrap();
    let critical = mtj.critical_voltage(State::AntiParallel).unwrap();
    let point = |i: u32| Measurement {
        drive: MeasuredVoltage::Volts(critical * (1.4 + 0.4 * f64::from(i / 2))),
        width_s: mtj.damping_time_s() * if i.is_multiple_of(2) { 1.5 } else { 3.0 },
        start: State::AntiParallel,
        temperature_k: 300.0,
        field_a_per_m: 0.0,
        trials: TRIALS,
        switched: 0,
        device: 0,
        file: 0,
        line: 0,
    };
    let points = (0..8).map(point).collect();
    let names = vec!["synthetic".to_string()];
    MeasuredData { devices: names.clone(), files: names, points, ..MeasuredData::default() }
}

fn exact(truth: &MtjConfig, design: &MeasuredData) -> Vec<LogProbability> {
    let resolution = Resolution { cells: 160, tolerance: 1e-3 };
    let model = MacrospinModel::new(truth.clone(), design, resolution).unwrap();
    let problem = Problem::new(&model, design, &ParameterSettings::new(), CountLaw::Binomial).unwrap();
    problem.predict(&problem.coordinates(&problem.values(&[]))).unwrap()
}

fn synthetic(design: &MeasuredData, exact: &[LogProbability], set: u64) -> MeasuredData {
    let mut rng = Streams::new(5, "test/ensemble").rng(set);
    let mut data = design.clone();
    for (m, p) in data.points.iter_mut().zip(exact) {
        m.switched = draw(m.trials, *p, None, &mut rng).switched;
    }
    data
}

/// The simulated model whose search starts beside the truth, with noise keyed by `seed`.
fn model(design: &MeasuredData, seed: u64) -> EnsembleModel {
    let [delta, polarisation, damping] = TRUTH.map(|t| t.1);
    EnsembleModel::new(device(0.9 * delta, 1.05 * polarisation, 1.05 * damping), design, SIMULATED, seed)
        .unwrap()
}

fn problem<'a>(model: &'a EnsembleModel, data: &'a MeasuredData) -> Problem<'a> {
    Problem::new(model, data, &ParameterSettings::new(), CountLaw::Binomial).unwrap()
}

const OPTIONS: Options = Options {
    effort: Some(Effort { candidates: 0, starts: 1, evaluations: 0 }),
    profiles: true,
    posterior: false,
    chain_length: None,
    simulated_sets: 200,
    seed: 1,
};

#[test]
fn intervals_by_simulation_cover() {
    const SEEDS: u64 = 10;
    const SETS: u64 = 50;
    let truth = device(TRUTH[0].1, TRUTH[1].1, TRUTH[2].1);
    let design = design(&truth);
    let exact = exact(&truth, &design);
    println!("{:.3?}", exact.iter().map(|p| p.probability()).collect::<Vec<_>>());
    // Expected information of the design.
    let solver = MacrospinModel::new(truth, &design, Resolution { cells: 120, tolerance: 5e-3 }).unwrap();
    let known = Problem::new(&solver, &design, &ParameterSettings::new(), CountLaw::Binomial).unwrap();
    let at = known.coordinates(&known.values(&[]));
    let information = slope(&known, &at, &exact, None).unwrap().information;
    println!(
        "expected standard errors {:.3}",
        information.clone().try_inverse().unwrap().diagonal().map(f64::sqrt)
    );
    let fits: Vec<Calibration> = (0..SEEDS)
        .into_par_iter()
        .flat_map_iter(|seed| {
            let model = model(&design, 1000 + seed);
            let empty = problem(&model, &design);
            // Half a standard error from the truth.
            let aside = whitening(&information, &[1.0; 3]) * DVector::repeat(3, 0.3);
            let centre: Vec<f64> = at.iter().zip(aside.iter()).map(|(x, s)| x + s).collect();
            let simulated = SimulatedStencil::run(&empty, &centre, &information).unwrap().unwrap();
            (0..SETS)
                .map(|set| {
                    let data = synthetic(&design, &exact, seed * SETS + set);
                    let problem = problem(&model, &data);
                    let likelihood = SimulatedLikelihood::on(&problem, &simulated).unwrap();
                    by_simulation(&problem, &likelihood, Vec::new(), &OPTIONS).unwrap()
                })
                .collect::<Vec<_>>()
        })
        .collect();
    let sets = fits.len() as f64;
    let rejected = fits.iter().filter(|f| f.goodness.rejected()).count();
    println!("rejected at 1 %: {rejected} of {sets}");
    let mean = |get: &dyn Fn(&Calibration) -> f64| fits.iter().map(get).sum::<f64>() / sets;
    let median = |get: &dyn Fn(&Calibration) -> f64| {
        let mut all: Vec<f64> = fits.iter().map(get).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let share = |inside: &dyn Fn(&Calibration) -> bool| mean(&|f| f64::from(u8::from(inside(f))));
    let mut outside = Vec::new();
    for (j, (name, value)) in TRUTH.into_iter().enumerate() {
        assert_eq!(fits[0].parameters[fits[0].free[j]].name, name);
        let normal = share(&|f| (f.normal_intervals[j].0..=f.normal_intervals[j].1).contains(&value));
        let profile = share(&|f| {
            let p = &f.profiles[j];
            p.lower.is_none_or(|l| l <= value) && p.upper.is_none_or(|u| value <= u)
        });
        let miss = |f: &Calibration| (f.values[f.free[j]] / value).ln();
        let counting_alone = share(&|f| {
            let variance = f.covariance[(j, j)] * (1.0 - f.simulation_share[j]);
            miss(f).abs() < 1.96 * variance.sqrt()
        });
        println!(
            "{name}: normal {normal:.3}, profile {profile:.3}, without the simulation's part {counting_alone:.3}; \
             bias {:.4}, rms error {:.4}, median claim {:.4}, simulation's share {:.2}",
            mean(&|f| miss(f)),
            mean(&|f| miss(f).powi(2)).sqrt(),
            median(&|f| f.covariance[(j, j)].sqrt()),
            mean(&|f| f.simulation_share[j]),
        );
        if ![normal, profile].iter().all(|share| (0.90..=0.98).contains(share)) {
            outside.push((name, normal, profile));
        }
    }
    assert!(outside.is_empty(), "coverage (name, by covariance, by profile): {outside:?}");
    // 1 % expected, with a standard error of half a percent.
    assert!(rejected <= 15, "{rejected} of {sets} sets rejected at 1 %");
}
