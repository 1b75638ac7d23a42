//! `spinhebb report`: page and figures of a run, drawn again from its archive.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, value_parser};

use crate::console;
use crate::error::ExperimentError;
use crate::run::{as_json, report};

pub(super) fn subcommand() -> Command {
    Command::new("report")
        .about("Draw page and figures of a run again, from its archive alone")
        .arg(
            Arg::new("run")
                .value_name("RUN")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("Folder of the run"),
        )
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .help("Folder to draw into; by default the run's own"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .action(clap::ArgAction::SetTrue)
                .help("Print the summary of the run as JSON on standard output"),
        )
}

pub(super) fn execute(matches: &ArgMatches) -> Result<(), ExperimentError> {
    let run = matches.get_one::<PathBuf>("run").cloned().unwrap_or_default();
    let target = matches.get_one::<PathBuf>("out").cloned().unwrap_or_else(|| run.clone());
    let outcome = report(&run, &target)?;
    if matches.get_flag("json") {
        console::print(&(as_json(&outcome, &run) + "\n"))
    } else {
        console::print(&format!("report: {}\n", target.join("report.html").display()))
    }
}
