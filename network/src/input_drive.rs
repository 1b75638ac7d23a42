//! How many input lines images drive, before a network is trained on them.

use crate::encoding::{Encoder, EncodingConfig, Images};
use crate::error::NetworkError;

/// Images that are looked at, the first ones.
const LOOKED_AT: usize = 1000;

/// Lines that the first of a set of images drive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InputDrive {
    /// Images looked at: the first, at most 1,000.
    pub images: usize,
    /// Images among them that drive no line.
    pub dark: usize,
    /// Mean fraction of the lines that an image drives.
    pub active_fraction: f64,
    /// Largest grey value among them, 0 to 255.
    pub largest_pixel: u8,
    /// Lowest threshold of the code: a pixel drives a line when it exceeds it.
    pub lowest_threshold: u8,
}

impl InputDrive {
    /// What the first of `images` drive through the code `encoding`, where they stand.
    ///
    /// # Errors
    /// [`NetworkError`] when the code does not fit the images.
    pub fn of(encoding: &EncodingConfig, images: &Images<'_>) -> Result<Self, NetworkError> {
        let (width, height) = images.size();
        let encoder = Encoder::new(encoding, width, height)?;
        let count = images.len().min(LOOKED_AT);
        let (mut active, mut driven, mut dark, mut largest_pixel) = (Vec::new(), 0, 0, 0);
        for index in 0..count {
            let image = images.image(index);
            active.clear();
            encoder.encode(image, [0, 0], &mut active);
            driven += active.len();
            dark += usize::from(active.is_empty());
            largest_pixel = largest_pixel.max(image.iter().copied().max().unwrap_or(0));
        }
        Ok(Self {
            images: count,
            dark,
            active_fraction: driven as f64 / (count * encoder.lines()).max(1) as f64,
            largest_pixel,
            lowest_threshold: encoding.thresholds.first().copied().unwrap_or(0),
        })
    }

    /// Why these images cannot teach a network, `what` naming them ("training images"); `None` where nothing speaks against it.
    #[must_use]
    pub fn complaint(&self, what: &str) -> Option<String> {
        let Self { images, dark, active_fraction, largest_pixel, lowest_threshold } = *self;
        if 2 * dark > images {
            let which = match dark == images {
                true => format!("all of the first {images} {what} drive no input line"),
                false => format!("{dark} of the first {images} {what} drive no input line"),
            };
            let scale = "scale the images to 0..255 or set network.encoding.thresholds";
            return Some(format!(
                "{which}: their pixels run from 0 to {largest_pixel}, the thresholds from {lowest_threshold}: {scale}"
            ));
        }
        (active_fraction > 0.5).then(|| {
            format!(
                "the {what} look inverted: on average {:.0} % of the input lines are active, for a pixel drives its line when it is \
                 above {lowest_threshold}: give bright figures on dark ground, or set network.encoding.thresholds",
                100.0 * active_fraction
            )
        })
    }

    /// Why test images that drive the lines so differ from those of `training`; `None` where they do not.
    #[must_use]
    pub fn differs_from(&self, training: &Self) -> Option<String> {
        let (own, other) = (self.active_fraction, training.active_fraction);
        (own > 2.0 * other || 2.0 * own < other).then(|| {
            format!(
                "images to be tested drive {:.1} % of the input lines, training images {:.1} %: scale and invert both alike",
                100.0 * own,
                100.0 * other
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drive(pixels: &[u8]) -> InputDrive {
        let images = Images::new(pixels, 2, 2).unwrap();
        InputDrive::of(&EncodingConfig::default(), &images).unwrap()
    }

    #[test]
    fn dark_and_inverted_images_are_told_with_their_reason() {
        let ink = drive(&[200, 0, 0, 0, 0, 65, 64, 0]);
        assert_eq!((ink.images, ink.dark, ink.active_fraction, ink.largest_pixel), (2, 0, 0.25, 200));
        assert_eq!(ink.complaint("training images"), None);
        let dark = drive(&[1, 0, 1, 0, 0, 1, 1, 0]).complaint("training images").unwrap();
        for words in
            ["all of the first 2", "from 0 to 1", "the thresholds from 64", "network.encoding.thresholds"]
        {
            assert!(dark.contains(words), "{dark}");
        }
        // One dark image of two is no reason to complain, two of three are.
        assert_eq!(drive(&[200, 0, 0, 0, 9, 9, 9, 9]).complaint("training images"), None);
        let most = drive(&[200, 0, 0, 0, 9, 9, 9, 9, 0, 0, 0, 0]).complaint("training images").unwrap();
        assert!(most.starts_with("2 of the first 3 training images"), "{most}");
        let inverted = drive(&[255, 255, 0, 255]);
        assert!(inverted.complaint("training images").unwrap().contains("look inverted: on average 75 %"));
        assert!(inverted.differs_from(&ink).unwrap().contains("75.0 %"));
        assert_eq!(ink.differs_from(&ink), None);
        assert!(ink.differs_from(&inverted).is_some());
    }

    #[test]
    fn a_field_beyond_the_image_is_refused() {
        let field = crate::encoding::Field { left: 0, top: 0, width: 3, height: 1 };
        let encoding = EncodingConfig { field: Some(field), ..EncodingConfig::default() };
        assert!(InputDrive::of(&encoding, &Images::new(&[0; 4], 2, 2).unwrap()).is_err());
    }
}
