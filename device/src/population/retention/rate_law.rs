//! How the escape rates of the devices of a population are distributed.
//!
//! # Formula
//! `E[1 - exp(-k t)]` is a sum over nodes of the barrier, of the stray field and of the hazard, each a function of a standard
//! normal number as the population has it, and over 16 Gauss-Legendre places along each gradient. Nodes whose rates differ by
//! less than 1/200 are taken together at their mean rate.

use super::deviations::{FARTHEST, NEGLIGIBLE, nodes};
use super::escape_rate::EscapeRate;
use super::rate_surface::RateSurface;
use super::wells::Wells;
use crate::error::DeviceError;
use crate::junction::mtj::Mtj;
use crate::junction::state::State;
use crate::population::{Place, Population};
use crate::switching::estimate::BackEnd;
use crate::switching::sphere::gauss_legendre;

/// Width of a class in the logarithm of the rate: what a mean loses by it is below 1e-5 of itself.
const CLASS: f64 = 0.005;
/// Logarithm of the lowest rate that is a number.
const LOWEST: f64 = -745.0;
/// Places along a gradient.
const PLACES: usize = 16;

/// Shares of the devices and their rates.
#[derive(Debug, Clone, PartialEq)]
pub struct RateLaw {
    /// Share of the devices, which sum to 1, and rate in 1/s.
    classes: Vec<(f64, f64)>,
}

impl RateLaw {
    /// Devices that are all alike.
    #[must_use]
    pub fn equal(rate: &EscapeRate) -> Self {
        Self { classes: vec![(1.0, rate.per_second)] }
    }

    /// The rates out of `start` at 0 V of the devices of `population`, `nominal` being that of `mtj`.
    ///
    /// Each axially symmetric device has the rate of its own macrospin. For others the prefactor is that of the nominal device
    /// and the stray field of the population does not count ([`Self::counts_stray_fields`]).
    ///
    /// # Errors
    /// As [`EscapeRate::new`].
    pub fn over(
        population: &Population,
        mtj: &Mtj,
        start: State,
        nominal: &EscapeRate,
    ) -> Result<Self, DeviceError> {
        let (barrier, hazard, field) = (population.barrier(), population.hazard(), population.stray_field());
        if barrier.is_one() && hazard.is_one() && field.is_none() {
            return Ok(Self::equal(nominal));
        }
        let wells = if Self::counts_stray_fields(nominal) {
            Wells::of(mtj, start)?
        } else {
            Wells::without_field(mtj.stability(start)?)
        };
        let spots: Vec<Spot> = places(population)
            .into_iter()
            .map(|(place, share)| Spot::new(population, &wells, place, share))
            .collect();
        let surface = if wells.feel_fields() {
            let factors = ends(spots.iter().flat_map(|spot| &spot.barriers));
            let fields = ends(spots.iter().flat_map(|spot| &spot.fields));
            RateSurface::new(mtj, start, wells, factors, fields)?
        } else {
            RateSurface::of_one_prefactor(nominal, wells)
        };
        let mut classes = Classes::default();
        for spot in &spots {
            spot.add_to(&mut classes, &surface);
        }
        if hazard.is_fixed() {
            return Ok(Self { classes: classes.rates() });
        }
        let mut with_hazard = Classes::default();
        let log = |z: f64| hazard.at(z, Place::default()).ln();
        let hazards: Vec<(f64, f64)> =
            nodes((-NEGLIGIBLE, NEGLIGIBLE), log).into_iter().map(|(z, share)| (log(z), share)).collect();
        for (share, per_second) in classes.rates() {
            for (log, weight) in &hazards {
                with_hazard.add(per_second.ln() + log, share * weight);
            }
        }
        Ok(Self { classes: with_hazard.rates() })
    }

    /// Whether the stray field of each device is counted: only the rates of axially symmetric devices are computed for each.
    #[must_use]
    pub fn counts_stray_fields(nominal: &EscapeRate) -> bool {
        nominal.back_end == BackEnd::FokkerPlanck
    }

    /// Mean probability that a device has left the state within `time_s`.
    #[must_use]
    pub fn probability(&self, time_s: f64) -> f64 {
        self.classes.iter().map(|(share, per_second)| share * -(-per_second * time_s).exp_m1()).sum()
    }
}

