//! Repositories that keep files in Git LFS, with the real git-lfs and a remote on this machine.
//!
//! Ignored by default, because it needs git-lfs. `cargo xtask test --suite lfs` runs it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a failed test may panic")]
#![allow(dead_code, reason = "the stage is made for more than this")]

mod night {
    pub mod stage;
}

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use herder_config::Retention;
use herder_domain::event::What;
use herder_domain::goal::SpotCheckReason;
use herder_orchestrator::gc::{self, Gc};
use herder_orchestrator::{BackupOrder, Onto, RestoreOrder, Runs, backup, restore};
use jiff::Timestamp;
use night::stage;
use sha2::{Digest, Sha256};
use stage::script::{expect, good, script, shell};
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
    let plant = format!(
        "git config filter.lfs.process 'touch {0}'; git config filter.lfs.clean 'touch {0}'",
        trap.display()
    );
    let add = shell(&format!("set -e; grep -qx 'the content itself' data.bin; {plant}; seq 1000 >new.bin"));
    let first = stage.goal("Add", "", &script(&[[vec![add], good("1.txt")].concat()]));
    let change = shell("set -e; [ $(wc -l <new.bin) = 1000 ]; echo 'other content' >>data.bin; rm new.bin");
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
    assert_eq!(files, "2.txt\ndata.bin\nnew.bin\n", "nothing else was rewritten");
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
fn what_an_agent_says_of_lfs_is_shown_to_a_person_and_redirects_no_upload_and_hides_nothing_from_a_gate() {
    let gate = format!("! grep -q git-lfs *.bin || exit 1\n{GATE}");
    let mut stage = Plan::gate(&gate).config("[gate]\nprotect = []").build();
    keep_in_lfs(&stage);
    let elsewhere = stage.home.path().join("elsewhere.git");
    git(stage.home.path(), &stage.home.home(), &["init", "--quiet", "--bare", elsewhere.to_str().unwrap()]);
    let redirect = format!(
        "printf '[lfs]\\n\\tfetchexclude = *\\n\\turl = file://{}\\n' >.lfsconfig; seq 1000 >new.bin",
        elsewhere.display()
    );
    let goal = stage.goal("Add", "", &script(&[[vec![shell(&redirect)], good("1.txt")].concat()]));
    stage.good_night();
    let paths = vec![".lfsconfig".to_owned()];
    assert_eq!(stage.spot_check(&goal), [SpotCheckReason::ProtectedPaths { paths }], "{}", stage.why(&goal));
    stage.person(&goal, What::GoalApproved);
    stage.good_night();
    assert_eq!(stage.word(&goal), "done", "{}", stage.why(&goal));
    assert_eq!(kept(&elsewhere), Vec::<Vec<u8>>::new(), "contents went where the agent said");
    assert_eq!(kept(stage.repo.path()).len(), 2);
}

#[test]
#[ignore = "needs git-lfs"]
fn a_pointer_to_nothing_bounces_and_the_next_run_is_told_what_to_do() {
    let mut stage = Plan::gate(GATE).build();
    keep_in_lfs(&stage);
    let pointer =
        format!("version https://git-lfs.github.com/spec/v1\\noid sha256:{}\\nsize 3\\n", "0".repeat(64));
    let raw = shell(&format!("printf '{pointer}' >raw.bin"));
    let told = expect("to contents that nobody has, in raw.bin: write the contents themselves");
    let mend = shell("set -e; grep -q git-lfs raw.bin; echo 'other content' >raw.bin");
    let sessions = [[vec![raw], good("1.txt")].concat(), [vec![told, mend], good("1.txt")].concat()];
    let goal = stage.goal("Add", "", &script(&sessions));
    stage.good_night();
    assert_eq!((stage.word(&goal), stage.found(&goal).runs), ("done", 2), "{}", stage.why(&goal));
    assert!(kept(stage.repo.path()).contains(&b"other content\n".to_vec()));
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

/// The file of a content in a vault, made as old as `age`.
fn make_old(vault: &Path, content: &str, age: Duration) -> PathBuf {
    let hash: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    let file = vault.join("lfs/objects").join(&hash[..2]).join(&hash[2..4]).join(&hash);
    let opened = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    opened.set_modified(SystemTime::now() - age).unwrap();
    file
}

fn clear(stage: &Stage) {
    let retention = Retention { runs: Duration::ZERO, snapshots: Duration::ZERO, ..Retention::default() };
    let (state, root) = (stage.state(), stage.home.root().to_path_buf());
    let order = Gc { state, root, retention, clones: Vec::new(), now: Timestamp::now() };
    let cleared = gc::clear(&order).unwrap();
    assert!(cleared.failed.is_empty(), "{:?}", cleared.failed);
}

#[test]
#[ignore = "needs git-lfs"]
fn clearing_drops_the_old_contents_that_nothing_leads_to_and_later_work_still_lands() {
    let mut stage = Plan::gate(&format!("! grep -q git-lfs *.bin || exit 1\n{GATE}")).max(1).build();
    keep_in_lfs(&stage);
    let adding = |name: &str, text: &str| {
        script(&[[vec![shell(&format!("echo {text} >{name}.bin"))], good(&format!("{name}.txt"))].concat()])
    };
    let landed = stage.goal("Land", "", &adding("landed", "landed"));
    let dropped = ["one", "two"].map(|name| stage.goal_to_see(name, &adding(name, name)));
    stage.good_night();
    assert_eq!(dropped.each_ref().map(|goal| stage.word(goal)), ["spot-check"; 2]);
    let vault = stage.state().vault(&stage.id);
    let old = Duration::from_secs(3 * 24 * 60 * 60);
    let needed = [CONTENT, "landed\n"].map(|content| make_old(&vault, content, old));
    let waiting = make_old(&vault, "one\n", old);
    clear(&stage);
    assert!(waiting.is_file(), "a goal that waits for a person needs what its branch leads to");

    for goal in &dropped {
        stage.person(goal, What::GoalCancelled);
    }
    stage.good_night();
    let young = make_old(&vault, "two\n", old / 3);
    clear(&stage);
    assert!(!waiting.exists() && young.is_file());
    assert!(needed.iter().all(|content| content.is_file()), "main leads to these");
    assert!(!vault.join("lfs/herder.complete").exists(), "what is there is looked at anew");
    let next = stage.goal("Go on", "Depends: #1", &adding("next", "one"));
    stage.good_night();
    assert_eq!([&landed, &next].map(|goal| stage.word(goal)), ["done"; 2]);
    assert!(kept(stage.repo.path()).contains(&b"one\n".to_vec()), "taken up again and uploaded");
}

#[test]
#[ignore = "needs git-lfs"]
fn a_backup_brings_back_the_contents_that_nobody_else_has() {
    let mut stage = Plan::gate(GATE).build();
    keep_in_lfs(&stage);
    let add = shell("echo 'not pushed' >new.bin");
    stage.goal_to_see("Add", &script(&[[vec![add], good("1.txt")].concat()]));
    stage.good_night();
    let (state, file) = (stage.state(), stage.home.path().join("backup.tar.gz"));
    let order = BackupOrder { state: &state, config: None, file: &file, runs: Runs::All };
    backup(&order, Timestamp::now()).unwrap();
    let order = RestoreOrder { file: &file, state: &state, config: None, onto: Onto::Aside };
    restore(&order, Timestamp::now()).unwrap();
    assert_eq!(kept(&state.vault(&stage.id)), [b"not pushed\n".to_vec()], "the base's are fetched anew");
}
