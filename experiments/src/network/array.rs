//! `spinhebb network array`: training with the circuit and the device's table in the loop, beside the ideal network.

use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_data::config::Faults;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::switching::table_config::TableConfig;
use spinhebb_network::images::{ImageParts, ImagesConfig};
use spinhebb_network::readout::evaluation::Evaluation;
use spinhebb_network::training::config::{NetworkConfig, SynapseModel};
use spinhebb_network::training::network::Network;
use spinhebb_network::training::recipe::Recipe;

use super::images::{self, tested_on};
use super::on_array::{self, OnArray, stops, write_map};
use super::pulses::{self, PulseParts, Voltages, add_pulses, write_pulses};
use super::test_result::add_accuracy;
use crate::device::check_method;
use crate::error::ExperimentError;
use crate::experiment::{Context, Cost, Experiment, Outcome, Shortcut};
use crate::present::Page;
use crate::present::plot::{Axis, Corner, Draw, Figure, Panel, Series};
use crate::system::system_parts;

/// Name of the dataset.
const DATASET: &str = "network/array";

system_parts! {
    /// A network trained on its array, beside the same network with ideal reads and writes.
    pub struct ArrayParts {
        /// The junction at each crossing.
        device: MtjConfig,
        /// Switching table of the junction.
        table: TableConfig,
        /// The write pulses, as probabilities or as voltages.
        pulses: PulsesConfig,
        /// The array that holds the synapses.
        array: ArrayConfig,
        /// Layer, training and read-out.
        network: NetworkConfig,
        /// Images to learn from and to be tested on.
        images: ImagesConfig,
    }
    across across;
}

fn across(config: &ArrayParts, faults: &mut Faults) {
    images::check(&config.images, faults);
    check_method(&config.table, &config.device, faults);
    pulses::check(&config.pulses, config.network.stages, Voltages::Always, faults);
    faults.within("array", |faults| config.array.check_tile(faults));
    let synapses = config.network.synapses;
    let expected = "\"array\", beside which the ideal network is trained as well";
    faults.require(synapses == SynapseModel::Array, "network.synapses", format!("{synapses:?}"), expected);
}

/// A network on its array beside the ideal one.
pub struct OnTheArray;

impl Experiment for OnTheArray {
    type Config = ArrayParts;
    const NAME: &'static str = "network array";
    const ABOUT: &'static str =
        "Train with the circuit and the device table in the loop, beside the ideal network";
    const CITES: &'static [&'static str] = images::MODELS;
    const SHORTCUTS: &'static [Shortcut] = &[images::FOLDER, images::HELD_OUT];
    const BASES: &'static [(&'static str, &'static str)] = &[("", "[network]\nsynapses = \"array\"\n")];
    const EXAMPLE: &'static str = include_str!("../../examples/network_array.toml");

    fn cost(config: &ArrayParts) -> Cost {
        super::cost::of_training(&config.network, &config.images)
    }

    fn compute(config: &ArrayParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let mut outcome = Outcome::new("Training on the array");
        let set = images::load(&config.images, &mut outcome)?;
        let parts = images::parts(&config.images, &set, &mut outcome)?;
        let source = PulseParts { device: &config.device, table: &config.table, pulses: &config.pulses };
        let asked = (config.network.stages, Voltages::Always);
        let written = write_pulses(source, asked, &mut outcome, context)?;
        let pulses = written.tabulated.expect("voltages are always looked up for an array");
        add_pulses(&mut outcome, &pulses)?;
        let recipe = Recipe { network: config.network.clone(), pulses: written.probabilities };
        let loaded = on_array::train(&recipe, &config.array, &pulses, &parts, context)?;
        let (free_curve, free) = train_ideal(&recipe.ideal(), &parts, context)?;
        let fraction = "fraction of the images recognised";
        add_accuracy(&mut outcome, "accuracy_on_array", &loaded.evaluation, fraction);
        add_accuracy(&mut outcome, "accuracy_ideal", &free, fraction);
        loaded.add_losses(&mut outcome)?;
        let state = loaded.trainer.state();
        let written = state.potentiation_pulses + state.depression_pulses;
        outcome.scalar("pulses", written as f64, "1", "write pulses, one per device");
        let switched = state.switched.iter().sum::<u64>();
        outcome.scalar("switching_events", switched as f64, "1", "devices switched");
        outcome.add(dataset(&loaded, &free_curve)?);
        outcome.add(loaded.evaluation.to_dataset("network/array_test")?);
        outcome.cite(on_array::MODELS);
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        page.paragraph(&summary(outcome)?);
        let accuracy = |key: &str| -> Result<String, ExperimentError> {
            let found = outcome.number(key)?;
            Ok(format!("{:.2}", 100.0 * found))
        };
        page.table(
            &["", "on the array", "ideal"],
            &[vec!["accuracy (%)".into(), accuracy("accuracy_on_array")?, accuracy("accuracy_ideal")?]],
        );
        page.figure(&figure(outcome.dataset(DATASET)?)?);
        Ok(())
    }
}