/// Nodes of the devices at one place.
struct Spot {
    share: f64,
    /// Logarithm of what the gradient of the hazard makes of it here.
    log_hazard: f64,
    /// Factors of the barrier and their weights.
    barriers: Vec<(f64, f64)>,
    /// Stray fields in A/m and their weights.
    fields: Vec<(f64, f64)>,
}

impl Spot {
    fn new(population: &Population, wells: &Wells, place: Place, share: f64) -> Self {
        let (barrier, hazard, field) = (population.barrier(), population.hazard(), population.stray_field());
        let log_hazard = (hazard.at(0.0, place) / hazard.at(0.0, Place::default())).ln();
        let nominal_barrier = wells.barrier(0.0);
        let barriers = if barrier.is_fixed() {
            vec![(barrier.at(0.0, place), 1.0)]
        } else {
            let range = (barrier.floor().max(-FARTHEST), NEGLIGIBLE);
            let found = nodes(range, |z| nominal_barrier * barrier.at(z, place));
            found.into_iter().map(|(z, weight)| (barrier.at(z, place), weight)).collect()
        };
        let deviation = field.deviation.si();
        let fields = if !wells.feel_fields() {
            vec![(0.0, 1.0)]
        } else if deviation == 0.0 {
            vec![(field.at(0.0, place), 1.0)]
        } else {
            // Fields against the state make rare failures, up to where its well is gone.
            let (below, above) =
                if wells.sign() > 0.0 { (FARTHEST, NEGLIGIBLE) } else { (NEGLIGIBLE, FARTHEST) };
            let limits = wells.limits_a_per_m();
            let number = |stray: f64| ((stray - field.at(0.0, place)) / deviation).clamp(-below, above);
            let found = nodes((number(limits.0), number(limits.1)), |z| wells.barrier(field.at(z, place)));
            found.into_iter().map(|(z, weight)| (field.at(z, place), weight)).collect()
        };
        Self { share, log_hazard, barriers, fields }
    }

    fn add_to(&self, classes: &mut Classes, surface: &RateSurface) {
        let barriers: Vec<_> =
            self.barriers.iter().map(|(factor, weight)| (surface.barrier(*factor), weight)).collect();
        for (field, field_weight) in &self.fields {
            let row = surface.row(*field);
            for (barrier, weight) in &barriers {
                classes.add(row.log_rate(barrier) + self.log_hazard, self.share * field_weight * *weight);
            }
        }
    }
}

/// Places of the devices and their shares: the middle but for what has a gradient.
fn places(population: &Population) -> Vec<(Place, f64)> {
    let (barrier, hazard, field) = (population.barrier(), population.hazard(), population.stray_field());
    let along = |gradients: [f64; 3]| {
        if gradients.iter().all(|gradient| *gradient == 0.0) {
            return vec![(0.0, 1.0)];
        }
        gauss_legendre(PLACES).into_iter().map(|(x, weight)| (0.5 * x, 0.5 * weight)).collect()
    };
    let columns = along([barrier.gradient_x(), hazard.gradient_x(), field.gradient_x.si()]);
    let rows = along([barrier.gradient_y(), hazard.gradient_y(), field.gradient_y.si()]);
    let in_row = |(y, share): &(f64, f64)| {
        columns.iter().map(|(x, part)| (Place { x: *x, y: *y }, share * part)).collect::<Vec<_>>()
    };
    rows.iter().flat_map(in_row).collect()
}

/// Smallest and largest of the values of some nodes.
fn ends<'a>(nodes: impl Iterator<Item = &'a (f64, f64)>) -> (f64, f64) {
    nodes.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (value, _)| {
        (low.min(*value), high.max(*value))
    })
}

/// Shares of the devices by the logarithm of their rate.
#[derive(Default)]
struct Classes {
    /// Share, and share times rate, from [`LOWEST`] upwards.
    sums: Vec<(f64, f64)>,
}

impl Classes {
    fn add(&mut self, log_rate: f64, share: f64) {
        let log_rate = log_rate.max(LOWEST);
        let class = ((log_rate - LOWEST) / CLASS) as usize;
        if class >= self.sums.len() {
            self.sums.resize(class + 1, (0.0, 0.0));
        }
        self.sums[class].0 += share;
        self.sums[class].1 += share * log_rate.exp();
    }

