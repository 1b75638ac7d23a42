//! A training on its array: reads with the effective conductances of solved tiles, writes with the voltages that cells see.

use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_device::switching::table::SwitchingTable;
use spinhebb_network::images::ImageParts;
use spinhebb_network::readout::evaluation::Evaluation;
use spinhebb_network::training::crossbar::Crossbar;
use spinhebb_network::training::on_array::{ArrayLoss, ArrayTrainer};
use spinhebb_network::training::recipe::Recipe;

use super::pulses::Tabulated;
use crate::error::ExperimentError;
use crate::experiment::{Context, Outcome};

/// Papers of the physics behind an array.
pub(super) const MODELS: &[&str] = &["slonczewski1996"];

/// Shares of the training after which the network is tested.
const STOPS: [f64; 5] = [0.05, 0.1, 0.2, 0.5, 1.0];

/// A network trained on its array.
pub(super) struct OnArray<'a> {
    pub(super) trainer: ArrayTrainer<'a, SwitchingTable>,
    /// (images seen, accuracy).
    pub(super) curve: Vec<(u64, f64)>,
    /// Test at the end.
    pub(super) evaluation: Evaluation,
}

/// The array with drivers at the voltages of the pulses in the first stage.
pub(super) fn crossbar(array: &ArrayConfig, pulses: &Tabulated) -> Crossbar {
    Crossbar {
        array: array.clone(),
        transport: pulses.junction.barrier().transport,
        potentiation_v: pulses.potentiation_v[0],
        depression_v: pulses.depression_v[0],
        width_s: pulses.width_s,
    }
}

/// Numbers of images after which a training of `total` images is tested.
pub(super) fn stops(total: u64) -> Vec<u64> {
    STOPS.iter().map(|share| (total as f64 * share) as u64).collect()
}

/// Trains by `recipe` on `array` and tests on the way.
///
/// # Errors
/// Recipe, array and images do not fit together, or the circuit layer refuses.
pub(super) fn train<'a>(
    recipe: &Recipe,
    array: &ArrayConfig,
    pulses: &'a Tabulated,
    parts: &ImageParts<'_>,
    context: &Context,
) -> Result<OnArray<'a>, ExperimentError> {
    let crossbar = crossbar(array, pulses);
    let mut trainer = ArrayTrainer::new(recipe, crossbar, &pulses.table, &parts.train, context.seed())?;
    let total = trainer.trainer().total();
    let stage = context.stage("training on the array", total);
    let mut curve = Vec::new();
    let mut last = None;
    for stop in stops(total) {
        trainer.advance(&parts.train, stop - trainer.state().images)?;
        stage.reach(stop);
        let (train, test) = ((&parts.train, parts.train_labels), (&parts.test, parts.test_labels));
        let found = trainer.examine(train, test, parts.classes)?;
        curve.push((stop, found.accuracy()));
        last = Some(found);
    }
    let evaluation = last.expect("there are stops");
    Ok(OnArray { trainer, curve, evaluation })
}

impl OnArray<'_> {
    /// Adds what reads and writes lose to wires and drivers.
    ///
    /// # Errors
    /// The circuit layer refuses to map the trained network.
    pub(super) fn add_losses(&self, outcome: &mut Outcome) -> Result<(), ExperimentError> {
        let (low, high) = self.trainer.voltages().range();
        let fraction = |end: &str| format!("{end} voltage of a selected cell over the driver's");
        outcome.scalar("cell_voltage_fraction/least", low, "1", fraction("least"));
        outcome.scalar("cell_voltage_fraction/most", high, "1", fraction("largest"));
        let ratio = self.trainer.losses().last().map_or(1.0, |loss| loss.read_ratio);
        outcome.scalar("read_ratio_mean", ratio, "1", "mean effective over own conductance in a read");
        let [depressed, potentiated] = self.trainer.voltages().disturb;
        let meaning = "probability that a device of another dendrite switches in one event";
        outcome.scalar("disturb_probability/potentiation", potentiated, "1", meaning);
        outcome.scalar("disturb_probability/depression", depressed, "1", meaning);
        let disturbed = self.trainer.disturbed();
        outcome.scalar(
            "disturbed_devices",
            disturbed as f64,
            "1",
            "devices switched in rows not to be written",
        );
        outcome.count("tiles", self.trainer.map()?.cost().tiles, "tiles that hold the synapses");
        outcome.add(losses_dataset(self.trainer.losses())?);
        Ok(())
    }

    /// Voltage of each selected cell of a tile over the driver's.
    ///
    /// # Errors
    /// Never: the array fits.
    pub(super) fn write_fraction(&self) -> Result<Variable, ExperimentError> {
        let selected = &self.trainer.voltages().selected;
        let shape = [selected.nrows(), selected.ncols()];
        let values: Vec<f64> =
            selected.row_iter().flat_map(|row| row.iter().copied().collect::<Vec<_>>()).collect();
        let meaning = "voltage of the selected cell over the driver's";
        Ok(Variable::new("write_fraction", "1", meaning, &["word_line", "dendrite"], &shape, values)?)
    }
}

fn losses_dataset(losses: &[ArrayLoss]) -> Result<Dataset, ExperimentError> {
    let column = |of: &dyn Fn(&ArrayLoss) -> f64| losses.iter().map(of).collect::<Vec<f64>>();
    let along = |name, meaning, values| Variable::along(name, "images_shown", "1", meaning, values);
    let shown: Vec<u64> = losses.iter().map(|loss| loss.images).collect();
    let (least, most) = (
        "least voltage of a selected cell over the driver's",
        "largest voltage of a selected cell over the driver's",
    );
    Ok(Dataset::new("network/array_losses")
        .with(Variable::coordinate("images_shown", "1", "training images shown before the renewal", shown))?
        .with(along("read_ratio", "mean effective over own conductance", column(&|l| l.read_ratio)))?
        .with(along("write_fraction_least", least, column(&|l| l.write_fraction.0)))?
        .with(along("write_fraction_most", most, column(&|l| l.write_fraction.1)))?)
}

/// The map of write voltages in `data`, for a figure.
///
/// # Errors
/// The dataset holds none.
pub(super) fn write_map(title: &str, data: &Dataset) -> Result<crate::present::plot::Map, ExperimentError> {
    let dendrites = data.length("dendrite").unwrap_or(1);
    let rows = data.numbers("write_fraction")?.chunks(dendrites).map(<[f64]>::to_vec).collect();
    Ok(crate::present::plot::Map::new(title, "dendrite", "word line", "cell / driver", rows))
}
