//! Copying files that are ours to places where nobody else works yet: shared blocks where the file
//! system can, bytes elsewhere, by several threads where there is much to do.
//!
//! Files keep the time of their last change. What a build tool has made of a file is then as good for the
//! copy as it was for the original.

use crate::contained::{Dir, plain_names};
use crate::error::Result;
use crate::index_file::{IndexFile, Kind, Stat};
use crate::place::make_parents;
use rustix::fs::{Mode, OFlags, Timespec, Timestamps, UTIME_OMIT};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// So many files are worth a thread.
const FILES_EACH: usize = 256;

/// More threads than this wait for the file system.
const THREADS_MAX: usize = 4;

/// A file up to this size is copied by one read and one write.
const BUFFER: usize = 256 << 10;

/// Copies files, remembering whether the file system shares blocks.
struct Copier {
    /// False once it has refused to: it would refuse the next file as well.
    shares: AtomicBool,
}

impl Copier {
    fn new() -> Self {
        Self { shares: AtomicBool::new(true) }
    }

    /// Copies a plain file, last changed at `modified`, to a new one.
    fn copy(
        &self,
        (from, to): (&Path, &Path),
        mode: Mode,
        modified: Timespec,
        buffer: &mut Vec<u8>,
    ) -> io::Result<Stat> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut source = File::from(rustix::fs::open(from, flags, Mode::empty())?);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut target = File::from(rustix::fs::open(to, flags, mode)?);
        if !self.shared(&source, &target) {
            buffer.clear();
            (&mut source).take(BUFFER as u64).read_to_end(buffer)?;
            target.write_all(buffer)?;
            if buffer.len() == BUFFER {
                io::copy(&mut source, &mut target)?;
            }
        }
        let untouched = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let times = Timestamps { last_access: untouched, last_modification: modified };
        rustix::fs::futimens(&target, &times)?;
        Ok(Stat::of(&target.metadata()?))
    }

    fn shared(&self, source: &File, target: &File) -> bool {
        if !self.shares.load(Ordering::Relaxed) {
            return false;
        }
        let done = rustix::fs::ioctl_ficlone(target, source).is_ok();
        if !done {
            self.shares.store(false, Ordering::Relaxed);
        }
        done
    }
}

/// Copies the files that an index names from one work tree into an empty directory. Gives the index
/// that fits the copy, as the bytes of its file.
///
/// # Errors
/// The work tree does not have what the index says, or a file cannot be read or written.
pub(crate) fn copy_work_tree(index: IndexFile, from: &Path, to: &Path) -> Result<Vec<u8>> {
    make_directories(&index, to)?;
    let copier = Copier::new();
    let count = index.entries().len();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(THREADS_MAX).min(count / FILES_EACH).max(1);
    let part = |number: usize| number * count / threads..(number + 1) * count / threads;
    let parts: Vec<io::Result<Vec<(usize, Stat)>>> = std::thread::scope(|scope| {
        let (index, copier) = (&index, &copier);
        let others: Vec<_> = (1..threads)
            .map(|number| scope.spawn(move || copy_entries(copier, index, part(number), (from, to))))
            .collect();
        let first = copy_entries(copier, index, part(0), (from, to));
        let others = others.into_iter().map(|other| {
            other.join().unwrap_or_else(|_| Err(io::Error::other("a thread that copies files ended early")))
        });
        std::iter::once(first).chain(others).collect()
    });
    let stats = parts.into_iter().collect::<io::Result<Vec<_>>>()?;
    Ok(index.with(stats.into_iter().flatten()))
}

fn make_directories(index: &IndexFile, to: &Path) -> Result<()> {
    let mut made = BTreeSet::new();
    for entry in index.entries() {
        let path = index.path(entry);
        let own = (entry.kind == Kind::Submodule).then_some(path);
        let parents = path.ancestors().skip(1).take_while(|parent| !made.contains(*parent));
        let mut missing: Vec<&Path> = own.into_iter().chain(parents).collect();
        while let Some(directory) = missing.pop() {
            if made.insert(directory) && !directory.as_os_str().is_empty() {
                fs_err::create_dir(to.join(directory))?;
            }
        }
    }
    Ok(())
}

fn copy_entries(
    copier: &Copier,
    index: &IndexFile,
    numbers: std::ops::Range<usize>,
    (from, to): (&Path, &Path),
) -> io::Result<Vec<(usize, Stat)>> {
    let mut buffer = Vec::new();
    let mut stats = Vec::with_capacity(numbers.len());
    for number in numbers {
        let entry = &index.entries()[number];
        let (source, target) = (from.join(index.path(entry)), to.join(index.path(entry)));
        // Modes as git gives them, less the umask.
        let mode = match entry.kind {
            Kind::File => 0o666,
            Kind::Executable => 0o777,
            Kind::Link => {
                symlink(fs_err::read_link(&source)?, &target)?;
                stats.push((number, Stat::of(&target.symlink_metadata()?)));
                continue;
            }
            // Git looks into the directory and at nothing else.
            Kind::Submodule => continue,
        };
        let (mode, modified) = (Mode::from_raw_mode(mode), index.modified(entry));
        let copied = copier.copy((&source, &target), mode, modified, &mut buffer);
        stats.push((number, copied.map_err(|error| named(&source, &error))?));
    }
    Ok(stats)
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("copy `{}`: {error}", path.display()))
}

/// Copies the directory `name` in `from`, if it is a plain one and nothing has the name in `to` yet. No link
/// is followed on either side, but somebody who works there meanwhile could lead it astray.
///
/// # Errors
/// A directory on the way in `to` is a link, or something cannot be read or written.
pub fn copy_tree((from, to): (&Path, &Path), name: &Path) -> Result<()> {
    let names = plain_names(name, from)?;
    let reached = Dir::root(from).and_then(|top| names.iter().try_fold(top, |dir, name| dir.child(name)));
    let target = to.join(name);
    if reached.is_err() || target.symlink_metadata().is_ok() {
        return Ok(());
    }
    make_parents(to, &target)?;
    fs_err::create_dir(&target)?;
    copy_directory(&from.join(name), &target)
}

/// Copies a directory of ours, with all that lies in it, into an existing one. Links stay links, and modes
/// stay as they are; what is neither file, link nor directory is left out.
///
/// # Errors
/// Something cannot be read or written, or is there already.
pub(crate) fn copy_directory(from: &Path, to: &Path) -> Result<()> {
    let copier = Copier::new();
    let mut buffer = Vec::new();
    let mut waiting = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = waiting.pop() {
        for entry in fs_err::read_dir(&from)? {
            let entry = entry?;
            let (source, target) = (entry.path(), to.join(entry.file_name()));
            let metadata = entry.metadata()?;
            let mode = metadata.mode() & 0o777;
            if metadata.is_dir() {
                std::fs::DirBuilder::new().mode(mode | 0o700).create(&target)?;
                waiting.push((source, target));
            } else if metadata.is_symlink() {
                symlink(fs_err::read_link(&source)?, &target)?;
            } else if metadata.is_file() {
                let modified = Timespec { tv_sec: metadata.mtime(), tv_nsec: metadata.mtime_nsec() };
                let copied =
                    copier.copy((&source, &target), Mode::from_raw_mode(mode), modified, &mut buffer);
                copied.map_err(|error| named(&source, &error))?;
            }
        }
    }
    Ok(())
}
