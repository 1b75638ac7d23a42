//! The command line: a subcommand for each experiment of the registry, and what serves them.

mod compute;
mod init;
mod presets;
mod report;
mod show;

use clap::{ArgMatches, Command};

use crate::error::ExperimentError;
use crate::experiment::Registered;
use crate::registry::EXPERIMENTS;

/// Groups of commands and what they are about; commands of one word stand alone.
const GROUPS: &[(&str, &str)] = &[
    ("device", "Simulate one junction: trajectories, switching tables, write errors, retention, disturb"),
    ("circuit", "Solve crossbars: read, write, map onto tiles, export to SPICE"),
    ("network", "Learn images with stochastic MTJ synapses: train, evaluate, grid, ablation"),
];

/// The whole command line.
#[must_use]
pub fn command_line() -> Command {
    let mut program = Command::new("spinhebb")
        .about("From spin dynamics to learning with stochastic magnetic tunnel junctions")
        .long_about(
            "One physical model from the stochastic magnetisation of a magnetic tunnel junction, through the crossbar it \
             sits in, to the network that learns on it.",
        )
        .version(env!("CARGO_PKG_VERSION"))
        .propagate_version(true)
        .subcommand_required(true)
        .arg_required_else_help(true);
    let in_group = |group: &'static str| {
        EXPERIMENTS.iter().filter(move |e| e.name.split_once(' ').is_some_and(|(first, _)| first == group))
    };
    for experiment in EXPERIMENTS.iter().filter(|e| !e.name.contains(' ')) {
        program = program.subcommand(compute::subcommand(experiment, experiment.name));
    }
    for (group, about) in GROUPS {
        let mut command =
            Command::new(*group).about(*about).subcommand_required(true).arg_required_else_help(true);
        for experiment in in_group(group) {
            command =
                command.subcommand(compute::subcommand(experiment, &experiment.name[group.len() + 1..]));
        }
        program = program.subcommand(command);
    }
    program
        .subcommand(init::subcommand())
        .subcommand(show::subcommand())
        .subcommand(report::subcommand())
        .subcommand(presets::subcommand())
}

/// Does what the command line says.
///
/// # Errors
/// Whatever the command meets; see [`ExperimentError`].
pub fn execute(matches: &ArgMatches) -> Result<(), ExperimentError> {
    match matches.subcommand() {
        Some(("init", matches)) => init::execute(matches),
        Some(("show", matches)) => show::execute(matches),
        Some(("report", matches)) => report::execute(matches),
        Some(("presets", matches)) => presets::execute(matches),
        Some((name, matches)) => {
            let (experiment, matches) = chosen(name, matches);
            let Some(experiment) = experiment else {
                return ExperimentError::refuse("command", name, "a command that `spinhebb --help` lists");
            };
            crate::run::run(experiment, &compute::options(experiment, matches))
        }
        None => Ok(()),
    }
}

/// The experiment of a command or of a command in a group, with the arguments that are its own.
fn chosen<'m>(name: &str, matches: &'m ArgMatches) -> (Option<&'static Registered>, &'m ArgMatches) {
    match matches.subcommand() {
        Some((inner, inner_matches)) if GROUPS.iter().any(|(group, _)| *group == name) => {
            (crate::registry::find(&format!("{name} {inner}")), inner_matches)
        }
        _ => (crate::registry::find(name), matches),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command_line().debug_assert();
        for experiment in EXPERIMENTS {
            let words = std::iter::once("spinhebb").chain(experiment.name.split(' ')).chain(["--seed", "7"]);
            let positional = experiment.shortcuts.iter().filter(|s| s.flag.is_empty()).map(|_| "x");
            let matches = command_line().try_get_matches_from(words.chain(positional)).unwrap();
            let (name, matches) = matches.subcommand().unwrap();
            let (found, matches) = chosen(name, matches);
            assert_eq!(found.unwrap().name, experiment.name);
            assert!(!compute::options(found.unwrap(), matches).settings.is_empty());
        }
    }
}
