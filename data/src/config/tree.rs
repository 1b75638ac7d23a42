//! Tables of keys and values that know where they are written: laid over each other, searched, cut.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// Key that says which model a table configures.
pub(super) const TAG: &str = "kind";

/// `table` with every span replaced by `place` of it.
pub(super) fn moved<'t>(
    table: Spanned<DeTable<'t>>,
    place: &dyn Fn(Range<usize>) -> Range<usize>,
) -> Spanned<DeTable<'t>> {
    let span = place(table.span());
    let mut result = DeTable::new();
    for (key, value) in table.into_inner() {
        let key = Spanned::new(place(key.span()), key.into_inner());
        result.insert(key, moved_value(value, place));
    }
    Spanned::new(span, result)
}

/// `value` with every span replaced by `place` of it.
pub(super) fn moved_value<'t>(
    value: Spanned<DeValue<'t>>,
    place: &dyn Fn(Range<usize>) -> Range<usize>,
) -> Spanned<DeValue<'t>> {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(moved(Spanned::new(span.clone(), table), place).into_inner()),
        DeValue::Array(mut items) => {
            for item in items.iter_mut() {
                let owned = std::mem::replace(item, Spanned::new(0..0, DeValue::Boolean(false)));
                *item = moved_value(owned, place);
            }
            DeValue::Array(items)
        }
        scalar => scalar,
    };
    Spanned::new(place(span), value)
}

/// Fills `upper` with what only `lower` has: tables merge key by key, except that a table whose `kind`
/// differs replaces that of the lower layer whole; anything else, lists too, replaces what is below.
pub(super) fn merge<'t>(upper: &mut DeTable<'t>, lower: DeTable<'t>) {
    for (key, below) in lower {
        let Some(above) = upper.get_mut(key.get_ref().as_ref()) else {
            upper.insert(key, below);
            continue;
        };
        if let DeValue::Table(above) = above.get_mut()
            && let DeValue::Table(below) = below.into_inner()
            && !is_another_kind(above, &below)
        {
            merge(above, below);
        }
    }
}

fn is_another_kind(upper: &DeTable<'_>, lower: &DeTable<'_>) -> bool {
    let kind = |table: &DeTable<'_>| table.get(TAG)?.get_ref().as_str().map(str::to_string);
    kind(upper).zip(kind(lower)).is_some_and(|(upper, lower)| upper != lower)
}

/// What `find` finds.
pub(super) struct Found<'t, 'a> {
    /// Span of the deepest key of the path that exists.
    pub key: Range<usize>,
    /// The value, if the whole path exists.
    pub value: Option<&'t Spanned<DeValue<'a>>>,
}

/// The deepest existing part of `key_path`; `None` where not even its first key exists.
pub(super) fn find<'t, 'a>(mut table: &'t DeTable<'a>, key_path: &str) -> Option<Found<'t, 'a>> {
    let mut deepest = None;
    let mut parts = key_path.split('.').peekable();
    while let Some(part) = parts.next() {
        let (name, indices) = split_indices(part);
        let Some((key, mut value)) = table.get_key_value(name) else { break };
        deepest = Some(key.span());
        for index in indices {
            let item = value.get_ref().as_array().and_then(|items| items.get(index?));
            let Some(item) = item else { return deepest.map(|key| Found { key, value: None }) };
            value = item;
        }
        match (parts.peek(), value.get_ref().as_table()) {
            (None, _) => return deepest.map(|key| Found { key, value: Some(value) }),
            (Some(_), Some(inner)) => table = inner,
            (Some(_), None) => break,
        }
    }
    deepest.map(|key| Found { key, value: None })
}

/// `layers[1][2]` as `layers` and its indices; what is no number is no index.
fn split_indices(part: &str) -> (&str, impl Iterator<Item = Option<usize>>) {
    let (name, rest) = part.find('[').map_or((part, ""), |at| part.split_at(at));
    let words = rest.split(['[', ']']).filter(|word| !word.is_empty());
    (name, words.map(|word| word.parse().ok()))
}

