//! Files of lines: appended to a line at a time, healed after a crash, read with tolerance.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::{During, RecordError};
use crate::files;
use crate::redact::Redacted;

/// Appends one line by one write and syncs it. The caller is the only writer: it holds a lock.
///
/// A half line that a crash left at the end is closed first, so that it spoils nothing but itself.
pub(crate) fn append_synced(path: &Path, line: &Redacted<'_>) -> Result<(), RecordError> {
    let file = files::open_append(path)?;
    append_to(&file, path, line)?;
    file.sync_data().during("sync", path)
}

/// As [`append_synced`], on an open file and without the sync.
pub(crate) fn append_to(mut file: &File, path: &Path, line: &Redacted<'_>) -> Result<(), RecordError> {
    let length = file.metadata().during("look at", path)?.len();
    let mut bytes = Vec::with_capacity(line.as_str().len() + 2);
    if !ends_whole(file, length).during("read the end of", path)? {
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(line.as_str().as_bytes());
    bytes.push(b'\n');
    match file.write(&bytes) {
        Ok(written) if written == bytes.len() => Ok(()),
        short => {
            // A disk that is full took a part. Take it back, or the next line is glued to it; if
            // that fails too, the next append heals it.
            let _ = file.set_len(length);
            let rest = short.and_then(|_| Err(std::io::ErrorKind::WriteZero.into()));
            rest.during("append to", path)
        }
    }
}

fn ends_whole(file: &File, length: u64) -> std::io::Result<bool> {
    let mut last = [b'\n'];
    if length > 0 {
        file.read_exact_at(&mut last, length - 1)?;
    }
    Ok(last[0] == b'\n')
}

/// Reads the lines that can be understood. A line that a crash cut short is left out.
pub(crate) fn read_known<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, RecordError> {
    let text = files::read_text(path)?.unwrap_or_default();
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::Redactor;

    #[test]
    fn a_half_line_is_closed_before_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.jsonl");
        fs::write(&path, "1\n{\"torn\":").unwrap();
        let redactor = Redactor::new::<&str>([]).unwrap();
        append_synced(&path, &redactor.line("2")).unwrap();
        append_synced(&path, &redactor.line("3")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n{\"torn\":\n2\n3\n");
        assert_eq!(read_known::<u32>(&path).unwrap(), [1, 2, 3]);
    }

    #[test]
    fn a_missing_file_has_no_lines() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read_known::<u32>(&dir.path().join("none")).unwrap(), Vec::<u32>::new());
    }
}
