//! The canary, and the whole way of hostile work past it.

use std::path::{Path, PathBuf};

use herder_workspace::*;

use crate::scene::*;

/// A program that leaves a file named after its first argument.
pub struct Canary {
    program: PathBuf,
    songs: PathBuf,
}

impl Canary {
    pub fn new(top: &Path) -> Self {
        let (program, songs) = (top.join("canary"), top.join("songs"));
        std::fs::create_dir_all(&songs).unwrap();
        write(&program, &format!("#!/bin/sh\ntouch '{}/'\"${{1:-$(basename $0)}}\"\ncat\n", songs.display()));
        set_mode(&program, 0o755);
        Self { program, songs }
    }

    pub fn command(&self, name: &str) -> String {
        format!("{} {name}", self.program.display())
    }

    pub fn songs(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.songs).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    pub fn assert_silent(&self) {
        assert_eq!(self.songs(), Vec::<String>::new());
    }

    /// Hooks, filters, monitors and drivers in one git directory.
    pub fn plant_git(&self, git_dir: &Path, name: &str) {
        for hook in [
            "pre-commit",
            "post-commit",
            "post-checkout",
            "post-index-change",
            "reference-transaction",
            "post-merge",
            "pre-push",
            "fsmonitor-watchman",
            "post-update",
            "update",
            "pre-receive",
        ] {
            let path = git_dir.join("hooks").join(hook);
            write(&path, &format!("#!/bin/sh\nexec {}\n", self.command(&format!("{name}-hook-{hook}"))));
            set_mode(&path, 0o755);
        }
        let say = |what: &str| self.command(&format!("{name}-{what}"));
        let mut config = std::fs::read_to_string(git_dir.join("config")).unwrap();
        config.push_str(&format!(
            "[core]\n\tfsmonitor = {}\n\thooksPath = {}\n\tsshCommand = {}\n\tpager = {}\n\teditor = {}\n\
             \tattributesFile = {}\n",
            say("fsmonitor"),
            git_dir.join("hooks").display(),
            say("ssh"),
            say("pager"),
            say("editor"),
            git_dir.join("info/attributes").display(),
        ));
        config.push_str(&format!(
            "[filter \"evil\"]\n\tclean = {}\n\tsmudge = {}\n\tprocess = {}\n\trequired = true\n\
             [diff \"evil\"]\n\ttextconv = {}\n\tcommand = {}\n[merge \"evil\"]\n\tdriver = {}\n\
             [diff]\n\texternal = {}\n[uploadpack]\n\tpackObjectsHook = {}\n[gpg]\n\tprogram = {}\n",
            say("clean"),
            say("smudge"),
            say("process"),
            say("textconv"),
            say("diff"),
            say("merge"),
            say("external"),
            say("pack-objects"),
            say("gpg"),
        ));
        config.push_str("[commit]\n\tgpgSign = true\n[uploadpack]\n\tallowFilter = true\n");
        write(&git_dir.join("config"), &config);
        write(&git_dir.join("info/attributes"), "* filter=evil diff=evil merge=evil\n");
    }
}

pub const ATTRIBUTES: &str = "* filter=evil diff=evil merge=evil\n";

/// Takes hostile work the whole way and looks after each step.
pub fn whole_way(scene: &Scene, work: &Work, canary: &Canary) -> CommitId {
    let snapshot = work.snapshot(1);
    canary.assert_silent();
    let _ = work.git().refresh_clone_git();
    canary.assert_silent();
    work.snapshot(2);
    work.git().ignored_paths(100).unwrap();
    canary.assert_silent();
    let tip = scene.vault.fetch_run(work.git(), &work.key).unwrap().unwrap();
    assert_eq!(tip, snapshot.commit);
    canary.assert_silent();
    scene.vault.bare().diff(&work.prepared.base, &tip).unwrap();
    scene.vault.bare().patch_text(&work.prepared.base, &tip, 1 << 20).unwrap();
    canary.assert_silent();
    scene.pushes("elsewhere.txt", "moved on\n");
    let squashed = match scene.squash(work, &tip) {
        Squash::Commit(squashed) => squashed,
        Squash::Empty => scene.mirror.tip("main").unwrap(),
        Squash::Conflict { files } => panic!("conflict in {files:?}"),
    };
    canary.assert_silent();
    scene.vault.bare().checkout(&squashed, &scene.top.join("checkout")).unwrap();
    canary.assert_silent();
    let again = scene.prepare(work.key.goal(), 2);
    canary.assert_silent();
    again.snapshot(1);
    remove_tree(&scene.root(), &work.clone).unwrap();
    assert!(!work.clone.exists());
    canary.assert_silent();
    scene.assert_sound();
    tip
}
