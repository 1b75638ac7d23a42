use super::sample::{SAMPLE, System, schema};
use crate::config::reference::{Key, Reference, example};
use crate::config::*;

#[test]
fn keys_of_maps_forms_and_lists_are_listed() {
    let keys = Reference::new(&schema()).keys();
    let key = |path: &str| -> &Key {
        keys.iter().find(|key| key.path == path).unwrap_or_else(|| panic!("{path} is not in {keys:#?}"))
    };
    assert_eq!(key("array.drivers").form, "table");
    let amplitude = key("array.drivers.<name>.amplitude");
    assert_eq!(amplitude.form, "text with a unit, such as \"0.7 V\" or \"1.5 Vc0\"");
    assert_eq!(amplitude.si_unit.as_deref(), Some("V"));
    let pulse = "text with a unit, such as \"0.7 V\" or \"1.5 Vc0\" or \"35 %\" or number from 0 to 1";
    assert_eq!(key("training.pulse.first").form, pulse);
    assert_eq!(key("training.pulse.values").form, format!("list of: {pulse}"));
    assert_eq!(key("training.gain").form, "number or table");
    assert!(!key("training.gain.first").required, "a bare number does as well");
    assert_eq!(key("training.share").form, "number above 0 and below 1");
    let sense = key("array.sense");
    assert!(sense.form.starts_with("one of \"ground\", \"open\" or text with a unit"), "{}", sense.form);
    assert_eq!(key("device.layers[].material.between.order").form, "whole number from 0 to 5");
    assert_eq!(key("device.field").form, "text with a unit, such as \"50 mT\" or \"40 kA/m\"");
}

#[test]
fn a_part_of_the_root_keys_is_documented() {
    let document = Document::from_text("sample", SAMPLE).unwrap();
    let reference = || Reference::new(&schema());
    let all = reference().example(&document.merged());
    let again = Document::from_text("all", &all).unwrap();
    assert_eq!(again.merged(), document.merged(), "{all}");
    assert_eq!(conform(&again, &schema(), &|_| true, &[]).len(), 0, "{all}");
    let system: System = document.parse().unwrap();
    let again: System =
        Document::from_text("of a type", &example(&system).unwrap()).unwrap().parse().unwrap();
    assert_eq!(again, system);

    let part = reference().only(|key| key == "seed" || key == "array");
    let text = part.example(&document.merged());
    let root: Vec<String> = Document::from_text("part", &text).unwrap().merged().keys().cloned().collect();
    assert_eq!(root, ["seed", "array"], "{text}");
    assert!(!text.contains("training") && text.contains("# Seed."), "{text}");
    let is_part = |key: &Key| key.path.starts_with("array") || key.path == "seed";
    assert!(part.keys().iter().all(is_part), "{:#?}", part.keys());
    assert_eq!(part.markdown().lines().count(), 2 + part.keys().len());
}
