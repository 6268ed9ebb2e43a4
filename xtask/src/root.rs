//! Where the repository lies.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The directory of the workspace's own `Cargo.toml`.
///
/// Cargo tells a program and a test that it runs where their package lies. That is asked at run time, not
/// compiled in, because a target directory may serve several checkouts one after the other.
///
/// # Errors
/// When neither that package nor the working directory lies inside a workspace.
pub fn find() -> Result<PathBuf> {
    let start = match env::var_os("CARGO_MANIFEST_DIR") {
        Some(package) => PathBuf::from(package),
        None => env::current_dir().context("failed to read the working directory")?,
    };
    start
        .ancestors()
        .find(|directory| is_workspace(directory))
        .map(Path::to_path_buf)
        .with_context(|| format!("failed to find a workspace above {}", start.display()))
}

/// Where cargo puts what it builds: `CARGO_TARGET_DIR`, else `target` in the repository.
#[must_use]
pub fn target_directory(root: &Path) -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(directory) => root.join(directory),
        None => root.join("target"),
    }
}

fn is_workspace(directory: &Path) -> bool {
    fs_err::read_to_string(directory.join("Cargo.toml"))
        .is_ok_and(|manifest| manifest.contains("[workspace]"))
}
