use super::BinomialTable;

/// What one write event does to devices and threshold; may change from stage to stage of the training.
#[derive(Debug, Clone, PartialEq)]
pub struct Plasticity {
    /// Switching laws under a depression pulse (V < 0) and under a potentiation pulse (V > 0).
    pub(super) tables: [BinomialTable; 2],
    /// Share of each class of devices in the law of the table, in units of 2^-32 (`u32::MAX` = all); same order.
    acceptance: [Vec<u32>; 2],
    /// Gain of the homeostasis.
    pub(super) gain: f64,
    /// `ln(1 + gain)`.
    pub(super) log_gain: f64,
}

impl Plasticity {
    /// All devices switch with the same probabilities per pulse.
    #[must_use]
    pub fn new(potentiation: f64, depression: f64, gain: f64) -> Self {
        Self {
            tables: [BinomialTable::new(depression), BinomialTable::new(potentiation)],
            acceptance: [Vec::new(), Vec::new()],
            gain,
            log_gain: libm::log1p(gain),
        }
    }

    /// Devices of class `c` switch with probability `potentiation[c]` and `depression[c]`.
    ///
    /// Pulses are drawn with the largest probability and thinned, which is exact.
    #[must_use]
    pub fn with_classes(potentiation: &[f64], depression: &[f64], gain: f64) -> Self {
        let largest = |p: &[f64]| p.iter().copied().fold(0.0, f64::max);
        let (p, d) = (largest(potentiation), largest(depression));
        let shares = |all: &[f64], top: f64| {
            let share = |q: &f64| if top > 0.0 { q / top * 4_294_967_295.0 } else { 0.0 };
            all.iter().map(|q| libm::rint(share(q)) as u32).collect()
        };
        Self { acceptance: [shares(depression, d), shares(potentiation, p)], ..Self::new(p, d, gain) }
    }

    /// Share of `class` in the law of the table, in units of 2^-32 (`u32::MAX` = all).
    #[inline]
    pub(super) fn acceptance(&self, potentiation: bool, class: u8) -> u32 {
        let shares = &self.acceptance[usize::from(potentiation)];
        shares.get(usize::from(class)).copied().unwrap_or(u32::MAX)
    }
}
