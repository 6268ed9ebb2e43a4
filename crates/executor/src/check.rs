//! What this machine can do for supervision, for `herder doctor`.

use std::time::Duration;

use herder_domain::finding::Finding;
use herder_domain::run::RunId;
use herder_domain::setup::Bounds;
use rustix::process::{Resource as Rlimit, getrlimit};

use crate::cgroup::{Leaf, Resource};
use crate::inhibitor;
use crate::measure;
use crate::process::ProcessId;
use crate::sandbox::SandboxSupport;
use crate::tokens;

/// Below this many open files an orchestrator with a handful of ralphs is short of them.
const FILES_WANTED: u64 = 512;

/// Looks at everything that this crate makes use of.
pub fn check() -> Vec<Finding> {
    let confined = [kernel(), landlock(), pidfd(), cgroup(), memory(), limits(), tokens()];
    confined.into_iter().chain(measure::check()).chain([inhibitor::check(), files()]).collect()
}

fn kernel() -> Finding {
    let name = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    let detail = format!("{} {} on {}", text(name.sysname()), text(name.release()), text(name.machine()));
    Finding::ok("kernel", detail)
}

fn landlock() -> Finding {
    match SandboxSupport::detect() {
        SandboxSupport::Full { abi } => {
            Finding::ok("sandbox", format!("landlock ABI {abi} governs all that is asked for"))
        }
        SandboxSupport::Partial { abi, missing } => {
            Finding::ok("sandbox", format!("landlock ABI {abi}; it does not govern {}", missing.join(", ")))
        }
        SandboxSupport::Insufficient { abi } => Finding::error(
            "sandbox",
            format!("landlock ABI {abi} is too old to count"),
            "start a kernel of Linux 6.2 or later",
        ),
        SandboxSupport::Absent { reason } => Finding::error(
            "sandbox",
            format!("no landlock: {reason}"),
            "start a kernel of Linux 6.2 or later with `landlock` among its `lsm=` modules",
        ),
    }
}

fn pidfd() -> Finding {
    match ProcessId::own().and_then(|own| own.wait_for_exit(Some(Duration::ZERO))) {
        Ok(_) => Finding::ok("signals", "processes can be signalled without mistaking one for another"),
        Err(error) => Finding::error(
            "signals",
            format!("pidfd_open does not work: {error}"),
            "start a kernel of Linux 6.2 or later, and let no seccomp filter forbid pidfd_open",
        ),
    }
}

fn probe() -> Option<Leaf> {
    let run = RunId::try_from("doctor".to_owned()).ok()?;
    let mut leaf = Leaf::create(&run, &std::process::id().to_string(), &Bounds::default());
    leaf.count_memory();
    Some(leaf)
}

fn cgroup() -> Finding {
    match probe().as_ref().and_then(Leaf::path) {
        Some(_) => Finding::ok("kill", "each job gets a cgroup, which the kernel kills at once"),
        None => Finding::warning(
            "kill",
            "no cgroup can be made here, so jobs are ended by walking the process tree",
            "delegate a cgroup v2, for example by `systemd-run --user --scope -p Delegate=yes`",
        ),
    }
}

fn memory() -> Finding {
    match probe().as_ref().and_then(Leaf::peak_memory) {
        Some(_) => Finding::ok("memory", "the memory of whole jobs is measured"),
        None => Finding::warning(
            "memory",
            "no memory controller here, so only the largest process of a job is measured",
            "delegate the memory controller of cgroup v2",
        ),
    }
}

/// What jobs can be held to, asked of the kernel with bounds that nothing reaches.
fn limits() -> Finding {
    let bounds = Bounds {
        nice: 0,
        memory: Some(1 << 40),
        processes: Some(1 << 20),
        cpu_weight: Some(100),
        io_weight: Some(100),
    };
    let run = RunId::try_from("doctor-limits".to_owned()).ok();
    let leaf = run.map(|run| Leaf::create(&run, &std::process::id().to_string(), &bounds));
    let held = leaf.as_ref().map_or(&[][..], Leaf::held);
    let (held, not_held): (Vec<_>, Vec<_>) =
        Resource::ALL.into_iter().partition(|resource| held.contains(resource));
    let names = |resources: &[Resource]| {
        resources.iter().map(|resource| resource.words()).collect::<Vec<_>>().join(", ")
    };
    let instead = "memory and processes are bounded for each process by itself, shares by niceness";
    match (held.as_slice(), not_held.as_slice()) {
        (all, []) => Finding::ok("limits", format!("the kernel can hold jobs to {}", names(all))),
        (some, [Resource::Io]) => Finding::ok(
            "limits",
            format!("the kernel can hold jobs to {}; the share of disks follows niceness", names(some)),
        ),
        (some, rest) => Finding::warning(
            "limits",
            match some {
                [] => format!("no cgroup holds jobs to anything: {instead}"),
                some => {
                    format!("the kernel can hold jobs to {}, not to {}: {instead}", names(some), names(rest))
                }
            },
            "delegate the controllers of cgroup v2: a unit with Delegate=yes and DelegateSubgroup=herder-main",
        ),
    }
}

/// What takes part in build tokens.
fn tokens() -> Finding {
    let path = std::env::var("PATH").unwrap_or_default();
    let (count, make) = (tokens::cores(), tokens::speaks_jobserver(&path));
    let rest = match make {
        true => "cargo, make, ninja and GCC share them",
        false => {
            "cargo shares them; the make on the PATH is none, or older than 4.4, and is not told of them"
        }
    };
    Finding::ok("build tokens", format!("{count} where `build_tokens` says no other number; {rest}"))
}

fn files() -> Finding {
    match getrlimit(Rlimit::Nofile).current {
        Some(limit) if limit < FILES_WANTED => Finding::warning(
            "open files",
            format!("a process may have {limit} files open, and {FILES_WANTED} are wanted"),
            format!("`ulimit -n {FILES_WANTED}` before `herder up`, or LimitNOFILE= in its unit"),
        ),
        Some(limit) => Finding::ok("open files", format!("a process may have {limit} files open")),
        None => Finding::ok("open files", "a process may have any number of files open"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_looked_at_once_and_said_in_a_sentence() {
        let findings = check();
        let subjects: Vec<_> = findings.iter().map(|finding| finding.subject.as_str()).collect();
        let (confined, last) = (
            ["kernel", "sandbox", "signals", "kill", "memory", "limits", "build tokens"],
            ["sleep", "open files"],
        );
        let measured = ["cores", "free memory", "pressure", "use of runs"];
        assert_eq!(subjects, [&confined[..], &measured, &last].concat());
        assert!(findings.iter().all(|finding| !finding.detail.is_empty()));
    }
}
