//! `spinhebb reproduce`: the main job, from spin dynamics to MNIST in one run.

use std::path::PathBuf;

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::Document;
use spinhebb_data::quantity::Time;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::table::SwitchingTable;
use spinhebb_network::demonstrator::Pattern;

use crate::error::ExperimentError;
use crate::progress::Progress;
use crate::run::{Run, RunOptions};
use crate::study::device_curves::{self, DeviceCurves, DeviceCurvesConfig};
use crate::study::inference_4x2;
use crate::study::learning_4x2::{self, Learning4x2Config, WritePulse};
use crate::study::mnist::{self, MnistConfig};
use crate::study::small_array::SmallArrayConfig;

/// The commented defaults, also what `spinhebb init reproduce` prints.
pub const DEFAULTS: &str = include_str!("../../defaults/reproduce.toml");
const PAPER: &str = include_str!("../../defaults/reproduce_paper.toml");

/// Run the whole chain: stochastic LLGS, switching tables, crossbar, 4x2 studies, MNIST.
#[derive(Debug, clap::Args)]
pub struct ReproduceArguments {
    #[command(flatten)]
    run: RunOptions,
    /// How much to compute
    #[arg(long, value_enum, default_value_t = Profile::Default)]
    profile: Profile,
    /// Folder of four idx or idx.gz files named as MNIST's, to use instead of the shipped set
    #[arg(long, value_name = "DIR")]
    mnist: Option<PathBuf>,
}

/// How much `reproduce` computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// Under three minutes on two cores.
    Default,
    /// The whole grid of Fig. 4d and finer switching curves.
    Paper,
}

/// Configuration of the main job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReproduceConfig {
    /// Master seed of all random streams.
    pub seed: u64,
    /// Switching curves, one table per device.
    pub device: Vec<DeviceCurvesConfig>,
    /// The device and the pulse width that learning writes with.
    pub write: WriteConfig,
    /// The 4x2 crossbar.
    pub array: SmallArrayConfig,
    /// The inference study.
    pub inference: InferenceConfig,
    /// The learning study.
    pub learning: Learning4x2Config,
    /// The handwritten digits.
    pub mnist: MnistConfig,
}

/// What learning writes with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteConfig {
    /// Name of a device whose curves are computed.
    pub preset: String,
    /// Full width of the write pulses.
    pub width: Time,
}

/// The inference study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InferenceConfig {
    /// Target pattern of each neuron: the states of its devices (1 = P).
    pub targets: Vec<Pattern>,
}

impl ReproduceConfig {
    /// Checks ranges within and across tables.
    ///
    /// # Errors
    /// Names the first key that is wrong.
    pub fn validate(&self) -> Result<(), ExperimentError> {
        for (index, device) in self.device.iter().enumerate() {
            device.validate(&format!("device[{index}]"))?;
        }
        if !self.device.iter().any(|d| d.preset == self.write.preset) {
            let known: Vec<&str> = self.device.iter().map(|d| d.preset.as_str()).collect();
            return Err(ExperimentError::Value {
                key: "write.preset".to_string(),
                value: self.write.preset.clone(),
                expected: format!("a device whose curves are computed: {}", known.join(", ")),
            });
        }
        self.array.validate()?;
        if self.inference.targets.is_empty() {
            return Err(ExperimentError::Value {
                key: "inference.targets".to_string(),
                value: "[]".to_string(),
                expected: "at least one pattern such as \"1100\"".to_string(),
            });
        }
        self.learning.validate()?;
        self.mnist.validate()
    }
}

impl ReproduceArguments {
    /// Runs the main job.
    ///
    /// # Errors
    /// The configuration is wrong, a dataset is missing, or a file cannot be written.
    pub fn execute(self) -> Result<(), ExperimentError> {
        let mut base = Document::from_text("built-in defaults", DEFAULTS)?;
        if self.profile == Profile::Paper {
            base = Document::from_text("profile paper", PAPER)?.over(&base);
        }
        let (mut config, document): (ReproduceConfig, _) = self.run.configuration_over(&base)?;
        if let Some(seed) = self.run.seed {
            config.seed = seed;
        }
        config.validate().map_err(|error| error.located(&document))?;
        if self.run.printed_dry_run(&config)? {
            return Ok(());
        }
        // Whatever is missing or damaged is found before anything is computed.
        let digits = spinhebb_data::mnist::load(self.mnist.as_deref())?;
        let mut run = Run::begin(
            &self.run,
            "reproduce",
            "spinhebb: from spin dynamics to learning",
            &config,
            config.seed,
        )?;
        run.cite(&[
            "zhou2025",
            "rehm2023",
            "rehm2021",
            "slonczewski1996",
            "brown1963",
            "querlioz2013",
            "lecun1998",
        ]);
        let mut progress = Progress::new(2);

        let stage = progress.stage(
            "switching curves (LLGS ensembles)",
            config.device.iter().map(DeviceCurvesConfig::steps).sum(),
        );
        let curves = config
            .device
            .iter()
            .map(|device| DeviceCurves::compute(device, config.seed, &stage))
            .collect::<Result<Vec<_>, _>>()?;
        drop(stage);
        device_curves::report(&mut run, &curves)?;

        let writer = curves
            .iter()
            .find(|c| c.preset == config.write.preset)
            .expect("validated: the write device is among the curves");
        let width_s = config.write.width.si();
        let pulse = |probability: f64, potentiation: bool| {
            pulse_for(&writer.table, probability, width_s, potentiation)
        };
        let transport = &writer.mtj.transport;
        inference_4x2::run(&mut run, &config.array, &config.inference.targets, transport, config.seed)?;
        let potentiation = pulse(config.learning.potentiation, true)?;
        let depression = pulse(config.learning.depression, false)?;
        learning_4x2::run(
            &mut run,
            &config.learning,
            &config.array,
            transport,
            potentiation,
            depression,
            config.seed,
        )?;

        let stage = progress.stage("handwritten digits", config.mnist.steps());
        mnist::run(&mut run, &config.mnist, &digits, &pulse, config.seed, &stage)?;
        drop(stage);
        run.finish()?;
        Ok(())
    }
}

/// The pulse of `width_s` that switches with `probability`, as the table has it: AP -> P for
/// potentiation (V > 0), P -> AP for depression (V < 0).
fn pulse_for(
    table: &SwitchingTable,
    probability: f64,
    width_s: f64,
    potentiation: bool,
) -> Result<WritePulse, ExperimentError> {
    let start = if potentiation { State::AntiParallel } else { State::Parallel };
    let volts = table.voltage_for(probability, width_s, start)?.volts;
    let found = table.probability(volts, width_s, start)?;
    Ok(WritePulse { volts, width_s, probability: found.p, lower: found.lower, upper: found.upper })
}
