//! CPU time of one call, for the benches of this folder.

use cpu_time::ThreadTime;

/// CPU seconds of one call, averaged over three calls and 0.3 s at least, and its last result.
pub fn cpu_seconds_of<T>(mut work: impl FnMut() -> T) -> (f64, T) {
    let mut result = work();
    let start = ThreadTime::now();
    let mut calls = 0;
    while calls < 3 || start.elapsed().as_secs_f64() < 0.3 {
        result = work();
        calls += 1;
    }
    (start.elapsed().as_secs_f64() / f64::from(calls), result)
}
