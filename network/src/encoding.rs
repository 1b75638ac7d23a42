//! From grey images to active input lines.
//!
//! A pixel drives line `t * width * height + y * width + x` when its value exceeds threshold `t`. One
//! threshold gives the binarised image, several give a thermometer code.

use crate::error::NetworkError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults};
use std::hash::Hasher;
use twox_hash::XxHash3_64;

/// Grey images of one size, row by row, 8 bits per pixel.
#[derive(Debug, Clone, Copy)]
pub struct Images<'a> {
    pixels: &'a [u8],
    width: usize,
    height: usize,
}

/// Images, each at every one of some displacements.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The images.
    pub images: &'a Images<'a>,
    /// The displacements.
    pub shifts: &'a [Shift],
}

impl Images<'_> {
    /// The images at every one of `shifts`.
    #[must_use]
    pub const fn at<'a>(&'a self, shifts: &'a [Shift]) -> Shown<'a> {
        Shown { images: self, shifts }
    }

    /// The images where they are.
    #[must_use]
    pub const fn still(&self) -> Shown<'_> {
        self.at(&[[0, 0]])
    }
}

impl<'a> Images<'a> {
    /// XXH3-64 sum over the size and the pixels, to tell one set of images from another.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut sum = XxHash3_64::with_seed(0);
        for n in [self.width, self.height, self.len()] {
            sum.write(&(n as u64).to_le_bytes());
        }
        sum.write(self.pixels);
        sum.finish()
    }

    /// Images of `width x height` pixels from the raw bytes of an idx file.
    ///
    /// # Errors
    /// [`NetworkError::Length`] when the bytes are no whole number of images.
    pub fn new(pixels: &'a [u8], width: usize, height: usize) -> Result<Self, NetworkError> {
        let size = width * height;
        if size == 0 || !pixels.len().is_multiple_of(size) {
            return Err(NetworkError::Length {
                what: "the pixel array",
                found: pixels.len(),
                expected: pixels.len().div_ceil(size.max(1)) * size,
                why: "a whole number of images",
            });
        }
        Ok(Self { pixels, width, height })
    }

    /// Number of images.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.pixels.len() / (self.width * self.height)
    }

    /// Whether there is no image.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// Pixels of image `index`, row by row.
    #[must_use]
    pub fn image(&self, index: usize) -> &'a [u8] {
        let size = self.width * self.height;
        &self.pixels[index * size..(index + 1) * size]
    }

    /// Images `range`.
    ///
    /// # Errors
    /// [`NetworkError::OutOfRange`] when there are not so many.
    pub fn slice(&self, range: std::ops::Range<usize>) -> Result<Self, NetworkError> {
        NetworkError::require(
            range.start <= range.end && range.end <= self.len(),
            "images",
            format!("{}..{}", range.start, range.end),
            &format!("a range within the {} images there are", self.len()),
        )?;
        let size = self.width * self.height;
        Ok(Self { pixels: &self.pixels[range.start * size..range.end * size], ..*self })
    }

    /// Width and height in pixels.
    #[must_use]
    pub const fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }
}

/// How an image becomes input lines.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct EncodingConfig {
    /// Grey values above which a pixel drives its line; several make a thermometer code.
    pub thresholds: Vec<u8>,
    /// Whether slanted images are set upright first, by shifting rows by whole pixels.
    pub upright: bool,
    /// The part of the image that is wired to the layer; without it, all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
}

/// A rectangle of pixels.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// First column.
    pub left: usize,
    /// First row.
    pub top: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Default for EncodingConfig {
    fn default() -> Self {
        Self { thresholds: vec![64], upright: false, field: None }
    }
}

impl Check for EncodingConfig {
    fn check(&self, faults: &mut Faults) {
        faults.require(
            !self.thresholds.is_empty() && self.thresholds.is_sorted_by(|a, b| a < b),
            "thresholds",
            format!("{:?}", self.thresholds),
            "one or more rising grey values",
        );
        faults.within("field", |faults| self.field.check(faults));
    }
}

