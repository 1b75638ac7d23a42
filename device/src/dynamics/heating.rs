//! Joule heating of the lanes of a block: a thermal pole, and what the temperature changes.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over many arrays of lanes; this form vectorises"
)]

use crate::dynamics::block::{BLOCK, Block};
use crate::dynamics::llgs::{HEATED, Heat, Instant, UNHEATED};
use crate::junction::material::TemperatureFactors;
use crate::junction::mtj::Mtj;

/// Joule heating with the temperature factors tabulated on a fine grid.
#[derive(Debug, Clone)]
pub(crate) struct Heating {
    resistance_k_per_w: f64,
    time_constant_s: f64,
    /// Factors relative to those at the surroundings' temperature, one per kelvin from 0 K on.
    factors: Vec<TemperatureFactors>,
}

/// Highest temperature of the factor table, K; hotter lanes use its last row.
const HOTTEST_K: usize = 3000;

/// Factors of each lane's temperature.
pub(crate) struct HeatBlock {
    pub magnetisation: [f64; BLOCK],
    pub anisotropy: [f64; BLOCK],
    pub torque: [f64; BLOCK],
    /// sqrt(T/Ms), relative in Ms: scale of the thermal field.
    pub noise: [f64; BLOCK],
}

impl HeatBlock {
    pub(crate) const UNHEATED: Self = Self {
        magnetisation: [1.0; BLOCK],
        anisotropy: [1.0; BLOCK],
        torque: [1.0; BLOCK],
        noise: [0.0; BLOCK],
    };

    /// The factors at the lanes' temperatures, in K.
    pub(crate) fn set(&mut self, heating: &Heating, temperature: &[f64; BLOCK]) {
        for (lane, kelvin) in temperature.iter().enumerate() {
            let row = (*kelvin as usize).min(HOTTEST_K - 1);
            let (low, high) = (heating.factors[row], heating.factors[row + 1]);
            let share = (kelvin - row as f64).min(1.0);
            let ms = low.magnetisation + share * (high.magnetisation - low.magnetisation);
            let k = low.anisotropy + share * (high.anisotropy - low.anisotropy);
            self.magnetisation[lane] = ms;
            self.anisotropy[lane] = k / ms;
            self.torque[lane] = 1.0 / ms;
            self.noise[lane] = (kelvin / ms).sqrt();
        }
    }

    #[inline(always)]
    pub(crate) fn lane<const TERMS: u8>(&self, lane: usize) -> Heat {
        if TERMS == HEATED {
            Heat {
                magnetisation: self.magnetisation[lane],
                anisotropy: self.anisotropy[lane],
                torque: self.torque[lane],
            }
        } else {
            UNHEATED
        }
    }
}

impl Heating {
    /// The heating of `mtj`; `None` if it has none.
    pub(crate) fn of(mtj: &Mtj) -> Option<Self> {
        let joule = mtj.joule_heating?;
        let scaling = &mtj.temperature_scaling;
        let base = scaling.factors(mtj.temperature_k);
        let factors = (0..=HOTTEST_K)
            .map(|kelvin| {
                let at = scaling.factors(kelvin as f64);
                TemperatureFactors {
                    magnetisation: at.magnetisation / base.magnetisation,
                    anisotropy: at.anisotropy / base.anisotropy,
                }
            })
            .collect();
        Some(Self {
            resistance_k_per_w: joule.resistance_k_per_w,
            time_constant_s: joule.time_constant_s,
            factors,
        })
    }

    /// One exponential step of the thermal pole at the power of the present angle.
    pub(crate) fn warm(&self, block: &mut Block, s: &Instant, step_s: f64, surroundings_k: f64) {
        let share = -(-step_s / self.time_constant_s).exp_m1();
        for lane in 0..BLOCK {
            let conductance = s.conductance_mean + s.conductance_slope * block.z[lane];
            let power = s.volts_squared * conductance + s.amperes_squared / conductance;
            let target = surroundings_k + self.resistance_k_per_w * power;
            block.temperature[lane] += share * (target - block.temperature[lane]);
        }
    }
}
