//! Tasks of the project: `cargo xtask quick | ci | verify | bench`.

use std::process::{Command, ExitCode};

/// A task: name, what it is for, its commands in order.
type Task = (&'static str, &'static str, &'static [&'static [&'static str]]);

/// Every task.
#[rustfmt::skip]
const TASKS: &[Task] = &[
    ("quick", "format, lints and the unit tests that take seconds", &[
        &["cargo", "fmt", "--check"],
        &["cargo", "clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"],
        &["cargo", "test", "--release", "--workspace", "--lib"],
    ]),
    ("ci", "everything a change must pass", &[
        &[".ci/run"],
    ]),
    ("verify", "what takes longer: licences and sources of dependencies, peers, rare events", &[
        &["cargo", "deny", "check", "bans", "licenses", "sources"],
        &["cargo", "test", "--release", "--workspace"],
        &["cargo", "bench", "-p", "spinhebb-circuit", "--bench", "peers"],
    ]),
    ("bench", "every benchmark", &[
        &["cargo", "bench", "--workspace"],
    ]),
];

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let Some((_, _, commands)) = TASKS.iter().find(|(name, _, _)| *name == wanted) else {
        eprintln!("usage: cargo xtask TASK");
        for (name, purpose, _) in TASKS {
            eprintln!("  {name:8} {purpose}");
        }
        return ExitCode::from(2);
    };
    for command in *commands {
        println!("=== {}", command.join(" "));
        match Command::new(command[0]).args(&command[1..]).status() {
            Ok(status) if status.success() => {}
            Ok(status) => {
                eprintln!("`{}` ended with {status}", command.join(" "));
                return ExitCode::FAILURE;
            }
            Err(error) => {
                eprintln!("`{}` could not be started: {error}", command.join(" "));
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
