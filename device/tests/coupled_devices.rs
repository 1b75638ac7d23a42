//! Devices with coupled layers: configuration, starting state, switching statistics, tables.

use spinhebb_data::quantity::{SurfaceEnergy, Volume};
use spinhebb_data::random_stream::Streams;
use spinhebb_device::dynamics::coupled::{self, CoupledBeginning};
use spinhebb_device::dynamics::ensemble::{self, Ensemble, SwitchingCount};
use spinhebb_device::dynamics::instruction_set::InstructionSet;
use spinhebb_device::dynamics::lanes::Stepping;
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::dynamics::trajectory::Recording;
use spinhebb_device::error::DeviceError;
use spinhebb_device::junction::constants::BOLTZMANN;
use spinhebb_device::junction::coupled::{CoupledMtj, CoupledWell};
use spinhebb_device::junction::coupled_layer::DipolarConfig;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::junction::preset;
use spinhebb_device::junction::state::State;
use spinhebb_device::switching::PulseGrid;
use spinhebb_device::switching::table::{Refinement, SwitchingTable};

fn composite() -> MtjConfig {
    preset::load("composite-40nm").unwrap().device
}

fn with_exchange(joule_per_m2: f64) -> CoupledMtj {
    let mut config = composite();
    config.coupled.as_mut().unwrap().exchange = SurfaceEnergy(joule_per_m2);
    config.resolve_coupled().unwrap()
}

#[test]
fn counts_do_not_depend_on_threads_shards_or_instructions() {
    let device = with_exchange(1e-4);
    let pulse = Pulse::trapezoid(0.8, 1e-9, 0.1e-9, 0.2e-9);
    let run = |trials, set| {
        let stepping = Stepping { instruction_set: Some(set), ..Stepping::default() };
        coupled::switching_count(
            &device,
            &pulse,
            State::AntiParallel,
            &Ensemble { trials, seed: 5, stepping },
        )
        .unwrap()
    };
    let whole = run(0..400, InstructionSet::widest());
    assert!(whole.switched > 20 && whole.switched < 380, "{whole:?}");
    for set in InstructionSet::available() {
        let parts = run(0..137, set).plus(run(137..138, set)).plus(run(138..400, set));
        assert_eq!(parts, whole, "{set:?}");
    }
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one_thread.install(|| run(0..400, InstructionSet::widest())), whole);
}

/// Two halves of a free layer held together by a strong exchange switch as the whole one, which is computed
/// by the kernel of one macrospin: differences of binomial counts at 4.5 standard errors.
#[test]
fn a_strongly_coupled_composite_switches_as_one_layer() {
    let single = preset::load("perpendicular-40nm").unwrap().device.resolve().unwrap();
    let mut config = composite();
    let layer = config.coupled.as_mut().unwrap();
    layer.exchange = SurfaceEnergy(1e-3);
    layer.dipolar = DipolarConfig::Geometry { spacer: spinhebb_data::quantity::Length(0.0) };
    let device = config.resolve_coupled().unwrap();
    // Same energy for aligned layers: the demagnetising energies of the halves add up to the whole's.
    let axes = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]];
    let anisotropy = |energy: &dyn Fn([f64; 3]) -> f64| energy(axes[0]) - energy(axes[1]);
    let (whole, halves) =
        (anisotropy(&|m| single.energy(m, 0.0)), anisotropy(&|m| device.energy([m, m], 0.0)));
    assert!((whole - halves).abs() < 1e-9 * whole, "{whole} {halves}");
    assert!(whole > 50.0 * BOLTZMANN * 300.0);
    let whole_v = single.critical_voltage(State::AntiParallel).unwrap();
    let halves_v = coupled::critical_voltage(&device, State::AntiParallel).unwrap();
    assert!((halves_v / whole_v - 1.0).abs() < 0.02, "{whole_v} {halves_v}");
    let widths = [0.8e-9, 1.2e-9];
    let n = 1600;
    let one = ensemble::switching_counts_by_width(
        &single,
        0.7,
        &widths,
        State::AntiParallel,
        &Ensemble::new(4 * n, 1),
    )
    .unwrap();
    let two =
        coupled::switching_counts_by_width(&device, 0.7, &widths, State::AntiParallel, &Ensemble::new(n, 2))
            .unwrap();
    for (one, two) in one.iter().zip(&two) {
        let (a, b): (&SwitchingCount, &SwitchingCount) = (one, two);
        let p = 0.5 * (a.fraction() + b.fraction());
        assert!(p > 0.1 && p < 0.95, "{p}");
        // One per cent for the finite exchange.
        let error = (p * (1.0 - p) * 1.25 / n as f64).sqrt();
        assert!((a.fraction() - b.fraction()).abs() < 4.5 * error + 0.01, "{a:?} {b:?}");
    }
}

/// `<sin^2 theta>` of one well is 0.10727 at Delta = 10 (Boltzmann), for each of two uncoupled layers;
/// four standard errors.
#[test]
fn uncoupled_starts_have_the_spread_of_single_wells() {
    let mut device = with_exchange(0.0);
    device.coupling = Default::default();
    for layer in &mut device.layers {
        *layer = layer.with_stability(10.0).unwrap();
    }
    for state in State::BOTH {
        let well = CoupledWell::new(&device, state).unwrap();
        let streams = Streams::new(3, "test");
        let n = 10_000;
        let samples: Vec<spinhebb_device::junction::coupled::Pair> =
            (0..n).map(|k| well.sample(&mut streams.rng(k))).collect();
        for layer in 0..2 {
            let square: Vec<f64> = samples.iter().map(|m| 1.0 - m[layer][2] * m[layer][2]).collect();
            let mean = square.iter().sum::<f64>() / n as f64;
            assert!((mean - 0.10727).abs() < 4.0 * 0.113 / (n as f64).sqrt(), "{state} {layer}: {mean}");
        }
        assert!(samples.iter().all(|m| device.cosine(*m) * state.cosine() > 0.0));
        let product = samples.iter().map(|m| m[0][0] * m[1][0]).sum::<f64>() / n as f64;
        assert!(product.abs() < 4.0 * 0.054 / (n as f64).sqrt(), "{product}");
    }
}

