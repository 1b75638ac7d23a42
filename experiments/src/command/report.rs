//! `spinhebb report`: page and figures of a run, drawn again from its archive.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command, value_parser};

use crate::error::ExperimentError;
use crate::experiment::read_archive;
use crate::registry;
use crate::run::{ARCHIVE, redraw};

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
    let outcome = read_archive(&run.join(ARCHIVE))?;
    let Some(experiment) = registry::find(&outcome.experiment) else {
        return Err(ExperimentError::Archive {
            experiment: outcome.experiment,
            reason: "this version cannot draw it; its data read as before".to_string(),
        });
    };
    std::fs::create_dir_all(&target).map_err(ExperimentError::io("create", &target))?;
    redraw(experiment, &run, &target)?;
    if matches.get_flag("json") {
        let summary = serde_json::to_string_pretty(&crate::run::summary(&outcome));
        println!("{}", summary.expect("a JSON value always has a text"));
    } else {
        println!("report: {}", Path::new(&target).join("report.html").display());
    }
    Ok(())
}
