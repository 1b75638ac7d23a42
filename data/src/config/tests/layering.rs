use std::path::{Path, PathBuf};

use super::sample::System;
use crate::config::*;

fn over(layers: &[&str]) -> Document {
    let documents = layers.iter().zip(1..).map(|(text, number)| {
        let name = format!("{number}.toml");
        match text.strip_prefix("--set ") {
            Some(argument) => Document::set(argument).unwrap(),
            None => Document::from_text(&name, text).unwrap(),
        }
    });
    documents.reduce(|upper, lower| upper.over(&lower)).unwrap()
}

fn shown(error: &ConfigError) -> (&str, usize, usize) {
    error.location().unwrap()
}

#[test]
fn an_argument_is_a_layer() {
    let value = |argument: &str, path: &str| Document::set(argument).unwrap().value_at(path).unwrap();
    assert_eq!(value("device.from=in-plane", "device.from"), "in-plane".into());
    assert_eq!(value("array.word_wire=2 ohm", "array.word_wire"), "2 ohm".into());
    assert_eq!(value("a.b-c = 0x10 ", "a.b-c"), 16.into());
    assert_eq!(value("a=1e-3", "a"), 1e-3.into());
    assert_eq!(value("a=true", "a"), true.into());
    assert_eq!(value("a=\"7\"", "a"), "7".into());
    assert_eq!(value("a=[0.5, \"35 %\"]", "a[1]"), "35 %".into());
    assert_eq!(value("a={ kind = \"x\", b.c = 2 }", "a.b.c"), 2.into());
    assert_eq!(value("name=2025-03-01", "name"), "2025-03-01".into(), "a date is a name");
    assert_eq!(value("where=a=b", "where"), "a=b".into());
    assert_eq!(value("name=µ-wave", "name"), "µ-wave".into());
    let config: System = over(&["--set device.diameter=50 nm", super::sample::SAMPLE]).parse().unwrap();
    assert_eq!(config.device.diameter.to_string(), "50 nm");
}

#[test]
fn a_bad_argument_points_at_its_word() {
    for (argument, column, words) in [
        ("", 1, "a key is missing"),
        ("=1", 1, "a key is missing"),
        ("a..b=1", 3, "`a..b` is not a path of keys"),
        (".a=1", 1, "a key is missing"),
        ("a.=1", 3, "a key is missing"),
        ("a.b", 4, "write `key.path=value`"),
        ("a b=1", 2, "letters, digits"),
        ("a.\"b\"=1", 3, "letters, digits"),
        ("list[0].x=1", 5, "give the whole list"),
        ("größe=1", 3, "letters, digits"),
        ("a=", 3, "a value is missing"),
        ("a= ", 3, "a value is missing"),
        ("a=[1, 2", 8, "not valid TOML"),
        ("a= {b = }", 9, "not valid TOML"),
        ("a=\"b", 5, "not valid TOML"),
    ] {
        let error = Document::set(argument).unwrap_err();
        assert_eq!(shown(&error), ("--set", 1, column), "{argument}: {error}");
        assert!(error.to_string().contains(words), "{argument}: {error}");
        assert!(!error.report().is_empty());
    }
}

#[test]
fn faults_of_arguments_and_flags_show_them_as_typed() {
    let document = over(&["--set device.layers=[{ thickness = 3 }]", super::sample::SAMPLE]);
    let error = document.at_key("device.layers[0].thickness", "wrong");
    assert_eq!(shown(&error), ("--set", 1, 30));
    assert!(error.report().contains("device.layers=[{ thickness = 3 }]"), "{}", error.report());
    let error = Document::set("device.diameter=40 ns").unwrap().parse::<System>().unwrap_err();
    assert_eq!(shown(&error), ("--set", 1, 17), "{error}");
    let flag = Document::flag("--neurons 50", "network.neurons", 50);
    assert_eq!(flag.value_at("network.neurons"), Some(50.into()));
    assert_eq!(shown(&flag.at_key("network.neurons", "too many")), ("--neurons", 1, 11));
    assert_eq!(shown(&flag.at_key("network", "odd")), ("--neurons", 1, 1));
    let flag = Document::flag("--ideal", "network.synapses", "ideal");
    assert_eq!(shown(&flag.at_key("network.synapses", "odd")), ("--ideal", 1, 1));
    let list = toml::Value::from(vec![1, 2]);
    assert_eq!(Document::flag("--grid 1,2", "grid", list).value_at("grid[1]"), Some(2.into()));
}

