//! MNIST and the sets made in its image (Fashion-MNIST, KMNIST, ...): labelled grey pictures.
//!
//! # References
//! Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
//! recognition", Proc. IEEE 86, 2278 (1998), doi:10.1109/5.726791.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::idx::Idx;
use crate::{DataError, shipped};

/// MD5 of the uncompressed files of MNIST as published.
pub const PUBLISHED_MD5: [(&str, &str); 4] = [
    ("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb"),
    ("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624"),
    ("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea"),
    ("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637"),
];

/// Grey pictures of one size, each with its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Rows of a picture.
    pub rows: usize,
    /// Columns of a picture.
    pub columns: usize,
    /// Grey values, 0 (ground) to 255 (ink); shape: pictures x rows x columns.
    pub pixels: Vec<u8>,
    /// Class of each picture: its place in [`Mnist::class_names`].
    pub labels: Vec<u8>,
}

impl Images {
    /// Number of pictures.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no pictures.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Number of pixels of a picture.
    #[must_use]
    pub fn pixels_each(&self) -> usize {
        self.rows * self.columns
    }

    /// Grey values of picture `index`, row-major.
    ///
    /// # Panics
    /// There is no such picture.
    #[must_use]
    pub fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * self.pixels_each()..][..self.pixels_each()]
    }

    /// The first `count` pictures, or all where there are fewer.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        let count = count.min(self.len());
        Self {
            rows: self.rows,
            columns: self.columns,
            pixels: self.pixels[..count * self.pixels_each()].to_vec(),
            labels: self.labels[..count].to_vec(),
        }
    }
}

/// A training set and a test set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mnist {
    /// Pictures to learn from.
    pub train: Images,
    /// Pictures to be judged by.
    pub test: Images,
    /// Names of the classes: the labels that occur in the files, in rising order.
    pub class_names: Vec<String>,
    /// Name (without `.gz`) and MD5 of the contents of each file, for the record of a run.
    pub checksums: Vec<(String, String)>,
}

impl Mnist {
    /// Number of classes: the distinct labels that occur, at most 256.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.class_names.len()
    }

    /// Whether the files are those of MNIST itself.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.checksums.iter().zip(PUBLISHED_MD5).all(|((_, found), (_, published))| found == published)
    }
}

/// Loads MNIST as shipped, every byte verified, or the set of the same format in `folder`.
///
/// The four files may be plain or gzipped (`.gz`), with the names of [`PUBLISHED_MD5`] or with a dot
/// for the second dash (`train-images.idx3-ubyte`).
///
/// # Errors
/// A file is missing, damaged or not idx; pictures and labels do not match; the shipped set
/// differs from the published one.
pub fn load(folder: Option<&Path>) -> Result<Mnist, DataError> {
    match folder {
        Some(folder) => load_folder(folder),
        None => {
            let folder = shipped::folder("mnist")?;
            let mnist = load_folder(&folder)?;
            for ((name, found), (_, expected)) in mnist.checksums.iter().zip(PUBLISHED_MD5) {
                if found != expected {
                    let path = find(&folder, name)?;
                    return Err(DataError::Checksum { path, expected, found: found.clone() });
                }
            }
            Ok(mnist)
        }
    }
}

/// Number, rows and columns of the training images of MNIST as shipped or of the set in `folder`, from the header of
/// one file.
///
/// # Errors
/// The file is missing or not an idx file of pictures.
pub fn training_shape(folder: Option<&Path>) -> Result<[usize; 3], DataError> {
    let folder = folder.map_or_else(|| shipped::folder("mnist"), |folder| Ok(folder.to_path_buf()))?;
    let path = find(&folder, PUBLISHED_MD5[0].0)?;
    let shape = Idx::read_shape(&path)?;
    <[usize; 3]>::try_from(shape.as_slice()).map_err(|_| unlike(&path, 3, &shape))
}

/// Number of training images of MNIST as shipped or of the set in `folder`.
///
/// # Errors
/// As [`training_shape`].
pub fn training_images(folder: Option<&Path>) -> Result<usize, DataError> {
    training_shape(folder).map(|[count, _, _]| count)
}

/// The error of a file whose array has not so many axes.
fn unlike(path: &Path, axes: usize, shape: &[usize]) -> DataError {
    DataError::malformed(path, format!("an idx file of {axes} axes"), format!("an array of shape {shape:?}"))
}

fn load_folder(folder: &Path) -> Result<Mnist, DataError> {
    let mut checksums = Vec::new();
    let mut read = |name: &str, axes: usize| -> Result<(PathBuf, Idx), DataError> {
        let path = find(folder, name)?;
        let idx = Idx::read(&path)?;
        if idx.shape.len() != axes {
            return Err(unlike(&path, axes, &idx.shape));
        }
        checksums.push((name.to_string(), idx.md5()));
        Ok((path, idx))
    };
    let mut pair = |images: &str, labels: &str| -> Result<(PathBuf, Images), DataError> {
        let (images_path, images) = read(images, 3)?;
        let (labels_path, labels) = read(labels, 1)?;
        let [count, rows, columns] = images.shape[..] else { unreachable!("three axes were checked") };
        if count != labels.shape[0] {
            let expected = format!("the labels of the {count} pictures in `{}`", images_path.display());
            return Err(DataError::malformed(&labels_path, expected, format!("{} labels", labels.shape[0])));
        }
        if images.values.is_empty() {
            return Err(DataError::malformed(
                &images_path,
                "a set of pictures",
                format!("shape {:?}", images.shape),
            ));
        }
        Ok((images_path, Images { rows, columns, pixels: images.values, labels: labels.values }))
    };
    let (_, mut train) = pair(PUBLISHED_MD5[0].0, PUBLISHED_MD5[1].0)?;
    let (test_path, mut test) = pair(PUBLISHED_MD5[2].0, PUBLISHED_MD5[3].0)?;
    if (train.rows, train.columns) != (test.rows, test.columns) {
        return Err(DataError::malformed(
            &test_path,
            format!("a set of pictures of {} x {} as the training set", train.rows, train.columns),
            format!("pictures of {} x {}", test.rows, test.columns),
        ));
    }
    let class_names = number_classes([&mut train.labels, &mut test.labels]);
    Ok(Mnist { train, test, class_names, checksums })
}

