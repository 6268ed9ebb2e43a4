//! Caches of repositories: mirrors, templates, what set-ups and builds have made. Whatever goes of them is made
//! anew when it is needed again, so that only two things count: that nobody uses it now, and that it costs more
//! room than it saves time.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use herder_domain::effect::Effect;
use herder_domain::repo::RepoId;
use herder_domain::run::RunId;
use herder_workspace::{Cached, Templates, left_beside, submodule_mirrors};

use super::find::{Search, days, entries};
use super::measure::{bytes, last_used};
use super::{Deed, GcError, Guard, Kind};
use crate::context::CacheSet;
use crate::environment::{Kept, Seed};

/// What is younger belongs to somebody who has only begun.
const YOUNG: Duration = Duration::from_secs(60 * 60);

impl Search<'_> {
    pub(super) fn made_anew(&mut self) -> Result<(), GcError> {
        self.unregistered()?;
        for repo in self.registered(self.order.state.templated()?)? {
            self.unused(Kind::Template, Templates::at(self.order.state.templates(&repo)).all()?);
        }
        for repo in self.registered(self.order.state.set_up()?)? {
            self.set_ups(&repo)?;
        }
        let submodules = self.order.state.submodules();
        if submodules.is_dir() {
            self.unused(Kind::Mirror, submodule_mirrors(&submodules)?);
        }
        self.begun()
    }

    /// All caches of repositories that nobody has registered.
    fn unregistered(&mut self) -> Result<(), GcError> {
        let state = &self.order.state;
        let mirrors = state.mirrors()?.into_iter().map(|repo| (Kind::Mirror, state.mirror(&repo), repo));
        let templates =
            state.templated()?.into_iter().map(|repo| (Kind::Template, state.templates(&repo), repo));
        let made = state.set_up()?.into_iter().map(|repo| (Kind::Setup, state.setups(&repo), repo));
        for (kind, path, repo) in mirrors.chain(templates).chain(made) {
            if self.store.repo(&repo)?.is_none() && self.is_quiet(&path) {
                let why = format!("{repo} is not registered");
                self.remove(kind, path, why, Guard::Unregistered(repo));
            }
        }
        Ok(())
    }

    fn registered(&self, repos: Vec<RepoId>) -> Result<Vec<RepoId>, GcError> {
        let mut found = Vec::new();
        for repo in repos {
            found.extend(self.store.repo(&repo)?.map(|repo| repo.id));
        }
        Ok(found)
    }

    fn set_ups(&mut self, repo: &RepoId) -> Result<(), GcError> {
        let dir = self.order.state.setups(repo);
        for set in CacheSet::ALL {
            let made = dir.join(set.word());
            if made.is_dir() {
                self.unused(Kind::Setup, Kept::all(&made)?);
            }
        }
        self.unused(Kind::Setup, Seed::all(&dir)?);
        for aside in Seed::left_aside(&dir, &self.landing()?)? {
            if self.is_quiet(&aside) {
                let why = "its landing has come to an end".to_owned();
                self.remove(Kind::Setup, aside, why, Guard::Free);
            }
        }
        Ok(())
    }

    /// Runs whose work is landing, or is still to land.
    fn landing(&self) -> Result<Vec<RunId>, GcError> {
        let open = self.store.open_effects()?.into_iter();
        let runs = open.filter_map(|open| {
            let Effect::Land { run, .. } = open.effect else { return None };
            Some(run)
        });
        Ok(runs.collect())
    }

    /// What was not used for as long as runs are kept.
    fn unused(&mut self, kind: Kind, all: Vec<Cached>) {
        let kept = self.order.retention.runs;
        let Some(since) = SystemTime::from(self.order.now).checked_sub(kept) else { return };
        for cached in all {
            if cached.last_used().is_none_or(|used| used > since) {
                continue;
            }
            let size = cached.paths.iter().map(|path| bytes(path)).sum();
            let why = format!("not used for {}", days(kept));
            let (name, paths) = (cached.name.clone(), cached.paths.clone());
            let root = self.order.state.root().to_owned();
            let guard = Guard::Unused(cached, since);
            self.add(kind, name, why, size, Deed::Remove { root, paths, guard });
        }
    }

    /// What killed processes had begun beside the mirrors and vaults that it was to become.
    fn begun(&mut self) -> Result<(), GcError> {
        let root = self.order.state.root().to_owned();
        let owners =
            |kind: &str| entries(&root.join(kind)).flat_map(|host| entries(&host)).collect::<Vec<_>>();
        let places = [owners("mirrors"), owners("vault"), vec![self.order.state.submodules()]].concat();
        for place in places.into_iter().filter(|place| place.is_dir()) {
            for left in left_beside(&place)? {
                let since = SystemTime::now();
                if left.hold_unused(since)?.is_some() {
                    let (path, why) = (left.lock.clone(), "who made it has died".to_owned());
                    self.remove(Kind::Begun, path, why, Guard::Unused(left, since));
                }
            }
        }
        Ok(())
    }

    fn remove(&mut self, kind: Kind, path: PathBuf, why: String, guard: Guard) {
        let (root, size) = (self.order.state.root().to_owned(), bytes(&path));
        let name = path.display().to_string();
        self.add(kind, name, why, size, Deed::Remove { root, paths: vec![path], guard });
    }

    fn is_quiet(&self, path: &Path) -> bool {
        let since = SystemTime::from(self.order.now).checked_sub(YOUNG);
        last_used(path).zip(since).is_some_and(|(used, since)| used <= since)
    }
}
