//! Every term of the equation alone: what it does when on, and that nothing is left when off.

use spinhebb_data::quantity::{
    EnergyDensity, Length, MagneticField, ResistanceArea, Temperature, ThermalResistance, Time,
    VcmaCoefficient,
};
use spinhebb_data::random_stream::Streams;
use spinhebb_device::dynamics::adaptive;
use spinhebb_device::dynamics::lanes::{Dynamics, Stepping};
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::dynamics::pulses::PulsesConfig;
use spinhebb_device::dynamics::waveform::WaveformConfig;
use spinhebb_device::junction::anisotropy::{UniaxialConfig, VoltageControlConfig};
use spinhebb_device::junction::constants::{GAMMA0, MU0};
use spinhebb_device::junction::material::TemperatureScaling;
use spinhebb_device::junction::mtj::{Mtj, MtjConfig};
use spinhebb_device::junction::preset;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::thermal::JouleHeatingConfig;
use spinhebb_device::junction::torque::{EfficiencyConfig, SpinOrbitConfig, SpinTransferConfig};

/// The perpendicular preset without torques, at zero temperature and without damping.
fn bare() -> MtjConfig {
    let mut config = preset::load("perpendicular-40nm").unwrap().device;
    config.spin_transfer = None;
    config.thermal.temperature = Temperature(0.0);
    config.material.damping = 0.0;
    config
}

/// Rate of the azimuth about z in rad/s, over `duration` s (less than half a turn per interval).
fn azimuth_rate(mtj: &Mtj, pulse: &Pulse, tilt: f64, duration: f64) -> f64 {
    let intervals = 200;
    let times: Vec<f64> = (0..=intervals).map(|i| duration * f64::from(i) / f64::from(intervals)).collect();
    let path = adaptive::integrate(mtj, pulse, [tilt.sin(), 0.0, tilt.cos()], &times, 1e-13).unwrap();
    let mut phase = 0.0;
    for pair in path.windows(2) {
        let (a, b) = (pair[0][1].atan2(pair[0][0]), pair[1][1].atan2(pair[1][0]));
        let step = b - a;
        phase += step - std::f64::consts::TAU * (step / std::f64::consts::TAU).round();
    }
    phase / duration
}

fn close(found: f64, expected: f64, relative: f64) {
    assert!((found - expected).abs() <= relative * expected.abs(), "{found} against {expected}");
}

#[test]
fn fields_add_and_set_the_precession() {
    let mut config = bare();
    let free = config.resolve().unwrap();
    config.field.applied[2] = MagneticField(5e4);
    config.field.stray[2] = MagneticField(-2e4);
    let mtj = config.resolve().unwrap();
    let pulse = Pulse::constant(0.0, 1e-9);
    let shift = azimuth_rate(&mtj, &pulse, 0.1, 1e-9) - azimuth_rate(&free, &pulse, 0.1, 1e-9);
    close(shift, GAMMA0 * 3e4, 1e-6);
}

#[test]
fn interfacial_and_shape_anisotropy_make_the_anisotropy_field() {
    let mut config = bare();
    let mtj = config.resolve().unwrap();
    let ms = 473e3;
    let n = spinhebb_device::junction::demagnetisation::factors(&config.geometry);
    let expected = 2.0 * config.anisotropy.interfacial.si() / (MU0 * ms * 2.6e-9) - ms * (n[2] - n[0]);
    close(mtj.anisotropy_field(0.0), expected, 1e-12);
    let rate = azimuth_rate(&mtj, &Pulse::constant(0.0, 1e-9), 0.2, 1e-9);
    close(rate, GAMMA0 * expected * 0.2_f64.cos(), 1e-8);
    config.anisotropy.demagnetisation = spinhebb_device::junction::anisotropy::DemagnetisationConfig::None;
    config.anisotropy.interfacial = Default::default();
    assert_eq!(config.resolve().unwrap().tensor(1.0), Default::default());
}

#[test]
fn voltage_control_shifts_the_anisotropy_under_voltage_and_current_drive() {
    let mut config = bare();
    config.anisotropy.voltage_control = Some(VoltageControlConfig {
        coefficient: VcmaCoefficient(60e-15),
        barrier_thickness: Length(1.2e-9),
    });
    let mtj = config.resolve().unwrap();
    let shift_per_volt = -2.0 * 60e-15 / (MU0 * 473e3 * 2.6e-9 * 1.2e-9);
    assert!(shift_per_volt < 0.0);
    let tilt = 0.1_f64;
    let base = azimuth_rate(&mtj, &Pulse::constant(0.0, 1e-9), tilt, 1e-9);
    let with_voltage = azimuth_rate(&mtj, &Pulse::constant(0.8, 1e-9), tilt, 1e-9);
    close(with_voltage - base, GAMMA0 * shift_per_volt * 0.8 * tilt.cos(), 1e-6);
    // The same junction voltage, imposed by the current at this angle.
    let amperes = 0.8 * mtj.transport.conductance_at(tilt.cos(), 0.8);
    let pulses = PulsesConfig {
        width: Time(1e-9),
        bias: Default::default(),
        relaxation: None,
        waveform: WaveformConfig::Rectangular { rise: Time(0.0), fall: Time(0.0) },
        potentiation: None,
        depression: None,
    };
    let pulse = pulses.current(spinhebb_data::quantity::Current(amperes)).unwrap();
    let with_current = azimuth_rate(&mtj, &pulse, tilt, 1e-9);
    close(with_current - base, with_voltage - base, 1e-6);
}

