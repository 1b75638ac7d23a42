//! Runs, sweeps, archives, plots and reports: everything the program `spinhebb` does with the
//! physics of the other crates.

pub mod bibliography;
pub mod cli;
pub mod command;
pub mod device_choice;
pub mod drive_voltage;
pub mod error;
pub mod plot;
pub mod progress;
pub mod report;
pub mod run;
pub mod study;

/// Entry point of the program: reads the command line and does what it says.
///
/// # Errors
/// Whatever the command meets, ready to be printed with file, line and caret.
pub fn main() -> miette::Result<()> {
    use clap::Parser as _;
    // A reader that closes the pipe early, such as `head`, ends the program quietly.
    sigpipe::reset();
    cli::Cli::parse().execute()?;
    Ok(())
}
