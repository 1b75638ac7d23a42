//! `spinhebb circuit spice`: the read as a netlist, with its solution beside it.

use super::CircuitConfig;
use crate::error::ExperimentError;
use crate::run::Run;

/// Writes the netlist and archives the node voltages it must give.
pub(super) fn spice(config: &CircuitConfig, run: &mut Run) -> Result<(), ExperimentError> {
    let mtj = config.device()?;
    let array = config.for_read(&mtj, config.array.rows, config.array.cols)?;
    let deck = array.to_spice("crossbar read, exported by spinhebb")?;
    run.value("cells", config.array.rows * config.array.cols);
    run.value("netlist", "crossbar.cir");
    run.value("run_it_with", "ngspice -b crossbar.cir");
    run.write("crossbar.cir", deck.as_bytes())?;
    let solution = array.solve()?;
    run.add(solution.to_dataset(&array, "circuit/read")?)
}
