//! The three back ends against each other: ensemble, Fokker-Planck equation, splitting.

use spinhebb_device::dynamics::ensemble::{Ensemble, switching_count};
use spinhebb_device::dynamics::pulse::{Drive, Pulse};
use spinhebb_device::junction::constants::GAMMA0;
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::preset;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::axial::AxialModel;
use spinhebb_device::switching::closed_form::butler;
use spinhebb_device::switching::estimate::ProbabilityEstimate;
use spinhebb_device::switching::fokker_planck::eigenvalue::SwitchingRates;
use spinhebb_device::switching::fokker_planck::{FokkerPlanck, Plateau, Resolution};
use spinhebb_device::switching::probability::{ByFokkerPlanck, SwitchingProbability};
use spinhebb_device::switching::sphere::{Sphere, SphereResolution};
use spinhebb_device::switching::splitting::Splitting;
use spinhebb_device::switching::splitting::escape::escape_rate;
use spinhebb_device::switching::splitting::write_error::{write_error, write_errors_by_width};
use statrs::distribution::{ChiSquared, ContinuousCDF};

fn device() -> Mtj {
    preset::load("perpendicular-40nm").expect("a preset").device.resolve().expect("a valid device")
}

/// Width of a rectangular pulse at which `quantity` of the Fokker-Planck result falls to `wanted`.
fn width_for(
    mtj: &Mtj,
    volts: f64,
    start: State,
    wanted: f64,
    quantity: impl Fn(&ProbabilityEstimate) -> f64,
) -> (f64, ProbabilityEstimate) {
    let widths: Vec<f64> = (1..1600).map(|k| 0.02 * f64::from(k) * mtj.damping_time_s()).collect();
    let found = ByFokkerPlanck(Resolution::STANDARD)
        .by_width(&mtj.into(), volts, &widths, start)
        .expect("probabilities");
    let k = found.iter().position(|e| quantity(e) <= wanted).expect("the grid is long enough");
    (widths[k], found[k])
}

/// Chi-square of counts on 50 cells of voltage and width, both starts, `trials` each.
fn chi_square(mtj: &Mtj, trials: u64) -> (f64, u32) {
    let (mut sum, mut cells) = (0.0, 0);
    for start in State::BOTH {
        let critical = mtj.critical_voltage(start).expect("a critical voltage");
        for over in [1.05, 1.25, 1.5, 1.8, 2.2] {
            for kept in [0.97, 0.85, 0.6, 0.3, 0.05] {
                let (width, exact) = width_for(mtj, over * critical, start, kept, |e| e.complement);
                let pulse = Pulse::rectangular(over * critical, width);
                let count = switching_count(mtj, &pulse, start, &Ensemble::new(trials, 20)).expect("a count");
                let n = count.trials as f64;
                let deviation = (count.fraction() - exact.p) / (exact.p * exact.complement / n).sqrt();
                println!("{start} {over} {width:e}: {:.5} {:.5} {deviation:+.2}", count.fraction(), exact.p);
                sum += deviation * deviation;
                cells += 1;
            }
        }
    }
    (sum, cells)
}

/// Ensemble counts against the Fokker-Planck solution over 50 cells: 4,000 trials each by
/// default; `SPINHEBB_TRIALS=20000` makes it a million in all, with which the sum was 69.3, below the
/// quantile of 76.2. The quantile is that of chi-square at 1%.
#[test]
fn ensemble_agrees_with_fokker_planck_on_fifty_cells() {
    let trials = std::env::var("SPINHEBB_TRIALS").ok().and_then(|n| n.parse().ok()).unwrap_or(4_000);
    let (sum, cells) = chi_square(&device(), trials);
    let limit = ChiSquared::new(f64::from(cells)).expect("a distribution").inverse_cdf(0.99);
    println!("chi-square {sum:.1} of {cells} cells, 1% quantile {limit:.1}");
    assert_eq!(cells, 50);
    assert!(sum < limit, "chi-square {sum} above {limit}");
}

/// Butler's closed form at Delta = 40, i = 2 is 1.3 to 2.3 times the exact probability not to have switched,
/// for widths of 2 to 18 tau_D: a check of magnitude and no reference.
#[test]
fn butlers_form_is_high_by_a_known_factor() {
    let model = AxialModel::linear(40.0, 1.0, 0.0, 2.0).expect("a model");
    let solver = FokkerPlanck::new(model, 6.0, Resolution::STANDARD).expect("a solver");
    let widths = [2.0, 3.0, 5.0, 8.0, 12.0, 18.0];
    let exact = solver.plateau(&Plateau::rectangular(1.0), State::AntiParallel, &widths).expect("a result");
    for (width, exact) in widths.iter().zip(exact) {
        let ratio = butler(40.0, 2.0, *width).unswitched.exp() / exact.complement;
        println!("{width}: {ratio:.3} of {:e}", exact.complement);
        assert!((1.25..2.35).contains(&ratio), "{width}: {ratio}");
    }
}

