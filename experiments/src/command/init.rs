//! `spinhebb init`: a commented configuration to edit.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::console;
use crate::error::ExperimentError;
use crate::experiment::Registered;
use crate::registry::{self, EXPERIMENTS};
use crate::system::System;

pub(super) fn subcommand() -> Command {
    Command::new("init")
        .about("Write a commented configuration of a command, to be edited")
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .num_args(0..=2)
                .help("Which command's configuration, such as `device table`; without it, the commands are listed"),
        )
        .arg(
            Arg::new("output")
                .short('o')
                .long("output")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("File to write, which must not exist yet; standard output if not given"),
        )
        .arg(Arg::new("schema").long("schema").action(ArgAction::SetTrue).help(
            "Print the JSON schema instead: every key with description, unit and default; of a whole system file without COMMAND",
        ))
}

pub(super) fn execute(matches: &ArgMatches) -> Result<(), ExperimentError> {
    let words: Vec<&str> =
        matches.get_many::<String>("command").into_iter().flatten().map(String::as_str).collect();
    let text = match (words.is_empty(), matches.get_flag("schema")) {
        (true, false) => {
            let line = |e: &Registered| format!("{:20} {}\n", e.name, e.about);
            return console::print(&EXPERIMENTS.iter().map(line).collect::<String>());
        }
        (true, true) => schema_text(System::of(EXPERIMENTS).schema())?,
        (false, schema) => {
            let name = words.join(" ");
            let Some(experiment) = registry::find(&name) else {
                let known: Vec<&str> = EXPERIMENTS.iter().map(|e| e.name).collect();
                return ExperimentError::refuse("command", name, &format!("one of {}", known.join(", ")));
            };
            if schema {
                schema_text(&System::of(EXPERIMENTS).schema_of(experiment))?
            } else {
                System::of(EXPERIMENTS).example(experiment)?
            }
        }
    };
    match matches.get_one::<PathBuf>("output") {
        None => console::print(&text),
        Some(path) => {
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(path)
                .map_err(ExperimentError::io("create", path))?;
            std::io::Write::write_all(&mut file, text.as_bytes()).map_err(|error| {
                // Half a configuration must not stand in the way of the next try.
                let _ = std::fs::remove_file(path);
                ExperimentError::io("write", path)(error)
            })
        }
    }
}

fn schema_text(schema: &schemars::Schema) -> Result<String, ExperimentError> {
    let text = serde_json::to_string_pretty(schema);
    Ok(text.map_err(|e| ExperimentError::Unit { reason: e.to_string() })? + "\n")
}