/// The curve of the network with ideal reads and writes, and its test at the end.
fn train_ideal(
    recipe: &Recipe,
    parts: &ImageParts<'_>,
    context: &Context,
) -> Result<(Vec<f64>, Evaluation), ExperimentError> {
    let config = &recipe.network;
    let mut network = Network::new(recipe, &parts.train, context.seed(), 0)?;
    let stage = context.stage("training with ideal lines", network.total());
    let mut curve = Vec::new();
    let mut last = None;
    for stop in stops(network.total()) {
        network.advance(&parts.train, stop - network.shown())?;
        stage.reach(stop);
        let labelling =
            network.label(parts.train.at(&config.label_shifts), parts.train_labels, parts.classes)?;
        let shifts = &config.test_shifts;
        let found = network.evaluate(&labelling, config.readout, parts.test.at(shifts), parts.test_labels)?;
        curve.push(found.accuracy());
        last = Some(found);
    }
    Ok((curve, last.expect("there are stops")))
}

fn dataset(loaded: &OnArray<'_>, ideal: &[f64]) -> Result<Dataset, ExperimentError> {
    let (seen, accuracies): (Vec<u64>, Vec<f64>) = loaded.curve.iter().copied().unzip();
    let along = |name, meaning, values| Variable::along(name, "images_seen", "1", meaning, values);
    Ok(Dataset::new(DATASET)
        .with(Variable::coordinate("images_seen", "1", "training images shown", seen))?
        .with(along("accuracy_on_array", "accuracy with solved reads and writes", accuracies))?
        .with(along("accuracy_ideal", "accuracy with ideal reads and writes", ideal.to_vec()))?
        .with(loaded.write_fraction()?)?)
}

fn summary(outcome: &Outcome) -> Result<String, ExperimentError> {
    let config: ArrayParts = outcome.config()?;
    let number = |key: &str| outcome.number(key);
    let shown = outcome.dataset(DATASET)?.numbers("images_seen")?.last().copied().unwrap_or(0.0);
    Ok(format!(
        "{} neurons, {} devices per pixel, {shown} training images shown, tested on the {}. Drivers give {:.3} V and {:.3} V \
         ({:.1} ns); cells see {:.1} to {:.1} % of it. Reads see {:.1} % of the nominal conductance on average.",
        config.network.neurons,
        config.network.copies,
        tested_on(outcome)?,
        number("potentiation_voltage/first")?,
        number("depression_voltage/first")?,
        number("pulse_width")? * 1e9,
        100.0 * number("cell_voltage_fraction/least")?,
        100.0 * number("cell_voltage_fraction/most")?,
        100.0 * number("read_ratio_mean")?,
    ))
}

fn figure(data: &Dataset) -> Result<Figure, ExperimentError> {
    let seen = data.numbers("images_seen")?;
    let curve = |name: &str| -> Result<Vec<(f64, f64)>, ExperimentError> {
        let points = seen.iter().copied().zip(data.numbers(name)?);
        Ok(points.filter(|(seen, _)| *seen > 0.0).map(|(seen, accuracy)| (seen, 100.0 * accuracy)).collect())
    };
    let how = "Left: accuracy of the network on its array and of the same network with ideal reads and writes. Right: fraction \
               of the driver's voltage that the cells of a tile see in a write.";
    Ok(Figure::new("array", "Training with the circuit in the loop.", how)
        .panel(
            Panel::new("a  accuracy", Axis::log10("training images seen"), Axis::linear("accuracy (%)"))
                .series(Series::line("ideal", curve("accuracy_ideal")?).draw(Draw::LinePoints))
                .series(Series::line("on the array", curve("accuracy_on_array")?).draw(Draw::LinePoints))
                .legend(Corner::BottomRight),
        )
        .map(write_map("b  write voltage", data)?))
}
