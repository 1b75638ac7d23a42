//! `spinhebb init`: a commented, runnable configuration to edit.

use std::path::PathBuf;

use crate::command::EXAMPLES;
use crate::error::ExperimentError;

/// Write a commented, runnable configuration of a command.
#[derive(Debug, clap::Args)]
pub struct InitArguments {
    /// Which command's configuration; without it, the names are listed
    command: Option<String>,
    /// File to write, which must not exist yet; standard output if not given
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the JSON schema of the configuration instead: every key with description, unit and default
    #[arg(long)]
    schema: bool,
}

impl InitArguments {
    /// Prints or writes the example.
    ///
    /// # Errors
    /// There is no such command, or the file exists or cannot be written.
    pub fn execute(self) -> Result<(), ExperimentError> {
        let Some(command) = self.command else {
            for example in EXAMPLES {
                println!("{:20} {}", example.command, example.purpose);
            }
            return Ok(());
        };
        let Some(example) = EXAMPLES.iter().find(|example| example.command == command) else {
            return Err(ExperimentError::Value {
                key: "command".to_string(),
                value: command,
                expected: format!(
                    "one of {}",
                    EXAMPLES.iter().map(|e| e.command).collect::<Vec<_>>().join(", ")
                ),
            });
        };
        let text = if self.schema {
            let schema = serde_json::to_string_pretty(&(example.schema)()).expect("a schema is JSON");
            schema + "\n"
        } else {
            (example.commented)(example.defaults)?
        };
        match self.output {
            None => print!("{text}"),
            Some(path) => {
                let mut file = std::fs::OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .open(&path)
                    .map_err(ExperimentError::io("create", &path))?;
                std::io::Write::write_all(&mut file, text.as_bytes())
                    .map_err(ExperimentError::io("write", &path))?;
            }
        }
        Ok(())
    }
}
