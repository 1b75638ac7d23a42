use super::*;
use nalgebra::Matrix5;
use spinhebb_device::population::{PARAMETERS, Spread, SpreadDistribution};

fn spread(relative: f64, distribution: SpreadDistribution) -> Spread {
    Spread { relative, distribution, ..Spread::default() }
}

/// 40,000 devices: mean and spread of both shapes and a correlation, within five standard errors.
#[test]
fn draws_have_the_stated_moments() {
    let mut correlation = [[0.0; PARAMETERS]; PARAMETERS];
    for (k, row) in correlation.iter_mut().enumerate() {
        row[k] = 1.0;
    }
    correlation[0][3] = -0.6;
    correlation[3][0] = -0.6;
    correlation[3][4] = 0.5;
    correlation[4][3] = 0.5;
    let population = PopulationConfig {
        resistance_area: spread(0.1, SpreadDistribution::Normal),
        tmr: spread(0.2, SpreadDistribution::LogNormal),
        barrier: spread(0.08, SpreadDistribution::Normal),
        critical_voltage: spread(0.05, SpreadDistribution::LogNormal),
        correlation: Some(correlation),
        ..PopulationConfig::default()
    };
    let faults = FaultsConfig { stuck_open: 0.02, ..FaultsConfig::default() };
    let devices = Variation::new(&population, &faults, 5).unwrap().devices(200, 200);
    let n = devices.len() as f64;
    let mean = |f: &dyn Fn(&DeviceDraw) -> f64| devices.iter().map(f).sum::<f64>() / n;
    let root = n.sqrt();
    assert!((mean(&|d| d.factors.resistance_area) - 1.0).abs() < 5.0 * 0.1 / root);
    assert!((mean(&|d| d.factors.tmr) - 1.0).abs() < 5.0 * 0.2 / root);
    let deviation = mean(&|d| (d.factors.resistance_area - 1.0).powi(2)).sqrt();
    assert!((deviation - 0.1).abs() < 5.0 * 0.1 / (2.0 * n).sqrt());
    let deviation = mean(&|d| (d.factors.tmr - 1.0).powi(2)).sqrt();
    assert!((deviation - 0.2).abs() < 5.0 * 0.2 / (2.0 * n).sqrt());
    let correlated = mean(&|d| (d.factors.resistance_area - 1.0) * (d.factors.barrier - 1.0)) / (0.1 * 0.08);
    assert!((correlated + 0.6).abs() < 5.0 * 1.2 / root, "{correlated}");
    let voltage = |d: &DeviceDraw| d.factors.critical_voltage.ln() + 0.00125;
    let correlated = mean(&|d| voltage(d) * (d.factors.barrier - 1.0)) / (0.05 * 0.08);
    assert!((correlated - 0.5).abs() < 5.0 * 1.2 / root, "{correlated}");
    let open = mean(&|d| f64::from(u8::from(d.fault == Some(Fault::Open))));
    assert!((open - 0.02).abs() < 5.0 * (0.02_f64 * 0.98).sqrt() / root);
    assert!(devices.iter().all(|d| d.factors.area == 1.0));
}

/// Draws, defects, read noise and broken wires of one seed, as on record with physics 2.
#[test]
fn streams_stay_as_they_are() {
    let spread =
        |relative, distribution| Spread { relative, distribution, gradient_x: 0.1, gradient_y: -0.05 };
    let mut correlation: [[f64; PARAMETERS]; PARAMETERS] = Matrix5::identity().into();
    correlation[0][3] = -0.6;
    correlation[3][0] = -0.6;
    let population = PopulationConfig {
        resistance_area: spread(0.1, SpreadDistribution::Normal),
        tmr: spread(0.2, SpreadDistribution::LogNormal),
        area: spread(0.05, SpreadDistribution::Normal),
        barrier: spread(0.08, SpreadDistribution::LogNormal),
        critical_voltage: spread(0.05, SpreadDistribution::Normal),
        correlation: Some(correlation),
        ..PopulationConfig::default()
    };
    let faults = FaultsConfig {
        read_noise: 0.03,
        stuck_open: 0.1,
        stuck_short: 0.1,
        stuck_state: 0.1,
        broken_segment: 0.1,
        ..FaultsConfig::default()
    };
    let variation = Variation::new(&population, &faults, 5).unwrap();
    let devices = variation.devices(20, 30);
    let expected = DeviceFactors {
        resistance_area: 1.020063843117563,
        tmr: 0.8351969864181233,
        area: 1.0289628576490641,
        barrier: 0.9784328841469626,
        critical_voltage: 1.0199531728158246,
        ..DeviceFactors::NOMINAL
    };
    assert_eq!(devices[(3, 7)].factors, expected);
    let factors = |d: &DeviceDraw| {
        d.factors.resistance_area
            + 2.0 * d.factors.tmr
            + 3.0 * d.factors.area
            + 5.0 * d.factors.barrier
            + 7.0 * d.factors.critical_voltage
    };
    assert_eq!(devices.iter().map(factors).sum::<f64>(), 10827.545048164866);
    let count = |fault| devices.iter().filter(|draw| draw.fault == Some(fault)).count();
    assert_eq!([Fault::Open, Fault::Short, Fault::StuckState].map(count), [47, 64, 60]);

    let nominal = Transport { parallel_s: 2e-4, tmr: 1.0, half_voltage_v: 0.5 };
    let states = DMatrix::from_fn(20, 30, |i, j| State::BOTH[(i + j) % 2]);
    let cells = variation.at_read(&variation.cells(nominal, &states, 100.0), 4);
    assert_eq!(cells.zero_bias_siemens().sum(), 0.28574764705556055);
    let mut array = Array::new(cells, 1.0, 2.0);
    variation.break_wires(&mut array);
    assert_eq!((array.word.breaks.len(), array.bit.breaks.len()), (65, 49));
    assert_eq!(array.bit.breaks[0], Break { line: 0, segment: 3 });
}

#[test]
fn a_device_keeps_its_draw_in_any_array() {
    let area = spread(0.1, SpreadDistribution::Normal);
    let population = PopulationConfig { area, ..PopulationConfig::default() };
    let variation = Variation::new(&population, &FaultsConfig::default(), 9).unwrap();
    assert_eq!(variation.devices(4, 2)[(3, 1)], variation.devices(128, 64)[(3, 1)]);
    assert_ne!(variation.devices(4, 2)[(3, 1)], variation.devices(4, 2)[(1, 1)]);
}

#[test]
fn impossible_variation_is_refused() {
    let (none, broken) = (FaultsConfig::default(), FaultsConfig { stuck_open: 1.5, ..Default::default() });
    let error = Variation::new(&PopulationConfig::default(), &broken, 0).unwrap_err().to_string();
    assert!(error.contains("`stuck_open` is 1.5"), "{error}");
    let mut correlation = [[1.0; PARAMETERS]; PARAMETERS];
    assert!(
        Variation::new(&PopulationConfig { correlation: Some(correlation), ..Default::default() }, &none, 0)
            .is_ok()
    );
    correlation[0][1] = 0.5;
    assert!(
        Variation::new(&PopulationConfig { correlation: Some(correlation), ..Default::default() }, &none, 0)
            .is_err()
    );
}
