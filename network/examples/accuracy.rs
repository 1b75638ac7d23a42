//! Trains a shipped recipe on MNIST and prints the accuracy of each seed.
//!
//! `cargo run --release -p spinhebb-network --example accuracy -- paper 500 8 3` (recipe, neurons, devices per line, seeds);
//! a fifth argument keeps that many training images out of the training and tests on them.

use spinhebb_data::mnist;
use spinhebb_network::encoding::Images;
use spinhebb_network::readout::Readout;
use spinhebb_network::readout::committee::Committee;
use spinhebb_network::readout::preset;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, default: usize| arguments.get(i).map_or(Ok(default), |a| a.parse());
    let (neurons, copies) = (number(1, 500)?, number(2, 8)?);
    let (seeds, held_out) = (number(3, 3)? as u64, number(4, 0)?);
    let set = mnist::load(None)?;
    let all = Images::new(&set.train.pixels, set.train.columns, set.train.rows)?;
    let cut = all.len() - held_out;
    let train = all.slice(0..cut)?;
    let labels = &set.train.labels[..cut];
    let (test, truth) = if held_out > 0 {
        (all.slice(cut..all.len())?, &set.train.labels[cut..])
    } else {
        (Images::new(&set.test.pixels, set.test.columns, set.test.rows)?, set.test.labels.as_slice())
    };
    let recipe = match arguments.first().map(String::as_str) {
        Some("best") => preset::best(neurons, cut),
        Some("paper") => preset::paper(neurons, u8::try_from(copies)?, cut),
        _ => preset::tuned(neurons, u8::try_from(copies)?, cut),
    };
    let mut sum = 0.0;
    for seed in 1..=seeds {
        let mut network = Committee::new(&recipe, None, &train, seed)?;
        network.advance(&train, u64::MAX)?;
        let (labelling, evaluation) =
            network.examine(&recipe.network, (&train, labels), (&test, truth), set.classes())?;
        let vote = network.evaluate(
            &labelling,
            Readout::WeightedVote { neurons: 10.min(neurons) },
            test.at(&recipe.network.test_shifts),
            truth,
        )?;
        sum += evaluation.accuracy();
        println!(
            "seed {seed}: {:.2} % ({:?}); vote of ten {:.2} %; mean {:.2} %",
            100.0 * evaluation.accuracy(),
            recipe.network.readout,
            100.0 * vote.accuracy(),
            100.0 * sum / seed as f64
        );
    }
    Ok(())
}
