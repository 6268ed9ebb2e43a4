//! Where an agent's program is, which version it is, and what of it a sandbox must let it read.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde_json::Value;

/// The most that is read of a package's description, bytes.
const MANIFEST_LIMIT: u64 = 1 << 20;

/// A program that was found. What `doctor` shows of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// What to execute, with symlinks resolved.
    pub path: PathBuf,
    /// Its version, where a file beside it tells; otherwise the agent's first event does.
    pub version: Option<String>,
    /// What a sandbox must let it read and execute: its package, or the file alone.
    pub read: Vec<PathBuf>,
}

/// This very program, also after its file was replaced by another version: the kernel knows it, whatever its
/// file is called by now (proc(5), "exe" is then the old name with " (deleted)").
pub const OWN_PROGRAM: &str = "/proc/self/exe";

/// Finds a program by name on a list of directories, or at its place if the name has a slash in it.
/// Symlinks are resolved, so that what is allowed to be read is what is executed.
pub fn find(name: &Path, path: &OsStr) -> Option<Program> {
    if name == Path::new(OWN_PROGRAM) {
        // To be resolved by whoever executes it, which is this program too.
        return Some(Program { path: name.into(), version: None, read: vec![name.into()] });
    }
    let found = if name.components().count() > 1 {
        executable(name)?
    } else {
        std::env::split_paths(path)
            .filter(|dir| dir.is_absolute())
            .find_map(|dir| executable(&dir.join(name)))?
    };
    Some(describe(found))
}

/// A program at a resolved place: what package it belongs to decides version and what is read.
pub fn describe(path: PathBuf) -> Program {
    let package = package_of(&path);
    let version = package.as_deref().and_then(version_of).or_else(|| version_in_name(&path));
    let read = vec![package.unwrap_or_else(|| path.clone())];
    Program { path, version, read }
}

/// Whether a file is a native binary and no script.
pub fn is_native(path: &Path) -> bool {
    let mut magic = [0u8; 4];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"\x7fELF"
}

/// The file with its symlinks resolved, if it may be executed.
pub fn executable(path: &Path) -> Option<PathBuf> {
    let resolved = fs::canonicalize(path).ok()?;
    let metadata = fs::metadata(&resolved).ok()?;
    (metadata.is_file() && metadata.permissions().mode() & 0o111 != 0).then_some(resolved)
}

/// The npm package that a file belongs to: the nearest directory inside `node_modules` (or one scope
/// below it) among its parents.
pub fn package_of(file: &Path) -> Option<PathBuf> {
    let in_modules = |dir: &Path| dir.file_name() == Some(OsStr::new("node_modules"));
    file.ancestors().skip(1).find_map(|dir| {
        let parent = dir.parent()?;
        let scope = parent.file_name()?.as_encoded_bytes().starts_with(b"@");
        (in_modules(parent) || scope && in_modules(parent.parent()?)).then(|| dir.to_path_buf())
    })
}

fn version_of(package: &Path) -> Option<String> {
    let mut text = String::new();
    let file = fs::File::open(package.join("package.json")).ok()?;
    file.take(MANIFEST_LIMIT).read_to_string(&mut text).ok()?;
    let manifest: Value = serde_json::from_str(&text).ok()?;
    manifest.get("version")?.as_str().map(str::to_owned)
}

/// Native installers keep each version in a file named after it (`.../versions/2.1.330`).
fn version_in_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let is_version = path.parent()?.file_name()? == "versions"
        && name.split('.').count() > 1
        && name.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    is_version.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &Path, bytes: &[u8], mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_first_executable_on_the_path_is_found_and_its_links_resolved() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        put(&root.join("a/tool"), b"not executable", 0o644);
        put(&root.join("real/versions/1.2.3"), b"\x7fELF...", 0o755);
        fs::create_dir_all(root.join("b")).unwrap();
        std::os::unix::fs::symlink(root.join("real/versions/1.2.3"), root.join("b/tool")).unwrap();
        let path = std::env::join_paths([root.join("a"), root.join("b")]).unwrap();
        let program = find(Path::new("tool"), &path).unwrap();
        let real = root.join("real/versions/1.2.3");
        assert!(is_native(&program.path));
        assert_eq!(
            program,
            Program { path: real.clone(), version: Some("1.2.3".into()), read: vec![real.clone()] }
        );
        assert_eq!(find(&real, OsStr::new("")).unwrap().path, real);
        assert_eq!(find(Path::new("other"), &path), None);
    }

    #[test]
    fn a_program_of_a_package_reads_its_package() {
        let dir = tempfile::tempdir().unwrap();
        let package = fs::canonicalize(dir.path()).unwrap().join("node_modules/@scope/tool");
        put(&package.join("package.json"), br#"{"version":"4.5.6"}"#, 0o644);
        put(&package.join("bin/tool.js"), b"#!/usr/bin/env node", 0o755);
        let program = find(&package.join("bin/tool.js"), OsStr::new("")).unwrap();
        assert_eq!((program.version.as_deref(), program.read), (Some("4.5.6"), vec![package]));
        assert!(!is_native(&program.path));
    }
}
