//! `spinhebb presets`: the shipped devices and where every parameter comes from.

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value, json};
use spinhebb_device::junction::preset;

use crate::console;
use crate::error::ExperimentError;

pub(super) fn subcommand() -> Command {
    Command::new("presets")
        .about("List the shipped devices with the source of every parameter")
        .arg(Arg::new("name").value_name("NAME").help("Show only this device"))
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print as JSON"))
}

pub(super) fn execute(matches: &ArgMatches) -> Result<(), ExperimentError> {
    let names: Vec<&str> = match matches.get_one::<String>("name") {
        Some(name) => vec![name.as_str()],
        None => preset::names().collect(),
    };
    let mut all = Map::new();
    for name in names {
        let preset = preset::load(name)?;
        let values: toml::Table = toml::from_str(preset::text(name)?).unwrap_or_default();
        let value_of = |key: &str| {
            let device = values.get("device")?;
            key.split('.').try_fold(device, |value, part| value.get(part)).map(ToString::to_string)
        };
        if matches.get_flag("json") {
            let parameters: Map<String, Value> = preset
                .source
                .iter()
                .map(|(key, source)| (key.clone(), json!({"value": value_of(key), "source": source})))
                .collect();
            all.insert(
                name.to_string(),
                json!({"description": preset.description, "parameters": parameters}),
            );
        } else {
            let line = |(key, source): (&String, &String)| {
                format!("  {key:38} {:24} {source}\n", value_of(key).unwrap_or_default())
            };
            let lines: String = preset.source.iter().map(line).collect();
            console::print(&format!("{name}: {}\n{lines}\n", preset.description))?;
        }
    }
    if matches.get_flag("json") {
        let text = serde_json::to_string_pretty(&all).expect("a JSON value always has a text");
        console::print(&(text + "\n"))?;
    }
    Ok(())
}
