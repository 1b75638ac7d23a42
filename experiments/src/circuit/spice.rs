//! `spinhebb circuit spice`: the read as a netlist, with its solution beside it.

use spinhebb_circuit::array::config::ArrayConfig;
use spinhebb_circuit::array::variation::FaultsConfig;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::population::PopulationConfig;

use super::pattern::{Maker, PatternConfig};
use crate::error::ExperimentError;
use crate::experiment::{Context, Experiment, Outcome};
use crate::present::Page;
use crate::system::system_parts;

/// Name of the netlist.
const NETLIST: &str = "crossbar.cir";

system_parts! {
    /// A crossbar read as a SPICE netlist.
    pub struct SpiceParts {
        /// The junction at every crossing.
        device: MtjConfig,
        /// How devices differ.
        population: PopulationConfig,
        /// Faults of devices and wires.
        faults: FaultsConfig,
        /// The array and what drives it.
        array: ArrayConfig,
        /// What is stored and which inputs are active.
        pattern: PatternConfig,
    }
}

/// Export of a read as a netlist.
pub struct Spice;

impl Experiment for Spice {
    type Config = SpiceParts;
    const NAME: &'static str = "circuit spice";
    const ABOUT: &'static str = "Export the read as a SPICE netlist of exactly the same circuit";
    const CITES: &'static [&'static str] = &[];

    fn compute(config: &SpiceParts, context: &Context) -> Result<Outcome, ExperimentError> {
        let mut outcome = Outcome::new("A crossbar for SPICE");
        let mtj = config.device.resolve()?;
        let varied = (&config.population, &config.faults);
        let maker = Maker::new(context.seed(), &mtj, &config.array, &config.pattern, varied)?;
        let (inputs, outputs) = (config.array.inputs, config.array.outputs);
        let array = maker.for_read(inputs, outputs);
        let deck = array.to_spice("crossbar read, exported by spinhebb")?;
        outcome.count("cells", inputs * outputs, "cells of the array");
        outcome.text("netlist", NETLIST);
        outcome.text("run_it_with", format!("ngspice -b {NETLIST}"));
        outcome.file(NETLIST, deck);
        outcome.add(array.solve()?.to_dataset(&array, "circuit/read")?);
        Ok(outcome)
    }

    fn present(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
        page.paragraph(&format!(
            "The netlist {} is the read of this array; `{}` gives the node voltages that the archive holds.",
            outcome.words("netlist")?,
            outcome.words("run_it_with")?
        ));
        Ok(())
    }
}
