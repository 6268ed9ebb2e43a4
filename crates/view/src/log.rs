//! The lines of a log.

use std::path::PathBuf;

use herder_record::{RecordError, Tail};

use super::printable::printable;

/// The last lines of a file, printable; none where there is no such file. At most some megabytes are read.
///
/// # Errors
/// The file cannot be read.
pub fn last_lines(path: impl Into<PathBuf>, count: usize) -> Result<Vec<String>, RecordError> {
    let mut tail = Tail::from_last_lines(path, count)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = tail.read()? {
        bytes.extend(chunk.bytes);
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<String> = text.lines().map(|line| printable(line).into_owned()).collect();
    // Others may have written while it was read.
    lines.drain(..lines.len().saturating_sub(count));
    Ok(lines)
}

/// The last lines of a log that is kept in parts, the older part first.
///
/// # Errors
/// A part cannot be read.
pub fn log_lines(parts: &[PathBuf], count: usize) -> Result<Vec<String>, RecordError> {
    let mut lines = Vec::new();
    for part in parts.iter().rev() {
        let missing = count - lines.len();
        if missing == 0 {
            break;
        }
        lines.splice(0..0, last_lines(part, missing)?);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_last_lines_reach_into_the_older_part_and_obey_no_terminal() {
        let dir = tempfile::tempdir().unwrap();
        let parts = ["log.1", "log"].map(|name| dir.path().join(name));
        assert_eq!(log_lines(&parts, 3).unwrap(), Vec::<String>::new());
        fs::write(&parts[0], "one\ntwo\nthree\n").unwrap();
        fs::write(&parts[1], "fo\u{1b}[2Jur\nfi").unwrap();
        assert_eq!(log_lines(&parts, 4).unwrap(), ["two", "three", "fo\u{fffd}[2Jur", "fi"]);
        assert_eq!(log_lines(&parts, 1).unwrap(), ["fi"]);
        assert_eq!(log_lines(&parts, 9).unwrap().len(), 5);
    }
}
