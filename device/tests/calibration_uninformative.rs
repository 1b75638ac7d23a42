//! Data that fix nothing, or only part: every model says so in words and leaves the intervals open, instead of failing or
//! feigning precision.

use spinhebb_device::calibration::analysis::{Calibration, Options, calibrate};
use spinhebb_device::calibration::closed_form_model::{ClosedForm, ClosedFormModel};
use spinhebb_device::calibration::identifiability::in_words;
use spinhebb_device::calibration::model::Model;
use spinhebb_device::calibration::parameter::ParameterSettings;
use spinhebb_device::calibration::problem::{CountLaw, Problem};
use spinhebb_device::calibration::shape_model::{CurveShape, ShapeModel};
use spinhebb_device::measurement::csv::{CsvDefaults, read};
use spinhebb_device::measurement::points::MeasuredData;

fn data(points: &[(f64, u32)]) -> MeasuredData {
    let rows: String =
        points.iter().map(|(volts, switched)| format!("{volts},1,1000,{switched}\n")).collect();
    let csv = format!("voltage [V],width [ns],trials,switched\n{rows}");
    read(csv.as_bytes(), "curve.csv", &CsvDefaults::default()).unwrap()
}

fn fits(data: &MeasuredData) -> Vec<Calibration> {
    let closed = ClosedForm::ALL.map(|form| ClosedFormModel::new(form, data));
    let shapes = CurveShape::ALL.map(|shape| ShapeModel::new(shape, data));
    let models = closed.iter().map(|m| m as &dyn Model).chain(shapes.iter().map(|m| m as &dyn Model));
    models
        .map(|model| {
            let problem = Problem::new(model, data, &ParameterSettings::new(), CountLaw::Binomial).unwrap();
            calibrate(&problem, &Options { posterior: false, ..Options::default() }).unwrap()
        })
        .collect()
}

/// No pulse of any point switched.
#[test]
fn a_curve_without_a_switch_fixes_nothing() {
    for fit in fits(&data(&[(0.40, 0), (0.45, 0), (0.50, 0), (0.55, 0), (0.60, 0)])) {
        for words in in_words(&fit.combinations) {
            assert!(
                words.starts_with("the data do not fix ") && !words.contains("fix ;"),
                "{}: {words}",
                fit.model
            );
        }
        for profile in &fit.profiles {
            let bounded = (profile.lower, profile.upper);
            assert!(profile.lower.is_none() || profile.upper.is_none(), "{}: {bounded:?}", fit.model);
        }
        assert!(!fit.goodness.rejected(), "{}: {}", fit.model, fit.goodness.in_words());
    }
}

/// From no switch to all within one step of the voltage: of a model that can be a step only its place is known.
#[test]
fn a_step_fixes_its_place_alone() {
    for fit in fits(&data(&[(0.40, 0), (0.45, 0), (0.50, 1000), (0.55, 1000)])) {
        let words = in_words(&fit.combinations);
        assert!(words.iter().all(|w| !w.contains("fix ;")), "{}: {words:?}", fit.model);
        if fit.goodness.deviance < 0.01 {
            assert!(words.iter().any(|w| w.starts_with("the data do not fix ")), "{}: {words:?}", fit.model);
            assert!(!fit.goodness.rejected(), "{}: {}", fit.model, fit.goodness.in_words());
        }
    }
}

/// One condition measured four times has one probability: no law with two parameters or more is fixed by it, and no
/// profile of a combination that can follow ends next to the estimate.
#[test]
fn one_condition_fixes_one_combination() {
    for fit in fits(&data(&[(0.5, 500), (0.5, 480), (0.5, 510), (0.5, 500)])) {
        let fixed = in_words(&fit.combinations).iter().filter(|w| !w.contains("do not fix")).count();
        assert!(fixed <= 1, "{}: {:?}", fit.model, in_words(&fit.combinations));
        assert!(!fit.goodness.rejected(), "{}: {}", fit.model, fit.goodness.in_words());
    }
}
