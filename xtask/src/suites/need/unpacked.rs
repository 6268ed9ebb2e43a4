//! A program that needs no other, from a Debian package. Where it is not on `PATH` the package is unpacked into the suite's
//! cache: nothing is installed, and no service of its is started.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Variable;
use crate::step;

/// Such a program.
#[derive(Debug)]
pub struct Unpacked {
    /// What it is called.
    pub name: &'static str,
    /// The package.
    pub debian: &'static str,
}

impl Unpacked {
    pub(super) fn provide(&self, cache: &Path) -> Result<Option<Variable>, String> {
        let answers = |program: &Path| step::answer(Command::new(program).arg("--version")).is_some();
        if answers(Path::new(self.name)) {
            return Ok(None);
        }
        let bin = cache.join("debian/usr/bin");
        if !answers(&bin.join(self.name)) {
            self.unpack(cache)?;
        }
        if !answers(&bin.join(self.name)) {
            return Err(format!("the Debian package {} has no {} that runs here", self.debian, self.name));
        }
        println!("{}: {}", self.name, bin.join(self.name).display());
        Ok(Some(("PATH", before(bin, std::env::var_os("PATH").unwrap_or_default()))))
    }

    fn unpack(&self, cache: &Path) -> Result<(), String> {
        let missing = || {
            let Self { name, debian } = self;
            format!("{name} is not on PATH, and its package cannot be had (Debian: apt-get install {debian})")
        };
        fs_err::create_dir_all(cache).map_err(|error| error.to_string())?;
        let fetched =
            step::answer(Command::new("apt-get").args(["download", self.debian]).current_dir(cache));
        fetched.ok_or_else(missing)?;
        let package = self.package(cache).ok_or_else(missing)?;
        let mut unpack = Command::new("dpkg");
        unpack.arg("--extract").arg(package).arg(cache.join("debian")).stdin(Stdio::null());
        step::answer(&mut unpack).ok_or_else(missing)?;
        Ok(())
    }

    /// The file that was fetched: `<package>_<version>_<architecture>.deb`.
    fn package(&self, cache: &Path) -> Option<PathBuf> {
        let prefix = format!("{}_", self.debian);
        let files = fs_err::read_dir(cache).ok()?.flatten().map(|entry| entry.path());
        files.filter(|path| path.extension().is_some_and(|extension| extension == "deb")).find(|path| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&prefix))
        })
    }
}

/// A list of directories with one more before it.
fn before(first: PathBuf, path: OsString) -> OsString {
    let all = std::iter::once(first).chain(std::env::split_paths(&path));
    std::env::join_paths(all).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_there_needs_no_package() {
        let there = Unpacked { name: "git", debian: "no-such-package-anywhere" };
        assert_eq!(there.provide(Path::new("unused")), Ok(None));
    }

    #[test]
    fn only_the_file_of_the_package_itself_is_unpacked() {
        let cache = tempfile::tempdir().unwrap();
        let wanted = Unpacked { name: "tool", debian: "tool" };
        fs_err::write(cache.path().join("tool-extras_1_all.deb"), "").unwrap();
        fs_err::write(cache.path().join("tool_1.txt"), "").unwrap();
        assert_eq!(wanted.package(cache.path()), None);
        let file = cache.path().join("tool_1_all.deb");
        fs_err::write(&file, "").unwrap();
        assert_eq!(wanted.package(cache.path()), Some(file));
    }

    #[test]
    fn what_is_unpacked_is_found_first() {
        assert_eq!(before("/a".into(), "/b:/c".into()), OsString::from("/a:/b:/c"));
    }
}