/// Voltage control, field, field-like torque, bias-dependent TMR and edges reach both back ends alike.
#[test]
fn every_axial_term_is_the_same_in_both_back_ends() {
    let mut mtj = device();
    mtj.voltage_control = -4e4;
    mtj.field_a_per_m = [0.0, 0.0, 1.5e4];
    mtj.transport.half_voltage_v = 0.6;
    if let Some(transfer) = &mut mtj.spin_transfer {
        transfer.field_like_ratio = 2.0;
    }
    let solver = ByFokkerPlanck(Resolution::STANDARD);
    for start in State::BOTH {
        let critical = mtj.critical_voltage(start).expect("a critical voltage");
        let tau = mtj.damping_time_s();
        for over in [1.3, 1.8] {
            for pulse in [
                Pulse::rectangular(over * critical, 2.5 * tau),
                Pulse::trapezoid(over * critical, 4.0 * tau, 1.0 * tau, 1.0 * tau),
            ] {
                let exact = solver.probability(&(&mtj).into(), &pulse, start).expect("a probability");
                let count = switching_count(&mtj, &pulse, start, &Ensemble::new(20_000, 3)).expect("a count");
                let error = (exact.p * exact.complement / 20_000.0).sqrt();
                println!("{start} {over}: {:.4} {:.4} +- {error:.4}", count.fraction(), exact.p);
                // Four standard errors for eight comparisons, and the bias of the integrator's step.
                assert!((count.fraction() - exact.p).abs() < 4.0 * error + 1e-3);
            }
        }
    }
}

/// Problem: Neel-Brown. Devices left alone; the populations relax with the first eigenvalue.
#[test]
fn unbiased_devices_relax_with_browns_eigenvalue() {
    for (stability, trials) in [(4.0, 10_000), (6.0, 2_000), (8.0, 500)] {
        let mtj = device().with_stability(stability).expect("a barrier");
        let model = AxialModel::of(&mtj, Drive::Voltage).expect("axial");
        let rates = SwitchingRates::new(&model, 0.0, Resolution::FINE).expect("rates");
        let wait_s = 0.5 / rates.eigenvalue;
        let pulse = Pulse::constant(0.0, wait_s);
        let count =
            switching_count(&mtj, &pulse, State::Parallel, &Ensemble::new(trials, 5)).expect("a count");
        let p = count.fraction();
        let found = -(1.0 - 2.0 * p).ln() / wait_s;
        let error = 2.0 * (p * (1.0 - p) / trials as f64).sqrt() / (1.0 - 2.0 * p) / wait_s;
        // The faster modes shift the apparent rate by (1 - amplitude)/(rate wait): from the equation itself.
        let exact =
            ByFokkerPlanck(Resolution::FINE).probability(&(&mtj).into(), &pulse, State::Parallel).expect("p");
        let expected = -(1.0 - 2.0 * exact.p).ln() / wait_s;
        println!(
            "Delta {stability}: {:.4} {:.4} of the eigenvalue, +- {:.4}",
            found / rates.eigenvalue,
            expected / rates.eigenvalue,
            error / rates.eigenvalue
        );
        assert!((found - expected).abs() < 4.0 * error);
        assert!((expected / rates.eigenvalue - 1.0).abs() < 0.12, "a single mode dominates");
    }
}

/// Problem: rare write errors at 1e-3, 1e-6, 1e-9 within their 95% intervals (widened to 99.9% for three).
#[test]
fn write_errors_by_splitting_agree_with_fokker_planck() {
    let mtj = device();
    let start = State::AntiParallel;
    let volts = 2.0 * mtj.critical_voltage(start).expect("a critical voltage");
    for (wanted, copies) in [(1e-3, 2048), (1e-6, 2048), (1e-9, 2048)] {
        let splitting = Splitting { copies, most_repeats: 8, ..Splitting::new(1) };
        let (width, exact) = width_for(&mtj, volts, start, wanted, |e| e.complement);
        let pulse = Pulse::rectangular(volts, width);
        let began = std::time::Instant::now();
        let found = write_error(&mtj, &pulse, start, &splitting).expect("splitting");
        println!(
            "{width:e} s: {:.4e} +- {:.1}% (exact {:.4e}) in {:.1?} of wall time",
            found.mean,
            100.0 * found.standard_error / found.mean,
            exact.complement,
            began.elapsed()
        );
        // t quantile of 0.9995 for 7 degrees of freedom is 5.41.
        assert!((found.mean - exact.complement).abs() < 5.41 * found.standard_error);
        assert!(found.standard_error < 0.2 * found.mean);
    }
}

