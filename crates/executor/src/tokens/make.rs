//! Whether the make that a job will find understands a named pipe.

use std::io::Read;
use std::path::Path;

/// An option that came with the named pipe, in GNU make 4.4; older ones end with an error when they are told of one.
const SINCE: &[u8] = b"jobserver-style";

/// Larger than any make.
const LONGEST: u64 = 16 << 20;

/// Whether the `make` on this PATH understands `--jobserver-auth=fifo:PATH`. It is looked at and not run: a wrapper, or
/// none at all, counts as one that does not.
pub(crate) fn speaks_jobserver(path: &str) -> bool {
    let found = std::env::split_paths(path).map(|dir| dir.join("make")).find(|make| make.is_file());
    found.is_some_and(|make| has(&make, SINCE))
}

fn has(file: &Path, word: &[u8]) -> bool {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    read.is_ok() && memchr::memmem::find(&bytes, word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_make_on_the_path_decides_and_none_understands_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str, text: &str| {
            let dir = dir.path().join(name);
            fs_err::create_dir(&dir).unwrap();
            fs_err::write(dir.join("make"), text).unwrap();
            dir.display().to_string()
        };
        let (new, old) = (place("new", "\u{1}jobserver-style\u{0}"), place("old", "jobserver-fds"));
        assert!(speaks_jobserver(&format!("/nowhere:{new}:{old}")));
        assert!(!speaks_jobserver(&format!("{old}:{new}")) && !speaks_jobserver("/nowhere"));
    }
}
