//! Clones are copies of a template, which is a cache that follows its branch.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic")]

mod scene;

use rustix::fs::{AtFlags, Timespec, Timestamps, UTIME_OMIT, utimensat};
use scene::*;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

/// Where the template of `main` lies.
fn template(scene: &Scene) -> PathBuf {
    scene.top.join("state/templates/main/now")
}

fn files_below(top: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(top).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}

/// What git lists as different without reading a file.
fn differing(clone: &Path, private: &Path) -> [String; 2] {
    let private = private.to_str().unwrap();
    let asked = ["--git-dir", private, "--work-tree", ".", "diff-files"];
    [git(clone, &["diff-files"]), git(clone, &asked)]
}

#[test]
fn git_knows_every_file_of_a_copy_without_reading_it() {
    let scene = Scene::new();
    symlink("README.md", scene.desk.join("link")).unwrap();
    write(&scene.desk.join("deep/er/run me\n"), "#!/bin/sh\n");
    set_mode(&scene.desk.join("deep/er/run me\n"), 0o755);
    write(&scene.desk.join(".gitattributes"), "*.crlf eol=crlf\n");
    scene.pushes("a.crlf", "one\ntwo\n");
    for attempt in [1, 2] {
        let work = scene.prepare(7, attempt);
        assert_eq!(differing(&work.clone, &work.private), ["", ""]);
        assert_eq!(git(&work.clone, &["status", "--porcelain"]), "");
        assert_eq!(git(&work.clone, &["fsck", "--strict"]), "");
        assert_eq!(read(&work.clone.join("a.crlf")), "one\r\ntwo\r\n");
        let mode = work.clone.join("deep/er/run me\n").metadata().unwrap().mode();
        assert_eq!(mode & 0o111, 0o111);
        assert_eq!(work.clone.join("link").read_link().unwrap(), Path::new("README.md"));
    }
}

#[test]
fn a_change_that_keeps_size_and_time_is_seen() {
    let scene = Scene::new();
    let work = scene.prepare(7, 1);
    let file = work.clone.join("README.md");
    let before = file.metadata().unwrap();
    write_a_tick_later(&file, "HELLO\n");
    let kept = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: before.mtime(), tv_nsec: before.mtime_nsec() },
    };
    utimensat(rustix::fs::CWD, &file, &kept, AtFlags::empty()).unwrap();
    let snapshot = work.snapshot(1);
    assert_eq!(content(work.git().bare(), &snapshot.commit, "README.md").as_deref(), Some("HELLO\n"));
}

#[test]
fn nothing_of_a_clone_is_shared_with_the_template() {
    let scene = Scene::new();
    let work = scene.prepare(7, 1);
    for path in files_below(&work.clone) {
        assert_eq!(path.symlink_metadata().unwrap().nlink(), 1, "{}", path.display());
    }
    for path in files_below(&work.clone).iter().filter(|path| path.is_file()) {
        set_mode(path, 0o644);
        std::fs::write(path, "ruined").unwrap();
    }
    let next = scene.prepare(8, 1);
    assert_eq!(read(&next.clone.join("README.md")), "hello\n");
    assert_eq!(git(&next.clone, &["fsck", "--strict", "--full"]), "");
    scene.assert_sound();
}

#[test]
fn a_template_follows_its_branch_and_rewrites_only_what_changed() {
    let scene = Scene::new();
    scene.prepare(7, 1);
    let inode = |path: &str| template(&scene).join("tree").join(path).metadata().unwrap().ino();
    let before = inode("src/lib.txt");
    let old = scene.prepare(7, 2);
    git(&scene.desk, &["rm", "-q", ".ralph/check"]);
    commit_all(&scene.desk, "Drop the gate");
    let tip = scene.pushes("README.md", "changed\n");
    let work = scene.prepare(8, 1);
    assert_eq!(work.prepared.base, tip);
    assert_eq!(read(&work.clone.join("README.md")), "changed\n");
    assert!(!work.clone.join(".ralph").exists());
    assert_eq!(git(&work.clone, &["log", "--format=%s"]), "Meanwhile\nDrop the gate\nBegin");
    assert_eq!(differing(&work.clone, &work.private), ["", ""]);
    assert_eq!(inode("src/lib.txt"), before, "an unchanged file was written anew");
    let time = |clone: &Path| clone.join("src/lib.txt").metadata().unwrap().modified().unwrap();
    assert_eq!(time(&work.clone), time(&old.clone), "a build tool would take an unchanged file for changed");
}

