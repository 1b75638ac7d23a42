//! Messages of the deserialiser turned into messages for people, at the word they are about.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Document;
use super::error::Fault;
use super::tree::{key_of, visit, visit_inside};

/// The fault that `message` of the deserialiser about `span` means.
pub(super) fn explain(
    document: &Document,
    table: &Spanned<DeTable<'_>>,
    message: &str,
    span: &Range<usize>,
) -> Fault {
    let quoted = message.split('`').nth(1).unwrap_or_default();
    let names: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
    let listed = |what: &str| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
    if message.starts_with("unknown field ") {
        let key = find_within(table, span, |key, _| key == quoted).unwrap_or_else(|| span.clone());
        let label = suggestion(quoted, &names).unwrap_or_else(|| "not a key of this table".into());
        return document.fault(&key, format!("unknown key `{quoted}`"), label, listed("the keys here are"));
    }
    if message.starts_with("unknown variant ") {
        let is_word = |value: &DeValue<'_>| value.as_str() == Some(quoted);
        let value = find_within(table, span, |key, value| is_word(value) || key == quoted)
            .unwrap_or_else(|| span.clone());
        let label = suggestion(quoted, &names).unwrap_or_else(|| "not one of the choices".into());
        let message = format!("`{quoted}` is not a choice here");
        return document.fault(&value, message, label, listed("the choices are"));
    }
    if message.starts_with("missing field ") {
        let header = key_of(table.get_ref(), span);
        let label = if header.is_some() { "in this table" } else { "in this file" };
        let place = header.unwrap_or(span.start..span.start);
        return document.fault(&place, format!("the key `{quoted}` is missing"), label.into(), None);
    }
    // A value of a buffered enum carries the span of its table: look for the quoted text in it.
    let is_word = |value: &DeValue<'_>| match value {
        DeValue::String(text) => text == quoted,
        DeValue::Integer(number) => number.to_string() == quoted,
        DeValue::Float(number) => number.to_string() == quoted,
        _ => false,
    };
    let exact = (!quoted.is_empty()).then(|| find_within(table, span, |_, value| is_word(value))).flatten();
    let spans_lines = document.text_of(span).contains('\n');
    let place = exact.or_else(|| spans_lines.then(|| key_of(table.get_ref(), span)).flatten());
    document.fault(&place.unwrap_or_else(|| span.clone()), message.to_string(), "here".into(), None)
}

/// "did you mean", where one of `names` is near enough to `word`.
pub(super) fn suggestion(word: &str, names: &[&str]) -> Option<String> {
    nearest(word, names).map(|name| format!("did you mean `{name}`?"))
}

/// The name that is nearest to `word`, where one is near enough.
pub(super) fn nearest<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let word = plain(word);
    names
        .iter()
        .map(|name| (strsim::jaro_winkler(&word, &plain(name)), *name))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// Span of the only key or value that `wanted` accepts in the word or table at `span`, or else in
/// the whole document: the key's where the key alone matches, else the value's.
fn find_within(
    table: &Spanned<DeTable<'_>>,
    span: &Range<usize>,
    wanted: impl Fn(&str, &DeValue<'_>) -> bool,
) -> Option<Range<usize>> {
    let mut everywhere = Vec::new();
    let mut in_table = Vec::new();
    let see = |found: &mut Vec<_>, key: Option<(&str, Range<usize>)>, value: &Spanned<DeValue<'_>>| match key
    {
        Some((name, key_span)) if wanted(name, &DeValue::Boolean(false)) => found.push(key_span),
        _ if wanted("", value.get_ref()) => found.push(value.span()),
        _ => {}
    };
    visit(table.get_ref(), &mut |key, value| {
        see(&mut everywhere, key, value);
        // The span of a table written under a header is that of the header alone; an array of
        // tables shares it with its first table, which comes after it here.
        if value.span() == *span {
            in_table.clear();
            visit_inside(value, &mut |key, value| see(&mut in_table, key, value));
        }
    });
    let at_word: Vec<_> =
        everywhere.iter().filter(|f| span.start <= f.start && f.end <= span.end).cloned().collect();
    [at_word, in_table, everywhere].into_iter().find_map(|found| match found.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    })
}
