//! The measured curves of Rehm et al. (arXiv:2310.18779): which model describes them, and what is predicted unseen.

use std::path::Path;

use spinhebb_device::calibration::analysis::{Options, calibrate};
use spinhebb_device::calibration::closed_form_model::{ClosedForm, ClosedFormModel};
use spinhebb_device::calibration::hold_out::{alternate, hold_out};
use spinhebb_device::calibration::parameter::ParameterSettings;
use spinhebb_device::calibration::problem::{CountLaw, Problem};
use spinhebb_device::calibration::shape_comparison::{ShapeFit, compare_shapes};
use spinhebb_device::calibration::shape_model::CurveShape;
use spinhebb_device::measurement::csv::{CsvDefaults, read_file};
use spinhebb_device::measurement::points::MeasuredData;

fn measured(name: &str) -> MeasuredData {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/measured"));
    // The width curve does not state its amplitude.
    let defaults = CsvDefaults { amplitude_guess_v: Some(0.7), ..CsvDefaults::default() };
    read_file(&folder.join(name), &defaults).unwrap_or_else(|e| panic!("{e}"))
}

/// The shapes are left to the likelihood. Among the shapes in the abscissa itself the curve against the width is Gumbel,
/// steep foot and long shoulder, not the reverse and not logistic; against the voltage the pure Gumbel law is too steep at
/// the foot and the logistic one comes closer. In the logarithm of the abscissa both are logistic. Butler's
/// ballistic law, which bends at the foot, beats every shape against the voltage.
#[test]
fn shapes_of_the_measured_curves() {
    let options = Options { simulated_sets: 200, ..Options::default() };
    let plain = |fits: &[ShapeFit]| -> Vec<(CurveShape, f64)> {
        let own = fits.iter().filter(|f| !f.logarithmic);
        own.map(|f| (f.shape, f.fit.goodness.deviance)).collect()
    };
    let width = compare_shapes(&measured("rehm2023_probability_vs_width.csv"), &options).unwrap();
    let in_width = plain(&width);
    assert_eq!(in_width[0].0, CurveShape::Gumbel);
    assert_eq!(in_width[3].0, CurveShape::ReversedGumbel);
    assert!(5.0 * in_width[0].1 < in_width[1].1, "{in_width:?}");
    assert!(width[0].shape == CurveShape::Logistic && width[0].logarithmic);

    let data = measured("rehm2023_probability_vs_voltage.csv");
    let voltage = compare_shapes(&data, &options).unwrap();
    let in_voltage = plain(&voltage);
    assert_eq!((in_voltage[0].0, in_voltage[1].0), (CurveShape::Logistic, CurveShape::Gumbel));
    assert!(voltage[0].shape == CurveShape::Logistic && voltage[0].logarithmic);
    let butler = ClosedFormModel::new(ClosedForm::Butler, &data);
    let problem = Problem::new(&butler, &data, &ParameterSettings::new(), CountLaw::Binomial).unwrap();
    let ballistic = calibrate(&problem, &Options { posterior: false, ..options }).unwrap();
    assert!(1.5 * ballistic.goodness.deviance < voltage[0].fit.goodness.deviance);
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
