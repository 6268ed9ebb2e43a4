//! Whether a program needs nothing of the machine it runs on but its kernel.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::step;

/// Refuses a program that wants an interpreter or a shared library.
pub(super) fn is_static(program: &Path) -> Result<()> {
    let asked =
        step::answer(Command::new("readelf").args(["--program-headers", "--dynamic", "--wide"]).arg(program));
    let said =
        asked.with_context(|| format!("failed to ask readelf of binutils about {}", program.display()))?;
    let needs = needs(&said);
    ensure!(needs.is_empty(), "{} is not static: {}", program.display(), needs.join("; "));
    Ok(())
}

/// What a program needs, as readelf(1) has it.
fn needs(said: &str) -> Vec<&str> {
    let is_need = |line: &&str| line.contains("(NEEDED)") || line.contains("program interpreter");
    said.lines().map(str::trim).filter(is_need).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_an_interpreter_or_a_library_is_not_static() {
        let said = "  INTERP  0x1\n      [Requesting program interpreter: /lib/ld.so]\n 0x1 (NEEDED) Shared library: [libc.so.6]\n";
        assert_eq!(needs(said).len(), 2);
        assert!(needs("  LOAD  0x0\n 0x1e (FLAGS) BIND_NOW\n").is_empty());
    }

    #[test]
    fn this_test_is_itself_not_static() {
        let own = std::env::current_exe().unwrap_or_default();
        if cfg!(target_env = "gnu") {
            assert!(is_static(&own).is_err());
        }
    }
}
