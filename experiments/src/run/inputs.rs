//! Input files in configurations: a checksum in archives and identities, a path relative to the file that names it in
//! `config.toml`.

use std::path::{Component, Path, PathBuf};

use crate::system::InputFile;

/// Puts `sha256:<checksum>` in place of the path of every input.
pub(super) fn checksums_for_paths(table: &mut toml::Table, inputs: &[InputFile]) {
    for input in inputs {
        set(table, &input.key, format!("sha256:{}", input.sha256));
    }
}

/// `asked` with the paths of its inputs relative to `folder`, in which the configuration will stand.
pub(super) fn relative_to(asked: &toml::Table, inputs: &[InputFile], folder: &Path) -> toml::Table {
    let mut table = asked.clone();
    for input in inputs {
        set(&mut table, &input.key, relative(&input.path, folder).display().to_string());
    }
    table
}

/// Sets the text at `key`, such as `calibrate.data[1]`, where the table holds it.
fn set(table: &mut toml::Table, key: &str, text: String) {
    let mut parts = key.split('.').peekable();
    let mut inner = table;
    while let Some(part) = parts.next() {
        let (name, index) = part
            .split_once('[')
            .map_or((part, None), |(name, index)| (name, index.trim_end_matches(']').parse::<usize>().ok()));
        let Some(value) = inner.get_mut(name) else { return };
        let value = match (index, value) {
            (None, value) => value,
            (Some(index), toml::Value::Array(items)) => match items.get_mut(index) {
                Some(item) => item,
                None => return,
            },
            (Some(_), _) => return,
        };
        match (parts.peek(), value) {
            (None, value) => {
                *value = toml::Value::String(text);
                return;
            }
            (Some(_), toml::Value::Table(table)) => inner = table,
            (Some(_), _) => return,
        }
    }
}

/// `path` as seen from `folder`; absolute where the two have nothing in common.
fn relative(path: &Path, folder: &Path) -> PathBuf {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let (path, folder) = (plain(&absolute(path)), plain(&absolute(folder)));
    let common = path.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    if common == 0 {
        return path;
    }
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect()
}

/// A path without `.` and with `..` taken back, as far as names tell.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_run() {
        assert_eq!(
            relative(Path::new("/a/b/data.csv"), Path::new("/a/runs/x")),
            Path::new("../../b/data.csv")
        );
        assert_eq!(relative(Path::new("/a/runs/x/y.toml"), Path::new("/a/runs/x")), Path::new("y.toml"));
        assert_eq!(relative(Path::new("/a/./b/../c.csv"), Path::new("/a")), Path::new("c.csv"));
    }

    #[test]
    fn only_inputs_that_are_written_are_replaced() {
        let mut table: toml::Table =
            toml::from_str("calibrate = { data = [\"a.csv\", \"b.csv\"] }\ndevice = { from = \"x.toml\" }")
                .unwrap();
        let input = |key: &str| InputFile {
            key: key.into(),
            name: "n".into(),
            path: PathBuf::from("/a/n"),
            sha256: "00".into(),
        };
        checksums_for_paths(
            &mut table,
            &[
                input("calibrate.data[1]"),
                input("device.from"),
                input("images.folder"),
                input("device.from.x"),
            ],
        );
        assert_eq!(table["calibrate"]["data"][0].as_str(), Some("a.csv"));
        assert_eq!(table["calibrate"]["data"][1].as_str(), Some("sha256:00"));
        assert_eq!(table["device"]["from"].as_str(), Some("sha256:00"));
    }
}
