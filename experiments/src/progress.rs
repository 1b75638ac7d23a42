//! Progress of long work: a bar with an honest time estimate on a terminal, nothing in a pipe.

use indicatif::{ProgressBar, ProgressStyle};

/// The stages of one run, shown one after the other on standard error.
#[derive(Debug, Default)]
pub struct Progress {
    stages: u64,
    stage: u64,
}

impl Progress {
    /// Progress of a run of `stages` stages.
    #[must_use]
    pub fn new(stages: u64) -> Self {
        Self { stages, stage: 0 }
    }

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
        bar.set_prefix(format!("[{}/{}]", self.stage, self.stages));
        bar.set_message(title.to_string());
        bar.enable_steady_tick(std::time::Duration::from_millis(250));
        Stage { bar }
    }
}

/// One stage under way; dropping it ends its bar. It may be advanced from several threads.
#[derive(Debug)]
pub struct Stage {
    bar: ProgressBar,
}

impl Stage {
    /// One step is finished.
    pub fn advance(&self) {
        self.bar.inc(1);
    }

    /// `steps` more steps are finished.
    pub fn advance_by(&self, steps: u64) {
        self.bar.inc(steps);
    }

    /// `done` steps are finished in all.
    pub fn reach(&self, done: u64) {
        self.bar.set_position(done);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.bar.finish();
    }
}
