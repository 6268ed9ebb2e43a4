//! `herder backup` and `herder restore`.

use std::path::Path;

use herder_config::UserConfig;
use herder_orchestrator::{
    BackedUp, BackupError, BackupOrder, ConfigFate, Onto, RestoreError, RestoreOrder, Restored, Runs,
};
use serde_json::json;

use crate::args::{Backup, Restore};
use crate::call::{Call, env};
use crate::failure::{Failure, Kind};
use crate::output::{Progress, Reply};

/// Writes a backup.
pub fn backup(call: &Call, args: &Backup) -> Result<Reply, Failure> {
    let state = call.state()?;
    let file = absolute(&args.file);
    let config = UserConfig::locate(env);
    let runs = if args.without_runs { Runs::Unfinished } else { Runs::All };
    let order = BackupOrder { state: &state, config: config.as_deref(), file: &file, runs };
    let progress = Progress::begin(call.output, format!("backing up {}", state.root().display()));
    let done = herder_orchestrator::backup(&order, call.now);
    drop(progress);
    let done = done.map_err(not_backed_up)?;
    let BackedUp { files, bytes, packed, unfinished } = &done;
    let mut text =
        format!("{} holds {files} files, {} ({} packed)\n", file.display(), size(*bytes), size(*packed));
    if !unfinished.is_empty() {
        let names: Vec<String> = unfinished.iter().map(ToString::to_string).collect();
        text.push_str(&format!("not over were {}: a restore queues their goals again\n", names.join(", ")));
    }
    let json = json!({
        "file": file.display().to_string(), "files": files, "bytes": bytes, "packed_bytes": packed,
        "unfinished": unfinished,
    });
    Reply::one(&json, text)
}

fn absolute(path: &Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        1_000_000_000.. => format!("{}.{} GB", bytes / 1_000_000_000, bytes % 1_000_000_000 / 100_000_000),
    }
}

fn not_backed_up(error: BackupError) -> Failure {
    let text = error.to_string();
    match error {
        BackupError::Nothing(_) => Failure::not_found(text)
            .hint("RALPH_DIR names the state directory; without it, it is ~/.local/state/ralph"),
        BackupError::Exists(_) => Failure::refused(text).hint("name another file; nothing is overwritten"),
        BackupError::Open(error) => error.into(),
        BackupError::Store(error) => error.into(),
        BackupError::Workspace(error) => error.into(),
        BackupError::Io(_) => Failure::environment(text)
            .hint("look at the owner and mode of both places, and at the room on their disks"),
    }
}

/// Brings a backup back.
pub fn restore(call: &Call, args: &Restore) -> Result<Reply, Failure> {
    let state = call.state()?;
    let file = absolute(&args.file);
    let config = UserConfig::locate(env);
    let onto = if args.force { Onto::Aside } else { Onto::Empty };
    let order = RestoreOrder { file: &file, state: &state, config: config.as_deref(), onto };
    let progress = Progress::begin(call.output, format!("restoring {}", state.root().display()));
    let done = herder_orchestrator::restore(&order, call.now);
    drop(progress);
    let done = done.map_err(not_restored)?;
    let goals: Vec<String> = done.requeued.iter().map(ToString::to_string).collect();
    let config = match &done.config {
        ConfigFate::Same => None,
        ConfigFate::Written(place) | ConfigFate::Beside(place) => Some(place.display().to_string()),
    };
    let json = json!({
        "state": state.root().display().to_string(),
        "created_at": done.created_at,
        "herder": done.herder,
        "files": done.files,
        "queued_again": goals,
        "moved_aside": done.moved_aside.as_ref().map(|path| path.display().to_string()),
        "config": config,
    });
    Reply::one(&json, restored(state.root(), &done, &goals))
}

fn restored(root: &Path, done: &Restored, goals: &[String]) -> String {
    let mut text = format!(
        "{} is as it was at {:.0} (herder {}): {} files, all as their sums say\n",
        root.display(),
        done.created_at,
        done.herder,
        done.files
    );
    if let Some(aside) = &done.moved_aside {
        text.push_str(&format!("what was there before is now {}\n", aside.display()));
    }
    if !goals.is_empty() {
        text.push_str(&format!("at work were {}: they are queued again, uncounted\n", goals.join(", ")));
    }
    match &done.config {
        ConfigFate::Same => {}
        ConfigFate::Written(place) => text.push_str(&format!("its settings are now {}\n", place.display())),
        ConfigFate::Beside(place) => {
            text.push_str(&format!("your settings stay; those of the backup are in {}\n", place.display()));
        }
    }
    text.push_str("nothing runs yet: `herder doctor` looks at it, `herder up` goes on from here\n");
    text
}

fn not_restored(error: RestoreError) -> Failure {
    let text = error.to_string();
    match error {
        RestoreError::Damaged(_) => Failure::environment(text)
            .hint("nothing was changed; take another backup, or copy this one again"),
        RestoreError::Newer { herder } => {
            Failure::refused(text).hint(format!("install herder {herder} or later; nothing was changed"))
        }
        RestoreError::NotEmpty(_) => {
            Failure::refused(text).hint("--force moves it aside; RALPH_DIR names another state directory")
        }
        RestoreError::Busy(_) => Failure::new(Kind::Busy, text).hint("`herder down` stops it"),
        RestoreError::StillAtWork { .. } => Failure::refused(text).hint(
            "`herder down` in the state directory that was backed up stops it; two of them would work twice",
        ),
        RestoreError::Open(error) => error.into(),
        RestoreError::Store(error) => error.into(),
        RestoreError::Append(error) => error.into(),
        RestoreError::Record(error) => error.into(),
        RestoreError::Workspace(error) => error.into(),
        RestoreError::Io(_) => Failure::environment(text)
            .hint("look at the owner and mode of both places, and at the room on their disks"),
    }
}
