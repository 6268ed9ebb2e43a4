//! A disk without room.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use herder_store::{AppendError, Store, StoreError};

use crate::agreement::assert_agrees;
use crate::scene::{app, at, child, child_db, queued, registered, text};

/// Fills the disk, and gives how to make room again.
fn fill(directory: &Path) -> std::path::PathBuf {
    let filler = directory.join("filler");
    let mut file = fs::File::create(&filler).unwrap();
    for size in [4096, 1] {
        while file.write_all(&vec![b'x'; size]).is_ok() {}
    }
    filler
}

#[test]
#[ignore = "started by another test, in a mount namespace of its own"]
fn child_meets_a_full_disk() {
    let Some(db) = child_db() else { return };
    let directory = db.parent().unwrap();
    let filler = fill(directory);
    let error = Store::open(&db).unwrap_err();
    assert!(matches!(error.reason, StoreError::DiskFull), "{error:?}");
    fs::remove_file(&filler).unwrap();
    let mut store = Store::open(&db).unwrap();
    store.append(&registered(&app()), at(0)).unwrap();
    let mut goals = 0;
    let filler = fill(directory);
    let error = loop {
        match store.create_goal(&app(), queued(text(&app(), "Next", "")), at(goals)) {
            Ok(_) => goals += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, AppendError::Store(StoreError::DiskFull)), "{error:?}");
    assert_eq!(error.to_string(), "the disk is full");
    assert_eq!(store.goals(&Default::default()).unwrap().len() as i64, goals);
    fs::remove_file(&filler).unwrap();
    store.create_goal(&app(), queued(text(&app(), "Next", "")), at(goals)).unwrap();
    assert_agrees(&store);
    drop(store);
    assert_agrees(&Store::open(&db).unwrap());
}

/// A command that runs another one where `directory` is a small disk of its own.
fn on_a_small_disk(directory: &Path, inner: &Command) -> Command {
    let mut outer = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        outer.args(["--user", "--map-root-user"]);
    }
    let mount = "mount -t tmpfs -o size=1m small \"$0\" && exec \"$@\"";
    outer.args(["--mount", "sh", "-c", mount]).arg(directory).arg(inner.get_program());
    outer.args(inner.get_args());
    for (name, value) in inner.get_envs() {
        outer.env(name, value.unwrap_or_default());
    }
    outer.process_group(0);
    outer
}

mod machine {
    use super::*;

    #[test]
    #[ignore = "needs a disk of its own; the suite `machine` runs it"]
    fn a_full_disk_is_told_and_nothing_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let inner = child("disk::child_meets_a_full_disk", &dir.path().join("herder.db"));
        let output = on_a_small_disk(dir.path(), &inner).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
    }
}
