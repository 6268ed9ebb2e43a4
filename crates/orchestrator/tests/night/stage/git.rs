//! A git of ours first on the path, which holds a command of the orchestrator at a chosen moment.

use std::path::PathBuf;

use herder_testkit::until;

use super::{PATIENCE, Stage};

/// When a command is held.
#[derive(Clone, Copy)]
pub enum Moment {
    /// Before it begins.
    Before,
    /// When it has done its work, before it says so.
    After,
}

/// A command that is held as long as this lives, or until it is let go.
pub struct Hold {
    held: PathBuf,
    reached: PathBuf,
}

impl Stage {
    /// Somebody pushes a branch, so that a mirror is not up to date any more.
    pub fn pushes_a_branch(&self) {
        self.repo.git(["branch", "side", "main"]);
    }

    /// Holds the orchestrator's next `git <command>`.
    pub fn hold_git(&self, moment: Moment, command: &str) -> Hold {
        let dir = self.home.path().join("held");
        fs_err::create_dir_all(&dir).unwrap();
        let real = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|dir| dir.join("git"))
            .find(|path| path.is_file())
            .unwrap();
        let word = match moment {
            Moment::Before => "before",
            Moment::After => "after",
        };
        let hold = Hold { held: dir.join(word), reached: dir.join("reached") };
        // An earlier one was reached: this one is not yet.
        let _ = std::fs::remove_file(&hold.reached);
        fs_err::write(&hold.held, "").unwrap();
        let (dir, real) = (dir.display(), real.display());
        let script = format!(
            "#!/bin/sh\nfor word in \"$@\"; do [ \"$word\" = {command} ] && is_it=yes; done\n\
             [ \"$is_it\" ] || exec {real} \"$@\"\n\
             hold() {{ [ -e {dir}/$1 ] && : >{dir}/reached; while [ -e {dir}/$1 ]; do sleep 0.02; done; }}\n\
             hold before; {real} \"$@\"; code=$?; hold after; exit $code\n"
        );
        self.home.install_program("git", &script);
        hold
    }
}

impl Hold {
    #[track_caller]
    pub fn until_reached(&self) {
        until("git to be held", PATIENCE, || self.reached.exists().then_some(()));
    }

    pub fn let_go(self) {}
}

impl Drop for Hold {
    fn drop(&mut self) {
        // A stage that is gone holds nothing.
        let _ = std::fs::remove_file(&self.held);
    }
}