/// Rare escapes at bias against the eigenvalue: rates over nine decades.
#[test]
fn escapes_by_forward_flux_agree_with_the_eigenvalue() {
    let mtj = device().with_stability(30.0).expect("a barrier");
    let model = AxialModel::of(&mtj, Drive::Voltage).expect("axial");
    let start = State::AntiParallel;
    let critical = mtj.critical_voltage(start).expect("a critical voltage");
    for share in [0.0, 0.5] {
        let rates = SwitchingRates::new(&model, share * critical, Resolution::STANDARD).expect("rates");
        let began = std::time::Instant::now();
        let splitting = Splitting { copies: 512, repeats: 6, most_repeats: 6, ..Splitting::new(4) };
        let found = escape_rate(&mtj, share * critical, start, &splitting).expect("a rate");
        println!("bias of the step {:.4}", found.step_bias);
        let found = found.rate;
        println!(
            "{share}: {:.4e} +- {:.1}% (exact {:.4e}) in {:.1?} of wall time",
            found.mean,
            100.0 * found.standard_error / found.mean,
            rates.out_of(start),
            began.elapsed()
        );
        // t quantile of 0.9995 for 5 degrees of freedom is 6.87; 2% for the return from beyond the pass and the bias of the step.
        assert!(
            (found.mean / rates.out_of(start) - 1.0).abs() < 6.87 * found.standard_error / found.mean + 0.02
        );
        assert!(found.standard_error < 0.25 * found.mean);
    }
}

#[test]
fn splitting_does_not_depend_on_threads() {
    let mtj = device();
    let volts = 2.0 * mtj.critical_voltage(State::AntiParallel).expect("a critical voltage");
    let pulse = Pulse::rectangular(volts, 5.0 * mtj.damping_time_s());
    let splitting = Splitting { copies: 256, repeats: 2, most_repeats: 2, ..Splitting::new(9) };
    let run = || write_error(&mtj, &pulse, State::AntiParallel, &splitting).expect("a result");
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool").install(run);
    let two = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("a pool").install(run);
    assert_eq!(one, two);
    // And another seed gives other numbers.
    let other = Splitting { seed: 10, ..splitting };
    assert_ne!(one, write_error(&mtj, &pulse, State::AntiParallel, &other).expect("a result"));
}

fn in_plane(stability: f64) -> Mtj {
    let mtj = preset::load("in-plane").expect("a preset").device.resolve().expect("a valid device");
    mtj.with_stability(stability).expect("a barrier")
}

/// The in-plane device at its own barrier: one run for all widths against plain ensembles where these still
/// count, in units of the standard error of the difference, at four of these for four widths.
#[test]
fn write_errors_in_plane_agree_with_ensembles() {
    let mtj = in_plane(64.0);
    let start = State::AntiParallel;
    let volts = 2.0 * mtj.critical_voltage(start).expect("a critical voltage");
    let widths = [2.5e-9, 3.5e-9, 4.25e-9, 5e-9];
    let splitting = Splitting { copies: 1024, most_repeats: 8, ..Splitting::new(2) };
    let found = write_errors_by_width(&mtj, volts, &widths, start, &splitting).expect("splitting");
    let trials = 20_000;
    for (width, found) in widths.iter().zip(&found) {
        // Streams of their own for each width.
        let pulse = Pulse::rectangular(volts, *width);
        let count = switching_count(&mtj, &pulse, start, &Ensemble::new(trials, 6)).expect("a count");
        let kept = 1.0 - count.fraction();
        let error = (found.standard_error.powi(2) + kept * (1.0 - kept) / trials as f64).sqrt();
        let deviation = (found.mean - kept) / error;
        println!("{width:e} s: {:.4e} against {kept:.4e}, {deviation:+.2} standard errors", found.mean);
        assert!(deviation.abs() < 4.0);
        assert!(found.standard_error < 0.15 * found.mean);
    }
    assert!(found[3].mean < 3e-3);
}

