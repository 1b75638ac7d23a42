//! A small set of images: the first of the shipped handwritten digits.

use std::path::Path;

use spinhebb_data::mnist::{self, Images};

/// Images of the training and of the test part.
const COUNTS: [usize; 2] = [2000, 500];

/// Writes the set as four idx files.
pub fn write(folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    let shipped = mnist::load(None).unwrap();
    for (part, images, count) in [("train", &shipped.train, COUNTS[0]), ("t10k", &shipped.test, COUNTS[1])] {
        let Images { rows, columns, pixels, labels } = images;
        let (rows, columns) = (*rows, *columns);
        let pictures = folder.join(format!("{part}-images-idx3-ubyte"));
        idx(&pictures, &[count, rows, columns], &pixels[..count * rows * columns]);
        idx(&folder.join(format!("{part}-labels-idx1-ubyte")), &[count], &labels[..count]);
    }
}

/// Writes an idx file of bytes.
fn idx(path: &Path, shape: &[usize], bytes: &[u8]) {
    let mut file = vec![0, 0, 8, shape.len() as u8];
    file.extend(shape.iter().flat_map(|&n| (n as u32).to_be_bytes()));
    file.extend(bytes);
    std::fs::write(path, file).unwrap();
}
