//! Closed forms of the switching probability, for calibration and as sanity checks.
//!
//! All forms are written in reduced quantities: the thermal stability `delta`, the drive
//! `drive` = V/V_c (V > 0 favours P; here the sign is taken relative to the wanted transition,
//! so a positive drive always favours switching) and the duration `duration` = t/tau_D with
//! tau_D = (1 + alpha^2)/(alpha gamma0 Hk). They return logarithms of both
//! probabilities, so that neither tail is lost to rounding.
//!
//! # References
//! - J. Z. Sun, Phys. Rev. B 62, 570 (2000), doi:10.1103/PhysRevB.62.570.
//! - Z. Li and S. Zhang, Phys. Rev. B 69, 134416 (2004), doi:10.1103/PhysRevB.69.134416.
//! - T. Taniguchi and H. Imamura, Phys. Rev. B 83, 054432 (2011), doi:10.1103/PhysRevB.83.054432
//!   (exponent 2 for a perpendicular macrospin).
//! - W. H. Butler et al., IEEE Trans. Magn. 48, 4684 (2012), doi:10.1109/TMAG.2012.2209122.
//!
//! # Not modelled
//! The exact Fokker-Planck probability: Butler's form gives 1.3 to 2.3 times too many
//! write errors at delta = 40 and twice the critical drive.

use std::f64::consts::PI;

/// Logarithms of the probabilities of having switched and of not having switched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogProbability {
    /// ln P(switched).
    pub switched: f64,
    /// ln P(not switched) = ln(1 - P(switched)).
    pub unswitched: f64,
}

impl LogProbability {
    /// From ln P(switched) <= 0.
    #[must_use]
    pub fn from_switched(switched: f64) -> Self {
        let switched = switched.min(-SMALLEST);
        Self { switched, unswitched: ln_one_minus_exp(switched) }
    }

    /// From ln P(not switched) <= 0.
    #[must_use]
    pub fn from_unswitched(unswitched: f64) -> Self {
        let unswitched = unswitched.min(-SMALLEST);
        Self { switched: ln_one_minus_exp(unswitched), unswitched }
    }

    /// P(switched).
    #[must_use]
    pub fn probability(self) -> f64 {
        self.switched.exp()
    }

    /// Log-odds ln(P/(1 - P)).
    #[must_use]
    pub fn log_odds(self) -> f64 {
        self.switched - self.unswitched
    }

    /// From the log-odds.
    #[must_use]
    pub fn from_log_odds(log_odds: f64) -> Self {
        Self { switched: -softplus(-log_odds), unswitched: -softplus(log_odds) }
    }
}

/// A probability closer to one than this is written as this close, so that logarithms stay finite.
const SMALLEST: f64 = 1e-300;

/// ln(1 - exp(x)) for x < 0.
fn ln_one_minus_exp(x: f64) -> f64 {
    if x > -std::f64::consts::LN_2 { (-x.exp_m1()).ln() } else { (-x.exp()).ln_1p() }
}

/// ln(1 + exp(x)).
fn softplus(x: f64) -> f64 {
    if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}

/// Thermally activated switching at a constant rate.
///
/// # Formula
/// `P = 1 - exp(-attempts exp(-delta (1 - drive)^exponent))`; at and above `drive` = 1
/// the barrier is gone and the rate is the attempt rate. `attempts` = t / tau_0.
#[must_use]
pub fn thermal_activation(delta: f64, drive: f64, exponent: f64, attempts: f64) -> LogProbability {
    let barrier = if drive < 1.0 { delta * (1.0 - drive).powf(exponent) } else { 0.0 };
    LogProbability::from_unswitched(-attempts * (-barrier).exp())
}

/// Sun's ballistic switching: thermal initial angle, no noise during the pulse.
///
/// # Formula
/// `P = exp(-(pi^2/4) delta exp(-2 (drive - 1) duration))`: the initial angle has
/// `P(theta0 > theta) = exp(-delta theta^2)` and reaches pi/2 by exponential growth.
/// In voltage at one width this is a Gumbel distribution.
#[must_use]
pub fn sun(delta: f64, drive: f64, duration: f64) -> LogProbability {
    LogProbability::from_switched(-0.25 * PI * PI * delta * (-2.0 * (drive - 1.0) * duration).exp())
}

