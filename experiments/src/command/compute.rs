//! The arguments of a computing command, alike for every experiment.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::experiment::{Registered, Shortcut};
use crate::run::RunOptions;
use crate::system::Setting;

/// Most threads: more than any one machine has.
const MOST_THREADS: i64 = 1024;

/// The subcommand `name` that computes `experiment`.
pub(super) fn subcommand(experiment: &'static Registered, name: &'static str) -> Command {
    let mut command = Command::new(name).about(experiment.about);
    for shortcut in experiment.shortcuts {
        command = command.arg(shortcut_argument(shortcut));
    }
    command.args(system_arguments()).args([
        Arg::new("out")
            .long("out")
            .value_name("DIR")
            .default_value("runs")
            .value_parser(value_parser!(PathBuf))
            .help("Directory that holds the runs"),
        Arg::new("name")
            .long("name")
            .value_name("NAME")
            .help("Name of this run; by default the command's, with a number if that is taken"),
        Arg::new("json")
            .long("json")
            .action(ArgAction::SetTrue)
            .help("Print the summary as JSON on standard output"),
        Arg::new("dry-run")
            .long("dry-run")
            .action(ArgAction::SetTrue)
            .help("Print the resolved configuration, itself valid input, and stop; nothing is computed"),
        Arg::new("threads")
            .long("threads")
            .value_name("N")
            .value_parser(value_parser!(u16).range(1..=MOST_THREADS))
            .help("Threads to use; by default one per core. Results do not depend on it"),
    ])
}

/// The arguments that describe a system.
pub(super) fn system_arguments() -> [Arg; 3] {
    [
        Arg::new("config")
            .short('c')
            .long("config")
            .value_name("FILE")
            .action(ArgAction::Append)
            .value_parser(value_parser!(PathBuf))
            .help("Configuration file (TOML, quantities with units); repeatable, a later one wins; `spinhebb init` writes one"),
        Arg::new("set")
            .long("set")
            .value_name("KEY=VALUE")
            .action(ArgAction::Append)
            .help("Set one key, such as array.word_wire=\"2 ohm\"; repeatable, wins over files"),
        Arg::new("seed")
            .long("seed")
            .value_name("N")
            .value_parser(value_parser!(u64).range(..=i64::MAX as u64))
            .help("Master seed of all random streams"),
    ]
}

fn shortcut_argument(shortcut: &Shortcut) -> Arg {
    let argument = Arg::new(shortcut.key).help(format!("{} [{}]", shortcut.help, shortcut.key));
    if shortcut.is_switch() {
        return argument.long(shortcut.flag).action(ArgAction::SetTrue);
    }
    let argument = argument.value_name(shortcut.value_name);
    let argument = match (shortcut.flag, shortcut.list) {
        ("", _) => return argument.num_args(1..).action(ArgAction::Append),
        (flag, false) => argument.long(flag).action(ArgAction::Set),
        (flag, true) => argument.long(flag).action(ArgAction::Append).value_delimiter(','),
    };
    // Negative numbers are values, not flags.
    argument.allow_hyphen_values(true)
}

/// The options that `matches` hold.
pub(super) fn options(experiment: &Registered, matches: &ArgMatches) -> RunOptions {
    let mut settings = settings(matches);
    for shortcut in experiment.shortcuts {
        if shortcut.is_switch() {
            if matches.get_flag(shortcut.key) {
                let (shown, value) = (format!("--{}", shortcut.flag), toml::Value::Boolean(true));
                settings.push(Setting::Flag { shown, key: shortcut.key.to_string(), value });
            }
            continue;
        }
        let Some(values) = matches.get_many::<String>(shortcut.key) else { continue };
        let texts: Vec<&str> = values.map(String::as_str).collect();
        let value = match texts.as_slice() {
            [one] if !shortcut.list => value_of(one),
            several => toml::Value::Array(several.iter().map(|text| value_of(text)).collect()),
        };
        let shown = format!("--{} {}", shortcut.flag, texts.join(","));
        let shown = shown.trim_start_matches("-- ").to_string();
        settings.push(Setting::Flag { shown, key: shortcut.key.to_string(), value });
    }
    RunOptions {
        files: files(matches),
        settings,
        out: matches.get_one::<PathBuf>("out").cloned().unwrap_or_else(|| "runs".into()),
        name: matches.get_one::<String>("name").cloned(),
        json: matches.get_flag("json"),
        dry_run: matches.get_flag("dry-run"),
        threads: matches.get_one::<u16>("threads").copied().map(usize::from),
    }
}

/// Files of `--config`.
pub(super) fn files(matches: &ArgMatches) -> Vec<PathBuf> {
    matches.get_many::<PathBuf>("config").map(|files| files.cloned().collect()).unwrap_or_default()
}

/// Keys of `--set` and `--seed`.
pub(super) fn settings(matches: &ArgMatches) -> Vec<Setting> {
    let set = matches.get_many::<String>("set").into_iter().flatten();
    let mut settings: Vec<Setting> = set.map(|argument| Setting::Set(argument.clone())).collect();
    if let Some(seed) = matches.get_one::<u64>("seed") {
        let value = toml::Value::Integer(i64::try_from(*seed).unwrap_or(i64::MAX));
        settings.push(Setting::Flag { shown: format!("--seed {seed}"), key: "seed".to_string(), value });
    }
    settings
}

/// A value of the command line: TOML where it is a number or a truth value, else text.
fn value_of(text: &str) -> toml::Value {
    match text.parse::<toml::Value>() {
        Ok(value @ (toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_))) => value,
        _ => toml::Value::String(text.to_string()),
    }
}