#[test]
fn a_branch_that_was_rewritten_is_followed_too() {
    let scene = Scene::new();
    scene.pushes("gone.txt", "x\n");
    scene.prepare(7, 1);
    git(&scene.desk, &["reset", "-q", "--hard", "HEAD~1"]);
    git(&scene.desk, &["push", "-q", "-f", "origin", "main"]);
    let tip = scene.pushes("new.txt", "y\n");
    let work = scene.prepare(8, 1);
    assert!(work.clone.join("new.txt").exists() && !work.clone.join("gone.txt").exists());
    assert_eq!(work.prepared.tip, tip);
}

#[test]
fn a_template_that_is_broken_or_gone_is_made_again() {
    let scene = Scene::new();
    scene.prepare(7, 1);
    let breaks: [&dyn Fn(&Path); 4] = [
        &|at| std::fs::remove_file(at.join("template.json")).unwrap(),
        &|at| {
            std::fs::remove_file(at.join("template.json")).unwrap();
            std::fs::remove_dir_all(at.join("tree/.git")).unwrap();
        },
        &|at| std::fs::write(at.join("template.json"), "{").unwrap(),
        &|at| std::fs::remove_dir_all(at).unwrap(),
    ];
    for (number, damage) in (8..).zip(breaks) {
        damage(&template(&scene));
        let work = scene.prepare(number, 1);
        assert_eq!(differing(&work.clone, &work.private), ["", ""]);
    }
    // A git that was killed while the branch was followed.
    scene.pushes("other.txt", "x\n");
    write(&template(&scene).join("index.lock"), "");
    assert!(scene.prepare(20, 1).clone.join("other.txt").exists());
}

#[test]
fn what_a_killed_process_left_half_made_is_swept_and_a_whole_template_stays() {
    let scene = Scene::new();
    scene.templates.sweep().unwrap();
    scene.prepare(7, 1);
    scene.templates.sweep().unwrap();
    assert!(template(&scene).is_dir(), "it was whole");
    std::fs::remove_file(template(&scene).join("template.json")).unwrap();
    write(&template(&scene).join("index.lock"), "");
    let begun = template(&scene).with_file_name("new");
    std::fs::create_dir(&begun).unwrap();
    scene.templates.sweep().unwrap();
    assert!(!template(&scene).exists() && !begun.exists());
    let work = scene.prepare(8, 1);
    assert_eq!(differing(&work.clone, &work.private), ["", ""]);
}

#[test]
fn a_template_that_is_kept_up_has_what_was_pushed_and_none_is_made_for_it() {
    let scene = Scene::new();
    let tip = scene.pushes("one.txt", "x\n");
    scene.mirror.fetch(&scene.user).unwrap();
    scene.templates.keep_up(&scene.mirror, "main", &tip).unwrap();
    assert!(!template(&scene).exists(), "nobody has needed one yet");
    scene.prepare(7, 1);
    let tip = scene.pushes("two.txt", "y\n");
    scene.mirror.fetch(&scene.user).unwrap();
    scene.templates.keep_up(&scene.mirror, "main", &tip).unwrap();
    assert!(template(&scene).join("tree/two.txt").exists());
    let work = scene.prepare(8, 1);
    assert_eq!(differing(&work.clone, &work.private), ["", ""]);
}

#[test]
fn many_runs_are_prepared_at_once_while_the_branch_moves() {
    let scene = Scene::new();
    scene.prepare(1, 1);
    std::thread::scope(|scope| {
        let scene = &scene;
        let runs: Vec<_> = (10..20).map(|goal| scope.spawn(move || scene.prepare(goal, 1))).collect();
        let tip = scene.pushes("other.txt", "x\n");
        for run in runs {
            let work = run.join().unwrap();
            assert_eq!(work.clone.join("other.txt").exists(), work.prepared.base == tip);
            assert_eq!(differing(&work.clone, &work.private), ["", ""]);
        }
    });
    scene.assert_sound();
}