/// Butler's form: as [`sun`], with the noise of the linear regime during the pulse.
///
/// # Formula
/// `P = exp(-(pi^2/4) delta (drive - 1)/(drive exp(2 (drive - 1) duration) - 1))`, with
/// the limit `delta/(1 + 2 duration)` at `drive` = 1; used below that drive too,
/// where the linear theory stays finite and hardly switches.
#[must_use]
pub fn butler(delta: f64, drive: f64, duration: f64) -> LogProbability {
    let excess = drive - 1.0;
    // (drive e^g - 1)/excess with g = 2 excess duration, without cancellation at excess = 0.
    let growth = 2.0 * excess * duration;
    let ratio = if growth.abs() < 1e-8 {
        growth.exp() + 2.0 * duration
    } else {
        growth.exp() + growth.exp_m1() / excess
    };
    LogProbability::from_switched(-0.25 * PI * PI * delta / ratio)
}

/// Crossover: Butler's ballistic form and thermal activation as competing ways out.
///
/// # Formula
/// `1 - P = (1 - P_Butler) exp(-k duration)` with Brown's rate under the torque,
/// `k = sqrt(delta/pi) (1 - drive)^2 (1 + drive) exp(-delta (1 - drive)^2)` per tau_D for
/// |drive| < 1. The rate vanishes at `drive` = 1, where the ballistic form takes over, so nothing
/// is counted twice.
#[must_use]
pub fn crossover(delta: f64, drive: f64, duration: f64) -> LogProbability {
    let ballistic = butler(delta, drive, duration);
    if drive.abs() >= 1.0 {
        return ballistic;
    }
    let rate = (delta / PI).sqrt()
        * (1.0 - drive).powi(2)
        * (1.0 + drive)
        * (-delta * (1.0 - drive) * (1.0 - drive)).exp();
    LogProbability::from_unswitched(ballistic.unswitched - rate * duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_logarithms_belong_to_one_probability() {
        for x in [-1e-12, -0.1, -0.7, -3.0, -40.0, -800.0] {
            let p = LogProbability::from_switched(x);
            assert!((p.switched.exp() + p.unswitched.exp() - 1.0).abs() < 1e-15);
            let back = LogProbability::from_log_odds(p.log_odds());
            assert!((back.switched - x).abs() <= 1e-9 * x.abs().max(1e-3), "{x}: {back:?}");
        }
    }

    #[test]
    fn butler_is_continuous_at_the_critical_drive_and_tends_to_sun() {
        let at = |i: f64| butler(40.0, i, 3.0).switched;
        let exact = -0.25 * PI * PI * 40.0 / (1.0 + 2.0 * 3.0);
        assert!((at(1.0) - exact).abs() < 1e-12);
        for step in [1e-9, 1e-7, 1e-5] {
            assert!((at(1.0 + step) - exact).abs() < 1e3 * step, "{step}");
            assert!((at(1.0 - step) - exact).abs() < 1e3 * step, "{step}");
        }
        // Far above the critical drive the noise of the pulse no longer matters.
        let ratio = butler(40.0, 200.0, 0.05).switched / sun(40.0, 200.0, 0.05).switched;
        assert!((ratio - 1.0).abs() < 0.01, "{ratio}");
    }

    /// At small drive the crossover is Brown's rate; Brown's own asymptotic formula at zero drive.
    #[test]
    fn crossover_has_browns_rate_at_rest() {
        let (delta, duration) = (12.0, 1e-3);
        let rest = crossover(delta, 0.0, duration);
        let thermal = -(rest.unswitched - butler(delta, 0.0, duration).unswitched) / duration;
        let brown = (delta / PI).sqrt() * (-delta).exp();
        assert!((thermal / brown - 1.0).abs() < 1e-6, "{thermal} {brown}");
    }

    #[test]
    fn thermal_activation_saturates_at_the_attempt_rate() {
        assert_eq!(thermal_activation(40.0, 1.0, 2.0, 0.3), thermal_activation(40.0, 2.0, 2.0, 0.3));
        let p = thermal_activation(10.0, 0.0, 2.0, 1.0).probability();
        let exact = -(-(-10.0f64).exp()).exp_m1();
        assert!((p / exact - 1.0).abs() < 1e-12, "{p:e} {exact:e}");
    }
}
