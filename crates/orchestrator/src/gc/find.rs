//! What has piled up, and whether it is past its time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use herder_domain::duration::Span;
use herder_domain::fnv;
use herder_domain::goal::Goal;
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::run::{Run, RunState};
use herder_record::{RunDir, sweep};
use herder_store::Store;
use herder_workspace::{Cached, Vault, caches_lock};
use jiff::Timestamp;

use super::clear::TRASH;
use super::measure::{bytes, changed, last_used};
use super::{Deed, Found, Gc, GcError, Guard, Kind};

/// Above this the orchestrator's log is begun anew, in bytes.
const LOG_MAX: u64 = 16 << 20;

/// A clone lies so many directories below its root: `<host>/<owner>/<repo>/<goal>-<attempt>`.
const CLONE_DEPTH: usize = 4;

/// Looks at everything.
pub(super) fn all(order: &Gc, store: &Store) -> Result<Vec<Found>, GcError> {
    let mut search = Search { order, store, settled: BTreeMap::new(), found: Vec::new() };
    search.trash();
    search.runs()?;
    search.vaults()?;
    search.verdicts();
    search.caches()?;
    search.made_anew()?;
    search.log();
    search.rows()?;
    Ok(search.found)
}

pub(super) struct Search<'a> {
    pub(super) order: &'a Gc,
    pub(super) store: &'a Store,
    /// Since when goals are settled; `None` for those that are not, or are unknown.
    settled: BTreeMap<GoalRef, Option<Timestamp>>,
    found: Vec<Found>,
}