impl Check for Field {
    fn check(&self, faults: &mut Faults) {
        for (key, pixels) in [("width", self.width), ("height", self.height)] {
            faults.require(pixels >= 1, key, pixels, "at least 1 pixel");
        }
    }
}

/// A displacement of the image by whole pixels: (right, down).
pub type Shift = [i8; 2];

/// Turns images of one size into active lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoder {
    width: usize,
    height: usize,
    field: Field,
    config: EncodingConfig,
}

impl Encoder {
    /// Encoder for images of `width x height` pixels.
    ///
    /// # Errors
    /// [`NetworkError::Field`] without a threshold or with thresholds that do not rise; [`NetworkError::OutOfRange`] for a field
    /// beyond the image or above 65,535 lines.
    pub fn new(config: &EncodingConfig, width: usize, height: usize) -> Result<Self, NetworkError> {
        config.first_fault()?;
        let field = config.field.unwrap_or(Field { left: 0, top: 0, width, height });
        NetworkError::require(
            field.left.saturating_add(field.width) <= width
                && field.top.saturating_add(field.height) <= height,
            "encoding.field",
            format!("{} x {} pixels from ({}, {})", field.width, field.height, field.left, field.top),
            &format!("a rectangle within the {width} x {height} pixels of the image"),
        )?;
        let encoder = Self { width, height, field, config: config.clone() };
        let lines = encoder.lines();
        NetworkError::require(
            (1..=65_535).contains(&lines),
            "encoding.thresholds",
            config.thresholds.len(),
            &format!("at most 65535 lines; {width} x {height} pixels with so many thresholds need {lines}"),
        )?;
        Ok(encoder)
    }

    /// Number of input lines: pixels of the field x thresholds.
    #[must_use]
    pub const fn lines(&self) -> usize {
        self.field.width * self.field.height * self.config.thresholds.len()
    }

    /// Width and height of the field in pixels.
    #[must_use]
    pub const fn field(&self) -> (usize, usize) {
        (self.field.width, self.field.height)
    }

    /// Appends the active lines of `image`, displaced by `shift`, in rising order. What leaves the frame is lost.
    pub fn encode(&self, image: &[u8], shift: Shift, active: &mut Vec<u16>) {
        if self.config.upright {
            let upright = self.upright(image);
            self.encode_pixels(&upright, shift, active);
        } else {
            self.encode_pixels(image, shift, active);
        }
    }

    fn encode_pixels(&self, image: &[u8], shift: Shift, active: &mut Vec<u16>) {
        let Field { left, top, width, height } = self.field;
        let size = width * height;
        let [dx, dy] = [i32::from(shift[0]), i32::from(shift[1])];
        // Columns and rows of the field whose source lies inside the image.
        let inside = |first: usize, length: usize, shift: i32, limit: usize| {
            let start = first as i32 - shift;
            (-start).clamp(0, length as i32) as usize..(limit as i32 - start).clamp(0, length as i32) as usize
        };
        let columns = inside(left, width, dx, self.width);
        let rows = inside(top, height, dy, self.height);
        for (level, &threshold) in self.config.thresholds.iter().enumerate() {
            // Branch-free: every pixel writes, the length moves on only past the active ones.
            let start = active.len();
            active.resize(start + size, 0);
            let mut length = start;
            for y in rows.clone() {
                let source = ((top + y) as i32 - dy) * self.width as i32 + left as i32 - dx;
                let target = level * size + y * width;
                for x in columns.clone() {
                    active[length] = (target + x) as u16;
                    length += usize::from(image[(source + x as i32) as usize] > threshold);
                }
            }
            active.truncate(length);
        }
    }

