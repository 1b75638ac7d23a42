//! Sets of images made for tests.

use std::path::Path;

/// Writes an idx file of bytes.
pub fn idx(folder: &Path, name: &str, shape: &[u32], bytes: &[u8]) {
    let mut file = vec![0, 0, 8, shape.len() as u8];
    file.extend(shape.iter().flat_map(|n| n.to_be_bytes()));
    file.extend(bytes);
    std::fs::write(folder.join(name), file).unwrap();
}

/// Three classes of 28 x 28 images: a bar left, in the middle or right, with a part of it missing in turn.
pub fn bars(folder: &Path, part: &str, count: u32) {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for image in 0..count {
        let class = image % 3;
        labels.push(class as u8);
        for y in 0..28 {
            for x in 0..28 {
                let bar = x * 3 / 28 == class && y / 5 != image / 3 % 6;
                pixels.push(if bar { 200 } else { 20 });
            }
        }
    }
    idx(folder, &format!("{part}-images-idx3-ubyte"), &[count, 28, 28], &pixels);
    idx(folder, &format!("{part}-labels-idx1-ubyte"), &[count], &labels);
}

/// A folder `bars` in `folder` with 300 images to learn from and 90 to be tested on.
pub fn folder_of_bars(folder: &Path) {
    let images = folder.join("bars");
    std::fs::create_dir(&images).unwrap();
    bars(&images, "train", 300);
    bars(&images, "t10k", 90);
}
