//! What can be measured here, and what stands in for what cannot.

use std::path::Path;

use herder_domain::finding::Finding;
use herder_domain::measure::{HostSample, Measured, RunSample};
use herder_domain::run::RunId;
use herder_domain::setup::Bounds;

use super::Sampler;
use super::group::Group;
use super::live::Scratch;
use super::sampler::can_make_cgroups;
use super::tree::Units;
use crate::cgroup::Leaf;

/// What is told of the machine and of runs.
pub(crate) fn check() -> Vec<Finding> {
    let host = Sampler::new(Vec::new()).host();
    vec![cores(&host), memory(&host), pressure(&host), runs()]
}

fn cores(host: &HostSample) -> Finding {
    let online = std::fs::read_to_string("/proc/cpuinfo")
        .map(|text| text.lines().filter(|line| line.starts_with("processor")).count());
    let detail = match online {
        Ok(online) if online > host.cores => {
            format!("{} of {online} processors may be used, by affinity and quota", host.cores)
        }
        Ok(_) | Err(_) => format!("{} processors may be used", host.cores),
    };
    Finding::ok("cores", detail)
}

fn memory(host: &HostSample) -> Finding {
    match host.memory_available.known().zip(host.memory_total.known()) {
        Some((available, total)) => {
            Finding::ok("free memory", format!("{} of {} MiB can be had", available >> 20, total >> 20))
        }
        None => Finding::warning("free memory", "nobody tells how much memory can be had", "mount /proc"),
    }
}

fn pressure(host: &HostSample) -> Finding {
    let all = [("cpu", host.pressure.cpu), ("memory", host.pressure.memory), ("io", host.pressure.io)];
    let missing: Vec<&str> =
        all.iter().filter(|(_, pressure)| pressure.known().is_none()).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return Finding::ok("pressure", "the kernel tells how long work waits for cpu, memory and io");
    }
    let detail = format!(
        "the kernel does not tell the pressure on {}; the load, free memory and busy processors stand in for it",
        missing.join(", ")
    );
    Finding::warning("pressure", detail, "start the kernel with psi=1")
}

fn runs() -> Finding {
    if !can_make_cgroups() {
        return Finding::warning(
            "use of runs",
            "what runs use is added up over their processes, for no cgroup can be made here; \
             memory that processes share counts for each of them",
            "delegate a cgroup v2, for example by `systemd-run --user --scope -p Delegate=yes`",
        );
    }
    let by_processes = by_processes();
    let detail = match by_processes.as_slice() {
        [] => "cgroups tell the processor time, memory, disk use and processes of each run".to_owned(),
        some => format!("cgroups tell what each run uses; {} by its processes", some.join(" and ")),
    };
    Finding::ok("use of runs", detail)
}

/// What no controller tells here.
fn by_processes() -> Vec<&'static str> {
    let Some(run) = RunId::try_from("measuring-what".to_owned()).ok() else { return Vec::new() };
    let leaf = Leaf::create(&run, &std::process::id().to_string(), &Bounds::default());
    let has = |name: &str| leaf.path().and_then(Path::parent).is_some_and(|dir| dir.join(name).exists());
    let sample = Group::of(&run, std::process::id())
        .map_or_else(RunSample::default, |mut group| group.read(Units::of_machine(), &mut Scratch::new()));
    let told = [
        ("memory", sample.memory_peak != Measured::Absent),
        ("disk use", has("io.stat")),
        ("processes", has("pids.current")),
    ];
    told.into_iter().filter(|(_, is_told)| !is_told).map(|(name, _)| name).collect()
}
