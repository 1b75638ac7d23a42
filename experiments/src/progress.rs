//! Progress of long work: a bar with an honest time estimate on a terminal, a line now and then in a pipe.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Shortest time between two lines in a pipe.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// The stages of one run, shown one after the other on standard error.
#[derive(Debug, Default)]
pub struct Progress {
    stage: u64,
}

impl Progress {
    /// Starts the next stage, of `steps` equal steps; the estimate is elapsed time over
    /// finished steps times the steps left.
    pub fn stage(&mut self, title: &str, steps: u64) -> Stage {
        self.stage += 1;
        let bar = ProgressBar::new(steps);
        let style = ProgressStyle::with_template(
            "{prefix} {msg:34} {bar:30} {percent:>3} %  {elapsed} elapsed, {eta} left",
        )
        .expect("the template is valid");
        bar.set_style(style);
        bar.set_prefix(format!("[{}]", self.stage));
        bar.set_message(title.to_string());
        bar.enable_steady_tick(Duration::from_millis(250));
        let now = Instant::now();
        Stage { bar, title: title.to_string(), began: now, last_line: Mutex::new(now) }
    }
}

/// One stage under way; dropping it ends its bar. It may be advanced from several threads.
#[derive(Debug)]
pub struct Stage {
    bar: ProgressBar,
    title: String,
    began: Instant,
    last_line: Mutex<Instant>,
}

impl Stage {
    /// One step is finished.
    pub fn advance(&self) {
        self.advance_by(1);
    }

    /// `steps` more steps are finished.
    pub fn advance_by(&self, steps: u64) {
        self.bar.inc(steps);
        self.line_in_a_pipe();
    }

    /// `done` steps are finished in all.
    pub fn reach(&self, done: u64) {
        self.bar.set_position(done);
        self.line_in_a_pipe();
    }

    /// Under a scheduler nobody sees a bar: a line every few seconds says how far it is.
    fn line_in_a_pipe(&self) {
        if std::io::stderr().is_terminal() {
            return;
        }
        let Ok(mut last) = self.last_line.try_lock() else { return };
        if last.elapsed() < BETWEEN_LINES {
            return;
        }
        *last = Instant::now();
        let (done, steps) = (self.bar.position(), self.bar.length().unwrap_or(0).max(1));
        let elapsed = self.began.elapsed().as_secs_f64();
        let left = elapsed / done.max(1) as f64 * steps.saturating_sub(done) as f64;
        eprintln!("{}: {} %, {elapsed:.0} s elapsed, {left:.0} s left", self.title, 100 * done / steps);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.bar.finish();
    }
}
