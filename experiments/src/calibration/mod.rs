//! `spinhebb calibrate`: from measured switching counts to a device with uncertainties, and from many to a population.
//!
//! | file | what it does |
//! |---|---|
//! | [`settings`] | what is asked, and whether data, model and parameters fit together |
//! | `fitted` | the models by name, and the devices that they make |
//! | `one_device` | the fit of one device with all that judges it |
//! | `comparison` | other models beside the chosen one, and points that it has not seen |
//! | `distribution` | from many devices to a population and its mean device |
//! | `device_file` | a fitted device in the form of a preset |
//! | `archive_form` | a fit as labelled data and back |
//! | `page`, `figures` | what is shown, from the archive alone |

mod archive_form;
mod comparison;
mod device_file;
mod distribution;
mod figures;
mod fitted;
mod labels;
mod one_device;
mod page;
mod sentences;
pub mod settings;

pub use settings::{CalibrateParts, CalibrateSettings};

use crate::error::ExperimentError;
use crate::experiment::{Context, Experiment, Outcome, Shortcut};
use crate::present::Page;

/// Fewest devices of a population.
const FEWEST_DEVICES: usize = 3;

/// A device model fitted to measured switching counts.
pub struct Calibrate;

impl Experiment for Calibrate {
    type Config = CalibrateParts;
    const NAME: &'static str = "calibrate";
    const ABOUT: &'static str =
        "Fit a device model to measured switching counts: intervals, a test of fit, a device file, a population";
    const CITES: &'static [&'static str] = &["butler2012", "sun2000", "brown1963"];
    const SHORTCUTS: &'static [Shortcut] = SHORTCUTS;

    fn compute(config: &CalibrateParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let data = config.calibrate.read()?;
        let labels = labels::of_devices(&data.devices);
        let mut outcome = Outcome::new("Calibration of a switching model");
        outcome.add(labels::to_dataset(&labels, &data.devices)?);
        let stage = context.stage("fits", labels.len() as u64);
        let mut fits = Vec::new();
        for (index, label) in labels.iter().enumerate() {
            let device = one_device::Device {
                name: &data.devices[index],
                label,
                alone: labels.len() == 1,
                data: &data.of_device(index),
            };
            let mut fit = context.unit(&format!("fit of {label}"), || one_device::fit(config, &device, context))?;
            // Alike whether it was computed or read from its seal.
            fit.datasets.sort_by(|a, b| a.name.cmp(&b.name));
            stage.advance();
            if labels.len() >= FEWEST_DEVICES {
                fits.push(distribution::estimate(config, &device, &fit, context)?);
            }
            outcome.include("", fit);
        }
        drop(stage);
        if !fits.is_empty() {
            distribution::describe(&mut outcome, config, &data, &fits, context)?;
        }
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        page::draw(outcome, page)
    }
}

/// Flags that stand for a key.
const SHORTCUTS: &[Shortcut] = &[
    Shortcut {
        flag: "",
        key: "calibrate.data",
        value_name: "DATA.csv",
        help: "CSV files with columns such as `voltage [V]`, `width [ns]`, `trials`, `switched` (or `probability`)",
        list: true,
    },
    flag("model", "calibrate.model", "MODEL", "Model to fit"),
    flag("device", "device.from", "DEVICE", "Base device: a preset or a device file (.toml)"),
    flag("trials", "calibrate.trials", "N", "Pulses per point where no column says it"),
    flag("width", "calibrate.width", "TIME", "Pulse width where no column says it, such as \"1 ns\""),
    flag("amplitude", "calibrate.amplitude", "VOLTAGE", "Pulse amplitude where no column says it, such as \"0.68 V\""),
    flag(
        "fit-amplitude",
        "calibrate.fit_amplitude",
        "VOLTAGE",
        "Fit the amplitude of files that do not state it, starting from this voltage",
    ),
    flag("direction", "calibrate.direction", "DIRECTION", "Transition where no column says it: AP->P or P->AP"),
    flag("temperature", "calibrate.temperature", "TEMPERATURE", "Temperature where no column says it"),
];

const fn flag(
    flag: &'static str,
    key: &'static str,
    value_name: &'static str,
    help: &'static str,
) -> Shortcut {
    Shortcut { flag, key, value_name, help, list: false }
}
