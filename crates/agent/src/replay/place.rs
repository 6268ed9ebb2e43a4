//! How many sessions of a goal's script have been played to their end.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

/// Why the place cannot be told or kept.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The file holds something else. It is left as it is.
    #[error("{} does not hold a number of sessions", .0.display())]
    Unreadable(PathBuf),
}

/// The file of one goal's place.
#[derive(Clone, Debug)]
pub struct PlaceFile {
    file: PathBuf,
}

impl PlaceFile {
    /// The place of a key in a directory. Any key is one file name.
    pub fn new(dir: &Path, key: &str) -> Self {
        let mut name = String::new();
        for byte in key.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
                other => name.push_str(&format!("%{other:02x}")),
            }
        }
        Self { file: dir.join(format!("{name}.place")) }
    }

    /// How many sessions are over; none if nothing was kept yet.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn sessions(&self) -> Result<u64, PlaceError> {
        match fs::read_to_string(&self.file) {
            Ok(text) => text.trim().parse().map_err(|_| PlaceError::Unreadable(self.file.clone())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps how many sessions are over; whoever reads meanwhile sees the old number or the new.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(&self, sessions: u64) -> Result<(), PlaceError> {
        let draft = self.file.with_extension(format!("draft-{}", std::process::id()));
        fs::write(&draft, format!("{sessions}\n"))?;
        Ok(fs::rename(&draft, &self.file)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_kept_under_any_key() {
        let dir = tempfile::tempdir().unwrap();
        for key in ["42", "o/r#42", "../../x", ""] {
            let place = PlaceFile::new(dir.path(), key);
            assert_eq!(place.sessions().unwrap(), 0, "{key}");
            place.keep(3).unwrap();
            assert_eq!(PlaceFile::new(dir.path(), key).sessions().unwrap(), 3, "{key}");
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
    }

    #[test]
    fn an_unreadable_place_is_an_error_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("7.place"), "x").unwrap();
        assert!(matches!(PlaceFile::new(dir.path(), "7").sessions(), Err(PlaceError::Unreadable(_))));
        assert_eq!(fs::read_to_string(dir.path().join("7.place")).unwrap(), "x");
    }
}
