//! Directories entered one plain component at a time, so that no symbolic link leads elsewhere.
//!
//! The agent writes below these directories; a path that was checked as text may be another one by
//! the time it is used. A directory handle stays the directory that was opened.

use crate::error::{Result, WorkspaceError};
use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

/// An open directory and the path by which it was reached (for messages only).
#[derive(Debug)]
pub(crate) struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Dir {
    /// Opens the directory that everything must stay in; links on the way to it are the user's own.
    pub(crate) fn root(path: &Path) -> Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
        let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| at(path, errno))?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// Opens a directory in this one.
    pub(crate) fn child(&self, name: &OsStr) -> Result<Self> {
        let path = self.path.join(name);
        match openat(&self.fd, name, DIRECTORY | OFlags::RDONLY, Mode::empty()) {
            Ok(fd) => Ok(Self { fd, path }),
            Err(Errno::NOTDIR | Errno::LOOP) => Err(WorkspaceError::NotPlainDirectory { path }),
            Err(errno) => Err(at(&path, errno)),
        }
    }

    /// Opens a directory in this one, made with mode 0700 if it is missing.
    pub(crate) fn child_made(&self, name: &OsStr) -> Result<Self> {
        match mkdirat(&self.fd, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => self.child(name),
            Err(errno) => Err(at(&self.path.join(name), errno)),
        }
    }

    /// Opens the directory at `relative` below this one.
    pub(crate) fn descend(self, relative: &Path) -> Result<Self> {
        plain_names(relative, &self.path.clone())?.iter().try_fold(self, |dir, name| dir.child(name))
    }

    /// Opens the directory at `relative` below this one, making what is missing.
    pub(crate) fn descend_made(self, relative: &Path) -> Result<Self> {
        let names = plain_names(relative, &self.path.clone())?;
        names.iter().try_fold(self, |dir, name| dir.child_made(name))
    }

    /// Replaces the file `name` by what `fill` writes: a new file, renamed, so that whatever had the
    /// name (a link, a pipe) is neither followed nor opened.
    pub(crate) fn replace_file(
        &self,
        name: &OsStr,
        mode: Mode,
        fill: impl FnOnce(&mut File) -> std::io::Result<()>,
    ) -> Result<()> {
        let mut temporary = OsString::from(format!(".herder-{}-", std::process::id()));
        temporary.push(name);
        let path = self.path.join(name);
        self.remove_file(&temporary)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = openat(&self.fd, &temporary, flags, mode).map_err(|errno| at(&path, errno))?;
        let filled = fill(&mut File::from(fd));
        let renamed = filled
            .map_err(WorkspaceError::from)
            .and_then(|()| renameat(&self.fd, &temporary, &self.fd, name).map_err(|errno| at(&path, errno)));
        if renamed.is_err() {
            self.remove_file(&temporary)?;
        }
        renamed
    }

    /// Whether something has this name here.
    pub(crate) fn has(&self, name: &OsStr) -> bool {
        rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    fn remove_file(&self, name: &OsStr) -> Result<()> {
        match unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(at(&self.path.join(name), errno)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// The components of `relative`; anything but plain names (`..`, `/`) is refused.
pub(crate) fn plain_names(relative: &Path, root: &Path) -> Result<Vec<OsString>> {
    relative
        .components()
        .map(|component| match component {
            Component::Normal(name) => Ok(name.to_owned()),
            Component::CurDir | Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                Err(WorkspaceError::Outside { path: root.join(relative), root: root.to_owned() })
            }
        })
        .collect()
}

/// The part of `path` below `root`, not empty.
pub(crate) fn below<'a>(root: &Path, path: &'a Path) -> Result<&'a Path> {
    let outside = || WorkspaceError::Outside { path: path.to_owned(), root: root.to_owned() };
    let relative = path.strip_prefix(root).map_err(|_| outside())?;
    let names = plain_names(relative, root)?;
    if names.is_empty() { Err(outside()) } else { Ok(relative) }
}

/// An error that names its path.
pub(crate) fn at(path: &Path, errno: Errno) -> WorkspaceError {
    let error = std::io::Error::from(errno);
    std::io::Error::new(error.kind(), format!("reach `{}`: {error}", path.display())).into()
}
