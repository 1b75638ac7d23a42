//! The JSON schema of a configuration, with its references followed: what each key may be.

use std::fmt::Write as _;

use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

use crate::quantity::Kind;

/// Tables within tables beyond this depth are not followed (a type that contains itself).
pub(super) const DEEPEST: usize = 12;

/// One declaration: a JSON schema that is an object.
pub(super) type Node = Map<String, Value>;

/// The JSON schema of a configuration, with a way to follow its references.
pub(super) struct Declarations {
    pub root: Node,
    shared: Node,
}

impl Declarations {
    pub fn of<T: JsonSchema>() -> Self {
        Self::new(&schemars::generate::SchemaSettings::default().into_generator().into_root_schema_for::<T>())
    }

    pub fn new(schema: &Schema) -> Self {
        let mut root = object(schema.as_value());
        let mut shared = root.remove("$defs").map(|defs| object(&defs)).unwrap_or_default();
        shared.insert("#".into(), Value::Object(root.clone())); // a type that contains itself
        let declarations = Self { root: Map::new(), shared };
        Self { root: declarations.resolved(&Value::Object(root)), ..declarations }
    }

    /// `node` with references followed, `null` alternatives dropped and `allOf` merged; what is said at
    /// the place of use wins over what is said at the declaration.
    pub fn resolved(&self, node: &Value) -> Node {
        let mut node = object(node);
        for _ in 0..DEEPEST {
            let mut beneath = Vec::new();
            if let Some(Value::String(reference)) = node.remove("$ref") {
                let name = reference.rsplit('/').next().unwrap_or_default();
                beneath.extend(self.shared.get(name).cloned());
            }
            if let Some(Value::Array(parts)) = node.remove("allOf") {
                beneath.extend(parts);
            }
            for list in ["anyOf", "oneOf"] {
                if let Some(Value::Array(mut items)) = node.remove(list) {
                    items.retain(|item| item.get("type").and_then(Value::as_str) != Some("null"));
                    match items.len() {
                        1 => beneath.extend(items),
                        _ => drop(node.insert(list.into(), Value::Array(items))),
                    }
                }
            }
            if beneath.is_empty() {
                break;
            }
            for lower in beneath {
                lay_over(&mut node, object(&lower));
            }
        }
        node
    }

    pub fn alternatives(&self, node: &Node) -> Vec<Node> {
        let list = |name: &str| node.get(name).and_then(Value::as_array);
        let items = list("oneOf").or_else(|| list("anyOf")).into_iter().flatten();
        items.map(|item| self.resolved(item)).collect()
    }

    /// The words `node` chooses from, each with its description.
    pub fn choices(&self, node: &Node) -> Vec<(String, String)> {
        let own = own_words(node).into_iter().map(|word| (word, String::new()));
        let others = self.alternatives(node).into_iter().flat_map(|alternative| {
            let described = |word| (word, description(&alternative));
            own_words(&alternative).into_iter().map(described).collect::<Vec<_>>()
        });
        own.chain(others).collect()
    }

    /// Key that tells the table alternatives of `node` apart, with its words and their descriptions.
    pub fn tag(&self, node: &Node) -> Option<(String, Vec<(String, String)>)> {
        let mut tag = None;
        let mut words = Vec::new();
        for alternative in self.alternatives(node) {
            for (key, value) in properties(&alternative) {
                if let Some(word) = value.get("const").and_then(Value::as_str) {
                    words.push((word.to_string(), description(&alternative)));
                    tag = Some(key);
                }
            }
        }
        tag.map(|key| (key, words))
    }

    /// What `node` may be, in words.
    pub fn form(&self, node: &Node) -> String {
        let mut parts = Vec::new();
        let choices = self.choices(node);
        if !choices.is_empty() {
            let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            parts.push(format!("one of {}", words.join(", ")));
        }
        let alternatives = self.alternatives(node);
        if alternatives.is_empty() && parts.is_empty() {
            return self.plain_form(node);
        }
        let others: Vec<&Node> = alternatives.iter().filter(|other| own_words(other).is_empty()).collect();
        if parts.is_empty() && others.iter().all(|other| json_type(other) == Some("object")) {
            return "table of one of several kinds".into();
        }
        for other in others {
            let form = self.form(other);
            if !parts.contains(&form) {
                parts.push(form);
            }
        }
        parts.join(" or ")
    }