    /// Shares and mean rates of the classes that hold something.
    fn rates(&self) -> Vec<(f64, f64)> {
        self.sums.iter().filter(|(share, _)| *share > 0.0).map(|(share, sum)| (*share, sum / share)).collect()
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;
    use crate::junction::preset;
    use crate::population::spread::below;
    use crate::population::{FieldSpread, PopulationConfig, Spread, SpreadDistribution};
    use crate::switching::splitting::Splitting;
    use spinhebb_data::quantity::MagneticField;

    /// The perpendicular device with a barrier of `stability` kB T.
    fn device(stability: f64) -> Mtj {
        let mtj = preset::load("perpendicular-40nm").unwrap().device.resolve().unwrap();
        mtj.with_stability(stability).unwrap()
    }

    fn rate_of(mtj: &Mtj, start: State) -> EscapeRate {
        EscapeRate::new(mtj, 0.0, start, &Splitting::new(0)).unwrap()
    }

    fn spread(relative: f64, distribution: SpreadDistribution) -> Spread {
        Spread { relative, distribution, ..Spread::default() }
    }

    /// Against devices drawn one by one, each with the eigenvalue of its own macrospin: all of barrier, field and hazard, with
    /// gradients, from first failures to saturation.
    #[test]
    fn means_are_those_over_devices_drawn() {
        const DRAWS: usize = 2500;
        let mtj = device(25.0);
        let hk = mtj.anisotropy_field(0.0);
        for (start, distribution) in [
            (State::Parallel, SpreadDistribution::Normal),
            (State::AntiParallel, SpreadDistribution::LogNormal),
        ] {
            let mut correlation = [[0.0; 5]; 5];
            (0..5).for_each(|k| correlation[k][k] = 1.0);
            (correlation[3][4], correlation[4][3]) = (0.6, 0.6);
            let config = PopulationConfig {
                barrier: Spread { gradient_x: 0.15, ..spread(0.1, distribution) },
                critical_voltage: spread(0.2, distribution),
                hazard: Spread { gradient_y: 0.4, ..spread(0.5, distribution) },
                stray_field: FieldSpread {
                    deviation: MagneticField(0.04 * hk),
                    gradient_x: MagneticField(-0.05 * hk),
                    ..FieldSpread::default()
                },
                correlation: Some(correlation),
                ..PopulationConfig::default()
            };
            let population = Population::new(&config, 11).unwrap();
            let law = RateLaw::over(&population, &mtj, start, &rate_of(&mtj, start)).unwrap();
            // Places by a lattice of low discrepancy, which the quadrature knows nothing of.
            let place = |k: usize| Place {
                x: (k as f64 * 0.754_877_666_246_693).fract() - 0.5,
                y: (k as f64 * 0.569_840_290_998_053).fract() - 0.5,
            };
            let drawn: Vec<f64> = (0..DRAWS)
                .into_par_iter()
                .map(|k| {
                    let factors = population.draw(k, 0, place(k));
                    let rate = rate_of(&factors.macrospin(&mtj).unwrap(), start);
                    rate.per_second * factors.hazard
                })
                .collect();
            for time_s in [1e-3, 0.1, 10.0, 1e3] {
                let failed: Vec<f64> = drawn.iter().map(|k| -(-k * time_s).exp_m1()).collect();
                let mean = failed.iter().sum::<f64>() / DRAWS as f64;
                let variance = failed.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / DRAWS as f64;
                let sigma = (variance / DRAWS as f64).sqrt();
                let found = law.probability(time_s);
                assert!((found - mean).abs() < 3.0 * sigma, "{start} {time_s}: {found} {mean} +- {sigma}");
            }
        }
    }

    /// While failures are rare the mean of `sqrt(b) exp(-Delta (b - 1))` over a normal law is
    /// `exp(Delta^2 sigma^2/2) sqrt(b')` with `b' = 1 - Delta sigma^2`, to the order of sigma^2; the next term of Brown's
    /// series, `1 - 1/(Delta b)`, is that at b' too.
    #[test]
    fn rare_failures_follow_the_asymptote() {
        let (mtj, delta) = (device(60.0), 60.0);
        let nominal = rate_of(&mtj, State::Parallel);
        for sigma in [0.02, 0.05, 0.08] {
            let barrier = spread(sigma, SpreadDistribution::Normal);
            let population =
                Population::new(&PopulationConfig { barrier, ..PopulationConfig::default() }, 0).unwrap();
            let law = RateLaw::over(&population, &mtj, State::Parallel, &nominal).unwrap();
            let found = law.probability(1e-6) / nominal.probability(1e-6);
            let weakest = 1.0 - delta * sigma * sigma;
            let next = (1.0 - 1.0 / (delta * weakest)) / (1.0 - 1.0 / delta);
            let exact = (0.5 * (delta * sigma).powi(2)).exp() * weakest.sqrt() * next;
            // The terms left out: sigma^2/8 and the square of 1/(Delta b').
            assert!((found / exact - 1.0).abs() < 4e-3, "sigma {sigma}: {found:e} {exact:e}");
        }
    }

    /// With one prefactor the mean of rare failures is the exponential of half the square of the barrier's deviation in kB T;
    /// a hazard of mean 1 changes nothing of it, and the stray field is not counted.
    #[test]
    fn rare_failures_of_one_prefactor_are_exact() {
        let mtj = preset::load("in-plane").unwrap().device.resolve().unwrap();
        let nominal = EscapeRate { per_second: 1e-30, error: 0.0, back_end: BackEnd::Splitting };
        let stability = mtj.stability(State::Parallel).unwrap();
        for (sigma, hazard) in [(0.0_f64, 0.0), (0.02, 0.0), (0.05, 0.0), (0.03, 0.7), (0.0, 2.0)] {
            let config = PopulationConfig {
                barrier: spread(sigma, SpreadDistribution::Normal),
                hazard: spread(hazard, SpreadDistribution::LogNormal),
                stray_field: FieldSpread { deviation: MagneticField(1e3), ..FieldSpread::default() },
                ..PopulationConfig::default()
            };
            let law = RateLaw::over(&Population::new(&config, 0).unwrap(), &mtj, State::Parallel, &nominal)
                .unwrap();
            let exact = 1e-30 * (0.5 * (stability * sigma).powi(2)).exp();
            let found = law.probability(1.0);
            assert!(
                (found / exact - 1.0).abs() < 1e-11,
                "sigma {sigma}, hazard {hazard}: {found:e} {exact:e}"
            );
        }
    }

    /// What acts through a current does nothing at 0 V, and equal devices have the nominal curve to the last digit.
    #[test]
    fn other_spreads_and_none_change_nothing() {
        let mtj = device(40.0);
        let nominal = rate_of(&mtj, State::AntiParallel);
        let other = spread(0.3, SpreadDistribution::LogNormal);
        let config = PopulationConfig {
            resistance_area: other,
            tmr: other,
            area: other,
            critical_voltage: other,
            ..PopulationConfig::default()
        };
        let law = RateLaw::over(&Population::new(&config, 0).unwrap(), &mtj, State::AntiParallel, &nominal)
            .unwrap();
        assert_eq!(law, RateLaw::equal(&nominal));
        assert_eq!(law.probability(3.0), nominal.probability(3.0));
    }

    /// A normal spread so wide that many failures come from the devices cut off at a tenth of the barrier: with s the
    /// deviation in kB T and c that of the cut, the mean is `Phi(-c) + exp(s^2/2 - s c) Phi(c - s)` of the rate at the cut.
    #[test]
    fn the_cut_of_a_normal_spread_counts() {
        let (stability, sigma, c) = (200.0, 0.1, 9.0);
        let mtj = device(stability);
        let barrier = spread(sigma, SpreadDistribution::Normal);
        let population =
            Population::new(&PopulationConfig { barrier, ..PopulationConfig::default() }, 0).unwrap();
        let nominal = EscapeRate { per_second: 1e-100, error: 0.0, back_end: BackEnd::Splitting };
        let found = RateLaw::over(&population, &mtj, State::Parallel, &nominal).unwrap().probability(1.0);
        let s: f64 = stability * sigma;
        let at_the_cut = 1e-100 * (0.9 * stability).exp();
        let exact = at_the_cut * (below(-c) + (0.5 * s * s - s * c).exp() * below(c - s));
        assert!((found / exact - 1.0).abs() < 1e-9, "{found:e} {exact:e}");
    }
}
