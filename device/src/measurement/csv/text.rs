//! The bytes of a data file as text, and where in it a byte lies.

/// The text of a file: UTF-8, without a byte order mark, lines ending in `\n` (or `\r\n`). Else where it stops being
/// text, as line and column, and why.
pub(super) fn as_text(bytes: Vec<u8>) -> Result<String, (u64, usize, String)> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err((1, 0, "the file is UTF-16 text; save it as UTF-8".to_string()));
    }
    let place = |at: usize| {
        let before = &bytes[..at];
        let start = before.iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        (line as u64, before[start..].iter().filter(|&&b| b == b',').count() + 1)
    };
    let not_text = |at: usize| {
        let (line, column) = place(at);
        (line, column, format!("the byte {:#04x} is no text (UTF-8); is this a CSV file?", bytes[at]))
    };
    if let Some(at) = bytes.iter().position(|&b| b < b' ' && !b"\t\r\n".contains(&b)) {
        return Err(not_text(at));
    }
    let text = std::str::from_utf8(&bytes).map_err(|e| not_text(e.valid_up_to()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(if text.contains('\n') { text.to_string() } else { text.replace('\r', "\n") })
}

/// Number of the line of the record that the CSV reader places at byte `at`: the reader counts comments and blank
/// lines before a record as part of it.
pub(super) fn line_at(text: &str, at: u64) -> u64 {
    let at = usize::try_from(at).unwrap_or(usize::MAX).min(text.len());
    let before = text.as_bytes()[..at].iter().filter(|&&b| b == b'\n').count();
    let skipped = text.as_bytes()[at..]
        .split(|&b| b == b'\n')
        .take_while(|line| line.first() == Some(&b'#') || line.iter().all(u8::is_ascii_whitespace))
        .count();
    (before + skipped + 1) as u64
}
