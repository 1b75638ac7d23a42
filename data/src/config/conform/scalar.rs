//! What is wrong with one value: its type, word, size or unit.

use serde_json::Value;
use toml::de::{DeInteger, DeValue};

use super::shape::{Shape, takes};
use crate::config::declarations::{Declarations, Node};
use crate::config::explain::suggestion;
use crate::quantity::read_marked;

/// Longest value, in characters, that a message repeats.
const LONGEST_SHOWN: usize = 60;

/// What is wrong with a value.
pub(super) struct Problem {
    pub message: String,
    pub label: String,
    pub help: Option<String>,
}

impl Problem {
    fn new(message: String) -> Self {
        Self { message, label: "this value".into(), help: None }
    }
}

/// What is wrong with `value`, which is written as `literal`, at `path`; a list or table is only looked at
/// from outside.
pub(super) fn problem(
    declarations: &Declarations,
    value: &DeValue<'_>,
    literal: &str,
    node: &Node,
    path: &str,
) -> Option<Problem> {
    let shape = Shape::of(value);
    if !takes(declarations, node, shape) {
        // A bare number where a quantity is due: the quantity's own message says how it is written.
        let unit = matches!(shape, Shape::Whole | Shape::Number).then(|| quantity_problem(literal, node));
        let message = unit.flatten();
        return Some(Problem::new(message.unwrap_or_else(|| {
            format!("`{path}` is {}; expected {}", shown(shape, literal), declarations.form(node))
        })));
    }
    match value {
        DeValue::String(text) => {
            let choices = declarations.choices(node);
            if choices.is_empty() {
                return quantity_problem(text, node)
                    .or_else(|| text_problem(text, node, path))
                    .map(Problem::new);
            }
            let words: Vec<&str> = choices.iter().map(|(word, _)| word.as_str()).collect();
            if words.contains(&text.as_ref()) {
                return None;
            }
            Some(Problem {
                message: format!("`{text}` is not a choice here"),
                label: suggestion(text, &words).unwrap_or_else(|| "not one of the choices".into()),
                help: Some(format!("the choices are {}", words.join(", "))),
            })
        }
        DeValue::Integer(number) => whole_problem(declarations, number, node, path).map(Problem::new),
        DeValue::Float(number) => {
            let number = number.as_str().parse::<f64>().unwrap_or(f64::NAN);
            let fine = number.is_finite() && is_within(number, node);
            let range = if number.is_finite() { declarations.form(node) } else { "a finite number".into() };
            (!fine).then(|| Problem::new(format!("`{path}` is {literal}; expected {range}")))
        }
        _ => None,
    }
}

/// What is wrong with a list of `length` items.
pub(super) fn size_problem(length: usize, node: &Node, path: &str) -> Option<String> {
    let limit = |name: &str| node.get(name).and_then(Value::as_u64);
    let few = limit("minItems").filter(|&least| (length as u64) < least);
    let many = limit("maxItems").filter(|&most| (length as u64) > most);
    if few.is_none() && many.is_none() {
        return None;
    }
    let expected = match (limit("minItems"), limit("maxItems")) {
        (Some(least), Some(most)) if least == most => format!("{least}"),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => return None,
    };
    Some(format!("`{path}` has {length} items; expected {expected}"))
}

/// What is wrong with `text` as the quantity that `node` declares, if it declares one.
fn quantity_problem(text: &str, node: &Node) -> Option<String> {
    let kind = Declarations::quantity(node)?;
    let or_probability = node.contains_key("x-or-probability");
    let read = read_marked(text, kind, node.contains_key("x-or-unit"), or_probability);
    read.err().map(|error| error.to_string())
}

fn text_problem(text: &str, node: &Node, path: &str) -> Option<String> {
    let limit = |name: &str| node.get(name).and_then(Value::as_u64);
    let length = text.chars().count() as u64;
    if let Some(least) = limit("minLength").filter(|&least| length < least) {
        return Some(format!("`{path}` has {length} characters; expected at least {least}"));
    }
    let most = limit("maxLength").filter(|&most| length > most)?;
    Some(format!("`{path}` has {length} characters; expected at most {most}"))
}

fn whole_problem(
    declarations: &Declarations,
    number: &DeInteger<'_>,
    node: &Node,
    path: &str,
) -> Option<String> {
    let value = i128::from_str_radix(number.as_str(), number.radix()).ok();
    let value = value.filter(|&value| i64::try_from(value).is_ok());
    let Some(value) = value else {
        return Some(format!("`{path}` is {number}; TOML's whole numbers end at {}", i64::MAX));
    };
    let (lowest, highest) = match node.get("format").and_then(Value::as_str) {
        Some("int32") => (i128::from(i32::MIN), i128::from(i32::MAX)),
        Some("uint32") => (0, i128::from(u32::MAX)),
        _ => (i128::from(i64::MIN), i128::from(i64::MAX)),
    };
    if !is_within(value as f64, node) {
        return Some(format!("`{path}` is {value}; expected {}", declarations.form(node)));
    }
    (!(lowest..=highest).contains(&value))
        .then(|| format!("`{path}` is {value}; expected whole number from {lowest} to {highest}"))
}

fn is_within(value: f64, node: &Node) -> bool {
    let bound = |name: &str| node.get(name).and_then(Value::as_f64);
    bound("minimum").is_none_or(|low| value >= low)
        && bound("exclusiveMinimum").is_none_or(|low| value > low)
        && bound("maximum").is_none_or(|high| value <= high)
        && bound("exclusiveMaximum").is_none_or(|high| value < high)
}

/// The value as it stands, or what it is where that is long.
fn shown(shape: Shape, literal: &str) -> String {
    let is_short = literal.chars().count() <= LONGEST_SHOWN && !literal.contains('\n');
    match shape {
        Shape::List => "a list".into(),
        Shape::Table => "a table".into(),
        _ if is_short => literal.to_string(),
        Shape::Text => "a long text".into(),
        _ => "a long number".into(),
    }
}
