//! Opening, and refusing to open with a sentence.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;

use herder_store::{AppendError, OpenError, Store, StoreError};
use rusqlite::Connection;
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use crate::agreement::assert_agrees;
use crate::fixtures::VERSION;
use crate::scene::{Scene, app, at, registered};

/// Opens what cannot be opened, and sees to it that the file stays as it was.
fn refusal(path: &Path) -> OpenError {
    let before = fs::read(path).ok();
    let error = Store::open(path).unwrap_err();
    assert_eq!(fs::read(path).ok(), before, "the file was changed");
    assert!(!error.hint().is_empty());
    let text = error.to_string();
    assert!(text.starts_with(&format!("open {}: ", path.display())) && !text.contains('\n'), "{text}");
    error
}

/// A closed database with a few goals.
fn closed() -> (tempfile::TempDir, PathBuf) {
    let mut scene = Scene::new();
    for n in 0..30 {
        scene.queue(&format!("Goal {n}"), n);
    }
    let path = scene.path();
    let Scene { store, dir } = scene;
    drop(store);
    (dir, path)
}

fn overwrite(path: &Path, from: usize, len: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[from..from + len].fill(0xA5);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_new_database_is_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/ralph/herder.db");
    let mut store = Store::open(&path).unwrap();
    store.append(&registered(&app()), at(0)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for suffix in ["", "-wal", "-shm"] {
        assert_eq!(mode(Path::new(&format!("{}{suffix}", path.display()))), 0o600, "{suffix}");
    }
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(store.check().unwrap().problems, ["others may read it (mode 644; 600 is right)"]);
}

#[test]
fn what_was_written_is_there_after_opening_again() {
    let (_dir, path) = closed();
    let store = Store::open(&path).unwrap();
    assert_eq!(store.journal(0, 999).unwrap().len(), 61);
    let health = store.check().unwrap();
    assert_eq!((health.schema, health.events, health.open_effects), (VERSION, 61, 0));
    assert_agrees(&store);
}

#[test]
fn an_empty_file_becomes_a_database() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("herder.db");
    fs::write(&path, "").unwrap();
    Store::open(&path).unwrap();
}

#[test]
fn garbage_is_left_alone() {
    let (_dir, path) = closed();
    overwrite(&path, 0, 100);
    assert!(matches!(refusal(&path).reason, StoreError::NotADatabase));
    fs::write(&path, "my diary, not a database; my diary, not a database\n".repeat(99)).unwrap();
    let error = refusal(&path);
    assert!(error.to_string().ends_with("the file is not a database"), "{error}");
}

#[test]
fn damage_in_the_middle_is_found_and_left_alone() {
    let (_dir, path) = closed();
    let pages = fs::metadata(&path).unwrap().len() as usize / 4096;
    for page in 1..pages {
        let original = fs::read(&path).unwrap();
        overwrite(&path, page * 4096, 4096);
        let reason = refusal(&path).reason;
        assert!(matches!(reason, StoreError::Damaged(_)), "page {page}: {reason:?}");
        fs::write(&path, original).unwrap();
    }
    let store = Store::open(&path).unwrap();
    assert_agrees(&store);
}

#[test]
fn damage_in_a_large_database_is_found_by_a_check() {
    let mut scene = Scene::new();
    let goal = scene.queue("Add a flag", 1);
    for _ in 0..300 {
        scene.store.comment(&goal, "ann", &"long ".repeat(1_000), None, at(2)).unwrap();
    }
    let path = scene.path();
    let Scene { store, dir } = scene;
    drop(store);
    let root: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'comments'", [], |row| row.get(0))
        .unwrap();
    overwrite(&path, (root as usize - 1) * 4096, 4096);
    let store = Store::open(&path).unwrap();
    assert!(!store.check().unwrap().problems.is_empty());
    let error = store.comments(&goal).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
    drop((store, dir));
}

#[test]
fn a_truncated_database_is_left_alone() {
    let (_dir, path) = closed();
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    assert!(matches!(refusal(&path).reason, StoreError::Damaged(_)));
}

#[test]
fn a_newer_schema_is_left_alone_even_when_it_comes_later() {
    let mut scene = Scene::new();
    let sqlite = scene.sqlite();
    sqlite.pragma_update(None, "user_version", 999).unwrap();
    let error = scene.store.append(&registered(&app()), at(1)).unwrap_err();
    let newer = |error: &StoreError| matches!(error, StoreError::Newer { found: 999, known: VERSION });
    assert!(matches!(&error, AppendError::Store(reason) if newer(reason)), "{error:?}");
    assert!(newer(&scene.store.world(&crate::scene::settings()).unwrap_err()));
    assert!(newer(&Store::open(&scene.path()).unwrap_err().reason));
}

#[test]
fn another_programs_database_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("herder.db");
    for application in [0, 0x1234] {
        let sqlite = Connection::open(&path).unwrap();
        sqlite.pragma_update(None, "application_id", application).unwrap();
        sqlite.execute_batch("CREATE TABLE IF NOT EXISTS diary (line TEXT)").unwrap();
        drop(sqlite);
        let reason = refusal(&path).reason;
        assert!(matches!(reason, StoreError::Foreign { found } if found == application), "{reason:?}");
    }
}

#[test]
fn a_directory_in_its_place_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("herder.db");
    fs::create_dir(&path).unwrap();
    assert!(matches!(refusal(&path).reason, StoreError::NotOpened(_)));
    let below_a_file = dir.path().join("file/herder.db");
    fs::write(dir.path().join("file"), "x").unwrap();
    assert!(matches!(refusal(&below_a_file).reason, StoreError::NotMade(_)));
}

/// Root may write everywhere by a capability; a thread may lay it down for itself.
fn without_privilege<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    let run = || {
        let mut sets = capabilities(None).unwrap();
        sets.effective -= CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
        set_capabilities(None, sets).unwrap();
        act()
    };
    thread::scope(|scope| scope.spawn(run).join().unwrap())
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_read_only_directory_is_told() {
    let (dir, path) = closed();
    let new = dir.path().join("new.db");
    chmod(dir.path(), 0o500);
    for path in [&path, &new] {
        let error = without_privilege(|| refusal(path));
        assert!(matches!(error.reason, StoreError::ReadOnly), "{error:?}");
        assert!(error.hint().contains("writable"));
    }
    chmod(dir.path(), 0o700);
    assert_agrees(&Store::open(&path).unwrap());
}

#[test]
fn a_read_only_file_is_told() {
    let (_dir, path) = closed();
    chmod(&path, 0o400);
    let error = without_privilege(|| refusal(&path));
    assert!(matches!(error.reason, StoreError::ReadOnly), "{error:?}");
    chmod(&path, 0o000);
    let error = without_privilege(|| Store::open(&path).unwrap_err());
    assert!(matches!(error.reason, StoreError::NotOpened(_)), "{error:?}");
}
