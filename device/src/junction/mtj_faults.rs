//! What can be wrong with the description of a junction.

use spinhebb_data::config::{Check, Faults};

use super::geometry::Shape;
use super::mtj::{FieldConfig, FixedLayerConfig, MtjConfig};
use crate::ranges::{direction, finite};

impl Check for MtjConfig {
    fn check(&self, faults: &mut Faults) {
        faults.within("geometry", |faults| self.geometry.check(faults));
        faults.within("material", |faults| self.material.check(faults));
        faults.within("anisotropy", |faults| self.anisotropy.check(faults));
        faults.within("fixed_layer", |faults| self.fixed_layer.check(faults));
        faults.within("field", |faults| self.field.check(faults));
        faults.within("spin_transfer", |faults| self.spin_transfer.check(faults));
        faults.within("spin_orbit", |faults| self.spin_orbit.check(faults));
        faults.within("transport", |faults| self.transport.check(faults));
        faults.within("thermal", |faults| self.thermal.check(faults));
        faults.within("coupled", |faults| self.coupled.check(faults));
        if self.coupled.is_some() {
            self.check_terms_of_pairs(faults);
        }
    }
}

impl Check for FixedLayerConfig {
    fn check(&self, faults: &mut Faults) {
        direction(faults, "direction", self.direction);
    }
}

impl Check for FieldConfig {
    fn check(&self, faults: &mut Faults) {
        for (key, field) in [("applied", &self.applied), ("stray", &self.stray)] {
            faults.each(key, field, |h, faults| finite(faults, "", h.si(), h));
        }
    }
}

impl MtjConfig {
    /// Terms that are not modelled with two coupled layers.
    fn check_terms_of_pairs(&self, faults: &mut Faults) {
        let cylinder = self.geometry.shape == Shape::EllipticCylinder;
        let expected = "`elliptic-cylinder`, the shape of both layers of a device with `coupled`";
        faults.require(cylinder, "geometry.shape", "ellipsoid", expected);
        let absent = "left out of a device with `coupled`: it is modelled for one layer only";
        faults.require(self.spin_orbit.is_none(), "spin_orbit", "given", absent);
        faults.require(self.thermal.joule_heating.is_none(), "thermal.joule_heating", "given", absent);
        if let Some(stability) = self.thermal.stability {
            let expected = "`thermal.activation_volume` instead: the barrier depends on both layers";
            faults.require(false, "thermal.stability", stability, expected);
        }
    }
}

#[cfg(test)]
mod tests {
    use spinhebb_data::quantity::{EnergyDensity, Length, Time, VcmaCoefficient, Voltage};

    use super::*;
    use crate::junction::anisotropy::{DemagnetisationConfig, UniaxialConfig, VoltageControlConfig};
    use crate::junction::coupled_layer::DipolarConfig;
    use crate::junction::material::TemperatureScaling;
    use crate::junction::preset;
    use crate::junction::thermal::JouleHeatingConfig;
    use crate::junction::torque::EfficiencyConfig;

    fn faults(config: &MtjConfig) -> Vec<String> {
        let mut faults = Faults::default();
        config.check(&mut faults);
        faults.found().iter().map(|fault| fault.path.clone()).collect()
    }

    #[test]
    fn shipped_devices_have_no_faults() {
        for name in preset::names() {
            assert!(faults(&preset::load(name).unwrap().device).is_empty(), "{name}");
        }
    }

    #[test]
    fn all_faults_of_a_device_are_found_at_once() {
        let mut c = preset::load("composite-40nm").unwrap().device;
        c.geometry.thickness.0 = -1e-9;
        c.material.damping = f64::NAN;
        c.material.temperature_scaling =
            TemperatureScaling::Table { temperature: vec![], magnetisation: vec![0.0], anisotropy: vec![] };
        c.anisotropy.voltage_control = Some(VoltageControlConfig {
            coefficient: VcmaCoefficient(f64::INFINITY),
            barrier_thickness: Length(0.0),
        });
        c.anisotropy.uniaxial = Some(UniaxialConfig { density: EnergyDensity(1.0), axis: [0.0; 3] });
        c.anisotropy.demagnetisation = DemagnetisationConfig::Factors { factors: [1.0; 3] };
        c.fixed_layer.direction = [0.0; 3];
        c.field.stray[2].0 = f64::NAN;
        c.spin_transfer.as_mut().unwrap().efficiency =
            EfficiencyConfig::Asymmetric { polarisation: 1.0, lambda: 0.5 };
        c.transport.tmr_half_voltage = Some(Voltage(0.0));
        c.thermal.stability = Some(-1.0);
        c.thermal.joule_heating =
            Some(JouleHeatingConfig { resistance: Default::default(), time_constant: Time(0.0) });
        let second = c.coupled.as_mut().unwrap();
        second.stray[0].0 = f64::INFINITY;
        second.material.magnetisation.0 = 0.0;
        second.anisotropy.voltage_control = c.anisotropy.voltage_control.clone();
        second.dipolar = DipolarConfig::Geometry { spacer: Length(-1e-9) };
        let expected = [
            "geometry.thickness",
            "material.damping",
            "material.temperature_scaling",
            "material.temperature_scaling.magnetisation[0]",
            "anisotropy.voltage_control.barrier_thickness",
            "anisotropy.voltage_control.coefficient",
            "anisotropy.uniaxial.axis",
            "anisotropy.demagnetisation.factors",
            "fixed_layer.direction",
            "field.stray[2]",
            "spin_transfer.efficiency.polarisation",
            "spin_transfer.efficiency.lambda",
            "transport.tmr_half_voltage",
            "thermal.stability",
            "thermal.joule_heating.time_constant",
            "coupled.stray[0]",
            "coupled.material.magnetisation",
            "coupled.anisotropy.voltage_control.barrier_thickness",
            "coupled.anisotropy.voltage_control.coefficient",
            "coupled.anisotropy.voltage_control",
            "coupled.dipolar.spacer",
            "thermal.joule_heating",
            "thermal.stability",
        ];
        assert_eq!(faults(&c), expected);
        let message = c.validate().unwrap_err().to_string();
        assert_eq!(message, "`geometry.thickness` is -1 nm, but expected is a positive value, above zero");
    }

    #[test]
    fn what_a_device_lies_over_is_no_part_of_it() {
        let shipped = preset::load("in-plane").unwrap().device;
        let named = MtjConfig { from: Some("in-plane".into()), ..shipped.clone() };
        assert!(named.is_same_device(&shipped) && named != shipped);
        assert_eq!(named.resolve().unwrap(), shipped.resolve().unwrap());
        assert!(toml::to_string(&named).unwrap().starts_with("from = \"in-plane\"\n"));
        assert!(!toml::to_string(&shipped).unwrap().contains("from"));
        let mut other = named;
        other.material.damping = 0.02;
        assert!(!other.is_same_device(&shipped));
    }
}