/// Puts `text` in place of the text at `key_path`, if there is one; its span stays.
pub(super) fn replace_text<'t>(mut table: &mut DeTable<'t>, key_path: &str, text: &'t str) {
    let mut parts = key_path.split('.').peekable();
    while let Some(part) = parts.next() {
        let (name, indices) = split_indices(part);
        let Some(mut value) = table.get_mut(name) else { return };
        for index in indices {
            let DeValue::Array(items) = value.get_mut() else { return };
            let Some(item) = index.and_then(|index| items.get_mut(index)) else { return };
            value = item;
        }
        match (parts.peek(), value.get_mut()) {
            (None, DeValue::String(written)) => *written = text.into(),
            (Some(_), DeValue::Table(inner)) => {
                table = inner;
                continue;
            }
            _ => {}
        }
        return;
    }
}

/// Removes the key that ends `key_path`; a path into a list removes nothing.
pub(super) fn remove(table: &mut DeTable<'_>, key_path: &str) {
    match key_path.split_once('.') {
        None => drop(table.remove(key_path)),
        Some((first, rest)) => {
            if let Some(DeValue::Table(inner)) = table.get_mut(first).map(Spanned::get_mut) {
                remove(inner, rest);
            }
        }
    }
}

/// The table without its places.
pub(super) fn plain_table(table: &DeTable<'_>) -> toml::Table {
    table.iter().map(|(key, value)| (key.get_ref().to_string(), plain(value.get_ref()))).collect()
}

/// The value without its places. A whole number that TOML's 64 bits do not hold becomes the nearest that
/// they do; [`conform`](super::conform()) refuses it.
pub(super) fn plain(value: &DeValue<'_>) -> toml::Value {
    match value {
        DeValue::String(text) => toml::Value::String(text.to_string()),
        DeValue::Integer(number) => {
            let wide = i128::from_str_radix(number.as_str(), number.radix());
            let lowest_or_highest = if number.as_str().starts_with('-') { i64::MIN } else { i64::MAX };
            let narrow = wide.ok().and_then(|wide| i64::try_from(wide).ok());
            toml::Value::Integer(narrow.unwrap_or(lowest_or_highest))
        }
        DeValue::Float(number) => toml::Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(truth) => toml::Value::Boolean(*truth),
        DeValue::Datetime(date) => toml::Value::Datetime(*date),
        DeValue::Array(items) => toml::Value::Array(plain_items(items)),
        DeValue::Table(table) => toml::Value::Table(plain_table(table)),
    }
}

fn plain_items(items: &DeArray<'_>) -> Vec<toml::Value> {
    items.iter().map(|item| plain(item.get_ref())).collect()
}

/// Called for every value, with its key where it has one.
pub(super) type Visitor<'a> = dyn FnMut(Option<(&str, Range<usize>)>, &Spanned<DeValue<'_>>) + 'a;

/// Calls `see` for every value, with its key where it has one.
pub(super) fn visit(table: &DeTable<'_>, see: &mut Visitor<'_>) {
    for (key, value) in table {
        see(Some((key.get_ref().as_ref(), key.span())), value);
        visit_inside(value, see);
    }
}

/// Calls `see` for every value within `value`.
pub(super) fn visit_inside(value: &Spanned<DeValue<'_>>, see: &mut Visitor<'_>) {
    match value.get_ref() {
        DeValue::Table(table) => visit(table, see),
        DeValue::Array(items) => {
            for item in items {
                see(None, item);
                visit_inside(item, see);
            }
        }
        _ => {}
    }
}

/// Span of the key whose value has the span `span`.
pub(super) fn key_of(table: &DeTable<'_>, span: &Range<usize>) -> Option<Range<usize>> {
    let mut found = None;
    visit(table, &mut |key, value| {
        if let Some((_, key_span)) = key
            && value.span() == *span
        {
            found = Some(key_span);
        }
    });
    found
}