    /// The image with its slant taken out: row `y` is shifted by the nearest whole number to `slant * (y - centre)`,
    /// where `slant` is the ratio of the moments `<x y>` and `<y y>` about the centre of brightness.
    fn upright(&self, image: &[u8]) -> Vec<u8> {
        let (mut sum, mut sum_x, mut sum_y) = (0i64, 0i64, 0i64);
        let pixels = || image.chunks_exact(self.width).enumerate();
        for (y, row) in pixels() {
            let (mut weight, mut first) = (0i64, 0i64);
            for (x, &value) in row.iter().enumerate() {
                weight += i64::from(value);
                first += i64::from(value) * x as i64;
            }
            sum += weight;
            sum_x += first;
            sum_y += weight * y as i64;
        }
        if sum == 0 {
            return image.to_vec();
        }
        // Moments about the centre, times sum (all integers, so that every machine agrees).
        let (mut xy, mut yy) = (0i64, 0i64);
        for (y, row) in pixels() {
            for (x, &value) in row.iter().enumerate() {
                xy += i64::from(value) * x as i64 * y as i64;
                yy += i64::from(value) * (y * y) as i64;
            }
        }
        let xy = i128::from(xy) * i128::from(sum) - i128::from(sum_x) * i128::from(sum_y);
        let yy = i128::from(yy) * i128::from(sum) - i128::from(sum_y) * i128::from(sum_y);
        if yy == 0 {
            return image.to_vec();
        }
        let mut upright = vec![0; image.len()];
        let limit = self.width as i128;
        for (y, row) in pixels() {
            // round(xy/yy * (y - sum_y/sum)) with integers.
            let numerator = xy * (y as i128 * i128::from(sum) - i128::from(sum_y));
            let denominator = yy * i128::from(sum);
            let shift =
                (2 * numerator + denominator).div_euclid(2 * denominator).clamp(-limit, limit) as isize;
            for (x, &value) in row.iter().enumerate() {
                let target = x as isize - shift;
                if (0..self.width as isize).contains(&target) {
                    upright[y * self.width + target as usize] = value;
                }
            }
        }
        upright
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(thresholds: Vec<u8>) -> EncodingConfig {
        EncodingConfig { thresholds, upright: false, field: None }
    }

    #[test]
    fn a_slanted_line_is_set_upright() {
        let encoder = Encoder::new(&EncodingConfig { upright: true, ..pixels(vec![64]) }, 9, 9).unwrap();
        let mut image = vec![0u8; 81];
        for y in 1..8 {
            image[y * 9 + 8 - y] = 255;
        }
        let mut active = Vec::new();
        encoder.encode(&image, [0, 0], &mut active);
        assert_eq!(active, [13, 22, 31, 40, 49, 58, 67]);
        active.clear();
        encoder.encode(&[0; 81], [0, 0], &mut active);
        assert!(active.is_empty());
    }

    #[test]
    fn thresholds_and_shifts() {
        let encoder = Encoder::new(&pixels(vec![10, 100]), 3, 2).unwrap();
        assert_eq!(encoder.lines(), 12);
        let image = [0, 50, 200, 11, 10, 0];
        let lines = |shift| {
            let mut active = Vec::new();
            encoder.encode(&image, shift, &mut active);
            active
        };
        assert_eq!(lines([0, 0]), [1, 2, 3, 8]);
        assert_eq!(lines([-1, 0]), [0, 1, 7]);
        assert_eq!(lines([0, 1]), [4, 5, 11]);
        assert_eq!(lines([3, 0]), [0u16; 0]);
    }

    #[test]
    fn sizes_are_checked() {
        assert!(Images::new(&[0; 785], 28, 28).is_err());
        assert!(Encoder::new(&pixels(vec![]), 28, 28).is_err());
        assert!(Encoder::new(&pixels(vec![9, 9]), 28, 28).is_err());
        let image = [0; 28 * 28];
        assert!(Images::new(&image, 28, 28).unwrap().slice(0..2).is_err());
    }
}
