//! `spinhebb show`: what a system amounts to, before anything is computed.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::compute::{files, settings, system_arguments};
use crate::error::ExperimentError;
use crate::registry::EXPERIMENTS;
use crate::run::print_or_json;
use crate::show::Show;
use crate::system::{Request, System};

pub(super) fn subcommand() -> Command {
    Command::new("show")
        .about("Say what a system amounts to: barriers, critical voltages, conductances, pulses, sizes, cost")
        .args(system_arguments())
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print as JSON"))
}

pub(super) fn execute(matches: &ArgMatches) -> Result<(), ExperimentError> {
    let request = Request { files: files(matches), settings: settings(matches) };
    let system = System::of(EXPERIMENTS);
    let experiment = Show::registered();
    let loaded = system.load(&experiment, &request)?;
    let prepared = system.prepare(&experiment, &loaded)?;
    let context = crate::experiment::Context::fleeting(loaded.seed(&prepared.resolved()?));
    print_or_json(&prepared.compute(&context)?, matches.get_flag("json"))
}
