//! All faults of a document at once, found by its schema: each with its path and a caret on the leaf.
//!
//! The deserialiser stops at the first fault, and loses the place within tagged enums, which it buffers.
//! Here the merged document is walked beside the schema that its types declare.

mod keys;
mod scalar;
mod score;
mod shape;

use std::ops::Range;

use schemars::Schema;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::declarations::{DEEPEST, Declarations, Node, json_types, lay_over, own_words, properties};
use super::{Document, Fault};

pub(super) use keys::Keys;
pub(super) use shape::{Shape, takes};

/// Most faults that are looked for: a file with more is no configuration.
const MOST_FAULTS: usize = 1000;

/// A key that has another name now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rename {
    /// Path that the key had, `hardware.tile.rows`; the items of a list are `[]`, and a `*` at the end is the rest of
    /// every path that begins so and has no entry of its own.
    pub old: &'static str,
    /// Path of the key that took its place, or a sentence that says what did; a `*` in it is the same rest.
    pub new: &'static str,
}

/// All faults of `document` against `schema`, each with the path of its key.
///
/// Found are unknown, renamed and missing keys; values of a wrong type; words that are no choice; kinds
/// that are missing or unknown; numbers, lists and texts beyond their limits; and texts that are not the
/// quantity that is due. Keys are checked everywhere, all else below the root keys that `values_of` names.
#[must_use]
pub fn conform(
    document: &Document,
    schema: &Schema,
    values_of: &dyn Fn(&str) -> bool,
    renames: &[Rename],
) -> Vec<(String, Fault)> {
    let declarations = Declarations::new(schema);
    let mut walk = Walk { document, declarations: &declarations, values_of, renames, found: Vec::new() };
    let table = document.table();
    let root = Spot { path: String::new(), span: table.span(), key: None, is_read: true };
    walk.table(table.get_ref(), &declarations.root, &root);
    walk.found
}

/// Where the walk is.
struct Spot {
    path: String,
    /// Span of the value.
    span: Range<usize>,
    /// Span of its key; items of lists have none.
    key: Option<Range<usize>>,
    /// Whether the values here are read, not only the keys.
    is_read: bool,
}

impl Spot {
    /// The word that stands for a table: its key where it has one.
    fn header(&self) -> &Range<usize> {
        self.key.as_ref().unwrap_or(&self.span)
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.path) }
    }
}

struct Walk<'d> {
    document: &'d Document,
    declarations: &'d Declarations,
    values_of: &'d dyn Fn(&str) -> bool,
    renames: &'d [Rename],
    found: Vec<(String, Fault)>,
}

