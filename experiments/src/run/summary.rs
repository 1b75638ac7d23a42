//! The summary of an outcome: nested by the parts of its keys, as JSON or as lines to read.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::console;
use crate::error::ExperimentError;
use crate::experiment::{Outcome, Scalar};

/// The results as JSON: a pure number without interval is a number, others are `{value, low, high, unit}`.
fn summary(outcome: &Outcome) -> Map<String, Value> {
    let mut results = Map::new();
    for text in &outcome.texts {
        insert(&mut results, &text.key, Value::String(text.text.clone()));
    }
    for scalar in &outcome.scalars {
        insert(&mut results, &scalar.key, as_value(scalar));
    }
    results
}

fn as_value(scalar: &Scalar) -> Value {
    match (scalar.interval, scalar.unit.as_str()) {
        (None, "1") => number(scalar.value),
        (interval, unit) => json!({
            "value": number(scalar.value),
            "low": interval.map_or(Value::Null, |i| number(i.0)),
            "high": interval.map_or(Value::Null, |i| number(i.1)),
            "unit": unit,
        }),
    }
}

/// Whole numbers without a point, `null` for what is not finite.
fn number(value: f64) -> Value {
    const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < LARGEST_EXACT { json!(value as i64) } else { json!(value) }
}

fn insert(map: &mut Map<String, Value>, key: &str, value: Value) {
    match key.split_once('/') {
        None => drop(map.insert(key.to_string(), value)),
        Some((first, rest)) => {
            let inner = map.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// The file `summary.json` of a run in `folder`.
#[must_use]
pub fn as_json(outcome: &Outcome, folder: &Path) -> String {
    let summary = json!({
        "command": outcome.experiment,
        "run": folder.display().to_string(),
        "seed": outcome.seed,
        "warnings": outcome.warnings,
        "results": summary(outcome),
    });
    serde_json::to_string_pretty(&summary).expect("a JSON value always has a text")
}

/// Prints the results and warnings of an outcome that leaves no run.
///
/// # Errors
/// Standard output does not take it.
pub fn print_or_json(outcome: &Outcome, json: bool) -> Result<(), ExperimentError> {
    let text = if json {
        serde_json::to_string_pretty(&summary(outcome)).expect("a JSON value always has a text") + "\n"
    } else {
        in_lines(outcome)
    };
    console::print(&text)?;
    for warning in &outcome.warnings {
        eprintln!("warning: {warning}");
    }
    Ok(())
}

/// The results, a line each.
pub(super) fn in_lines(outcome: &Outcome) -> String {
    let texts = outcome.texts.iter().map(|text| format!("{}: {}\n", text.key, text.text));
    let scalars = outcome.scalars.iter().map(|scalar| format!("{}: {}\n", scalar.key, in_words(scalar)));
    texts.chain(scalars).collect()
}

fn in_words(scalar: &Scalar) -> String {
    if !scalar.value.is_finite() {
        return "no value".to_string();
    }
    let mut words = significant(scalar.value);
    if scalar.unit != "1" {
        words = format!("{words} {}", scalar.unit);
    }
    if let Some((low, high)) = scalar.interval {
        words = format!("{words} ({} to {})", significant(low), significant(high));
    }
    words
}

/// Five significant digits, enough to read and compare; whole numbers whole.
fn significant(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return value.to_string();
    }
    let rounded: f64 = format!("{value:.4e}").parse().unwrap_or(value);
    if rounded == 0.0 || (1e-3..1e6).contains(&rounded.abs()) {
        rounded.to_string()
    } else {
        format!("{rounded:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_nest_and_numbers_say_their_unit() {
        let mut outcome = Outcome::new("test");
        outcome.text("device", "in-plane");
        outcome.scalar("accuracy", 0.5, "1", "share").interval(0.4, 0.6);
        outcome.scalar("cut-off/energy", 2e-12, "J", "energy");
        outcome.count("cut-off/pulses", 2, "pulses");
        outcome.scalar("never", f64::INFINITY, "1", "a time");
        let json = Value::Object(summary(&outcome));
        assert_eq!(json["device"], "in-plane");
        assert_eq!(json["accuracy"], json!({"value": 0.5, "low": 0.4, "high": 0.6, "unit": "1"}));
        assert_eq!(json["cut-off"]["energy"]["unit"], "J");
        assert_eq!(json["cut-off"]["pulses"], json!(2));
        assert_eq!(json["never"], Value::Null);
        assert_eq!(in_words(&outcome.scalars[0]), "0.5 (0.4 to 0.6)");
        assert_eq!(in_words(&outcome.scalars[1]), "2e-12 J");
    }
}
