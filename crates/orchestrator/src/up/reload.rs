//! Taking up a changed configuration without a pause in the work: what begins from now on follows it, what
//! is at work goes on as it began. One that cannot be used changes nothing.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use herder_config::UserConfig;
use herder_domain::capacity::Capacity;
use herder_domain::event::Event;
use herder_store::Settings;
use jiff::Timestamp;

use super::daemon::Daemon;
use super::{UpError, planning};
use crate::context::lookup;
use crate::told::Told;

/// How long a changed file must have been left alone: an editor that empties it first has not emptied the
/// configuration.
const SETTLED: Duration = Duration::from_millis(500);

/// The configuration's file, as it was when it was read last.
pub(super) struct ConfigFile {
    path: PathBuf,
    stamp: Option<Stamp>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    size: u64,
    inode: u64,
}

impl ConfigFile {
    pub(super) fn of(config: &UserConfig) -> Self {
        let path = config.file().to_path_buf();
        Self { stamp: stamp(&path), path }
    }

    /// Whether it is another file than was read, and no longer being written.
    pub(super) fn has_changed(&self) -> bool {
        let now = stamp(&self.path);
        let is_settled = |stamp: Stamp| stamp.modified.elapsed().map_or(true, |age| age >= SETTLED);
        self.path.is_absolute() && now != self.stamp && now.is_none_or(is_settled)
    }

    fn read(&mut self) -> Result<UserConfig, UpError> {
        self.stamp = stamp(&self.path);
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(UpError::System(error)),
        };
        Ok(UserConfig::parse(&self.path, &text)?)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(Stamp { modified: metadata.modified().ok()?, size: metadata.size(), inode: metadata.ino() })
}

/// Takes the configuration up if it has changed.
pub(super) fn reload_if_changed(daemon: &mut Daemon) -> Result<(), UpError> {
    if !daemon.config_file.has_changed() {
        return Ok(());
    }
    match take_up(daemon) {
        Ok(()) => {
            daemon.say(&Told::note(Timestamp::now(), "the changed configuration holds from now on"));
            free_logins(daemon)
        }
        Err(error) => {
            let text = format!("the changed configuration cannot be used, the last one holds on: {error}");
            daemon.say(&Told::note(Timestamp::now(), text));
            Ok(())
        }
    }
}

fn take_up(daemon: &mut Daemon) -> Result<(), UpError> {
    let config = daemon.config_file.read()?;
    let flags = &daemon.context.flags;
    let settings = config.settings(flags, lookup)?;
    let root = &settings.root.value;
    if let Some(owner) = crate::root::claim(root, daemon.context.state.root())? {
        return Err(UpError::RootTaken { root: root.clone(), owner });
    }
    let planned = planning(&config, flags, &settings)?;
    daemon.context = Arc::new(daemon.context.with(config, settings)?);
    let admission = daemon.planning.capacity.admission;
    daemon.planning = Settings {
        capacity: Capacity { admission, ..planned.capacity },
        only: daemon.planning.only.take(),
        ..planned
    };
    Ok(())
}

/// A login that failed may be mended by what was changed; it is tried again.
fn free_logins(daemon: &mut Daemon) -> Result<(), UpError> {
    let parked = daemon.store.parked()?;
    for (agent, _) in parked.into_iter().filter(|(_, parked)| parked.until.is_none()) {
        daemon.append(&Event::AccountFreed { agent })?;
    }
    Ok(())
}
