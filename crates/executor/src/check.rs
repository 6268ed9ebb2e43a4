//! What this machine can do for supervision, for `herder doctor`.

use std::path::Path;

use herder_domain::run::RunId;
use serde::Serialize;

use crate::cgroup::Leaf;
use crate::process::ProcessId;
use crate::sandbox::SandboxSupport;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// herder works, with less than it could have.
    Reduced,
    /// herder cannot run agents here.
    Missing,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub subject: &'static str,
    /// How it stands.
    pub verdict: Verdict,
    /// What was seen and what follows from it, one sentence.
    pub detail: String,
}

/// Looks at everything that this crate makes use of.
pub fn check() -> Vec<Finding> {
    vec![landlock(), pidfd(), cgroup(), memory(), pressure()]
}

fn finding(subject: &'static str, verdict: Verdict, detail: impl Into<String>) -> Finding {
    Finding { subject, verdict, detail: detail.into() }
}

fn landlock() -> Finding {
    let (verdict, detail) = match SandboxSupport::detect() {
        SandboxSupport::Full { abi } => {
            (Verdict::Good, format!("landlock {abi} governs all that is asked for"))
        }
        SandboxSupport::Partial { abi, missing } => {
            (Verdict::Good, format!("landlock {abi}; it does not govern {}", missing.join(", ")))
        }
        SandboxSupport::Insufficient { abi } => {
            (Verdict::Missing, format!("landlock {abi} is too old to count; linux 6.2 or later is needed"))
        }
        SandboxSupport::Absent { reason } => (Verdict::Missing, format!("no landlock: {reason}")),
    };
    finding("sandbox", verdict, detail)
}

fn pidfd() -> Finding {
    let alive = ProcessId::own().and_then(|own| own.wait_for_exit(Some(std::time::Duration::ZERO)));
    match alive {
        Ok(_) => {
            finding("signals", Verdict::Good, "processes can be signalled without mistaking one for another")
        }
        Err(error) => finding(
            "signals",
            Verdict::Missing,
            format!("pidfd_open does not work; linux 5.3 is needed: {error}"),
        ),
    }
}

fn probe() -> Option<Leaf> {
    let run = RunId::try_from("doctor".to_owned()).ok()?;
    Some(Leaf::create(&run, &std::process::id().to_string()))
}

fn cgroup() -> Finding {
    match probe().as_ref().and_then(Leaf::path) {
        Some(_) => finding("kill", Verdict::Good, "each job gets a cgroup, which the kernel kills at once"),
        None => finding(
            "kill",
            Verdict::Reduced,
            "no cgroup can be made here, so jobs are ended by walking the process tree; delegate a cgroup v2 to change that",
        ),
    }
}

fn memory() -> Finding {
    match probe().as_ref().and_then(Leaf::peak_memory) {
        Some(_) => finding("memory", Verdict::Good, "the memory of whole jobs is measured"),
        None => finding(
            "memory",
            Verdict::Reduced,
            "no memory controller here, so only the largest process of a job is measured",
        ),
    }
}

fn pressure() -> Finding {
    let missing: Vec<&str> = ["cpu", "memory", "io"]
        .into_iter()
        .filter(|name| !Path::new("/proc/pressure").join(name).exists())
        .collect();
    if missing.is_empty() {
        return finding(
            "pressure",
            Verdict::Good,
            "the kernel tells how long work waits for cpu, memory and io",
        );
    }
    finding(
        "pressure",
        Verdict::Reduced,
        format!("the kernel does not tell the pressure on {}", missing.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_looked_at_once_and_said_in_a_sentence() {
        let findings = check();
        let mut subjects: Vec<_> = findings.iter().map(|finding| finding.subject).collect();
        subjects.dedup();
        assert_eq!(subjects, ["sandbox", "signals", "kill", "memory", "pressure"]);
        assert!(findings.iter().all(|finding| !finding.detail.is_empty()));
    }
}
