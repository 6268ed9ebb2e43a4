//! Removal stays inside its root and gets everything there.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use herder_workspace::{WorkspaceError, remove_tree};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_missing_tree_is_removed_already() {
    let root = tempfile::tempdir().unwrap();
    remove_tree(root.path(), &root.path().join("never/was")).unwrap();
    std::fs::write(root.path().join("file"), "x").unwrap();
    remove_tree(root.path(), &root.path().join("file")).unwrap();
    remove_tree(root.path(), &root.path().join("file")).unwrap();
}

#[test]
fn the_root_and_what_lies_outside_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let inside = root.path().join("a/b");
    std::fs::create_dir_all(&inside).unwrap();
    for path in [root.path().to_owned(), root.path().join("a/../.."), "/".into(), root.path().join("..")] {
        let error = remove_tree(root.path(), &path).unwrap_err();
        assert!(matches!(error, WorkspaceError::Outside { .. }), "{error}");
    }
    assert!(inside.exists());
}

#[test]
fn links_are_removed_and_never_followed() {
    let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(outside.path().join("precious"), "x").unwrap();
    std::fs::create_dir_all(root.path().join("tree")).unwrap();
    symlink(outside.path(), root.path().join("tree/link")).unwrap();
    symlink(outside.path(), root.path().join("whole")).unwrap();
    let error = remove_tree(root.path(), &root.path().join("whole/precious")).unwrap_err();
    assert!(matches!(error, WorkspaceError::NotPlainDirectory { .. }), "{error}");
    remove_tree(root.path(), &root.path().join("tree")).unwrap();
    remove_tree(root.path(), &root.path().join("whole")).unwrap();
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    assert!(outside.path().join("precious").exists());
}

#[test]
fn directories_without_permissions_are_opened_up() {
    let root = tempfile::tempdir().unwrap();
    let tree = root.path().join("tree");
    std::fs::create_dir_all(tree.join("closed/deeper")).unwrap();
    std::fs::write(tree.join("closed/deeper/file"), "x").unwrap();
    mode(&tree.join("closed/deeper/file"), 0o000);
    mode(&tree.join("closed/deeper"), 0o000);
    mode(&tree.join("closed"), 0o500);
    mode(&tree, 0o000);
    remove_tree(root.path(), &tree).unwrap();
    assert!(!tree.exists());
}

#[test]
fn depth_is_no_obstacle() {
    let root = tempfile::tempdir().unwrap();
    let tree = root.path().join("tree");
    std::fs::create_dir(&tree).unwrap();
    let mut dir = rustix::fs::open(&tree, rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty()).unwrap();
    for depth in 0..1000 {
        let mode = if depth % 7 == 0 { 0o500 } else { 0o700 };
        rustix::fs::mkdirat(&dir, "d", rustix::fs::Mode::RWXU).unwrap();
        let next =
            rustix::fs::openat(&dir, "d", rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty()).unwrap();
        rustix::fs::fchmod(&dir, rustix::fs::Mode::from_raw_mode(mode)).unwrap();
        dir = next;
    }
    remove_tree(root.path(), &tree).unwrap();
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn what_an_interrupted_removal_moved_is_removed_too() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join(".tree.removing-1-1/inner")).unwrap();
    std::fs::create_dir_all(root.path().join(".treehouse")).unwrap();
    remove_tree(root.path(), &root.path().join("tree")).unwrap();
    assert!(!root.path().join(".tree.removing-1-1").exists() && root.path().join(".treehouse").exists());
}