    /// [`Declarations::form`] of a node without alternatives.
    fn plain_form(&self, node: &Node) -> String {
        if node.contains_key("x-quantity") || node.contains_key("x-si-unit") {
            let mut form = format!("text with a unit, such as {}", examples(node));
            if node.contains_key("x-or-probability") {
                form.push_str(" or \"35 %\"");
            }
            return form;
        }
        let range = range(node);
        match json_type(node) {
            Some("integer") => format!("whole number{range}"),
            Some("number") => format!("number{range}"),
            Some("boolean") => "true or false".into(),
            Some("string") => "text".into(),
            Some("array") => match node.get("items") {
                Some(items) => format!("list of: {}", self.form(&self.resolved(items))),
                None => "list".into(),
            },
            Some("object") => "table".into(),
            _ => "value".into(),
        }
    }

    /// Kind of the quantity that `node` declares, if it does.
    pub fn quantity(node: &Node) -> Option<&'static Kind> {
        node.get("x-quantity").and_then(Value::as_str).and_then(Kind::named)
    }
}

/// Fills `node` with what only `lower` says.
pub(super) fn lay_over(node: &mut Node, lower: Node) {
    for (key, value) in lower {
        match (node.get_mut(&key), value) {
            (Some(Value::Object(upper)), Value::Object(lower)) => {
                for (key, value) in lower {
                    upper.entry(key).or_insert(value);
                }
            }
            (Some(Value::Array(upper)), Value::Array(lower)) if key == "required" => upper.extend(lower),
            (Some(_), _) => {}
            (None, value) => drop(node.insert(key, value)),
        }
    }
}

/// Words that `node` itself, not one of its alternatives, chooses from.
pub(super) fn own_words(node: &Node) -> Vec<String> {
    let listed = node.get("enum").and_then(Value::as_array).into_iter().flatten();
    listed.chain(node.get("const")).filter_map(Value::as_str).map(str::to_string).collect()
}

/// ` from 0 to 1`, ` above 0`, or nothing.
fn range(node: &Node) -> String {
    let bound = |name: &str| node.get(name).filter(|bound| !bound.is_null()).map(toml_text);
    let mut text = String::new();
    if let Some(low) = bound("exclusiveMinimum") {
        let _ = write!(text, " above {low}");
    } else if let Some(low) = bound("minimum") {
        let _ = write!(text, " from {low}");
    }
    if let Some(high) = bound("exclusiveMaximum") {
        let _ = write!(text, "{} below {high}", if text.is_empty() { "" } else { " and" });
    } else if let Some(high) = bound("maximum") {
        let between = text.starts_with(" from");
        let up_to = if between {
            " to"
        } else if text.is_empty() {
            " up to"
        } else {
            " and up to"
        };
        let _ = write!(text, "{up_to} {high}");
    }
    text
}

/// `"0.7 V" or "1.5 Vc0"`.
fn examples(node: &Node) -> String {
    let listed = node.get("examples").and_then(Value::as_array).into_iter().flatten();
    listed.map(toml_text).collect::<Vec<_>>().join(" or ")
}

pub(super) fn object(value: &Value) -> Node {
    value.as_object().cloned().unwrap_or_default()
}

pub(super) fn properties(node: &Node) -> Node {
    node.get("properties").map(object).unwrap_or_default()
}

/// Keys that `node` says must be there.
pub(super) fn required(node: &Node) -> impl Iterator<Item = &str> {
    node.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// JSON types of `node` but `null`.
pub(super) fn json_types(node: &Node) -> Vec<&str> {
    let listed = match node.get("type") {
        Some(Value::String(name)) => vec![name.as_str()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    listed.into_iter().filter(|name| *name != "null").collect()
}

pub(super) fn json_type(node: &Node) -> Option<&str> {
    json_types(node).first().copied()
}

/// First paragraph and source of a doc comment, without its links.
pub(super) fn description(node: &Node) -> String {
    let text = node.get("description").and_then(Value::as_str).unwrap_or_default();
    let source = |paragraph: &&str| paragraph.trim_start().starts_with("Source:");
    let mut paragraphs = text.split("\n\n");
    let kept: Vec<&str> = paragraphs.next().into_iter().chain(paragraphs.filter(source)).collect();
    let line = kept.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace("[`", "`").replace("`]", "`")
}

/// A JSON value as TOML.
pub(super) fn toml_text(value: &Value) -> String {
    toml::Value::try_from(value).map_or_else(|_| value.to_string(), |value| value.to_string())
}
