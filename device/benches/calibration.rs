//! Time of a whole calibration of the measured voltage curve (29 points of 10,000 pulses): search from several starts,
//! intervals by information and by profile, posterior, test of fit.
//!
//! `cargo bench -p spinhebb-device --bench calibration`; the CPU time is what other work on the machine does not change.

use std::path::Path;
use std::time::Instant;

use cpu_time::ProcessTime;
use spinhebb_device::calibration::analysis::{Options, calibrate};
use spinhebb_device::calibration::closed_form_model::{ClosedForm, ClosedFormModel};
use spinhebb_device::calibration::macrospin::MacrospinModel;
use spinhebb_device::calibration::model::Model;
use spinhebb_device::calibration::parameter::ParameterSettings;
use spinhebb_device::calibration::problem::{CountLaw, Problem};
use spinhebb_device::junction::preset;
use spinhebb_device::measurement::csv::{CsvDefaults, read_file};
use spinhebb_device::switching::fokker_planck::Resolution;

fn main() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/measured/rehm2023_probability_vs_voltage.csv");
    let data = read_file(Path::new(file), &CsvDefaults::default()).expect("a data file of the repository");
    let base = preset::load("perpendicular-40nm").expect("a preset of the program").device;
    let macrospin =
        MacrospinModel::new(base, &data, Resolution::DRAFT).expect("the preset is axially symmetric");
    let closed = ClosedForm::ALL.map(|form| ClosedFormModel::new(form, &data));
    let mut models: Vec<&dyn Model> = closed.iter().map(|m| m as &dyn Model).collect();
    models.push(&macrospin);
    println!("{:<20} {:<24} {:>9} {:>9} {:>10}  starts", "model", "what", "CPU (s)", "wall (s)", "deviance");
    for model in models {
        let problem = Problem::new(model, &data, &ParameterSettings::new(), CountLaw::Binomial)
            .expect("the data have more points than the model has parameters");
        for (what, profiles, posterior) in
            [("fit", false, false), ("fit, profiles", true, false), ("fit, profiles, chains", true, true)]
        {
            let options = Options { profiles, posterior, ..Options::default() };
            let (cpu, wall) = (ProcessTime::now(), Instant::now());
            let fit = calibrate(&problem, &options).expect("a model that fits");
            let (cpu, wall) = (cpu.elapsed().as_secs_f64(), wall.elapsed().as_secs_f64());
            let same = fit.objectives.iter().filter(|f| **f - fit.objectives[0] < 0.1).count();
            println!(
                "{:<20} {what:<24} {cpu:>9.2} {wall:>9.2} {:>10.1}  {same} of {} agree",
                model.name(),
                fit.goodness.deviance,
                fit.objectives.len()
            );
        }
    }
}
