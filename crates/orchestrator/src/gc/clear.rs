//! Carrying a clearing out. What goes is renamed first: afterwards nobody finds it any more, and whatever
//! interrupts the deleting, the next clearing goes on with it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use herder_domain::cause::with_causes;
use herder_domain::repo::RepoId;
use herder_domain::run::RunId;
use herder_record::{RunDir, RunLock, sweep};
use herder_store::Store;
use herder_workspace::{Vault, remove_tree};

use super::{Cleared, Deed, Found, Gc, GcError, Guard};

/// The directory, below the state directory and below the root, that holds what is being deleted.
pub(super) const TRASH: &str = ".trash";

pub(super) fn all(order: &Gc, store: &mut Store, found: Vec<Found>) -> Cleared {
    let mut cleared = Cleared::default();
    let mut forgotten = BTreeSet::new();
    for thing in found {
        if !thing.goes() {
            cleared.kept.push(thing);
            continue;
        }
        match one(order, store, &thing.deed) {
            Ok(()) => {
                if let Deed::Forget { repo, .. } = &thing.deed {
                    forgotten.insert(repo.clone());
                }
                cleared.gone.push(thing);
            }
            Err(GcError::Needed) => {
                let why = "somebody needs it just now".to_owned();
                cleared.kept.push(Found { why, deed: Deed::Stay, ..thing });
            }
            Err(error) => cleared.failed.push((thing, with_causes(&error))),
        }
    }
    for repo in forgotten {
        // What cannot be repacked now costs room and nothing else.
        cleared.repacked += repack(order, &repo).unwrap_or(0);
    }
    cleared
}

fn one(order: &Gc, store: &mut Store, deed: &Deed) -> Result<(), GcError> {
    match deed {
        Deed::Remove { root, paths, guard } => {
            let held = hold(order, store, guard)?;
            let aside = paths.iter().map(|path| move_aside(root, path)).collect::<Result<Vec<_>, _>>()?;
            // Nobody finds them any more, so nobody has to wait until all of it is deleted.
            drop(held);
            aside.into_iter().flatten().try_for_each(|path| delete(root, &path))
        }
        Deed::Forget { repo, goal, runs } => {
            let names: Vec<&str> = runs.iter().map(RunId::as_str).collect();
            Ok(Vault::at(&order.state.vault(repo)).forget(goal.0, &names)?)
        }
        Deed::Rotate { path } => rotate(path),
        Deed::Prune { before } => Ok(store.prune(*before).map(|_| ())?),
        Deed::Stay => Ok(()),
    }
}

/// What keeps others away while a thing goes.
type Held = (Option<RunLock>, Option<fs::File>);

fn hold(order: &Gc, store: &Store, guard: &Guard) -> Result<Held, GcError> {
    match guard {
        Guard::Free => Ok((None, None)),
        // A ralph that came to life against all expectation holds its lock.
        Guard::Run(run) => {
            let lock = RunLock::try_take(&RunDir::of(&order.state, run.clone()))?;
            lock.map(|lock| (Some(lock), None)).ok_or(GcError::Needed)
        }
        Guard::Unused(cached, since) => {
            let held = cached.hold_unused(*since)?;
            held.map(|held| (None, Some(held))).ok_or(GcError::Needed)
        }
        Guard::Unregistered(repo) => match store.repo(repo)? {
            Some(_) => Err(GcError::Needed),
            None => Ok((None, None)),
        },
    }
}

/// Gives where it lies now, if it was there.
fn move_aside(root: &Path, path: &Path) -> Result<Option<PathBuf>, GcError> {
    let trash = root.join(TRASH);
    if path == trash {
        return Ok(Some(trash));
    }
    fs::create_dir_all(&trash)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = free_name(&trash, &name);
    match fs::rename(path, &aside) {
        Ok(()) => Ok(Some(aside)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn delete(root: &Path, aside: &Path) -> Result<(), GcError> {
    remove_tree(root, aside)?;
    // The last one takes the directory with it.
    let _ = fs::remove_dir(root.join(TRASH));
    Ok(())
}

fn free_name(trash: &Path, name: &str) -> PathBuf {
    let pid = std::process::id();
    let mut names = (0u32..).map(|count| trash.join(format!("{name}.{pid}.{count}")));
    names.find(|path| !path.exists()).unwrap_or_else(|| trash.join(name))
}

/// The log's writer holds it open and appends: it is copied and emptied, not moved.
fn rotate(path: &Path) -> Result<(), GcError> {
    let older = path.with_extension("log.1");
    fs::copy(path, older)?;
    Ok(fs::OpenOptions::new().write(true).open(path)?.set_len(0)?)
}

/// Drops what no ref leads to any more, where nobody borrows objects; gives how many bytes that freed.
fn repack(order: &Gc, repo: &RepoId) -> Result<u64, GcError> {
    let path = order.state.vault(repo);
    let borrows = |dir: &RunDir| {
        let is_ours = match dir.spec() {
            Ok(spec) => spec.is_none_or(|spec| spec.goal.is_none_or(|goal| goal.repo == *repo)),
            Err(_) => true,
        };
        is_ours && dir.git_dir().is_dir()
    };
    if sweep::runs(&order.state)?.iter().any(borrows) {
        return Ok(0);
    }
    let before = super::measure::bytes(&path);
    Vault::at(&path).tidy()?;
    Ok(before.saturating_sub(super::measure::bytes(&path)))
}
