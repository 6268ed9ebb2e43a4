//! Removal of a directory tree that an agent has filled.
//!
//! Links are removed, never followed; directories without permissions are opened up; depth is
//! bounded by moving what lies too deep up to the top, so that neither the stack nor the number of
//! open files depends on what the agent built.

use crate::contained::{Dir, at, below};
use crate::error::{Result, WorkspaceError};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, renameat, statat, unlinkat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How deep removal descends before it moves a directory up.
const DEPTH_MAX: usize = 32;

/// Removes `path`, a directory tree or a file below `root`. A missing one is a success.
///
/// # Errors
/// `path` is `root` or not below it, a directory on the way is a link, or the system refuses.
pub fn remove_tree(root: &Path, path: &Path) -> Result<()> {
    let relative = below(root, path)?;
    let (Some(name), Some(parent)) = (relative.file_name(), relative.parent()) else {
        return Err(WorkspaceError::Outside { path: path.to_owned(), root: root.to_owned() });
    };
    let top = match Dir::root(root).and_then(|dir| dir.descend(parent)) {
        Ok(dir) => dir,
        Err(WorkspaceError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut removal = Removal { top: &top, prefix: moved_prefix(name), moved: 0 };
    removal.entry(&top, name, 0)?;
    // What this removal moved up, and one before it that was interrupted.
    while let Some(moved) = removal.next_moved()? {
        removal.entry(&top, &moved, 0)?;
    }
    Ok(())
}

struct Removal<'a> {
    top: &'a Dir,
    prefix: Vec<u8>,
    moved: usize,
}

impl Removal<'_> {
    fn entry(&mut self, dir: &impl AsFd, name: &OsStr, depth: usize) -> Result<()> {
        let path = self.top.path().join(name);
        let refused = match unlinkat(dir, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            // Linux says EISDIR for a directory, POSIX EPERM.
            Err(errno @ (Errno::ISDIR | Errno::PERM)) => errno,
            Err(errno) => return Err(at(&path, errno)),
        };
        let inner = match open_directory(dir, name) {
            Ok(inner) => inner,
            Err(Errno::NOENT) => return Ok(()),
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(at(&path, refused)),
            Err(errno) => return Err(at(&path, errno)),
        };
        self.contents(&inner, depth + 1)?;
        match unlinkat(dir, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(at(&path, errno)),
        }
    }

    fn contents(&mut self, dir: &OwnedFd, depth: usize) -> Result<()> {
        for name in names(dir).map_err(|errno| at(self.top.path(), errno))? {
            if depth >= DEPTH_MAX && is_directory(dir, &name) {
                self.move_up(dir, &name).map_err(|errno| at(&self.top.path().join(&name), errno))?;
            } else {
                self.entry(dir, &name, depth)?;
            }
        }
        Ok(())
    }

    fn move_up(&mut self, dir: &OwnedFd, name: &OsStr) -> rustix::io::Result<()> {
        // Moving a directory writes its `..`, for which it must be writable.
        open_directory(dir, name)?;
        self.moved += 1;
        let mut new_name = self.prefix.clone();
        new_name.extend(format!("{}-{}", std::process::id(), self.moved).bytes());
        renameat(dir, name, self.top, OsStr::from_bytes(&new_name))
    }

    fn next_moved(&self) -> Result<Option<OsString>> {
        let names = names(self.top).map_err(|errno| at(self.top.path(), errno))?;
        Ok(names.into_iter().find(|name| name.as_bytes().starts_with(&self.prefix)))
    }
}

/// What the names of directories moved up out of `name` begin with.
fn moved_prefix(name: &OsStr) -> Vec<u8> {
    [b".".as_slice(), name.as_bytes(), b".removing-"].concat()
}

fn is_directory(dir: &OwnedFd, name: &OsStr) -> bool {
    statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

/// Opens a directory for emptying, giving its owner all permissions where they are missing.
fn open_directory(dir: &impl AsFd, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = openat(dir, name, flags | OFlags::PATH, Mode::empty())?;
    let mode = Mode::from_raw_mode(rustix::fs::fstat(&handle)?.st_mode);
    if !mode.contains(Mode::RWXU) {
        // Only by this detour can the mode of the very directory that was opened be changed. If it
        // fails, the next step says why.
        let _ = rustix::fs::chmod(format!("/proc/self/fd/{}", handle.as_raw_fd()), mode | Mode::RWXU);
    }
    openat(&handle, c".", flags | OFlags::RDONLY, Mode::empty())
}

fn names(dir: &impl AsFd) -> rustix::io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(OsStr::from_bytes(name).to_owned());
        }
    }
    Ok(names)
}
