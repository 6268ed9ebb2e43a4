//! Everything at one moment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use herder_domain::measure::{HostSample, RunSample, Sample};
use herder_domain::run::RunId;
use herder_domain::setup::Bounds;
use jiff::Timestamp;

use super::group::Group;
use super::host::Host;
use super::live::Scratch;
use super::tree::{self, Units};
use crate::cgroup::Leaf;

/// A run that is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The run.
    pub run: RunId,
    /// What its processes are marked with, and what its cgroups are called.
    pub marker: RunId,
    /// Its ralph.
    pub pid: u32,
}

/// Reads what the machine and the runs on it use. It holds the files open from one time to the next.
#[derive(Debug)]
pub struct Sampler {
    host: Host,
    has_cgroups: bool,
    groups: BTreeMap<RunId, Group>,
    units: Units,
    scratch: Scratch,
}

impl Sampler {
    /// `places` are directories on the file systems that herder writes to; they need not be there.
    pub fn new(places: Vec<PathBuf>) -> Self {
        Self::reading(Path::new("/proc"), places)
    }

    /// The same, with `proc` for the place where proc(5) tells of the machine.
    pub fn reading(proc: &Path, places: Vec<PathBuf>) -> Self {
        Self {
            host: Host::open(proc, places),
            has_cgroups: can_make_cgroups(),
            groups: BTreeMap::new(),
            units: Units::of_machine(),
            scratch: Scratch::new(),
        }
    }

    /// The same, of processes alone: as on a machine where no cgroup can be made.
    pub fn of_processes(places: Vec<PathBuf>) -> Self {
        Self { has_cgroups: false, ..Self::new(places) }
    }

    /// All there is to be told at this moment, which is `at`.
    pub fn sample(&mut self, at: Timestamp, subjects: &[Subject]) -> Sample {
        Sample { at, host: self.host(), runs: self.runs(subjects) }
    }

    /// The machine alone.
    pub fn host(&mut self) -> HostSample {
        self.host.read(&mut self.scratch)
    }

    fn runs(&mut self, subjects: &[Subject]) -> BTreeMap<RunId, RunSample> {
        if self.has_cgroups { self.by_cgroups(subjects) } else { self.by_processes(subjects) }
    }

    fn by_cgroups(&mut self, subjects: &[Subject]) -> BTreeMap<RunId, RunSample> {
        self.groups.retain(|run, _| subjects.iter().any(|subject| subject.run == *run));
        let mut samples = BTreeMap::new();
        for subject in subjects {
            if !self.groups.contains_key(&subject.run) {
                // A ralph that has just gone has no cgroup that could be asked.
                let Some(group) = Group::of(&subject.marker, subject.pid) else { continue };
                self.groups.insert(subject.run.clone(), group);
            }
            if let Some(group) = self.groups.get_mut(&subject.run) {
                samples.insert(subject.run.clone(), group.read(self.units, &mut self.scratch));
            }
        }
        samples
    }

    fn by_processes(&mut self, subjects: &[Subject]) -> BTreeMap<RunId, RunSample> {
        let roots: Vec<u32> = subjects.iter().map(|subject| subject.pid).collect();
        let mut found = if roots.is_empty() { BTreeMap::new() } else { tree::below(&roots) };
        let mut sample = |subject: &Subject| {
            let stats = found.remove(&subject.pid).unwrap_or_default();
            (subject.run.clone(), tree::of_processes(&stats, self.units, &mut self.scratch))
        };
        subjects.iter().map(&mut sample).collect()
    }
}

/// Whether jobs get cgroups here.
pub(super) fn can_make_cgroups() -> bool {
    let probe = RunId::try_from("measuring".to_owned()).ok();
    probe.is_some_and(|run| {
        Leaf::create(&run, &std::process::id().to_string(), &Bounds::default()).path().is_some()
    })
}
