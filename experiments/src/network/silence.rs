//! Images on which no neuron fires: an outcome of their own in training, labelling and test.

use spinhebb_network::readout::evaluation::Evaluation;
use spinhebb_network::readout::labelling::Labelling;
use spinhebb_network::training::network::Network;

use crate::experiment::Outcome;

/// Share of silent images from which on a warning is given.
const MANY: f64 = 0.2;

/// Adds the images of the training on which no neuron fired.
pub(super) fn add_silence_in_training(outcome: &mut Outcome, members: &[Network]) {
    let silent: u64 = members.iter().map(|member| member.state().silent).sum();
    let fields = members.len();
    let of_fields = if fields > 1 { format!(", summed over {fields} fields") } else { String::new() };
    let meaning = format!("presentations in training on which no neuron fired{of_fields}");
    outcome.count("silent_images", silent as usize, &meaning);
    let shown = members.iter().map(|member| member.state().images).sum::<u64>();
    // The corners of an image leave their fields silent as a matter of course.
    if let [only] = members {
        let cycles = only.neuron().cycles;
        warn(outcome, "of the training", silent as f64, shown as f64, cycles);
    }
}

/// Adds the images of labelling and test on which no neuron fired.
pub(super) fn add_silence_when_read(
    outcome: &mut Outcome,
    members: &[Network],
    labelling: &[Labelling],
    evaluation: &Evaluation,
) {
    let silent: u64 = labelling.iter().map(Labelling::silent).sum();
    let meaning = "presentations in labelling on which no neuron of a field fired; they give no label";
    outcome.count("labelling/silent_images", silent as usize, meaning);
    let meaning = "tested images on which no neuron fired; they have no answer and count as wrong";
    outcome.count("test/silent_images", evaluation.silent() as usize, meaning);
    if let Some(first) = members.first() {
        let cycles = first.neuron().cycles;
        warn(outcome, "tested", f64::from(evaluation.silent()), f64::from(evaluation.total()), cycles);
    }
}

fn warn(outcome: &mut Outcome, which: &str, silent: f64, shown: f64, cycles: u32) {
    // That images drive no line at all has been told, with the reason.
    let driven = outcome.find("inputs/active_fraction").is_none_or(|fraction| fraction.value > 0.0);
    if driven && silent > MANY * shown {
        outcome.warn(format!(
            "no neuron fires on {silent} of {shown} images {which}: within {cycles} clock cycles their currents do not carry any neuron \
             over its threshold; set a lower `network.threshold` or leave it to `network.integration_cycles`, a larger \
             `network.neuron.cycles`, or less leak, and see whether images drive the inputs at all"
        ));
    }
}
