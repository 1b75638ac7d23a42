//! Inference on the 4x2 crossbar: all 16 images against two stored targets (Fig. 1d of Zhou et al.).

use serde_json::json;
use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_device::junction::transport::Transport;
use spinhebb_network::demonstrator::{DendriteCurrents as _, Inference, Pattern, infer_all};

use super::small_array::SmallArrayConfig;
use crate::error::ExperimentError;
use crate::plot::{Axis, Figure, Panel, Series};
use crate::report::Comparison;
use crate::run::Run;

/// Reference subtracted in the paper per driven input, in units of the anti-parallel conductance.
const PAPER_REFERENCE: f64 = 1.44;

/// Inference with one array: its currents and the reference that centres them.
struct Case {
    name: &'static str,
    title: &'static str,
    inference: Inference,
    /// Subtraction per driven input that centres the currents, in units of G_AP V.
    reference: f64,
}

/// Reads all images through the ideal and through the parasitic, varied array.
///
/// # Errors
/// The array is out of range or cannot be solved, or a file cannot be written.
pub fn run(
    run: &mut Run,
    config: &SmallArrayConfig,
    targets: &[Pattern],
    transport: &Transport,
    seed: u64,
) -> Result<(), ExperimentError> {
    let read_v = config.read_voltage.si();
    let antiparallel_s = transport.conductance(spinhebb_device::junction::state::State::AntiParallel, read_v);
    let unit_a = antiparallel_s * read_v;
    let mut cases = Vec::new();
    for (name, title, array) in [
        ("ideal", "ideal lines, equal devices", config.ideal()),
        ("parasitic", "wires, drivers and spread", config.clone()),
    ] {
        let inputs = targets.first().map_or(0, |t| t.len());
        let raw = array.currents(transport, inputs, targets.len(), 0.0, seed)?;
        let reference = centring_reference(&infer_all(&raw, targets)?) / unit_a;
        let centred = array.currents(transport, inputs, targets.len(), reference * antiparallel_s, seed)?;
        debug_assert_eq!(centred.neurons(), targets.len());
        cases.push(Case { name, title, inference: infer_all(&centred, targets)?, reference });
    }
    let mut figure = Figure::new(
        "inference_4x2",
        "Dendrite currents of all 16 images against the two targets, by Hamming distance (Fig. 1d of Zhou et al.).",
        "Nodal solution of the crossbar for every image; reference subtracted per driven input; currents in units of G_AP V.",
    );
    for (letter, case) in ["a", "b"].iter().zip(&cases) {
        let points = |neuron: usize| {
            let rows = case.inference.rows.iter();
            rows.map(|row| (f64::from(row.hamming[neuron]), row.currents_a[neuron] / unit_a))
                .collect::<Vec<_>>()
        };
        let mut panel = Panel::new(
            format!("{letter}  {}", case.title),
            Axis::linear("Hamming distance to the target").range(-0.4, 4.4),
            Axis::linear("current (G_AP V)"),
        );
        for (neuron, target) in targets.iter().enumerate() {
            panel = panel.series(Series::points(format!("target {target}"), points(neuron)));
        }
        figure = figure.panel(panel.legend(crate::plot::Corner::TopRight));
    }
    run.report().section("4x2 inference");
    run.report().paragraph(
        "Two neurons store the targets; each of the 16 images drives the inputs. The current \
         falls by one step for every pixel that differs from the target, so five bins appear.",
    );
    run.figure(&figure)?;
    let bins = |case: &Case| {
        let values = case.inference.bins.iter().map(|b| format!("{:+.3}", b.mean_a / unit_a));
        values.collect::<Vec<_>>().join(", ")
    };
    let mut rows = Vec::new();
    for case in &cases {
        rows.push(Comparison::new(
            format!(
                "mean current of the bins 0 to {} (G_AP V), {}",
                case.inference.bins.len() - 1,
                case.title
            ),
            bins(case),
            "+0.9, +0.45, 0, -0.45, -0.9",
            "nodal analysis; published: the ideal values for G_P = 1.9 G_AP",
        ));
        rows.push(Comparison::new(
            format!("subtraction per driven input (G_AP V), {}", case.title),
            format!("{:.3}", case.reference),
            format!("{PAPER_REFERENCE}"),
            "least squares over all images; published: the measured factor; (1.9 + 1)/2 = 1.45 for ideal lines",
        ));
        rows.push(Comparison::new(
            format!("smallest gap between bins (G_AP V), {}", case.title),
            format!("{:.3}", case.inference.margin_a() / unit_a),
            "0.45 ideal",
            "worst current of a bin minus best of the next",
        ));
        run.value(
            &format!("inference_4x2.{}", case.name),
            json!({
                "bins_g_ap_v": case.inference.bins.iter().map(|b| b.mean_a / unit_a).collect::<Vec<_>>(),
                "reference_g_ap_v": case.reference,
                "margin_g_ap_v": case.inference.margin_a() / unit_a,
            }),
        );
        run.add(dataset(case, unit_a)?)?;
    }
    run.report().comparison(&rows);
    Ok(())
}

/// Current per driven input that, subtracted, leaves the smallest sum of squares, in A.
fn centring_reference(raw: &Inference) -> f64 {
    let (mut product, mut square) = (0.0, 0.0);
    for row in &raw.rows {
        let driven = f64::from(row.input.bits().count_ones());
        for current in &row.currents_a {
            product += driven * current;
            square += driven * driven;
        }
    }
    product / square
}

fn dataset(case: &Case, unit_a: f64) -> Result<Dataset, ExperimentError> {
    Ok(case
        .inference
        .to_dataset(&format!("inference_4x2_{}", case.name))?
        .with(Variable::scalar(
            "unit_current",
            "A",
            "current of one anti-parallel device at the read voltage",
            vec![unit_a],
        )?)?
        .with(Variable::scalar(
            "reference",
            "1",
            "subtraction per driven input in units of the unit current",
            vec![case.reference],
        )?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use spinhebb_circuit::array::variation::VariationConfig;
    use spinhebb_data::quantity::{Resistance, Voltage};

    /// Ideal lines and G_P = 1.9 G_AP: the nodal solution gives the five exact currents and the
    /// reference 1.45.
    #[test]
    fn the_ideal_crossbar_gives_the_five_bins() {
        let transport = Transport::from_conductances(1.9e-4, 1e-4).unwrap();
        let array = SmallArrayConfig {
            read_voltage: Voltage(0.1),
            word_wire: Resistance(3.0),
            bit_wire: Resistance(3.0),
            driver: Resistance(50.0),
            sense: Resistance(50.0),
            variation: VariationConfig { stuck_open: 0.5, ..VariationConfig::default() },
        }
        .ideal();
        let targets: Vec<Pattern> = vec!["1100".parse().unwrap(), "1001".parse().unwrap()];
        let unit = 1e-4 * 0.1;
        let raw = infer_all(&array.currents(&transport, 4, 2, 0.0, 1).unwrap(), &targets).unwrap();
        assert!((centring_reference(&raw) / unit - 1.45).abs() < 1e-12);
        let centred = infer_all(&array.currents(&transport, 4, 2, 1.45e-4, 1).unwrap(), &targets).unwrap();
        for (bin, expected) in centred.bins.iter().zip([0.9, 0.45, 0.0, -0.45, -0.9]) {
            assert!(
                (bin.min_a / unit - expected).abs() < 1e-12 && (bin.max_a / unit - expected).abs() < 1e-12
            );
        }
    }
}
