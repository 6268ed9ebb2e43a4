//! Repositories that keep files in Git LFS, with the real git-lfs and a remote on this machine.
//!
//! Ignored by default, because it needs git-lfs. `cargo xtask test --suite lfs` runs it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a failed test may panic")]
#![allow(dead_code, reason = "the stage is made for more than this")]

mod night {
    pub mod stage;
}

use std::path::Path;
use std::process::Command;

use herder_domain::event::What;
use night::stage;
use stage::script::{good, script, shell};
use stage::{GATE, Plan, Stage};

/// What lies beside the repository.
const CONTENT: &str = "the content itself\n";

fn git(dir: &Path, home: &Path, args: &[&str]) -> String {
    let mut git = Command::new("git");
    git.current_dir(dir).env("HOME", home).env("GIT_CONFIG_GLOBAL", "/dev/null");
    let who = ["user.name=Ada", "user.email=ada@example.org"].iter().flat_map(|setting| ["-c", *setting]);
    let said = git.args(who).args(args).output().unwrap();
    assert!(said.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap()
}

/// Puts `data.bin` into Git LFS at the stage's remote, as a person does.
fn keep_in_lfs(stage: &Stage) {
    let (work, home) = (stage.home.path().join("work"), stage.home.home().to_path_buf());
    std::fs::create_dir(&work).unwrap();
    git(&work, &home, &["clone", "--quiet", stage.repo.path().to_str().unwrap(), "."]);
    git(&work, &home, &["lfs", "install", "--local"]);
    git(&work, &home, &["lfs", "track", "*.bin"]);
    std::fs::write(work.join("data.bin"), CONTENT).unwrap();
    git(&work, &home, &["add", "--all"]);
    git(&work, &home, &["commit", "--quiet", "-m", "Data"]);
    git(&work, &home, &["push", "--quiet", "origin", "main"]);
    assert!(stage.repo.file_at("main", "data.bin").unwrap().starts_with("version https://git-lfs"));
}

/// The contents that lie in a git directory.
fn kept(dir: &Path) -> Vec<Vec<u8>> {
    let (mut found, mut waiting) = (Vec::new(), vec![dir.join("lfs/objects")]);
    while let Some(dir) = waiting.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { waiting.push(path) } else { found.push(std::fs::read(path).unwrap()) }
        }
    }
    found
}

#[test]
#[ignore = "needs git-lfs"]
fn runs_and_gates_see_contents_and_what_an_agent_adds_is_uploaded_before_it_lands() {
    let gate = format!("! grep -q git-lfs *.bin || exit 1\ngrep -q content data.bin || exit 1\n{GATE}");
    let mut stage = Plan::gate(&gate).max(1).build();
    keep_in_lfs(&stage);
    // A filter of the clone's own is never asked.
    let trap = stage.home.home().join("trapped");
    // Nor is a word of the agent's about which files a gate is to see.
    let deaf = "printf '[lfs]\\n\\tfetchexclude = *\\n' >.lfsconfig";
    let plant = format!(
        "{deaf}; git config filter.lfs.process 'touch {0}'; git config filter.lfs.clean 'touch {0}'",
        trap.display()
    );
    let add = shell(&format!("set -e; grep -qx 'the content itself' data.bin; {plant}; seq 1000 >new.bin"));
    let first = stage.goal("Add", "", &script(&[[vec![add], good("1.txt")].concat()]));
    let change =
        shell("set -e; [ $(wc -l <new.bin) = 1000 ]; echo 'other content' >>data.bin; rm new.bin .lfsconfig");
    let second = stage.goal("Change", "Depends: #1", &script(&[[vec![change], good("2.txt")].concat()]));
    stage.good_night();
    for goal in [&first, &second] {
        assert_eq!(
            (stage.word(goal), stage.outcomes(goal)),
            ("done", vec!["done".to_owned()]),
            "{}",
            stage.why(goal)
        );
    }
    let pointer = stage.repo.git(["show", "main~1:new.bin"]);
    assert!(pointer.starts_with("version https://git-lfs"), "{pointer}");
    let files = stage.repo.git(["diff-tree", "-r", "--name-only", "main~1", "main"]);
    assert_eq!(files, ".lfsconfig\n2.txt\ndata.bin\nnew.bin\n", "nothing else was rewritten");
    let numbers: String = (1..=1000).map(|number| format!("{number}\n")).collect();
    let all = [CONTENT.to_owned(), format!("{CONTENT}other content\n"), numbers];
    for dir in [stage.repo.path().to_path_buf(), stage.state().vault(&stage.id)] {
        let kept = kept(&dir);
        assert_eq!(kept.len(), 3, "{}", dir.display());
        assert!(all.iter().all(|text| kept.iter().any(|content| content == text.as_bytes())));
    }
    let seen = stage.home.path().join("seen");
    std::fs::create_dir(&seen).unwrap();
    let home = stage.home.home().to_path_buf();
    git(
        &seen,
        &home,
        &[
            "-c",
            "filter.lfs.smudge=git-lfs smudge -- %f",
            "-c",
            "filter.lfs.required=true",
            "clone",
            "--quiet",
            stage.repo.path().to_str().unwrap(),
            ".",
        ],
    );
    assert_eq!(std::fs::read_to_string(seen.join("data.bin")).unwrap(), format!("{CONTENT}other content\n"));
    assert!(!trap.exists(), "the clone's own filter ran");
}

#[test]
#[ignore = "needs git-lfs"]
fn contents_that_the_remote_does_not_have_keep_a_goal_from_running_on_pointers() {
    let mut stage = Plan::gate(GATE).build();
    keep_in_lfs(&stage);
    std::fs::remove_dir_all(stage.repo.path().join("lfs/objects")).unwrap();
    let goal = stage.goal("Write a file", "", &script(&[good("1.txt")]));
    let up = stage.up();
    stage.until_happened("an end of the run", &goal, |what| {
        matches!(what, What::RunReported { .. }).then_some(())
    });
    assert!(up.stop().success());
    assert_eq!(stage.outcomes(&goal)[0], "unreachable");
    assert!(stage.why(&goal).contains("lfs"), "{}", stage.why(&goal));
}
