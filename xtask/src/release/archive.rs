//! A directory as a compressed archive: the same files give the same bytes.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

/// Packs a directory as `name`: in the order of the names, all of one time, of nobody, compressed without a time.
pub(super) fn pack(directory: &Path, name: &str, file: &Path, epoch: u64) -> Result<()> {
    let out = GzBuilder::new().mtime(0).write(fs_err::File::create(file)?, Compression::best());
    let mut tar = tar::Builder::new(out);
    let mut files = Vec::new();
    collect(directory, Path::new(""), &mut files)?;
    files.sort_unstable();
    for below in files {
        let path = directory.join(&below);
        let text = fs_err::read(&path)?;
        let is_program = fs_err::metadata(&path)?.permissions().mode() & 0o111 != 0;
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(if is_program { 0o755 } else { 0o644 });
        header.set_mtime(epoch);
        header.set_uid(0);
        header.set_gid(0);
        tar.append_data(&mut header, Path::new(name).join(&below), text.as_slice())?;
    }
    tar.into_inner()?.finish()?.flush()?;
    Ok(())
}

fn collect(directory: &Path, below: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs_err::read_dir(directory.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(directory, &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// A line as `sha256sum --check` reads it.
pub(super) fn sum_line(file: &Path) -> Result<String> {
    let sum = Sha256::digest(fs_err::read(file)?);
    let hex: String = sum.as_slice().iter().map(|byte| format!("{byte:02x}")).collect();
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("{hex}  {name}\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that fails says so")]

    use std::process::Command;

    use super::*;

    #[test]
    fn the_same_files_give_the_same_bytes_whenever_they_were_made() {
        let dir = tempfile::tempdir().unwrap();
        let packed = |stage: &str, names: [&str; 2]| {
            let stage = dir.path().join(stage);
            fs_err::create_dir_all(stage.join("man")).unwrap();
            for name in names {
                fs_err::write(stage.join(name), name).unwrap();
            }
            let file = dir.path().join("a.tar.gz");
            pack(&stage, "herder-1", &file, 1_000_000).unwrap();
            (fs_err::read(&file).unwrap(), sum_line(&file).unwrap())
        };
        let one = packed("one", ["herder", "man/herder.1"]);
        assert_eq!(one, packed("two", ["man/herder.1", "herder"]));
        assert!(one.1.ends_with("  a.tar.gz\n"), "{}", one.1);
        let listed = Command::new("tar").arg("-tzf").arg(dir.path().join("a.tar.gz")).output().unwrap();
        assert_eq!(String::from_utf8(listed.stdout).unwrap(), "herder-1/herder\nherder-1/man/herder.1\n");
    }
}
