//! What a system amounts to: figures that need no simulation, from every part of it.

use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_data::config::Staged;
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::{Mtj, MtjConfig};
use spinhebb_device::junction::state::State;
use spinhebb_device::population::PopulationConfig;
use spinhebb_device::switching::amplitude::AmplitudeScale;
use spinhebb_device::switching::estimate::BackEnd;
use spinhebb_device::switching::table_config::{TableConfig, TableRequest};
use spinhebb_network::encoding::Encoder;
use spinhebb_network::images::ImagesConfig;
use spinhebb_network::training::config::NetworkConfig;

use crate::device::{device_name, summarise};
use crate::error::ExperimentError;
use crate::experiment::{Context, Experiment, Outcome, Registered};
use crate::present::Page;
use crate::system::system_parts;

system_parts! {
    /// A whole system.
    pub struct ShowParts {
        /// The junction at every crossing.
        device: MtjConfig,
        /// How devices differ.
        population: PopulationConfig,
        /// Faults of devices and wires.
        faults: FaultsConfig,
        /// How switching probabilities are computed.
        table: TableConfig,
        /// The pulses.
        pulses: PulsesConfig,
        /// The array and what drives it.
        array: ArrayConfig,
        /// The network.
        network: NetworkConfig,
        /// The images.
        images: ImagesConfig,
    }
}

/// What a system amounts to.
pub struct Show;

impl Show {
    /// As an experiment, though it leaves no run.
    #[must_use]
    pub const fn registered() -> Registered {
        Registered::new::<Self>()
    }
}

impl Experiment for Show {
    type Config = ShowParts;
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Say what a system amounts to";
    const CITES: &'static [&'static str] = &[];

    fn compute(config: &ShowParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let mut outcome = Outcome::new("A system");
        let junction = Junction::new(&config.device)?;
        summarise(&mut outcome, &junction, &device_name(&config.device));
        conductances(&mut outcome, junction.barrier(), config);
        pulses(&mut outcome, &junction, config, context)?;
        sizes(&mut outcome, config)?;
        Ok(outcome)
    }

    fn present(_: &Outcome, _: &mut Page) -> Result<(), ExperimentError> {
        Ok(())
    }
}

fn conductances(outcome: &mut Outcome, mtj: &Mtj, config: &ShowParts) {
    let read_v = config.array.read_voltage.si();
    for state in State::BOTH {
        let siemens = mtj.transport.conductance(state, read_v);
        outcome.scalar(format!("{state}/conductance"), siemens, "S", "conductance at the read voltage");
    }
}

/// Voltages and probabilities of the pulses in the first and the last stage: by the one-dimensional Fokker-Planck equation
/// where the device has an axis, which takes a moment; else what is written.
fn pulses(
    outcome: &mut Outcome,
    junction: &Junction,
    config: &ShowParts,
    context: &Context,
) -> Result<(), ExperimentError> {
    let width_s = config.pulses.width.si();
    outcome.scalar("pulses/width", width_s, "s", "full width of a pulse");
    let axial = match junction {
        Junction::Single(mtj) if mtj.is_axially_symmetric(0.0) => Some(mtj),
        _ => None,
    };
    let table = match axial {
        None => None,
        Some(_) => {
            let settings = TableConfig { method: BackEnd::FokkerPlanck, ..config.table.clone() };
            Some(settings.table(&TableRequest::new(junction, &[width_s], context.seed()))?)
        }
    };
    let scale = AmplitudeScale { junction, table: table.as_ref(), width_s };
    for (name, wanted, start) in [
        ("potentiation", &config.pulses.potentiation, State::AntiParallel),
        ("depression", &config.pulses.depression, State::Parallel),
    ] {
        let entries = wanted.as_ref().map(Staged::entries).unwrap_or_default();
        for (when, (_, amplitude)) in
            entries.first().map(|e| ("first", e)).into_iter().chain(entries.last().map(|e| ("last", e)))
        {
            let key = |what: &str| format!("pulses/{name}/{when}_stage/{what}");
            outcome.text(key("asked"), amplitude.to_string());
            let Some(table) = &table else { continue };
            let looked_up =
                scale.volts(**amplitude, start).and_then(|v| Ok((v, table.probability(v, width_s, start)?)));
            let (volts, found) = match looked_up {
                Ok(found) => found,
                Err(error) => {
                    outcome.warn(format!("{name}, {when} stage: {error}"));
                    continue;
                }
            };
            outcome.scalar(key("voltage"), volts, "V", "amplitude of the pulse");
            outcome
                .scalar(key("probability"), found.p, "1", "probability that it switches the nominal device")
                .interval(found.lower, found.upper);
        }
    }
    if table.is_none() {
        outcome.warn("voltages of pulses need the switching table of this device: `spinhebb device table`");
    }
    Ok(())
}

/// Lines, devices and tiles of the network on the array, and the cost of every experiment.
fn sizes(outcome: &mut Outcome, config: &ShowParts) -> Result<(), ExperimentError> {
    let [images, rows, columns] = spinhebb_data::mnist::training_shape(config.images.folder.as_deref())?;
    let mut encoding = config.network.encoding.clone();
    encoding.field = config.network.fields.first().copied().or(encoding.field);
    let lines = Encoder::new(&encoding, columns, rows)?.lines() * usize::from(config.network.copies);
    let (neurons, fields) = (config.network.neurons_each(), config.network.fields.len().max(1));
    let tiles = lines.div_ceil(config.array.inputs) * neurons.div_ceil(config.array.outputs);
    outcome.count("images/train", config.images.shown(images), "training images shown");
    outcome.count("network/fields", fields, "networks, each with a field of the image");
    outcome.count("network/inputs", lines, "lines of devices of each network");
    outcome.count("network/neurons", neurons, "neurons of each network");
    outcome.count("network/devices", lines * neurons * fields, "devices in all");
    outcome.count("network/tiles", tiles * fields, "tiles of the array in all");
    Ok(())
}
