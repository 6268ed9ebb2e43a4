//! A release: one static program, its papers and its licences in an archive that is the same bytes each time.

mod archive;
mod build;
mod check;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::step;

/// The shells that completions are written for, with the name each looks them up by.
const COMPLETIONS: [(&str, &str); 3] = [("bash", "herder"), ("zsh", "_herder"), ("fish", "herder.fish")];

/// The files of the repository that go along.
const DOCUMENTS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// What a release is asked to be.
#[derive(Debug)]
pub struct Order {
    /// The target's triple; without it this machine's architecture with musl.
    pub target: Option<String>,
    /// Where the archive is put; without it `dist` in cargo's target directory.
    pub out: Option<PathBuf>,
    /// Whether the demo is carried out with the program.
    pub demo: Demo,
}

/// Whether the demo is carried out with the new program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demo {
    /// It is: two minutes, and the whole program is seen to work.
    Show,
    /// It is not.
    Skip,
}

/// Builds, checks and packs a release.
///
/// # Errors
/// A tool is missing, the program is not static, or it does not work.
pub fn run(root: &Path, order: &Order) -> Result<bool> {
    let target =
        order.target.clone().unwrap_or_else(|| format!("{}-unknown-linux-musl", std::env::consts::ARCH));
    let program = build::build(root, &target)?;
    check::is_static(&program)?;
    let version = said(&program, &["--version"])?;
    let version = version.trim().strip_prefix("herder ").context("herder does not say its version")?;
    if order.demo == Demo::Show {
        ensure!(step::run(Command::new(&program).args(["demo", "--remove"]))?, "the demo failed");
    }
    let out = order.out.clone().unwrap_or_else(|| crate::root::target_directory(root).join("dist"));
    fs_err::create_dir_all(&out)?;
    let name = format!("herder-{version}-{target}");
    let stage = out.join(&name);
    if stage.exists() {
        fs_err::remove_dir_all(&stage)?;
    }
    fill(root, &stage, &program)?;
    let file = out.join(format!("{name}.tar.gz"));
    archive::pack(&stage, &name, &file, epoch(root)?)?;
    fs_err::remove_dir_all(&stage)?;
    let sums = archive::sum_line(&file)?;
    fs_err::write(out.join("SHA256SUMS"), &sums)?;
    println!("wrote {} ({} bytes)\n{sums}", file.display(), fs_err::metadata(&file)?.len());
    Ok(true)
}

/// What the program prints.
fn said(program: &Path, args: &[&str]) -> Result<String> {
    let line = format!("herder {}", args.join(" "));
    step::answer(Command::new(program).args(args)).with_context(|| format!("`{line}` failed"))
}

/// Lays out what the archive holds.
fn fill(root: &Path, stage: &Path, program: &Path) -> Result<()> {
    fs_err::create_dir_all(stage.join("completions"))?;
    fs_err::copy(program, stage.join("herder"))?;
    for name in DOCUMENTS {
        fs_err::copy(root.join(name), stage.join(name))?;
    }
    for (shell, name) in COMPLETIONS {
        fs_err::write(stage.join("completions").join(name), said(program, &["completions", shell])?)?;
    }
    let man = stage.join("man/man1");
    said(program, &["man", man.to_str().context("the path is not UTF-8")?])?;
    Ok(())
}

/// The time that all files of the archive bear: `SOURCE_DATE_EPOCH` (<https://reproducible-builds.org>), else
/// that of the last commit, in seconds.
fn epoch(root: &Path) -> Result<u64> {
    let said = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(said) => said,
        Err(_) => {
            let mut git = Command::new("git");
            step::answer(git.args(["log", "-1", "--format=%ct"]).current_dir(root))
                .context("failed to ask git for the time of the last commit; set SOURCE_DATE_EPOCH")?
        }
    };
    said.trim().parse().with_context(|| format!("{said:?} is no number of seconds"))
}