#[test]
fn uniaxial_anisotropy_holds_along_any_axis() {
    let mut config = bare();
    config.anisotropy.interfacial = Default::default();
    config.anisotropy.demagnetisation = spinhebb_device::junction::anisotropy::DemagnetisationConfig::None;
    config.anisotropy.uniaxial = Some(UniaxialConfig { density: EnergyDensity(1e5), axis: [1.0, 1.0, 1.0] });
    config.fixed_layer.direction = [1.0, 1.0, 1.0];
    let mtj = config.resolve().unwrap();
    let hk = 2e5 / (MU0 * 473e3);
    close(mtj.anisotropy_field(0.0), hk, 1e-12);
    assert!(mtj.is_axially_symmetric(0.0));
    let (soft, hard) = mtj.stiffness(State::AntiParallel, 0.0).unwrap();
    close(soft, hk, 1e-9);
    close(hard, hk, 1e-9);
    // A whole period later the direction is back.
    let tilt = 0.3_f64;
    let axis = [1.0 / 3.0_f64.sqrt(); 3];
    let side = [1.0 / 2.0_f64.sqrt(), -1.0 / 2.0_f64.sqrt(), 0.0];
    let start: [f64; 3] = std::array::from_fn(|i| tilt.cos() * axis[i] + tilt.sin() * side[i]);
    let period = std::f64::consts::TAU / (GAMMA0 * hk * tilt.cos());
    let end = adaptive::integrate(&mtj, &Pulse::constant(0.0, period), start, &[period], 1e-13).unwrap()[0];
    for i in 0..3 {
        assert!((end[i] - start[i]).abs() < 1e-9);
    }
}

#[test]
fn damping_like_torque_moves_m_towards_the_fixed_layer_by_its_angular_law() {
    for efficiency in [
        EfficiencyConfig::Constant { polarisation: 0.5 },
        EfficiencyConfig::Slonczewski { polarisation: 0.5 },
        EfficiencyConfig::Asymmetric { polarisation: 0.5, lambda: 1.5 },
    ] {
        let mut config = bare();
        config.spin_transfer = Some(SpinTransferConfig { efficiency, field_like_ratio: 0.0 });
        let mtj = config.resolve().unwrap();
        for (volts, z) in [(0.5, -0.6_f64), (0.5, 0.4), (-0.3, 0.4)] {
            let start = [(1.0 - z * z).sqrt(), 0.0, z];
            let step = 1e-15;
            let end =
                adaptive::integrate(&mtj, &Pulse::constant(volts, 1e-9), start, &[step], 1e-14).unwrap()[0];
            // dz/dt = gamma0 a (1 - z^2).
            let expected = GAMMA0 * mtj.damping_like_field(volts, z) * (1.0 - z * z);
            close((end[2] - z) / step, expected, 1e-2);
            assert!(expected * volts > 0.0);
        }
    }
}

#[test]
fn field_like_torque_acts_as_a_field_against_the_fixed_layer() {
    let mut config = bare();
    let off = config.resolve().unwrap();
    config.spin_transfer = Some(SpinTransferConfig {
        efficiency: EfficiencyConfig::Constant { polarisation: 0.5 },
        field_like_ratio: 0.3,
    });
    config.transport.tmr = 0.0;
    let mtj = config.resolve().unwrap();
    let duration = 1e-13;
    let pulse = Pulse::constant(0.2, 1e-9);
    let shift = azimuth_rate(&mtj, &pulse, 0.5, duration) - azimuth_rate(&off, &pulse, 0.5, duration);
    close(shift, -GAMMA0 * 0.3 * mtj.damping_like_field(0.2, 0.9), 2e-2);
}

#[test]
fn spin_orbit_torque_turns_m_towards_its_polarisation_and_leaves_the_junction_alone() {
    let mut config = bare();
    config.spin_orbit = Some(SpinOrbitConfig {
        spin_hall_angle: 0.3,
        field_like_ratio: 0.0,
        polarisation: [0.0, 1.0, 0.0],
        channel_resistance_area: ResistanceArea(1e-12),
        junction_share: 0.0,
    });
    let mtj = config.resolve().unwrap();
    let field =
        spinhebb_device::junction::torque::field_per_current_density(473e3, 2.6e-9) * 0.3 * 0.5 / 1e-12;
    let step = 1e-15;
    let pulse = Pulse::constant(0.5, 1e-9);
    let end = adaptive::integrate(&mtj, &pulse, [0.0, 0.0, 1.0], &[step], 1e-14).unwrap()[0];
    close(end[1] / step, GAMMA0 * field, 1e-2);
    let dynamics = Dynamics::new(&mtj, &pulse, &Stepping::default()).unwrap();
    assert_eq!(dynamics.junction_volts(0.5, 1.0), 0.0);
}