#[test]
fn another_kind_replaces_the_table() {
    let base = "[rule]\nkind = \"leaky\"\nleak = \"5 ns\"\n[rule.inner]\nkind = \"a\"\nx = 1\n";
    let merged = |layers: &[&str]| over(layers).merged()["rule"].clone();
    let rule = |text: &str| toml::from_str::<toml::Value>(text).unwrap();
    let same = merged(&["[rule]\nkind = \"leaky\"\nmore = 2", base]);
    let all = "kind = \"leaky\"\nmore = 2\nleak = \"5 ns\"\n[inner]\nkind = \"a\"\nx = 1";
    assert_eq!(same, rule(all), "the same kind merges");
    let other = merged(&["[rule]\nkind = \"other\"\nmore = 2", base]);
    assert_eq!(other, rule("kind = \"other\"\nmore = 2"));
    let inner = merged(&["--set rule.inner.kind=b", base]);
    assert_eq!(inner, rule("kind = \"leaky\"\nleak = \"5 ns\"\n[inner]\nkind = \"b\""));
    let law = merged(&["[rule]\nlaw = \"other\"", "[rule]\nlaw = \"one\"\nx = 1"]);
    assert_eq!(law, rule("law = \"other\"\nx = 1"), "only `kind` names a model");
    // The layer between says no kind: its keys belong to that of the base.
    let three = merged(&["--set rule.kind=leaky", "[rule]\nleak = \"9 ns\"", base]);
    assert_eq!(three["leak"], "9 ns".into());
    let three = merged(&["--set rule.kind=other", "[rule]\nleak = \"9 ns\"", base]);
    assert_eq!(three, rule("kind = \"other\""));
    let lists = over(&["list = [1]", "list = [2, 3]\n[[rule]]\nx = 1\n[[rule]]\nx = 2"]).merged();
    assert_eq!(lists["list"], toml::Value::from(vec![1]), "lists are replaced");
}

#[test]
fn the_document_knows_who_wrote_what_and_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, "[device]\nfrom = \"runs/a\"\nlist = [{ file = \"x.csv\" }]\n").unwrap();
    let defaults =
        Document::built_in("built-in defaults", "seed = 1\n[device]\nfrom = \"x\"\nwidth = \"1 m\"").unwrap();
    let document = Document::set("seed=2").unwrap().over(&Document::read(&path).unwrap().over(&defaults));
    assert_eq!(document.folder_of("device.from").as_deref(), Some(folder.path()));
    assert_eq!(document.folder_of("device.list[0].file").as_deref(), Some(folder.path()));
    assert_eq!(document.folder_of("seed"), None);
    assert_eq!(document.folder_of("device.width"), None);
    assert_eq!(document.folder_of("device.absent"), None);
    for (path, written) in [
        ("seed", true),
        ("device", true),
        ("device.from", true),
        ("device.list[0].file", true),
        ("device.list[1].file", false),
        ("device.width", false),
        ("absent", false),
    ] {
        assert_eq!(document.is_written(path), written, "{path}");
    }
    let without = document.without(&["seed", "device.from", "absent", "device.list[0].file"]);
    assert_eq!(without.value_at("seed"), Some(1.into()));
    assert_eq!(without.text_at("device.from").as_deref(), Some("x"));
    assert_eq!(without.value_at("device.list"), None, "a list goes as a whole");
    assert_eq!(without.without(&["seed"]).value_at("seed"), None);
    assert_eq!(document.merged()["seed"], 2.into());
}

#[test]
fn files_in_the_working_folder_have_it_as_their_folder() {
    // The tests run in the folder of the crate.
    let document = Document::read(Path::new("Cargo.toml")).unwrap();
    assert_eq!(document.folder_of("package.name"), Some(PathBuf::from(".")));
}

#[test]
fn a_default_is_shown_at_what_the_user_wrote() {
    let defaults = "[device.geometry]\ndiameter = \"40 nm\"\n";
    let defaults = Document::built_in("built-in defaults", defaults).unwrap();
    let place = |mine: &str, key: &str| {
        let mine = Document::from_text("mine.toml", mine).unwrap().over(&defaults);
        let error = Document::set("seed=3").unwrap().over(&mine).at_key(key, "too wide");
        let (file, line, column) = shown(&error);
        (format!("{file}:{line}:{column}"), error.report())
    };
    let (at, report) = place("# mine\n[device]\nfrom = \"x\"", "device.geometry.diameter");
    assert_eq!(at, "mine.toml:2:2");
    assert!(report.contains("its default \"40 nm\" (built-in defaults, line 2) is meant"), "{report}");
    let (at, report) = place("# mine", "device.geometry.diameter");
    assert_eq!(at, "mine.toml:1:1");
    assert!(report.contains("`device.geometry.diameter` is not in this file"), "{report}");
    let (at, report) = place("[device.geometry]\nx = 1", "device.geometry.height");
    assert_eq!(at, "mine.toml:1:9");
    assert!(report.contains("is not written here: its default is meant"), "{report}");
    let error =
        Document::set("seed=3").unwrap().over(&defaults).at_key("device.geometry.diameter", "too wide");
    assert_eq!(shown(&error), ("built-in defaults", 2, 12), "where the user has no file");
}
