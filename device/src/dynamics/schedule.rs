//! Times of the integration steps: equal steps between the jumps and kinks of a pulse.

use crate::dynamics::pulse::Pulse;

/// One step and the drive at its beginning, middle and end (V or A; positive potentiates).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Time at the beginning, s.
    pub time_s: f64,
    /// Duration, s.
    pub duration_s: f64,
    /// Drive at the beginning (after a jump there).
    pub first: f64,
    /// Drive in the middle.
    pub middle: f64,
    /// Drive at the end (before a jump there).
    pub last: f64,
}

impl Step {
    /// Whether `other` is the same step at another time.
    pub(crate) fn acts_as(&self, other: &Self) -> bool {
        let of = |step: &Self| [step.duration_s, step.first, step.middle, step.last];
        of(self) == of(other)
    }
}

/// All steps of a pulse and the relaxation after it. No step crosses a jump or kink.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    steps: Vec<Step>,
    pulse_steps: usize,
}

impl Schedule {
    /// Steps of at most `largest_step_s` through the pulse and `relaxation_s` after it.
    #[must_use]
    pub fn new(pulse: &Pulse, relaxation_s: f64, largest_step_s: f64) -> Self {
        let mut steps = Vec::new();
        let breaks = pulse.break_points_s();
        for pair in breaks.windows(2) {
            append(&mut steps, pulse, pair[0], pair[1], largest_step_s);
        }
        let pulse_steps = steps.len();
        let end = pulse.end_s();
        append(&mut steps, pulse, end, end + relaxation_s, largest_step_s);
        Self { steps, pulse_steps }
    }

    /// All steps in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Number of steps within the pulse; the rest is relaxation.
    #[must_use]
    pub fn pulse_steps(&self) -> usize {
        self.pulse_steps
    }

    /// Time at the beginning of step `index`; at the end of the last step for `index = len`.
    #[must_use]
    pub fn time_s(&self, index: usize) -> f64 {
        self.steps.get(index).map_or_else(
            || self.steps.last().map_or(0.0, |step| step.time_s + step.duration_s),
            |step| step.time_s,
        )
    }
}

fn append(steps: &mut Vec<Step>, pulse: &Pulse, from_s: f64, to_s: f64, largest_step_s: f64) {
    let span = to_s - from_s;
    if span <= 0.0 {
        return;
    }
    // A whisker of slack, so that a width that is a multiple of the step gets that many steps.
    let count = (span / largest_step_s * (1.0 - 1e-12)).ceil().max(1.0) as usize;
    let duration_s = span / count as f64;
    let at = |i: usize| from_s + span * (i as f64 / count as f64);
    for i in 0..count {
        let (start, end) = (at(i), if i + 1 == count { to_s } else { at(i + 1) });
        steps.push(Step {
            time_s: start,
            duration_s,
            first: pulse.at(start),
            middle: pulse.at(0.5 * (start + end)),
            last: pulse.before(end),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_meet_the_edges_and_never_cross_them() {
        let pulse = Pulse::trapezoid(0.6, 1e-9, 0.1e-9, 0.0);
        let schedule = Schedule::new(&pulse, 0.5e-9, 7e-12);
        let steps = schedule.steps();
        assert!(steps.iter().all(|s| s.duration_s <= 7e-12 * (1.0 + 1e-9)));
        for pair in steps.windows(2) {
            assert!((pair[0].time_s + pair[0].duration_s - pair[1].time_s).abs() < 1e-21);
        }
        assert_eq!(steps[schedule.pulse_steps() - 1].last, 0.6);
        assert_eq!(steps[schedule.pulse_steps()].first, 0.0);
        assert!((schedule.time_s(steps.len()) - 1.5e-9).abs() < 1e-21);
        assert_eq!(Schedule::new(&Pulse::rectangular(1.0, 1e-9), 0.0, 1e-12).steps().len(), 1000);
    }
}