/// Numbers the distinct labels that occur in any of `parts` from 0, in rising order; returns what they were.
fn number_classes<const PARTS: usize>(parts: [&mut Vec<u8>; PARTS]) -> Vec<String> {
    let occurring: BTreeSet<u8> = parts.iter().flat_map(|labels| labels.iter().copied()).collect();
    let mut number = [0; 256];
    for (class, &label) in occurring.iter().enumerate() {
        // At most 256 labels of one byte.
        number[usize::from(label)] = class as u8;
    }
    for label in parts.into_iter().flatten() {
        *label = number[usize::from(*label)];
    }
    occurring.iter().map(ToString::to_string).collect()
}

/// The file `name` in `folder` under any of its usual spellings.
fn find(folder: &Path, name: &str) -> Result<PathBuf, DataError> {
    let dotted = name.replacen("-idx", ".idx", 1);
    let spellings = [format!("{name}.gz"), name.to_string(), format!("{dotted}.gz"), dotted];
    let found = spellings.iter().map(|s| folder.join(s)).find(|path| path.exists());
    found.ok_or_else(|| DataError::Missing {
        what: "the file",
        path: folder.join(name),
        advice: format!("the folder must hold the four idx files of MNIST, plain or with .gz ({name})"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_set_is_the_published_one() {
        let mnist = load(None).unwrap();
        assert!(mnist.is_published());
        assert_eq!(training_images(None).unwrap(), mnist.train.len());
        assert_eq!((mnist.train.len(), mnist.test.len(), mnist.classes()), (60_000, 10_000, 10));
        assert_eq!(mnist.class_names, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
        assert_eq!((mnist.train.rows, mnist.train.columns), (28, 28));
        assert_eq!(mnist.train.labels[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
        assert_eq!(mnist.test.labels[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
        // Published counts of the digits in the training set.
        let count = |digit| mnist.train.labels.iter().filter(|&&label| label == digit).count();
        assert_eq!(
            (0..10).map(count).collect::<Vec<_>>(),
            [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
        );
        // Published mean of the training pixels: 0.1307 of full scale.
        let mean = mnist.train.pixels.iter().map(|&p| f64::from(p)).sum::<f64>()
            / (255.0 * mnist.train.pixels.len() as f64);
        assert!((mean - 0.1307).abs() < 5e-5, "{mean}");
        assert_eq!(mnist.test.first(3).len(), 3);
        assert_eq!(mnist.test.first(3).image(2), mnist.test.image(2));
    }

    fn write_set(folder: &Path, dotted: bool, train: [usize; 3], labels: usize) {
        for ((name, _), shape) in
            PUBLISHED_MD5.iter().zip([train.to_vec(), vec![labels], vec![2, 3, 4], vec![2]])
        {
            let name = if dotted { name.replacen("-idx", ".idx", 1) } else { (*name).to_string() };
            let values = vec![3; shape.iter().product()];
            let mut bytes = Idx { shape, values: vec![] }.header();
            bytes.extend(values);
            std::fs::write(folder.join(name), bytes).unwrap();
        }
    }

    #[test]
    fn sets_of_the_same_format_are_read_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        write_set(folder.path(), true, [5, 3, 4], 5);
        let set = load(Some(folder.path())).unwrap();
        assert_eq!((set.train.len(), set.test.len(), set.classes()), (5, 2, 1));
        assert_eq!((set.train.labels[0], &set.class_names[..]), (0, &["3".to_string()][..]));
        assert_eq!(training_images(Some(folder.path())).unwrap(), 5);
        assert!(!set.is_published());

        let message = |train, labels| {
            let folder = tempfile::tempdir().unwrap();
            write_set(folder.path(), false, train, labels);
            load(Some(folder.path())).unwrap_err().to_string()
        };
        assert!(message([5, 3, 4], 6).contains("the labels of the 5 pictures"));
        assert!(message([5, 4, 4], 5).contains("pictures of 4 x 4 as the training set"));
        assert!(message([0, 3, 4], 0).contains("not a set of pictures"));
        let empty = tempfile::tempdir().unwrap();
        let missing = load(Some(empty.path())).unwrap_err().to_string();
        assert!(missing.contains("train-images-idx3-ubyte") && missing.contains("missing"), "{missing}");
    }

    #[test]
    fn classes_are_the_labels_that_occur() {
        let (mut train, mut test) = (vec![200, 7, 7, 200], vec![7, 31]);
        assert_eq!(number_classes([&mut train, &mut test]), ["7", "31", "200"]);
        assert_eq!((train, test), (vec![2, 0, 0, 2], vec![0, 1]));
        let mut all: Vec<u8> = (0..=255).rev().collect();
        assert_eq!(number_classes([&mut all]).len(), 256);
        assert_eq!((all[0], all[255]), (255, 0));
    }
}
