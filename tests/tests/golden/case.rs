//! The cases, and how one is run.

use std::path::{Path, PathBuf};
use std::process::Command;

use toml::{Table, Value};

use crate::digits;

/// Folder of cases, configurations and archived results.
pub fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// One run of the program.
pub struct Case {
    name: String,
    arguments: Vec<String>,
    configuration: Option<String>,
    files: Vec<String>,
    digits: bool,
    before: Vec<Vec<String>>,
}

/// Names of all cases, in the order of the list.
pub fn names() -> Vec<String> {
    all().into_iter().map(|case| case.name).collect()
}

fn all() -> Vec<Case> {
    let text = std::fs::read_to_string(golden().join("cases.toml")).unwrap();
    let mut table: Table = text.parse().unwrap();
    let Some(Value::Array(cases)) = table.remove("case") else { panic!("cases.toml has no [[case]]") };
    cases.into_iter().map(Case::new).collect()
}

fn text(value: Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("`{value}` is no text")).to_string()
}

fn list(value: Value) -> Vec<Value> {
    let Value::Array(values) = value else { panic!("`{value}` is no list") };
    values
}

fn texts(value: Value) -> Vec<String> {
    list(value).into_iter().map(text).collect()
}

impl Case {
    fn new(value: Value) -> Self {
        let Value::Table(mut table) = value else { panic!("a case is a table") };
        let mut take = |key: &str| table.remove(key);
        let case = Self {
            name: text(take("name").expect("a case has a name")),
            arguments: texts(take("arguments").expect("a case has arguments")),
            configuration: take("configuration").map(text),
            files: take("files").map(texts).unwrap_or_default(),
            digits: take("digits").is_some_and(|value| value.as_bool().unwrap()),
            before: take("before").map(list).unwrap_or_default().into_iter().map(texts).collect(),
        };
        assert!(table.is_empty(), "{}: unknown keys {:?}", case.name, table.keys().collect::<Vec<_>>());
        case
    }

    /// The case of this name.
    pub fn named(name: &str) -> Self {
        all().into_iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case `{name}`"))
    }

    /// Lays what the case needs into `folder`, which is empty.
    pub fn lay(&self, folder: &Path) {
        for file in self.files.iter().chain(&self.configuration) {
            std::fs::copy(golden().join(file), folder.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        }
        if self.digits {
            digits::write(&folder.join("digits"));
        }
        for arguments in &self.before {
            self.execute(folder, arguments);
        }
    }

    /// Its arguments, but for the name of the run.
    pub fn all_arguments(&self) -> Vec<String> {
        let file = self.configuration.iter().flat_map(|file| ["--config".to_string(), file.clone()]);
        self.arguments.iter().cloned().chain(file).collect()
    }

    /// Runs the program in `folder`, which is empty; returns the directory of the run.
    pub fn run(&self, folder: &Path) -> PathBuf {
        self.lay(folder);
        let mut arguments = self.all_arguments();
        arguments.extend(["--name".to_string(), self.name.clone()]);
        self.execute(folder, &arguments);
        folder.join("runs").join(&self.name)
    }

    fn execute(&self, folder: &Path, arguments: &[String]) {
        let built = env!("CARGO_BIN_EXE_spinhebb-under-test");
        let program = std::env::var("SPINHEBB_GOLDEN_PROGRAM").unwrap_or_else(|_| built.to_string());
        let output = Command::new(&program).current_dir(folder).args(arguments).output();
        let output = output.unwrap_or_else(|e| panic!("{program}: {e}"));
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {}\n{message}", self.name, arguments.join(" "));
    }
}
