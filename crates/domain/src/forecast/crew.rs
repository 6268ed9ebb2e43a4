//! Who is at work in a night that is played, and whether there is room for one more.

use super::calendar::{ByMachine, Stretch};
use super::past::Kindred;
use super::queue::Job;
use crate::capacity::Room;

/// Of a machine of which nothing was measured so many runs at once are expected.
const UNMEASURED: usize = 2;

/// This share of the processors has to be idle for one more, as [`Headroom`](crate::capacity::Headroom) has it.
const IDLE: f64 = crate::capacity::CORES_FREE;

/// This share of the memory is never given away, as the planner has it.
const KEPT: f64 = 0.05;

/// What the machine has in all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    cores: f64,
    /// Bytes, where they are known.
    memory: Option<f64>,
}

/// What a run is expected to take; what nobody measured is nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Need {
    cores: f64,
    memory: f64,
}

/// Those that are at work.
#[derive(Clone, Debug, Default)]
pub(super) struct Crew {
    taken: usize,
    /// By the place of their repository in the queue's list.
    in_repo: Vec<usize>,
    used: Need,
}

/// Whether one more may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vacancy {
    /// It may.
    Free,
    /// Its repository has all that it may have; others may.
    RepoFull,
    /// Nothing may.
    Full,
}

impl Machine {
    pub(super) fn of(room: &Room) -> Option<Self> {
        let headroom = room.headroom.as_ref()?;
        let memory = headroom.memory_total.known().map(|bytes| bytes as f64);
        Some(Self { cores: headroom.cores as f64, memory })
    }
}

impl Need {
    /// The processors of the run in the middle, and the memory that nine of ten stay below.
    pub(super) fn of(kindred: &Kindred<'_>) -> Self {
        let of = |figure: fn(&super::past::PastRun) -> Option<f64>, percent| {
            let mut known: Vec<f64> = kindred.runs.iter().filter_map(|one| figure(&one.run)).collect();
            known.sort_by(f64::total_cmp);
            super::figures::quantile(&known, percent)
        };
        Self { cores: of(|run| run.cores, 50), memory: of(|run| run.memory, 90) }
    }
}

impl Crew {
    pub(super) fn vacancy(
        &self,
        stretch: Stretch,
        job: &Job<'_>,
        repo_max: Option<usize>,
        machine: Option<Machine>,
    ) -> Vacancy {
        let is_full = self.taken >= stretch.slots
            || (stretch.by_machine == ByMachine::Asked && !self.has_room(job.need, machine));
        let has_all = repo_max.is_some_and(|max| self.in_repo.get(job.repo).is_some_and(|had| *had >= max));
        match (is_full, has_all) {
            (true, _) => Vacancy::Full,
            (false, true) => Vacancy::RepoFull,
            (false, false) => Vacancy::Free,
        }
    }

    /// One may always be at work.
    fn has_room(&self, need: Need, machine: Option<Machine>) -> bool {
        let Some(machine) = machine else { return self.taken < UNMEASURED };
        let has_cores = machine.cores - self.used.cores >= IDLE * machine.cores;
        let has_memory =
            machine.memory.is_none_or(|all| self.used.memory + need.memory <= (1.0 - KEPT) * all);
        self.taken == 0 || (has_cores && has_memory)
    }

    pub(super) fn begins(&mut self, job: &Job<'_>) {
        if self.in_repo.len() <= job.repo {
            self.in_repo.resize(job.repo + 1, 0);
        }
        self.taken += 1;
        self.in_repo[job.repo] += 1;
        self.used.cores += job.need.cores;
        self.used.memory += job.need.memory;
    }

    pub(super) fn ends(&mut self, job: &Job<'_>) {
        self.taken = self.taken.saturating_sub(1);
        if let Some(had) = self.in_repo.get_mut(job.repo) {
            *had = had.saturating_sub(1);
        }
        self.used.cores -= job.need.cores;
        self.used.memory -= job.need.memory;
    }
}
