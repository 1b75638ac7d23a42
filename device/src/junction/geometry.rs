//! Shape and size of the free layer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use spinhebb_data::quantity::Length;

use crate::ranges::positive;

/// Body whose demagnetising factors are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Pillar with elliptic base (a disc when length and width are equal).
    #[default]
    EllipticCylinder,
    /// General ellipsoid with the same three axes.
    Ellipsoid,
}

/// Shape and size of the free layer. x is along `length`, z is the film normal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GeometryConfig {
    /// Body whose demagnetising factors are used: `elliptic-cylinder` or `ellipsoid`.
    #[serde(default)]
    pub shape: Shape,
    /// Full in-plane axis of the free layer along x (the diameter of a disc).
    pub length: Length,
    /// Full in-plane axis of the free layer along y (the diameter of a disc).
    pub width: Length,
    /// Thickness of the free layer along z.
    pub thickness: Length,
}

impl Check for GeometryConfig {
    fn check(&self, faults: &mut Faults) {
        positive(faults, "length", self.length.si(), self.length);
        positive(faults, "width", self.width.si(), self.width);
        positive(faults, "thickness", self.thickness.si(), self.thickness);
    }
}

impl GeometryConfig {
    /// Area of the junction (ellipse) in m2.
    #[must_use]
    pub fn area_m2(&self) -> f64 {
        std::f64::consts::FRAC_PI_4 * self.length.si() * self.width.si()
    }

    /// Volume of the free layer in m3: area times thickness, two thirds of it for an ellipsoid.
    #[must_use]
    pub fn volume_m3(&self) -> f64 {
        let factor = match self.shape {
            Shape::EllipticCylinder => 1.0,
            Shape::Ellipsoid => 2.0 / 3.0,
        };
        factor * self.area_m2() * self.thickness.si()
    }
}