#[test]
fn joule_heating_follows_one_pole() {
    let mut config = bare();
    config.thermal.temperature = Temperature(300.0);
    config.material.damping = 0.01;
    config.transport.tmr = 0.0;
    config.thermal.joule_heating =
        Some(JouleHeatingConfig { resistance: ThermalResistance(2e5), time_constant: Time(1e-9) });
    let mtj = config.resolve().unwrap();
    let dynamics = Dynamics::new(&mtj, &Pulse::constant(0.6, 1.5e-9), &Stepping::default()).unwrap();
    let mut lanes = dynamics.lanes([(0, [0.0, 0.0, 1.0])]);
    dynamics.advance(&mut lanes, &Streams::new(1, "test"), 0..dynamics.schedule().steps().len());
    let power = 0.36 * mtj.transport.parallel_s;
    close(lanes.temperature_k(0) - 300.0, 2e5 * power * (1.0 - (-1.5_f64).exp()), 1e-9);
}

/// A heated lane with temperature-independent material and a cold one at the same temperature have
/// the same spread: the thermal field follows the lane's own temperature.
#[test]
fn heated_lanes_fluctuate_at_their_own_temperature() {
    let spread = |heated: bool, kelvin: f64| {
        let mut config = bare();
        config.material.damping = 0.1;
        config.transport.tmr = 0.0;
        config.thermal.temperature = Temperature(if heated { 300.0 } else { kelvin });
        if heated {
            // Steady power at 0.5 V gives exactly the wanted rise, at once.
            let power = 0.25 * config.resolve().unwrap().transport.parallel_s;
            config.thermal.joule_heating = Some(JouleHeatingConfig {
                resistance: ThermalResistance((kelvin - 300.0) / power),
                time_constant: Time(1e-13),
            });
        }
        let mtj = config.resolve().unwrap();
        let dynamics = Dynamics::new(&mtj, &Pulse::constant(0.5, 0.6e-9), &Stepping::default()).unwrap();
        let mut lanes = dynamics.lanes((0..6400).map(|k| (k, [0.0, 0.0, 1.0])));
        dynamics.advance(&mut lanes, &Streams::new(9, "test"), 0..dynamics.schedule().steps().len());
        (0..lanes.len()).map(|k| 1.0 - lanes.cosine(k).powi(2)).sum::<f64>() / lanes.len() as f64
    };
    let (hot, equal, cold) = (spread(true, 600.0), spread(false, 600.0), spread(false, 300.0));
    // Exponential law of sin^2: relative standard error 1/sqrt(6400) = 1.25 %.
    close(hot, equal, 0.06);
    assert!(hot > 1.7 * cold && hot < 2.4 * cold, "{hot} {cold}");
}

#[test]
fn magnetisation_and_anisotropy_follow_the_temperature() {
    let mut config = bare();
    config.material.temperature_scaling = TemperatureScaling::Bloch {
        critical: Temperature(1000.0),
        reference: Temperature(300.0),
        anisotropy_exponent: 2.0,
    };
    config.thermal.temperature = Temperature(400.0);
    let mtj = config.resolve().unwrap();
    let ratio = (1.0 - 0.4_f64.powf(1.5)) / (1.0 - 0.3_f64.powf(1.5));
    close(mtj.magnetisation_a_per_m, 473e3 * ratio, 1e-12);
    let expected = 2.0 * config.anisotropy.interfacial.si() * ratio * ratio / (MU0 * 473e3 * ratio * 2.6e-9);
    close(mtj.anisotropy_tensor.zz, expected, 1e-12);
}

/// The general kernel with every extra term at zero strength gives the plain kernel's trajectory.
#[test]
fn terms_of_zero_strength_change_nothing() {
    let plain = preset::load("perpendicular-40nm").unwrap().device;
    let mut with_terms = plain.clone();
    with_terms.spin_orbit = Some(SpinOrbitConfig {
        spin_hall_angle: 0.0,
        field_like_ratio: 0.5,
        polarisation: [0.0, 1.0, 0.0],
        channel_resistance_area: ResistanceArea(1e-12),
        junction_share: 1.0,
    });
    let mut heated = plain.clone();
    heated.thermal.joule_heating =
        Some(JouleHeatingConfig { resistance: ThermalResistance(0.0), time_constant: Time(1e-9) });
    let end = |config: &MtjConfig| {
        let mtj = config.resolve().unwrap();
        let dynamics = Dynamics::new(&mtj, &Pulse::constant(0.7, 1e-9), &Stepping::default()).unwrap();
        let mut lanes = dynamics.lanes((0..64).map(|k| (k, [0.1, 0.0, -0.99])));
        dynamics.advance(&mut lanes, &Streams::new(2, "test"), 0..dynamics.schedule().steps().len());
        (0..64).map(|k| lanes.cosine(k)).collect::<Vec<_>>()
    };
    let reference = end(&plain);
    for (name, config) in [("spin-orbit", with_terms), ("heating", heated)] {
        for (a, b) in end(&config).iter().zip(&reference) {
            assert!((a - b).abs() < 1e-9, "{name}: {a} against {b}");
        }
    }
}
