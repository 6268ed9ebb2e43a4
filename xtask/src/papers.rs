//! The papers that the program itself writes: nobody keeps the reference of commands by hand.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::step;

/// Where the reference of commands stands.
pub const REFERENCE: &str = "docs/reference/commands.md";

/// Has herder write its reference and keeps it among the documentation. A test of `cli` is red where it is
/// stale.
///
/// # Errors
/// When herder cannot be built or the file cannot be written.
pub fn generate(root: &Path) -> Result<bool> {
    let mut herder = step::cargo(root, ["run", "--quiet", "--package", "herder", "--", "reference"]);
    println!("$ {}", step::describe(&herder));
    let output = herder.stderr(std::process::Stdio::inherit()).output().context("failed to start cargo")?;
    ensure!(output.status.success(), "failed to have herder write its reference: {}", output.status);
    let path = root.join(REFERENCE);
    fs_err::create_dir_all(path.parent().unwrap_or(root))?;
    fs_err::write(&path, output.stdout)?;
    println!("wrote {REFERENCE}");
    Ok(true)
}
