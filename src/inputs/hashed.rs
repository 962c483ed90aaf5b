//! The bytes of a file with their hash.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// Bytes that are read while those before them are hashed.
const STEP: usize = 4 << 20;

/// The bytes of a file and their SHA-256; `None` where they are more than `most`.
///
/// # Errors
///
/// When the file cannot be opened or read.
pub(super) fn read(path: &Path, most: usize) -> io::Result<Option<(Vec<u8>, [u8; 32])>> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    if len > most as u64 {
        return Ok(None);
    }
    let (mut bytes, mut hasher) = (vec![0; len as usize], Sha256::new());
    let (mut read, mut before): (usize, &[u8]) = (0, &[]);
    for step in bytes.chunks_mut(STEP) {
        let (filled, ()) = rayon::join(|| fill(&mut file, step), || hasher.update(before));
        before = &step[..filled?];
        read += before.len();
    }
    hasher.update(before);
    bytes.truncate(read);
    // What was added to it meanwhile, or all of a file that does not say how long it is.
    file.take((most - read) as u64 + 1).read_to_end(&mut bytes)?;
    hasher.update(&bytes[read..]);
    Ok((bytes.len() <= most).then(|| (bytes, hasher.finalize().into())))
}

/// Fills `out` from a file, unless that ends before; how much was filled.
fn fill(file: &mut File, out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < out.len() {
        match file.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hashed_is_what_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export");
        for len in [0, 1, STEP - 1, STEP, 2 * STEP + 5] {
            let written: Vec<u8> = (0..len).map(|n| (n * 7 % 251) as u8).collect();
            std::fs::write(&path, &written).unwrap();
            let hash: [u8; 32] = Sha256::digest(&written).into();
            assert_eq!(read(&path, len).unwrap(), Some((written, hash)));
            assert!(len == 0 || read(&path, len - 1).unwrap().is_none());
        }
    }

    /// Such files say that they are empty.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_does_not_say_how_long_it_is_is_read_to_its_end() {
        let (bytes, hash) = read(Path::new("/proc/version"), 1 << 16).unwrap().unwrap();
        assert!(bytes.starts_with(b"Linux") && hash == <[u8; 32]>::from(Sha256::digest(&bytes)));
        assert!(read(Path::new("/proc/version"), 4).unwrap().is_none());
    }
}
