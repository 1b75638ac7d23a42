//! The program `spinhebb`.

use clap::Parser as _;
use spinhebb_experiments::cli::Cli;

fn main() -> miette::Result<()> {
    // A reader that closes the pipe early, such as `head`, ends the program quietly.
    sigpipe::reset();
    Cli::parse().execute()?;
    Ok(())
}
