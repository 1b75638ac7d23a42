//! The measured curves of Rehm et al. (arXiv:2310.18779): which model describes them, and what is predicted unseen.

use std::path::Path;

use spinhebb_device::calibration::analysis::{Options, calibrate};
use spinhebb_device::calibration::csv_input::{CsvDefaults, read_file};
use spinhebb_device::calibration::hold_out::{alternate, hold_out};
use spinhebb_device::calibration::measurement::MeasuredData;
use spinhebb_device::calibration::model::{ClosedForm, ClosedFormModel, Shape};
use spinhebb_device::calibration::parameter::ParameterSettings;
use spinhebb_device::calibration::problem::{CountLaw, Problem};
use spinhebb_device::calibration::shape_comparison::compare_shapes;

fn measured(name: &str) -> MeasuredData {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/measured"));
    // The width curve does not state its amplitude.
    let defaults = CsvDefaults { amplitude_guess_v: Some(0.7), ..CsvDefaults::default() };
    read_file(&folder.join(name), &defaults).unwrap_or_else(|e| panic!("{e}"))
}

/// Both shapes are left to the likelihood. Against the width the curve is Gumbel; against the
/// voltage the pure Gumbel law is too steep at the foot, and Butler's ballistic law, which bends there, wins by far.
#[test]
fn shapes_of_the_measured_curves() {
    let options = Options { simulated_sets: 200, ..Options::default() };
    let width = compare_shapes(&measured("rehm2023_probability_vs_width.csv"), &options).unwrap();
    assert_eq!(width[0].shape, Shape::Gumbel);
    assert!(width[0].weight > 0.999_999);
    assert!(5.0 * width[0].fit.goodness.deviance < width[1].fit.goodness.deviance);

    let data = measured("rehm2023_probability_vs_voltage.csv");
    let voltage = compare_shapes(&data, &options).unwrap();
    let butler = ClosedFormModel::new(ClosedForm::Butler, &data);
    let problem = Problem::new(&butler, &data, &ParameterSettings::new(), CountLaw::Binomial).unwrap();
    let ballistic = calibrate(&problem, &Options { posterior: false, ..options }).unwrap();
    assert!(5.0 * ballistic.goodness.deviance < voltage[0].fit.goodness.deviance);
    assert!(ballistic.goodness.rms_probability < 0.005, "{}", ballistic.goodness.rms_probability);
    // With 10,000 trials a point even half a percentage point is seen.
    assert!(ballistic.goodness.rejected());
}

#[test]
fn half_of_the_voltages_predicts_the_other_half() {
    let data = measured("rehm2023_probability_vs_voltage.csv");
    let (training, test) = alternate(&data);
    let model = ClosedFormModel::new(ClosedForm::Butler, &data);
    let options = Options { simulated_sets: 100, ..Options::default() };
    let result = hold_out(&model, &training, &test, &ParameterSettings::new(), &options).unwrap();
    println!("rms residual {}, rms probability {}", result.rms_residual, result.rms_probability);
    assert_eq!(result.residuals.len(), 14);
    assert!(result.rms_probability < 0.006, "{}", result.rms_probability);
}
