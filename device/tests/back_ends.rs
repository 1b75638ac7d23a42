//! The equation on the sphere against trajectories, and the choice that `auto` makes.

use spinhebb_device::dynamics::coupled;
use spinhebb_device::dynamics::ensemble::Ensemble;
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::error::DeviceError;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::Mtj;
use spinhebb_device::junction::preset;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::PulseGrid;
use spinhebb_device::switching::estimate::{BackEnd, ProbabilityEstimate};
use spinhebb_device::switching::fokker_planck::Resolution;
use spinhebb_device::switching::probability::{
    Automatic, ByEnsemble, ByFokkerPlanck, BySphere, SwitchingProbability,
};
use spinhebb_device::switching::sphere::SphereResolution;
use spinhebb_device::switching::table::{Refinement, SwitchingTable};

fn device(name: &str, stability: f64) -> Mtj {
    let mtj = preset::load(name).expect("a preset").device.resolve().expect("a valid device");
    mtj.with_stability(stability).expect("a barrier")
}

/// Sphere against 20,000 trajectories at four widths of an overdriven pulse.
fn compare(mtj: &Mtj, start: State, over: f64) {
    let volts = over * mtj.critical_voltage(start).expect("a critical voltage");
    let widths = [0.7, 1.5, 2.5, 4.0].map(|w| w * mtj.damping_time_s());
    let junction = Junction::from(mtj);
    let found =
        BySphere(SphereResolution::STANDARD).by_width(&junction, volts, &widths, start).expect("a result");
    let counts =
        ByEnsemble(Ensemble::new(20_000, 7)).by_width(&junction, volts, &widths, start).expect("counts");
    for (found, count) in found.iter().zip(counts) {
        assert_eq!(found.back_end, BackEnd::Sphere);
        let error = (found.p * found.complement / 20_000.0).sqrt();
        println!("{:.5} +- {:.0e}, ensemble {:.5} +- {error:.5}", found.p, found.p_error, count.p);
        // Four standard errors for a dozen comparisons, and the bias of the integrator's step.
        assert!((found.p - count.p).abs() < 4.0 * error + found.p_error + 1.5e-3);
        assert!(found.p_error < 3e-3);
    }
}

#[test]
fn a_tilted_field_is_met_on_the_sphere() {
    let mut mtj = device("perpendicular-40nm", 20.0);
    mtj.field_a_per_m = [8e4, 3e4, -2e4];
    mtj.transport.half_voltage_v = 0.5;
    if let Some(transfer) = &mut mtj.spin_transfer {
        transfer.field_like_ratio = 0.5;
    }
    compare(&mtj, State::AntiParallel, 1.6);
}

#[test]
fn an_in_plane_device_is_met_on_the_sphere() {
    // Lower barrier and higher damping than the preset, for a basis of some thousands.
    let mtj = Mtj { damping: 0.03, ..device("in-plane", 8.0) };
    compare(&mtj, State::Parallel, 1.7);
}

/// The barrier is so high that switched devices do not come back by themselves, which splitting leaves out.
/// A tilt too small to matter takes the axial solution away from `auto`, but not from the test.
fn nearly_axial() -> (Mtj, Mtj) {
    let axial = device("perpendicular-40nm", 45.0);
    let tilted = Mtj { field_a_per_m: [30.0, 0.0, 0.0], ..axial.clone() };
    (axial, tilted)
}

#[test]
fn auto_takes_the_axial_equation_where_it_is_exact() {
    let (axial, _) = nearly_axial();
    let start = State::AntiParallel;
    let pulse = Pulse::rectangular(1.8 * axial.critical_voltage(start).expect("volts"), 2e-9);
    let found = Automatic::new(100, 1).probability(&axial.into(), &pulse, start).expect("a result");
    assert_eq!(found.back_end, BackEnd::FokkerPlanck);
}

/// Common outcomes by the sphere, rare ones by splitting, each within its stated error of the axial solution.
#[test]
fn auto_takes_the_sphere_or_splitting_without_the_symmetry() {
    let (axial, tilted) = nearly_axial();
    let start = State::AntiParallel;
    let volts = 1.8 * axial.critical_voltage(start).expect("a critical voltage");
    let widths = [1.0, 2.0, 17.0].map(|w| w * axial.damping_time_s());
    let exact =
        ByFokkerPlanck(Resolution::FINE).by_width(&axial.into(), volts, &widths, start).expect("exact");
    let found = Automatic::new(100, 1).by_width(&tilted.into(), volts, &widths, start).expect("a result");
    let chosen = [BackEnd::Sphere, BackEnd::Sphere, BackEnd::Splitting];
    for ((found, exact), chosen) in found.iter().zip(&exact).zip(chosen) {
        println!(
            "{}: {:e} +- {:e}, exact {:e} +- {:e}",
            found.back_end.name(),
            found.complement,
            found.complement_error,
            exact.complement,
            exact.complement_error
        );
        assert_eq!(found.back_end, chosen);
        // The 95 % interval of splitting is widened to 99.9 % (t quantiles 2.36 and 5.41 at seven degrees of freedom).
        let stated = if chosen == BackEnd::Splitting { 2.3 } else { 1.0 } * found.complement_error;
        assert!((found.complement - exact.complement).abs() < stated + exact.complement_error);
    }
    assert!(exact[2].complement < 1e-9);
}