impl Search<'_> {
    pub(super) fn add(&mut self, kind: Kind, what: impl Into<String>, why: String, bytes: u64, deed: Deed) {
        self.found.push(Found { kind, what: what.into(), why, bytes, deed });
    }

    /// What was moved aside and not deleted: nobody knows it any more.
    fn trash(&mut self) {
        for root in [self.order.state.root().to_owned(), self.order.root.clone()] {
            let path = root.join(TRASH);
            if path.is_dir() {
                let size = bytes(&path);
                let deed = Deed::Remove { root, paths: vec![path.clone()], guard: Guard::Free };
                let why = "an earlier clearing was interrupted".to_owned();
                self.add(Kind::Trash, path.display().to_string(), why, size, deed);
            }
        }
    }

    fn runs(&mut self) -> Result<(), GcError> {
        for dir in sweep::runs(&self.order.state)? {
            match self.store.run(dir.run())? {
                Some(run) if matches!(run.state, RunState::Closed) => self.closed_run(&dir, &run)?,
                // A run at work, or one of a database that is gone: nobody can say that it is not needed.
                Some(_) => {}
                None if dir.is_standalone() => self.standalone_run(&dir)?,
                None => {}
            }
        }
        Ok(())
    }

    fn closed_run(&mut self, dir: &RunDir, run: &Run) -> Result<(), GcError> {
        let spec = dir.spec().ok().flatten();
        let clone = spec.as_ref().map(|spec| spec.setup.clone.clone()).filter(|clone| clone.is_dir());
        let is_named = self.order.clones.contains(dir.run());
        if let Some(clone) = &clone {
            self.kept_clone(dir, clone, is_named);
        }
        if let Some(spec) = &spec {
            self.room(dir, &spec.setup.room);
        }
        let Some(since) = self.settled_since(&run.goal)? else { return Ok(()) };
        // As long as the clone is there, its private git directory is.
        let holds_git = clone.is_some();
        self.old_run(dir, since, self.order.retention.runs, holds_git);
        Ok(())
    }

    fn standalone_run(&mut self, dir: &RunDir) -> Result<(), GcError> {
        // Its private git directory has the only snapshots that there are of it.
        let kept = self.order.retention.runs.max(self.order.retention.snapshots);
        if let Some(ending) = dir.ending()? {
            self.old_run(dir, ending.ended_at, kept, false);
        }
        Ok(())
    }

    fn old_run(&mut self, dir: &RunDir, since: Timestamp, kept: Duration, holds_git: bool) {
        let age = self.age(since);
        let root = self.order.state.root().to_owned();
        let guard = Guard::Run(dir.run().clone());
        let why = format!("over for {}", days(age));
        if age >= self.order.retention.records && !holds_git {
            let paths = vec![dir.path().to_owned()];
            let deed = Deed::Remove { root, paths, guard };
            return self.add(Kind::RunDirectory, dir.run().as_str(), why, bytes(dir.path()), deed);
        }
        let large = dir.large_files();
        let paths: Vec<PathBuf> =
            large.into_iter().filter(|path| !(holds_git && *path == dir.git_dir())).collect();
        if age >= kept && !paths.is_empty() {
            let size = paths.iter().map(|path| bytes(path)).sum();
            self.add(Kind::RunFiles, dir.run().as_str(), why, size, Deed::Remove { root, paths, guard });
        }
    }

    /// A clone that was left because it holds what no snapshot takes goes by name only.
    fn kept_clone(&mut self, dir: &RunDir, clone: &Path, is_named: bool) {
        let size = bytes(clone) + bytes(&dir.git_dir());
        let root = clone.ancestors().nth(CLONE_DEPTH).unwrap_or(&self.order.root).to_owned();
        let (why, deed) = if is_named {
            let deed =
                Deed::Remove { root, paths: vec![clone.to_owned()], guard: Guard::Run(dir.run().clone()) };
            ("it was named".to_owned(), deed)
        } else {
            let why =
                format!("it holds what no snapshot takes; `herder gc --clones {}` removes it", dir.run());
            (why, Deed::Stay)
        };
        self.add(Kind::Clone, clone.display().to_string(), why, size, deed);
    }

    /// No job of a closed run is left that could need its HOME.
    fn room(&mut self, dir: &RunDir, room: &Path) {
        if room.is_dir() {
            let root = room.ancestors().nth(2).unwrap_or(&self.order.root).to_owned();
            let deed =
                Deed::Remove { root, paths: vec![room.to_owned()], guard: Guard::Run(dir.run().clone()) };
            self.add(
                Kind::Room,
                room.display().to_string(),
                format!("{} is over", dir.run()),
                bytes(room),
                deed,
            );
        }
    }

    fn vaults(&mut self) -> Result<(), GcError> {
        for repo in self.order.state.vaults()? {
            let vault = Vault::at(&self.order.state.vault(&repo));
            for goal in vault.goals()? {
                self.snapshots(&repo, Number(goal), &vault)?;
            }
        }
        Ok(())
    }

    fn snapshots(&mut self, repo: &RepoId, number: Number, vault: &Vault) -> Result<(), GcError> {
        let goal = GoalRef { repo: repo.clone(), number };
        let Some(since) = self.settled_since(&goal)? else { return Ok(()) };
        let runs = self.store.runs_of(&goal)?;
        let is_over = runs.iter().all(|run| matches!(run.state, RunState::Closed));
        let age = self.age(since);
        if !is_over || age < self.order.retention.snapshots {
            return Ok(());
        }
        let count = vault.saved(number.0)?.len();
        let runs = runs.into_iter().map(|run| run.id).collect();
        let why = format!("settled for {}; {count} snapshots", days(age));
        self.add(
            Kind::Snapshots,
            goal.to_string(),
            why,
            0,
            Deed::Forget { repo: repo.clone(), goal: number, runs },
        );
        Ok(())
    }

    /// A verdict is asked again when it is missing.
    fn verdicts(&mut self) {
        let root = self.order.state.root().to_owned();
        let kept = self.order.retention.runs;
        let old: Vec<PathBuf> =
            entries(&root.join("gates")).filter(|path| self.is_older(path, kept)).collect();
        if !old.is_empty() {
            let size = old.iter().map(|path| bytes(path)).sum();
            let what = format!("{} green verdicts", old.len());
            let why = format!("older than {}", days(kept));
            self.add(Kind::Verdicts, what, why, size, Deed::Remove { root, paths: old, guard: Guard::Free });
        }
    }

    /// Package caches fill again by use. Those of repositories that are at work stay.
    fn caches(&mut self) -> Result<(), GcError> {
        let at_work: BTreeSet<String> = self
            .store
            .active_runs()?
            .iter()
            .map(|run| fnv::short_name(run.goal.repo.to_string().as_bytes()))
            .collect();
        let mut sets: Vec<(SystemTime, PathBuf, u64)> = entries(&self.order.root.join(".cache"))
            .filter_map(|path| Some((last_used(&path)?, path.clone(), bytes(&path))))
            .collect();
        sets.sort();
        let mut total: u64 = sets.iter().map(|(_, _, size)| size).sum();
        let max = self.order.retention.caches_max;
        for (used, path, size) in sets {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if total <= max || at_work.contains(&name) {
                continue;
            }
            total -= size;
            let used = Timestamp::try_from(used).map_or_else(|_| "?".to_owned(), |at| format!("{at:.0}"));
            let why = format!("all caches together are above {}; last used {used}", gib(max));
            let (root, lock, name) =
                (self.order.root.clone(), caches_lock(&path), path.display().to_string());
            // Those of an earlier herder have none, and nobody has used them since.
            let guard = match lock.exists() {
                true => {
                    let cached = Cached { name: name.clone(), lock, paths: vec![path.clone()] };
                    Guard::Unused(cached, SystemTime::now())
                }
                false => Guard::Free,
            };
            self.add(Kind::Caches, name, why, size, Deed::Remove { root, paths: vec![path], guard });
        }
        Ok(())
    }

    fn log(&mut self) {
        let path = self.order.state.orchestrator_log();
        let older = path.with_extension("log.1");
        let size = bytes(&path);
        if size > LOG_MAX {
            let why = format!("above {} MiB; its end stays beside it", LOG_MAX >> 20);
            let freed = bytes(&older);
            self.add(Kind::Log, path.display().to_string(), why, freed, Deed::Rotate { path });
        }
    }

    fn rows(&mut self) -> Result<(), GcError> {
        let Ok(before) = self.order.now.checked_sub(self.order.retention.records) else { return Ok(()) };
        let (count, size) = self.store.prunable(before)?;
        if count > 0 {
            let why = format!("done, of goals that were settled before {before:.0}");
            self.add(Kind::Rows, format!("{count} effects"), why, size, Deed::Prune { before });
        }
        Ok(())
    }

    fn settled_since(&mut self, id: &GoalRef) -> Result<Option<Timestamp>, GcError> {
        if let Some(known) = self.settled.get(id) {
            return Ok(*known);
        }
        let is_settled = |goal: Goal| goal.state.is_settled() && goal.quarantine.is_none();
        let since = match self.store.goal(id)?.is_some_and(is_settled) {
            true => self.store.transitions(id)?.last().map(|last| last.at),
            false => None,
        };
        self.settled.insert(id.clone(), since);
        Ok(since)
    }

    pub(super) fn age(&self, since: Timestamp) -> Duration {
        Duration::try_from(self.order.now.duration_since(since)).unwrap_or_default()
    }

    fn is_older(&self, path: &Path, kept: Duration) -> bool {
        let changed = changed(path).and_then(|at| Timestamp::try_from(at).ok());
        changed.is_some_and(|at| self.age(at) >= kept)
    }
}

pub(super) fn entries(path: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// A long time as people say it.
pub(super) fn days(of: Duration) -> String {
    match of.as_secs() / 86_400 {
        0 => Span(Duration::from_secs(of.as_secs().max(1))).to_string(),
        1 => "a day".to_owned(),
        days => format!("{days} days"),
    }
}

fn gib(bytes: u64) -> String {
    format!("{} GiB", bytes >> 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_time_is_told_in_days() {
        let said: Vec<String> = [0, 59, 86_400, 91 * 86_400].map(|s| days(Duration::from_secs(s))).into();
        assert_eq!(said, ["1s", "59s", "a day", "91 days"]);
    }
}
