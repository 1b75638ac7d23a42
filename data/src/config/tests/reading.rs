use super::sample::{RENAMES, SAMPLE, System, schema};
use crate::config::*;

fn read_all(document: &Document) -> Result<System, ConfigError> {
    read(document, &schema(), &|_| true, RENAMES)
}

fn places(error: &ConfigError) -> Vec<(String, usize, usize)> {
    error.faults().iter().map(|f| (f.file().to_string(), f.line, f.column)).collect()
}

#[test]
fn faults_of_all_layers_are_reported_at_once() {
    let defaults = Document::built_in("built-in defaults", SAMPLE).unwrap();
    let lab = Document::from_text("lab.toml", "[device]\ndiameter = \"40 ns\"\n").unwrap().over(&defaults);
    let mine = "[array]\nwire = 2\n[training]\nshare = 0.1\n";
    let mine = Document::from_text("mine.toml", mine).unwrap().over(&lab);
    let document = Document::set("training.gain=fast").unwrap().over(&mine);
    let error = read_all(&document).unwrap_err();
    let expected = [("lab.toml", 2, 12), ("mine.toml", 2, 8), ("--set", 1, 15)];
    let mut found = places(&error);
    found.sort_by_key(|(file, ..)| expected.iter().position(|e| e.0 == file));
    assert_eq!(found, expected.map(|(file, line, column)| (file.to_string(), line, column)));
    let report = error.report();
    for words in
        ["3 faults", "lab.toml:2:12", "mine.toml:2:8", "--set:1:15", "training.gain=fast", "has no unit"]
    {
        assert!(report.contains(words), "{words} is not in\n{report}");
    }
}

#[test]
fn ranges_are_checked_behind_the_faulty_values() {
    let defaults = Document::built_in("built-in defaults", SAMPLE).unwrap();
    let mine = "[device]\ndiameter = \"2 um\"\n[array]\ninputs = \"many\"\n[training.gain]\nfrist = 1\n";
    let document = Document::from_text("mine.toml", mine).unwrap().over(&defaults);
    let error = read_all(&document).unwrap_err();
    assert_eq!(error.faults().len(), 3, "{}", error.report());
    let mine = |line, column| ("mine.toml".to_string(), line, column);
    assert_eq!(places(&error), [mine(4, 10), mine(6, 1), mine(2, 12)]);
    assert_eq!(error.location(), Some(("mine.toml", 4, 10)));
    let range = &error.faults()[2];
    assert_eq!(range.message, "`device.diameter` is 2 um; expected a diameter up to 1 um");
}

#[test]
fn a_range_beside_a_fault_in_a_list_is_not_invented() {
    // The list is faulty: the default's three layers show through, whose thicknesses nobody complains about.
    let defaults = SAMPLE.replace("\"3 nm\"", "\"0 nm\"");
    let defaults = Document::built_in("built-in defaults", &defaults).unwrap();
    let mine = Document::from_text("mine.toml", "[[device.layers]]\nthickness = 3\n").unwrap();
    let error = read_all(&mine.over(&defaults)).unwrap_err();
    assert_eq!(places(&error), [("mine.toml".to_string(), 2, 13)]);
}

#[test]
fn a_wrong_kind_uncovers_the_table_beneath() {
    let defaults = "[array]\ninputs = 0\nwire = \"1 ohm\"\nsense = \"open\"\n";
    let defaults = Document::built_in(
        "built-in defaults",
        &format!("seed = 1\n{defaults}\n[device]\nfrom = \"x\"\ndiameter = \"1 nm\""),
    )
    .unwrap();
    let mine = "[device]\nlayers = [{ thickness = \"1 nm\", material = { kind = \"no\" } }]\n";
    let document = Document::from_text("mine.toml", mine).unwrap().over(&defaults);
    let error = read_all(&document).unwrap_err();
    let messages: Vec<&str> = error.faults().iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(messages, ["`no` is not a choice here", "`array.inputs` is 0; expected at least 1"]);
}

#[test]
fn what_a_command_does_not_read_may_be_missing_or_wrong() {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        seed: u64,
    }
    impl Check for Part {
        fn check(&self, faults: &mut Faults) {
            faults.require(self.seed != 13, "seed", self.seed, "another seed");
        }
    }
    let part = |text: &str| {
        let document = Document::from_text("mine.toml", text).unwrap();
        read::<Part>(&document, &schema(), &|key| key == "seed", RENAMES).map(|part| part.seed)
    };
    assert_eq!(part("seed = 3\n[array]\nwire = true\n").unwrap(), 3);
    let error = part("seed = 13\n[array]\nwir = true\n").unwrap_err();
    assert_eq!(error.faults().len(), 2, "{}", error.report());
    let error = part("[array]\nwire = \"1 ohm\"\n").unwrap_err();
    assert_eq!(error.to_string(), "the key `seed` is missing");
}

#[test]
fn faults_of_a_check_find_their_places() {
    let document = Document::from_text("run.toml", SAMPLE).unwrap();
    let fault = |path: &str, value: &str| FieldFault {
        path: path.into(),
        value: value.into(),
        expected: "something else".into(),
    };
    assert!(ConfigError::located(&document, &[]).is_none());
    let one = ConfigError::located(&document, &[fault("device.layers[1].thickness", "2 nm")]).unwrap();
    assert_eq!(one.location(), Some(("run.toml", 18, 13)));
    assert_eq!(one.to_string(), "`device.layers[1].thickness` is 2 nm; expected something else");
    let two = [fault("seed", "7"), fault("device.temperature", "300 K")];
    let two = ConfigError::located(&document, &two).unwrap();
    assert_eq!(two.to_string(), "2 faults in the configuration");
    assert_eq!(places(&two)[1], ("run.toml".to_string(), 3, 2));
    assert!(two.report().contains("`device.temperature` is not written here: its default is meant"));
}
