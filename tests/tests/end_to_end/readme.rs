//! The commands of `README.md`, as a reader would type them.

use std::path::Path;
use std::process::Command;

use spinhebb_experiments::registry::EXPERIMENTS;

use crate::program::{PROGRAM, folder_with, spinhebb};

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap()
}

/// Lines of code that start the program, in their order, without their remarks.
fn commands(text: &str) -> Vec<String> {
    let code = text.lines().filter_map(|line| line.strip_prefix("    spinhebb "));
    code.map(|rest| format!("spinhebb {}", rest.split('#').next().unwrap_or_default().trim_end())).collect()
}

/// Whether a command computes, which takes long: only its configuration is then looked at.
fn computes(command: &str) -> bool {
    let words = command.trim_start_matches("spinhebb ");
    EXPERIMENTS.iter().any(|e| words == e.name || words.starts_with(&format!("{} ", e.name)))
}

#[test]
fn the_commands_of_the_readme_run() {
    let folder = tempfile::tempdir().unwrap();
    let programs = folder.path().join("programs");
    std::fs::create_dir(&programs).unwrap();
    std::os::unix::fs::symlink(PROGRAM, programs.join("spinhebb")).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let commands = commands(&readme());
    assert!(commands.len() >= 5 && commands.iter().any(|command| computes(command)), "{commands:?}");
    for command in commands {
        // The run that has a name is small, and the commands after it look at it.
        let dry = computes(&command) && !command.contains("--dry-run") && !command.contains("--name");
        let typed = if dry { format!("{command} --dry-run") } else { command };
        let output = Command::new("sh")
            .args(["-c", &typed])
            .env("PATH", &path)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "`{typed}`: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(folder.path().join("runs/first/report.html").exists(), "the run that a report is drawn of");
}

/// Every system file that the readme shows is accepted by every command that reads it.
#[test]
fn the_files_of_the_readme_are_accepted() {
    let text = readme();
    let files: Vec<&str> =
        text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!files.is_empty());
    for file in files {
        let folder = folder_with(file);
        for command in ["device table", "device wer", "circuit solve", "circuit write", "network train"] {
            let output = spinhebb(folder.path())
                .args(command.split(' ').chain(["-c", "small.toml", "--dry-run"]))
                .output()
                .unwrap();
            assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

/// Source files and folders that the readme of a crate names stand where it says.
#[test]
fn the_readmes_name_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut looked_at = 0;
    for name in ["circuit", "network"] {
        let text = std::fs::read_to_string(root.join(name).join("README.md")).unwrap();
        for word in text.split('`').skip(1).step_by(2) {
            let is_path = !word.contains([' ', '<', '*']) && (word.ends_with(".rs") || word.ends_with('/'));
            if is_path {
                let places =
                    [root.join(name).join("src").join(word), root.join(name).join(word), root.join(word)];
                assert!(places.iter().any(|place| place.exists()), "{name}/README.md: `{word}`");
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 20, "{looked_at}");
}

/// Every command stands in the table of commands.
#[test]
fn the_readme_names_every_command() {
    let text = readme();
    for experiment in EXPERIMENTS {
        let word = experiment.name.rsplit(' ').next().unwrap();
        assert!(text.contains(word), "`{}` is not in README.md", experiment.name);
    }
}
