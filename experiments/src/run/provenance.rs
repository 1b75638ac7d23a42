//! What may differ between equal runs: time, host, duration, threads.

use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// File of the provenance in a run's folder.
const FILE: &str = "provenance.json";

/// When and where a run began.
pub(super) struct Provenance {
    started: Instant,
    started_at: SystemTime,
}

impl Provenance {
    pub(super) fn begin() -> Self {
        Self { started: Instant::now(), started_at: SystemTime::now() }
    }

    pub(super) fn as_json(&self, name: &str) -> String {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let provenance = json!({
            "started_unix_s": self.started_at.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs()),
            "duration_s": self.started.elapsed().as_secs_f64(),
            "host": host.trim(),
            "threads": rayon::current_num_threads(),
            "arguments": std::env::args().collect::<Vec<_>>(),
            "name": name,
        });
        serde_json::to_string_pretty(&provenance).expect("a JSON value always has a text") + "\n"
    }
}

/// When the run in `folder` began, as a date of the calendar (UTC); `None` where that is not known.
pub(super) fn date_of(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join(FILE)).ok()?;
    let value: Value = serde_json::from_str(&text).ok()?;
    Some(date(value.get("started_unix_s")?.as_u64()?))
}

/// Date of a time in s since 1970, after H. Hinnant, "chrono-compatible low-level date algorithms" (civil_from_days).
fn date(unix_s: u64) -> String {
    let days = unix_s / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (unix_s, expected) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_709_164_800, "2024-02-29"),
            (1_795_910_400, "2026-11-29"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(unix_s), expected);
        }
    }
}