/// Where the sphere would cost too much, trajectories: the ensemble for common outcomes.
#[test]
fn auto_takes_the_ensemble_where_the_sphere_is_too_large() {
    let mtj = device("in-plane", 40.0);
    let start = State::AntiParallel;
    let volts = 2.0 * mtj.critical_voltage(start).expect("a critical voltage");
    let pulse = Pulse::rectangular(volts, 2.2 * mtj.damping_time_s());
    let junction = Junction::from(mtj);
    let found = Automatic::new(4000, 1).probability(&junction, &pulse, start).expect("a result");
    assert_eq!(found.back_end, BackEnd::Ensemble);
    let other = ByEnsemble(Ensemble::new(4000, 2)).probability(&junction, &pulse, start).expect("a result");
    assert!((found.p - other.p).abs() < 2.0 * (found.p_error + other.p_error));
}

/// A table says which back ends made it.
#[test]
fn tables_are_made_by_any_back_end() {
    let (axial, tilted) = nearly_axial();
    let volts = [1.5, 1.8].map(|over| over * axial.critical_voltage(State::AntiParallel).expect("volts"));
    let automatic = Automatic::new(2000, 3);
    let widths = [1.5e-9, 2e-9];
    let grid = PulseGrid { volts: &volts, widths_s: &widths };
    let table = |choice: BackEnd, mtj: &Mtj| {
        SwitchingTable::by_back_end(automatic.back_end(choice), &mtj.into(), grid, Refinement::NONE, &|| ())
            .expect("a table")
    };
    let exact = table(BackEnd::FokkerPlanck, &axial);
    assert_eq!(exact.source(), "fokker-planck");
    for choice in [BackEnd::Ensemble, BackEnd::Sphere, BackEnd::Auto] {
        let found = table(choice, &tilted);
        assert_eq!(found.source(), if choice == BackEnd::Auto { "sphere" } else { choice.name() });
        for start in State::BOTH {
            for (width, _) in widths.iter().enumerate() {
                for (a, b) in found.cells(start, width).iter().zip(exact.cells(start, width)) {
                    let slack = if choice == BackEnd::Ensemble { 0.06 } else { 2e-3 };
                    assert!((a.p - b.p).abs() < slack, "{choice:?}: {a:?} {b:?}");
                }
            }
        }
    }
}

/// Coupled layers go through the same door: the ensemble, which `auto` takes for them; every other back end names itself
/// and says why it does not hold.
#[test]
fn coupled_layers_are_counted_and_refused_by_every_other_back_end() {
    let config = preset::load("composite-40nm").expect("a preset").device;
    let (pair, junction) =
        (config.resolve_coupled().expect("two layers"), config.junction().expect("a junction"));
    let (start, pulse) = (State::AntiParallel, Pulse::rectangular(0.8, 1e-9));
    let ensemble = Ensemble::new(64, 5);
    let counted = coupled::switching_count(&pair, &pulse, start, &ensemble).expect("a count");
    let mut automatic = Automatic::new(64, 5);
    automatic.ensemble = ByEnsemble(ensemble);
    let grid = PulseGrid { volts: &[0.4, 0.8], widths_s: &[1e-9] };
    for choice in [BackEnd::Ensemble, BackEnd::Auto] {
        let back_end = automatic.back_end(choice);
        let found = back_end.probability(&junction, &pulse, start).expect("a result");
        assert_eq!(found, ProbabilityEstimate::from_count(counted));
        let table = SwitchingTable::by_back_end(back_end, &junction, grid, Refinement::NONE, &|| ())
            .expect("a table");
        assert_eq!(table.source(), "ensemble");
    }
    for (choice, name) in [
        (BackEnd::FokkerPlanck, "the Fokker-Planck equation of one variable"),
        (BackEnd::Sphere, "the Fokker-Planck equation on the sphere"),
        (BackEnd::Splitting, "rare-event splitting"),
    ] {
        let back_end = automatic.back_end(choice);
        let refused = [
            back_end.probability(&junction, &pulse, start).expect_err("refused"),
            back_end.by_width(&junction, 0.8, &[1e-9], start).expect_err("refused"),
            back_end.grid(&junction, grid, start).expect_err("refused"),
        ];
        for error in refused {
            assert!(matches!(&error, DeviceError::NotApplicable { model, .. } if *model == name), "{error}");
            assert!(error.to_string().contains("two coupled layers"), "{error}");
        }
    }
}