impl Walk<'_> {
    fn add(
        &mut self,
        path: String,
        span: &Range<usize>,
        message: String,
        label: String,
        help: Option<String>,
    ) {
        if self.found.len() < MOST_FAULTS {
            self.found.push((path, self.document.fault(span, message, label, help)));
        }
    }

    fn value(&mut self, value: &DeValue<'_>, node: &Node, at: &Spot) {
        let node = chosen(self.declarations, value, node.clone());
        let fits = takes(self.declarations, &node, Shape::of(value));
        match value {
            DeValue::Table(table) if fits => self.table(table, &node, at),
            DeValue::Array(items) if fits => self.list(items, &node, at),
            // An old key whose name is now that of a table or of a key of another form.
            _ if at.key.is_some() && self.renamed(&at.path).is_some() => {
                if let (Some(key), Some(new)) = (at.key.clone(), self.renamed(&at.path)) {
                    self.old_key(at.path.clone(), &key, &new);
                }
            }
            _ if at.is_read => {
                let literal = self.document.text_of(&at.span);
                let problem = scalar::problem(self.declarations, value, literal, &node, &at.path);
                if let Some(problem) = problem {
                    let span = match value {
                        DeValue::Table(_) if !literal.starts_with('{') => at.header().clone(),
                        _ => at.span.clone(),
                    };
                    self.add(at.path.clone(), &span, problem.message, problem.label, problem.help);
                }
            }
            _ => {}
        }
    }

    fn list(&mut self, items: &[Spanned<DeValue<'_>>], node: &Node, at: &Spot) {
        if at.is_read
            && let Some(message) = scalar::size_problem(items.len(), node, &at.path)
        {
            self.add(at.path.clone(), &at.span, message, "this list".into(), None);
        }
        let first = node.get("prefixItems").and_then(Value::as_array);
        let resolved = |node: &Value| self.declarations.resolved(node);
        let first: Vec<Node> = first.into_iter().flatten().map(resolved).collect();
        let rest = node.get("items").map(resolved);
        for (index, item) in items.iter().enumerate() {
            if let Some(node) = first.get(index).or(rest.as_ref()) {
                let path = format!("{}[{index}]", at.path);
                let spot = Spot { path, span: item.span(), key: None, is_read: at.is_read };
                self.value(item.get_ref(), node, &spot);
            }
        }
    }

    fn table(&mut self, table: &DeTable<'_>, node: &Node, at: &Spot) {
        let keys = self.keys(table, node);
        let mut slips = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let is_read = at.is_read && (!at.path.is_empty() || (self.values_of)(name));
            let path = at.path_of(name);
            match keys.declaration(name) {
                Some(declared) => {
                    let node = self.declarations.resolved(declared);
                    let spot = Spot { path, span: value.span(), key: Some(key.span()), is_read };
                    self.value(value.get_ref(), &node, &spot);
                }
                None if keys.takes_more => {}
                None => slips.extend(self.unknown(path, &key.span(), value.get_ref(), name, &keys.names())),
            }
        }
        for name in &keys.required {
            let is_read = at.is_read && (!at.path.is_empty() || (self.values_of)(name));
            if is_read && !table.contains_key(name.as_str()) && !slips.contains(&at.path_of(name)) {
                self.missing(name, &keys, at);
            }
        }
    }

    fn missing(&mut self, name: &str, keys: &Keys, at: &Spot) {
        let label = if at.path.is_empty() { "in this file" } else { "in this table" };
        let declared =
            keys.declaration(name).map(|node| self.declarations.resolved(node)).unwrap_or_default();
        let choices = self.declarations.choices(&declared);
        let words: Vec<&str> = choices.iter().map(|(word, _)| word.as_str()).collect();
        let help = (!words.is_empty()).then(|| format!("the choices are {}", words.join(", ")));
        self.add(at.path_of(name), at.header(), format!("the key `{name}` is missing"), label.into(), help);
    }

    /// The keys that `table` may have; for a table of one of several kinds those of the kind that it is, or
    /// of all kinds where that is not clear.
    fn keys(&self, table: &DeTable<'_>, node: &Node) -> Keys {
        let (tag, words) = match variant(self.declarations, table, node) {
            Variant::Known(node) => return Keys::of(&node),
            Variant::Unclear { tag, words } => (tag, words),
        };
        let mut all = Node::new();
        for alternative in self.declarations.alternatives(node) {
            lay_over(&mut all, with_base(alternative, node));
        }
        let mut keys = Keys::of(&all);
        keys.required = vec![tag.clone()];
        keys.declared.insert(tag, serde_json::json!({ "enum": words }));
        keys
    }
}

/// Which of the alternatives that are told by a tag a table is.
pub(super) enum Variant {
    /// Its declaration, or the only one.
    Known(Node),
    /// The tag is missing or not one of its words.
    Unclear { tag: String, words: Vec<String> },
}

/// Which alternative of `node` the tag of `table` names.
pub(super) fn variant(declarations: &Declarations, table: &DeTable<'_>, node: &Node) -> Variant {
    let Some((tag, words)) = declarations.tag(node) else { return Variant::Known(node.clone()) };
    let word = table.get(tag.as_str()).and_then(|value| value.get_ref().as_str());
    let is_meant = |alternative: &Node| {
        let declared = properties(alternative);
        let own = declared.get(&tag).and_then(|tag| tag.get("const")).and_then(Value::as_str);
        own.is_some() && own == word
    };
    match declarations.alternatives(node).into_iter().find(is_meant) {
        Some(meant) => Variant::Known(with_base(meant, node)),
        None => Variant::Unclear { tag, words: words.into_iter().map(|(word, _)| word).collect() },
    }
}

/// The alternative of `node` that `value` means, by the TOML type, keys or word that is written; `node`
/// itself where it has none, or where it is told by a tag or by words.
pub(super) fn chosen(declarations: &Declarations, value: &DeValue<'_>, node: Node) -> Node {
    let mut node = node;
    for _ in 0..DEEPEST {
        let is_tagged = || value.is_table() && declarations.tag(&node).is_some();
        let alternatives = declarations.alternatives(&node);
        if alternatives.is_empty() || is_tagged() {
            break;
        }
        let mut best: Option<(i64, Node)> = None;
        for alternative in alternatives {
            if takes(declarations, &alternative, Shape::of(value)) {
                let score = score::score(declarations, value, &alternative);
                if best.as_ref().is_none_or(|(most, _)| score > *most) {
                    best = Some((score, alternative));
                }
            }
        }
        match best {
            Some((_, best)) if own_words(&best).is_empty() => node = with_base(best, &node),
            _ => break,
        }
    }
    node
}

/// `alternative` with what its parent says of all of them.
fn with_base(alternative: Node, parent: &Node) -> Node {
    let mut base = parent.clone();
    for own in ["oneOf", "anyOf", "x-si-unit", "examples"] {
        base.remove(own);
    }
    let mut node = alternative;
    if json_types(&node) != ["object"] {
        base.retain(|key, _| key != "properties" && key != "required");
    }
    lay_over(&mut node, base);
    node
}
