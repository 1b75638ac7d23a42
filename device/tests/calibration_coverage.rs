//! Coverage: 95 % intervals of fits to synthetic data contain the truth in 90 to 98 % of the data sets.
//!
//! 400 data sets where a fit takes milliseconds: the coverage of a right interval is then 0.950 +- 0.011, so the
//! stated band is two and a half standard errors wide or more on either side.

use rayon::prelude::*;
use spinhebb_data::random_stream::Streams;
use spinhebb_device::calibration::analysis::{Options, calibrate};
use spinhebb_device::calibration::closed_form_model::{ClosedForm, ClosedFormModel};
use spinhebb_device::calibration::condition::Condition;
use spinhebb_device::calibration::fit::Effort;
use spinhebb_device::calibration::goodness::draw;
use spinhebb_device::calibration::model::Model;
use spinhebb_device::calibration::parameter::ParameterSettings;
use spinhebb_device::calibration::problem::{CountLaw, Problem};
use spinhebb_device::calibration::shape_model::{CurveShape, ShapeModel};
use spinhebb_device::junction::state::State;
use spinhebb_device::measurement::points::{MeasuredData, MeasuredVoltage, Measurement};

/// Points at all pairs of voltage and width, without counts.
fn design(volts: &[f64], widths_s: &[f64], trials: u64) -> MeasuredData {
    let points = volts
        .iter()
        .flat_map(|&v| widths_s.iter().map(move |&w| (v, w)))
        .map(|(v, width_s)| Measurement {
            drive: MeasuredVoltage::Volts(v),
            width_s,
            start: State::AntiParallel,
            temperature_k: 300.0,
            field_a_per_m: 0.0,
            trials,
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

fn conditions(data: &MeasuredData) -> Vec<Condition> {
    data.points
        .iter()
        .map(|m| Condition {
            volts: match m.drive {
                MeasuredVoltage::Volts(v) => v,
                MeasuredVoltage::Amplitude(_) => unreachable!("the design states all voltages"),
            },
            width_s: m.width_s,
            start: m.start,
            temperature_k: m.temperature_k,
            field_a_per_m: m.field_a_per_m,
        })
        .collect()
}

/// Of one data set: per parameter whether the normal and the profile interval contain the truth; and the verdict.
type Outcome = (Vec<(bool, bool)>, bool);

/// Shares of `sets` synthetic data sets whose normal and profile intervals contain `truth`, per free parameter, and
/// the share that the test of fit rejects at 1 %.
fn coverage(
    model: &dyn Model,
    design: &MeasuredData,
    truth: &[f64],
    settings: &ParameterSettings,
    rho: Option<f64>,
    sets: u64,
) -> (Vec<(String, f64, f64)>, f64) {
    let exact = model.predict(truth, &conditions(design)).unwrap();
    let streams = Streams::new(20_26, "test/coverage");
    let law = if rho.is_some() { CountLaw::BetaBinomial } else { CountLaw::Binomial };
    let options = Options {
        effort: Some(Effort { candidates: 20, starts: 1, evaluations: 100 }),
        posterior: false,
        simulated_sets: 200,
        ..Options::default()
    };
    let results: Vec<Outcome> = (0..sets)
        .into_par_iter()
        .map(|set| {
            let mut rng = streams.rng(set);
            let mut data = design.clone();
            for (m, p) in data.points.iter_mut().zip(&exact) {
                m.switched = draw(m.trials, *p, rho, &mut rng).switched;
            }
            let problem = Problem::new(model, &data, settings, law).unwrap();
            let fit = calibrate(&problem, &options).unwrap();
            let inside = (0..fit.free.len())
                .map(|j| {
                    let k = fit.free[j];
                    let x = truth.get(k).copied().or(rho).unwrap();
                    let (low, high) = fit.normal_intervals[j];
                    let profile = &fit.profiles[j];
                    (
                        (low..=high).contains(&x),
                        profile.lower.is_none_or(|l| l <= x) && profile.upper.is_none_or(|u| x <= u),
                    )
                })
                .collect();
            (inside, fit.goodness.rejected())
        })
        .collect();
    let share =
        |pick: &dyn Fn(&Outcome) -> bool| results.iter().filter(|r| pick(r)).count() as f64 / sets as f64;
    let problem = Problem::new(model, design, settings, law).unwrap();
    let list = (0..problem.free().len())
        .map(|j| {
            let name = problem.parameters()[problem.free()[j]].name.clone();
            (name, share(&|r| r.0[j].0), share(&|r| r.0[j].1))
        })
        .collect();
    (list, share(&|r| r.1))
}

fn assert_covers(what: &str, (list, rejected): (Vec<(String, f64, f64)>, f64)) {
    println!("{what}: rejected at 1 %: {rejected:.3}; (parameter, normal, profile) {list:?}");
    for (name, normal, profile) in list {
        assert!((0.90..=0.98).contains(&normal), "{what} {name}: normal intervals cover {normal}");
        assert!((0.90..=0.98).contains(&profile), "{what} {name}: profile intervals cover {profile}");
    }
    // 1 % expected; 400 sets give a standard error of half a percent.
    assert!(
        rejected <= 0.03,
        "{what}: the test of fit rejects {rejected} of data drawn from the model itself"
    );
}

fn linspace(low: f64, high: f64, n: usize) -> Vec<f64> {
    (0..n).map(|i| low + (high - low) * i as f64 / (n - 1) as f64).collect()
}

#[test]
fn ballistic_closed_forms_cover() {
    let mut data = design(&linspace(0.40, 0.90, 12), &[1e-9, 2e-9], 500);
    data.points.extend(design(&[0.6], &linspace(0.5e-9, 4e-9, 6), 500).points);
    for form in [ClosedForm::Sun, ClosedForm::Butler, ClosedForm::Crossover] {
        let model = ClosedFormModel::new(form, &data);
        // delta, critical voltage, tau_D, offset, width loss
        let truth = [45.0, 0.40, 0.3e-9, 0.0, 0.0];
        assert_covers(form.name(), coverage(&model, &data, &truth, &ParameterSettings::new(), None, 400));
    }
}

#[test]
fn thermal_activation_covers_with_and_without_its_exponent() {
    let data = design(&linspace(0.20, 0.44, 13), &[1e-7, 1e-5], 500);
    let model = ClosedFormModel::new(ClosedForm::ThermalActivation, &data);
    // delta, critical voltage, attempt time, exponent, offset, width loss
    let truth = [40.0, 0.60, 1e-9, 2.0, 0.0, 0.0];
    assert_covers("thermal, n fixed", coverage(&model, &data, &truth, &ParameterSettings::new(), None, 400));
    let free = [(
        "exponent".to_string(),
        spinhebb_device::calibration::parameter::ParameterSetting { free: Some(true), ..Default::default() },
    )];
    assert_covers("thermal, n fitted", coverage(&model, &data, &truth, &free.into(), None, 400));
}

#[test]
fn shapes_cover() {
    let data = design(&linspace(0.3, 0.9, 20), &[1e-9], 500);
    for shape in CurveShape::ALL {
        let model = ShapeModel::new(shape, &data);
        assert_covers(
            shape.name(),
            coverage(&model, &data, &[0.6, 0.05], &ParameterSettings::new(), None, 400),
        );
    }
}

/// Data with point-to-point variation: the beta-binomial intervals cover, the binomial ones do not.
#[test]
fn overdispersion_is_recovered_and_matters() {
    let data = design(&linspace(0.40, 0.75, 25), &[1e-9, 2e-9], 1000);
    let model = ClosedFormModel::new(ClosedForm::Butler, &data);
    let truth = [45.0, 0.40, 0.3e-9, 0.0, 0.0];
    let rho = 0.01;
    let exact = model.predict(&truth, &conditions(&data)).unwrap();
    let found = coverage(&model, &data, &truth, &ParameterSettings::new(), Some(rho), 400);
    assert_covers("beta-binomial", found);
    // The same over-dispersed counts under the binomial law.
    let streams = Streams::new(7, "test/overdispersed");
    let rejected = (0..20)
        .filter(|&set| {
            let mut rng = streams.rng(set);
            let mut data = data.clone();
            for (m, p) in data.points.iter_mut().zip(&exact) {
                m.switched = draw(m.trials, *p, Some(rho), &mut rng).switched;
            }
            let problem = Problem::new(&model, &data, &ParameterSettings::new(), CountLaw::Binomial).unwrap();
            let options = Options { posterior: false, profiles: false, ..Options::default() };
            calibrate(&problem, &options).unwrap().goodness.rejected()
        })
        .count();
    assert_eq!(rejected, 20, "counts with a tenfold variance must not pass as binomial");
}
