//! Building the program for a release.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::{root, step};

/// Builds herder for a target; gives the program.
pub(super) fn build(repository: &Path, target: &str) -> Result<PathBuf> {
    provide_std(target)?;
    let mut cargo = step::cargo(repository, ["build", "--release", "--locked", "--package", "herder"]);
    cargo.args(["--target", target]).env("CARGO_ENCODED_RUSTFLAGS", flags(repository));
    if target.contains("musl") {
        provide_c(target)?;
    } else {
        cargo.env(
            "CARGO_ENCODED_RUSTFLAGS",
            format!("{}\u{1f}-Ctarget-feature=+crt-static", flags(repository)),
        );
    }
    ensure!(step::run(&mut cargo)?, "the build failed");
    Ok(root::target_directory(repository).join(target).join("release/herder"))
}

/// No path of this machine goes into the program, so that it is the same wherever it is built; neither does
/// what only a debugger reads.
fn flags(repository: &Path) -> String {
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))
        .unwrap_or_default();
    let instead = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    [instead(repository, "/herder"), instead(&cargo_home, "/cargo"), "-Cstrip=symbols".to_owned()]
        .join("\u{1f}")
}

/// The standard library for the target, which rustup can fetch.
fn provide_std(target: &str) -> Result<()> {
    if has_std(target) {
        return Ok(());
    }
    println!("the standard library for {target} is missing");
    match step::run(Command::new("rustup").args(["target", "add", target])) {
        Ok(true) if has_std(target) => Ok(()),
        Ok(_) | Err(_) => bail!("there is no standard library for {target}: `rustup target add {target}`"),
    }
}

fn has_std(target: &str) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let place = step::answer(Command::new(rustc).args(["--print", "target-libdir", "--target", target]));
    place.is_some_and(|place| {
        let entries = fs_err::read_dir(place.trim()).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

/// A C compiler for musl: SQLite and the TLS library are C.
fn provide_c(target: &str) -> Result<()> {
    let variable = format!("CC_{}", target.replace('-', "_"));
    let names = [std::env::var(&variable).ok(), Some("musl-gcc".to_owned()), Some(format!("{target}-gcc"))];
    let works = |name: &String| step::answer(Command::new(name).arg("--version")).is_some();
    names.into_iter().flatten().find(works).map(drop).with_context(|| {
        format!(
            "there is no C compiler for {target}: `apt-get install musl-tools`, or name one in {variable}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_library_of_this_machine_is_found_and_another_planets_is_not() {
        let host = step::answer(Command::new("rustc").arg("-vV")).unwrap_or_default();
        let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned();
        assert!(has_std(&host), "{host}");
        assert!(!has_std("x86_64-unknown-mars"));
    }

    #[test]
    fn no_path_of_this_machine_is_built_in() {
        let flags = flags(Path::new("/somewhere/herder"));
        assert!(flags.contains("--remap-path-prefix=/somewhere/herder=/herder\u{1f}"), "{flags}");
    }
}