/// The start of a coupled pair is stationary: letting it go at zero voltage does not change its mean energy.
#[test]
fn coupled_starts_are_in_equilibrium() {
    let device = composite().resolve_coupled().unwrap();
    let pulse = Pulse::constant(0.0, 0.3e-9);
    let start = CoupledBeginning::Equilibrium(State::Parallel);
    let record = coupled::record(
        &device,
        &pulse,
        start,
        &Recording { count: 3000, every: 1_000_000, seed: 4, stepping: Stepping::default() },
    )
    .unwrap();
    let energies = |time: usize| -> Vec<f64> {
        (0..3000)
            .map(|k| device.energy([record.barrier.direction[k][time], record.coupled[k][time]], 0.0))
            .collect()
    };
    let ground = device.energy(device.well(State::Parallel).unwrap(), 0.0);
    let mean =
        |time: usize| energies(time).iter().map(|e| (e - ground) / (BOLTZMANN * 300.0)).sum::<f64>() / 3000.0;
    // Four degrees of freedom of kT/2 each, variance 2; anharmonic terms are some 1/Delta of it.
    let (before, after) = (mean(0), mean(1));
    let error = (2.0_f64 / 3000.0).sqrt();
    assert!((before - 2.0).abs() < 4.0 * error + 0.1, "{before}");
    assert!((before - after).abs() < 4.0 * 2.0_f64.sqrt() * error, "{before} {after}");
    let data = record.to_dataset().unwrap();
    assert_eq!(data.length("trajectory"), Some(3000));
    assert!(data.variable("coupled_z").is_some());
}

#[test]
fn a_switching_table_has_the_form_of_a_single_device() {
    let device = composite().junction().unwrap();
    let table = SwitchingTable::by_ensemble(
        &device,
        PulseGrid { volts: &[0.2, 0.4, 0.7, 1.0], widths_s: &[1e-9, 1.5e-9] },
        &Ensemble::new(200, 4),
        Refinement { most_voltages: 5, least_spacing_v: 0.02 },
        |_| {},
    )
    .unwrap();
    let p = |volts| table.probability(volts, 1.2e-9, State::AntiParallel).unwrap().p;
    assert!(p(0.45) < 0.2 && p(0.95) > 0.8, "{} {}", p(0.45), p(0.95));
    assert_eq!(p(-0.9), 0.0);
    assert!(table.voltage_for(0.5, 1e-9, State::Parallel).unwrap().volts < 0.0);
}

#[test]
fn an_antiferromagnet_reads_by_its_barrier_layer() {
    let device = with_exchange(-3e-4);
    for state in State::BOTH {
        let well = device.well(state).unwrap();
        assert_eq!(well[0][2], state.cosine());
        assert_eq!(well[1][2], -state.cosine());
    }
}

#[test]
fn what_is_not_modelled_is_refused_by_name() {
    let refused = |change: &dyn Fn(&mut MtjConfig)| {
        let mut config = composite();
        change(&mut config);
        config.resolve_coupled().unwrap_err().to_string()
    };
    assert!(refused(&|c| c.coupled = None).contains("one layer"));
    assert!(refused(&|c| c.thermal.stability = Some(40.0)).contains("activation_volume"));
    assert!(
        refused(&|c| c.coupled.as_mut().unwrap().material.damping = -1.0)
            .contains("coupled.material.damping")
    );
    assert!(refused(&|c| c.coupled.as_mut().unwrap().thickness.0 = 0.0).contains("coupled.thickness"));
    let rows = |trace: f64| [[0.01, 0.0, 0.0], [0.0, 0.01, 0.0], [0.0, 0.0, trace - 0.02]];
    let tensor = |trace| DipolarConfig::Tensor { rows: rows(trace) };
    assert!(refused(&|c| c.coupled.as_mut().unwrap().dipolar = tensor(0.005)).contains("dipolar.rows"));
    let mut config = composite();
    config.coupled.as_mut().unwrap().dipolar = tensor(0.0);
    config.thermal.activation_volume = Some(Volume(1e-24));
    let device = config.resolve_coupled().unwrap();
    let volumes: f64 = device.layers.iter().map(|layer| layer.activation_volume_m3).sum();
    assert!((volumes - 1e-24).abs() < 1e-36);
    assert!(matches!(composite().resolve(), Err(DeviceError::NotApplicable { .. })));
}

/// Integrators and the step-size rule hold for pairs: a step beyond the exchange precession warns.
#[test]
fn long_steps_warn() {
    let device = composite().resolve_coupled().unwrap();
    let pulse = Pulse::rectangular(0.5, 1e-9);
    let warning = |step_s| {
        let stepping = Stepping { step_s: Some(step_s), ..Stepping::default() };
        coupled::CoupledDynamics::new(&device, &pulse, &stepping).unwrap().warning()
    };
    assert!(warning(0.1e-12).is_none());
    assert!(warning(3e-12).unwrap().largest_s < 3e-12);
}
