//! Everything the program `spinhebb` does with the physics of the other crates: one system description, one experiment
//! machine, and the experiments.

pub mod calibration;
pub mod circuit;
pub mod command;
mod console;
pub mod device;
pub mod error;
pub mod experiment;
pub mod network;
pub mod present;
pub mod progress;
pub mod registry;
pub mod reproduce;
pub mod run;
pub mod show;
pub mod system;

/// Entry point of the program: reads the command line and does what it says.
///
/// # Errors
/// Whatever the command meets, ready to be printed with file, line and caret.
pub fn main() -> miette::Result<()> {
    // A reader that closes the pipe early, such as `head`, ends the program quietly.
    sigpipe::reset();
    command::execute(&command::command_line().get_matches())?;
    Ok(())
}