/// A lower barrier, at which the equation on the sphere is solved in seconds: write errors to 1e-3, and the rate of escape
/// below the critical voltage from the decay of what is left between two times. Splitting leaves out that switched
/// devices come back during the relaxation; its probability, some 1e-5, is allowed for.
#[test]
fn rare_events_in_plane_agree_with_the_sphere() {
    let mtj = in_plane(16.0);
    let start = State::AntiParallel;
    let critical = mtj.critical_voltage(start).expect("a critical voltage");
    let relaxation_s = mtj.default_relaxation_s();
    let solver = Sphere::new(&mtj, relaxation_s, SphereResolution::STANDARD).expect("a solver");
    let splitting = Splitting { copies: 1024, most_repeats: 8, ..Splitting::new(3) };
    // t quantile of 0.9995 for 7 degrees of freedom.
    let quantile = 5.41;

    let widths = [2e-9, 4e-9, 5e-9];
    let resting = escape_rate(&mtj, 0.0, start.opposite(), &splitting).expect("a rate");
    let returned = resting.rate.mean * relaxation_s;
    assert!(returned < 2e-5, "{returned:e}");
    let exact = solver.plateau(2.0 * critical, start, &widths).expect("the sphere");
    let found = write_errors_by_width(&mtj, 2.0 * critical, &widths, start, &splitting).expect("splitting");
    for ((width, exact), found) in widths.iter().zip(&exact).zip(&found) {
        println!("{width:e} s: {:.4e} +- {:.1e}, sphere {exact:?}", found.mean, found.standard_error);
        let allowed = quantile * found.standard_error + exact.complement_error + returned;
        assert!((found.mean - exact.complement).abs() < allowed);
    }

    let share = 0.4;
    let times = [12e-9, 20e-9];
    let left = solver.plateau(share * critical, start, &times).expect("the sphere");
    let rate = (left[0].complement / left[1].complement).ln() / (times[1] - times[0]);
    let rate_error =
        left.iter().map(|e| e.complement_error / e.complement).sum::<f64>() / (times[1] - times[0]);
    let escape = escape_rate(&mtj, share * critical, start, &splitting).expect("a rate");
    println!(
        "{:.4e} +- {:.1e} 1/s, sphere {rate:.4e} +- {rate_error:.1e}",
        escape.rate.mean, escape.rate.standard_error
    );
    let allowed = quantile * escape.rate.standard_error + escape.step_bias * rate + rate_error;
    assert!((escape.rate.mean - rate).abs() < allowed);
}

/// Thermal escape over the two passes of a biaxial barrier of 64 kB T, eighteen decades down, against Langer's rate for
/// intermediate to high damping; its relative corrections are of order 1/Delta.
///
/// # References
/// W. T. Coffey, D. A. Garanin and D. J. McCarthy, Adv. Chem. Phys. 117, 483 (2001), doi:10.1002/9780470141762.ch5.
#[test]
fn escape_in_plane_has_langers_rate() {
    let mtj = in_plane(64.0);
    let start = State::Parallel;
    let (soft, hard) = mtj.stiffness(start, 0.0).expect("two wells");
    // Curvatures at the pass: down by the soft field along the easy axis, up by the difference out of the plane.
    let (down, up) = (-soft, hard - soft);
    let alpha = mtj.damping;
    let growth = 0.5 * GAMMA0 / (1.0 + alpha * alpha)
        * ((alpha * alpha * (down + up).powi(2) - 4.0 * (1.0 + alpha * alpha) * down * up).sqrt()
            - alpha * (down + up));
    let langer =
        2.0 * growth / std::f64::consts::TAU * (soft * hard / (-down * up)).sqrt() * (-64.0_f64).exp();
    let splitting = Splitting { most_repeats: 8, ..Splitting::new(5) };
    let escape = escape_rate(&mtj, 0.0, start, &splitting).expect("a rate");
    println!("{:.4e} +- {:.1e} 1/s, Langer {langer:.4e}", escape.rate.mean, escape.rate.standard_error);
    let allowed = 5.41 * escape.rate.standard_error + (escape.step_bias + 1.0 / 64.0) * langer;
    assert!((escape.rate.mean - langer).abs() < allowed);
    assert!(escape.rate.standard_error < 0.2 * escape.rate.mean);
}

/// Close to the critical voltage the state lives too short for fluxes; the count of escapes takes over.
#[test]
fn short_lived_states_decay_at_the_counted_rate() {
    let mtj = device().with_stability(64.0).expect("a barrier");
    let start = State::AntiParallel;
    let volts = 0.8 * mtj.critical_voltage(start).expect("a critical voltage");
    let times = [20e-9, 40e-9];
    let left =
        ByFokkerPlanck(Resolution::STANDARD).by_width(&(&mtj).into(), volts, &times, start).expect("exact");
    let decay = (left[0].complement / left[1].complement).ln() / (times[1] - times[0]);
    let splitting = Splitting { most_repeats: 8, ..Splitting::new(7) };
    let escape = escape_rate(&mtj, volts, start, &splitting).expect("a rate");
    println!("{:.4e} +- {:.1e} 1/s, exact {decay:.4e}", escape.rate.mean, escape.rate.standard_error);
    let allowed = 5.41 * escape.rate.standard_error + escape.step_bias * decay;
    assert!((escape.rate.mean - decay).abs() < allowed);
    assert!(escape.rate.standard_error < 0.1 * decay);
    let beyond = escape_rate(&mtj, 1.5 * volts, start, &splitting);
    assert!(beyond.is_err_and(|error| error.to_string().contains("critical voltage")));
}
