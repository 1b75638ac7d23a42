//! One axis of a panel: its label with the unit, its scale, its range.

use kuva::render::layout::TickFormat;
use std::sync::Arc;

/// How values are placed along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Proportional.
    Linear,
    /// Decimal logarithm; values of zero or less are left out. Reaches any power of ten.
    Log10,
    /// Complementary log-log, `ln(-ln(1 - p))` of a probability: the scale on which a Gumbel
    /// (minimum) distribution is a straight line. Values outside (0, 1) are left out.
    Gumbel,
}

impl Scale {
    /// Position of `value` on the axis; `None` where the scale has no place for it.
    #[must_use]
    pub fn position(self, value: f64) -> Option<f64> {
        let position = match self {
            Self::Linear => value,
            Self::Log10 if value > 0.0 => value.log10(),
            Self::Gumbel if value > 0.0 && value < 1.0 => (-(-value).ln_1p()).ln(),
            Self::Log10 | Self::Gumbel => return None,
        };
        position.is_finite().then_some(position)
    }

    fn value_at(self, position: f64) -> f64 {
        match self {
            Self::Linear => position,
            Self::Log10 => 10_f64.powf(position),
            Self::Gumbel => -(-position.exp()).exp_m1(),
        }
    }

    pub(super) fn tick_format(self) -> TickFormat {
        match self {
            Self::Linear => TickFormat::Custom(Arc::new(|value| {
                // Six digits: every tick shows where it stands, and rounding of the sums that placed it does not.
                let shown: f64 = format!("{value:.5e}").parse().unwrap_or(value);
                if value == 0.0 || (1e-3..1e6).contains(&value.abs()) {
                    format!("{shown}")
                } else {
                    format!("{shown:e}")
                }
            })),
            Self::Log10 => TickFormat::Custom(Arc::new(|position| {
                if (position - position.round()).abs() < 1e-9 {
                    let power = position.round();
                    if (-2.0..=4.0).contains(&power) {
                        format!("{}", 10_f64.powf(power))
                    } else {
                        format!("1e{power}")
                    }
                } else {
                    String::new()
                }
            })),
            Self::Gumbel => TickFormat::Custom(Arc::new(|position| {
                let p = Self::Gumbel.value_at(position);
                if p > 0.99 {
                    format!("1 - {:.0e}", 1.0 - p)
                } else {
                    format!("{p:.2}").replace("0.00", &format!("{p:.0e}"))
                }
            })),
        }
    }
}

/// An axis: label with unit in brackets, scale, and range if it is not the data's own.
#[derive(Debug, Clone)]
pub struct Axis {
    pub(super) label: String,
    pub(super) scale: Scale,
    pub(super) range: Option<(f64, f64)>,
}

impl Axis {
    /// Linear axis; `label` names the quantity and its unit, such as `"voltage (V)"`.
    #[must_use]
    pub fn linear(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Linear, range: None }
    }

    /// Logarithmic axis.
    #[must_use]
    pub fn log10(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Log10, range: None }
    }

    /// Axis of a probability in the Gumbel scale.
    #[must_use]
    pub fn gumbel(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Gumbel, range: None }
    }

    /// Fixes the range, in values (not positions).
    #[must_use]
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// Range in positions that shows all `positions`, widened where it would be empty.
    pub(super) fn positions(&self, positions: impl Iterator<Item = f64>) -> (f64, f64) {
        if let Some((low, high)) = self.range
            && let (Some(low), Some(high)) = (self.scale.position(low), self.scale.position(high))
            && high > low
        {
            return (low, high);
        }
        let (low, high) =
            positions.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)));
        match (low.is_finite() && high.is_finite(), self.scale) {
            (false, _) => (0.0, 1.0),
            (true, Scale::Log10) => (low.floor(), high.ceil().max(low.floor() + 1.0)),
            (true, _) if high > low => {
                let margin = 0.03 * (high - low);
                (low - margin, high + margin)
            }
            (true, _) => {
                let margin = if low == 0.0 { 1.0 } else { 0.1 * low.abs() };
                (low - margin, high + margin)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_invert_and_leave_out_what_they_cannot_place() {
        for scale in [Scale::Linear, Scale::Log10, Scale::Gumbel] {
            for value in [1e-12, 0.01, 0.5, 0.9] {
                let back = scale.value_at(scale.position(value).unwrap());
                assert!((back - value).abs() < 1e-12 * value.max(1e-3), "{scale:?} {value} {back}");
            }
        }
        assert_eq!(Scale::Log10.position(0.0), None);
        assert_eq!(Scale::Gumbel.position(1.0), None);
        assert_eq!(Scale::Linear.position(f64::NAN), None);
    }

    #[test]
    fn an_axis_without_data_or_width_still_has_a_range() {
        let axis = Axis::linear("x");
        assert_eq!(axis.positions(std::iter::empty()), (0.0, 1.0));
        let (low, high) = axis.positions([2.0, 2.0].into_iter());
        assert!(low < 2.0 && high > 2.0);
    }
}
