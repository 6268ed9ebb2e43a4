//! A file of the kernel's that is read again and again.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use herder_domain::measure::Measured;

/// No file that is read here says more that matters: processors stand first in /proc/stat.
const LONGEST: usize = 64 * 1024;

/// The room that files are read into.
#[derive(Debug)]
pub(super) struct Scratch(Vec<u8>);

impl Scratch {
    pub(super) fn new() -> Self {
        Self(vec![0; LONGEST])
    }
}

/// A file that may not be there, may go, and may come.
#[derive(Debug)]
pub(super) struct Live {
    path: PathBuf,
    file: Option<File>,
}

impl Live {
    /// The file at a path, whether or not it is there.
    pub(super) fn open(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { file: File::open(&path).ok(), path }
    }

    /// What it says now. One that went is opened again where it is there again.
    pub(super) fn read<'s>(&mut self, scratch: &'s mut Scratch) -> Measured<&'s str> {
        if let Some(file) = &self.file
            && let Ok(length) = fill(file, &mut scratch.0)
        {
            return text(&scratch.0[..length]);
        }
        match File::open(&self.path).and_then(|file| fill(&file, &mut scratch.0).map(|length| (file, length)))
        {
            Ok((file, length)) => {
                self.file = Some(file);
                text(&scratch.0[..length])
            }
            Err(error) => {
                self.file = None;
                if is_absent(&error) { Measured::Absent } else { Measured::Unknown }
            }
        }
    }
}

fn text(bytes: &[u8]) -> Measured<&str> {
    std::str::from_utf8(bytes).map_or(Measured::Unknown, Measured::Known)
}

/// A file that is not there, or that this kernel was told not to fill (`cgroup.pressure`, `psi=0`).
fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
        || matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::ENODEV))
}

fn fill(file: &File, room: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < room.len() {
        match file.read_at(&mut room[length..], length as u64) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_come_change_and_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cpu");
        let (mut live, mut scratch) = (Live::open(&path), Scratch::new());
        assert_eq!(live.read(&mut scratch), Measured::Absent);
        fs_err::write(&path, "1").unwrap();
        assert_eq!(live.read(&mut scratch), Measured::Known("1"));
        fs_err::write(&path, "22").unwrap();
        assert_eq!(live.read(&mut scratch), Measured::Known("22"));
    }

    #[test]
    fn what_cannot_be_read_is_unknown_and_not_absent() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Live::open(dir.path()).read(&mut Scratch::new()), Measured::Unknown);
        let path = dir.path().join("noise");
        fs_err::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(Live::open(&path).read(&mut Scratch::new()), Measured::Unknown);
    }
}
