//! A clone whose agent means harm, through a whole run: nothing of it is executed by those who look after it, and
//! nothing of theirs is damaged.

use herder_testkit::Canary;
use serde_json::json;

use crate::stage::{PATIENCE, Stage, answer};

const GREEN: &str = "test -f first.txt";

/// Programs in every place of a git directory from which git starts some.
fn booby_trap(canary: &Canary) -> String {
    let wire = |name: &str| canary.tripwire(name).display().to_string();
    let hooks = [
        "pre-commit",
        "post-commit",
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "post-merge",
        "pre-push",
        "fsmonitor-watchman",
        "update",
        "pre-receive",
        "post-receive",
        "pre-auto-gc",
        "post-rewrite",
    ];
    let mut script = "trap_git() {\nmkdir -p $1/hooks $1/info\n".to_owned();
    for hook in hooks {
        script.push_str(&format!("printf '#!/bin/sh\\nexec {} \"$@\"\\n' >$1/hooks/{hook}\n", wire(hook)));
    }
    script.push_str("chmod +x $1/hooks/*\ncat >>$1/config <<END\n");
    script.push_str(&format!(
        "[core]\n\tfsmonitor = {}\n\tsshCommand = {}\n\tpager = {}\n\teditor = {}\n\talternateRefsCommand = {}\n",
        wire("fsmonitor"), wire("ssh"), wire("pager"), wire("editor"), wire("alternate-refs"),
    ));
    script.push_str(&format!(
        "[filter \"trap\"]\n\tclean = {}\n\tsmudge = {}\n\trequired = true\n[diff]\n\texternal = {}\n",
        canary.filter("clean").display(),
        canary.filter("smudge").display(),
        wire("diff"),
    ));
    script.push_str(&format!(
        "[diff \"trap\"]\n\ttextconv = {}\n[merge \"trap\"]\n\tdriver = {}\n[uploadpack]\n\tpackObjectsHook = {}\n\
         [gpg]\n\tprogram = {}\n[commit]\n\tgpgSign = true\n[credential]\n\thelper = {}\n[extensions]\n\tpartialClone = x\n\
         [remote \"x\"]\n\turl = ext::{} %S\n\tpromisor = true\n",
        canary.filter("textconv").display(), wire("merge"), wire("pack-objects"), wire("gpg"), wire("credential"), wire("ext"),
    ));
    script.push_str("END\necho '* filter=trap diff=trap merge=trap' >$1/info/attributes\n}\n");
    script
}

/// The deeds of an agent: traps in its clone's git, in a nested repository, in files that tools obey, and beside.
fn deeds(canary: &Canary, stage: &Stage) -> String {
    let mirror = stage.state().mirror(&stage.id);
    let wire = canary.tripwire("file");
    let (mirror, wire) = (mirror.display(), wire.display());
    format!(
        "{}trap_git .git\n\
         git init -q nested; echo x >nested/file; git -C nested add file; trap_git nested/.git\n\
         mkdir -p sub/module/.git/hooks; trap_git sub/module/.git; echo x >sub/module/file\n\
         echo '* filter=trap diff=trap merge=trap text eol=crlf' >.gitattributes\n\
         printf '[submodule \"s\"]\\n\\tpath = -u{wire}\\n\\turl = ext::{wire}\\n\\tupdate = !{wire}\\n' >.gitmodules\n\
         echo {mirror}/objects >.git/objects/info/alternates\n\
         echo '{wire}' >.envrc; ln -s {wire} Makefile; mkdir -p .husky .cargo; cp .envrc .husky/pre-commit\n\
         printf '[build]\\nrustc-wrapper = \"{wire}\"\\n' >.cargo/config.toml\n\
         printf '[core]\\n\\tfsmonitor = {wire}\\n\\thooksPath = hooks\\n' >\"$HOME/.gitconfig\"\n\
         ln -s {mirror} outside; ln -s ../../../../../../ up; mkfifo pipe; printf 'good\\n' >work\n\
         printf 'x' >'-n'; printf 'x' >\"$(printf 'new\\nline \\001')\"\n\
         rm -f .git/index; ln -s {mirror}/config .git/index; rm -rf .git/refs/heads; ln -s {mirror}/refs .git/refs/heads\n",
        booby_trap(canary)
    )
}

#[test]
fn nothing_planted_in_a_clone_is_executed_and_nothing_outside_is_damaged() {
    let mut stage = Stage::new(GREEN, "");
    let canary = Canary::new(&stage.home.path().join("canary"));
    let deeds = deeds(&canary, &stage);
    let sessions = json!([
        [{"run": deeds}, answer("continue")],
        [{"run": "git status; git log; echo again >>work"}, answer("done")]
    ]);
    let goal = stage.goal("Set traps", &sessions);
    stage.night();
    assert_eq!(stage.word(&goal), "spot-check", "for its .cargo/config.toml");
    canary.assert_silent();
    stage.approve(&goal);
    stage.night();
    assert_eq!(stage.word(&goal), "done");
    canary.assert_silent();
    stage.assert_sound(&stage.id);
    stage.repo.assert_sound();
    let work = stage.repo.file_at("main", "work");
    assert_eq!(work.as_deref(), Some("good\nagain\n"), "as it was written, whatever the attributes say");
    // A second run begins from the trapped tree, and lands on top of somebody's push.
    let next = stage.goal("Go on", &json!([[{"run": "echo more >>work"}, answer("done")]]));
    stage.repo.push("main", "Beside", &[("beside", Some("x\n"))]);
    stage.night();
    assert_eq!(stage.word(&next), "done");
    canary.assert_silent();
    stage.assert_sound(&stage.id);
    stage.home.assert_no_process_left();
}

/// The clone's git belongs to the agent: it may be gone, a link to elsewhere, or full of wrong objects.
#[test]
fn a_ruined_git_directory_costs_nothing_but_the_agents_own_history() {
    let ruins = [
        "rm -rf .git",
        "rm -rf .git; ln -s / .git",
        "rm -rf .git; echo 'gitdir: /nowhere' >.git",
        "find .git -type f -exec sh -c 'echo ruined >\"$1\"' - {} ';' 2>/dev/null; chmod -R 000 .git",
    ];
    let mut stage = Stage::new(GREEN, "");
    let goals: Vec<_> = ruins
        .iter()
        .zip(1..)
        .map(|(ruin, number)| {
            let sessions = json!([
                [{"run": ruin}, answer("continue")],
                [{"run": format!("echo x >work-{number}")}, answer("done")]
            ]);
            stage.goal(&format!("Ruin {number}"), &sessions)
        })
        .collect();
    stage.night();
    for (goal, number) in goals.iter().zip(1..) {
        assert_eq!(stage.word(goal), "done");
        assert!(stage.repo.file_at("main", &format!("work-{number}")).is_some());
    }
    stage.assert_sound(&stage.id);
    stage.repo.assert_sound();
}

/// What an agent leaves running does not outlive its iteration, however it hides.
#[test]
fn what_an_agent_leaves_in_the_background_is_ended() {
    let mut stage = Stage::new(GREEN, "");
    // Sleeps of a length that no other process on this machine was given; the next iteration looks for them.
    let hide = "long=600.$$; echo $long >long; setsid sleep $long >/dev/null 2>&1 & \
                setsid env -i sh -c \"cd /; trap '' TERM HUP; sleep $long; :\" >/dev/null 2>&1 &";
    let look = "for one in /proc/[0-9]*; do tr '\\0' ' ' <$one/cmdline; echo; done 2>/dev/null \
                | grep \"^sleep $(cat long)\" >alive";
    let sessions = json!([
        [{"run": hide}, {"run": format!("until {look}; do :; done; cp alive before")},
         {"run_attached": "sleep $(cat long) &"}, answer("continue")],
        [{"run": look}, answer("done")]
    ]);
    let goal = stage.goal("Hide", &sessions);
    let up = stage.up();
    herder_testkit::until("the goal to land", PATIENCE, || (stage.word(&goal) == "done").then_some(()));
    up.end();
    stage.home.assert_no_process_left();
    assert!(stage.repo.file_at("main", "before").is_some_and(|seen| seen.starts_with("sleep 600.")));
    assert_eq!(stage.repo.file_at("main", "alive").as_deref(), Some(""));
}

/// Directories that nobody may enter are no reason to lose work, nor to stumble.
#[test]
fn permissions_that_were_taken_away_hinder_nobody() {
    let mut stage = Stage::new(GREEN, "");
    let lock = "echo good >work; mkdir -p locked/inner \"$HOME/locked/inner\" \"$TMPDIR/locked\"; echo x >locked/inner/file; \
                echo x >\"$HOME/locked/inner/file\"; chmod 000 locked/inner locked \"$HOME/locked/inner\" \"$HOME/locked\" \"$TMPDIR/locked\" .herder";
    let sessions = json!([[{"run": lock}, answer("continue")], [{"run": "chmod 500 ."}, answer("done")]]);
    let goal = stage.goal("Lock", &sessions);
    stage.night();
    assert_eq!(stage.word(&goal), "done");
    assert_eq!(stage.repo.file_at("main", "work").as_deref(), Some("good\n"));
    let setup = stage.runs(&goal)[0].spec().unwrap().unwrap().setup;
    // For whoever is not root, what cannot be read is not in the snapshot, and keeps the clone with its room.
    assert_eq!(setup.room.exists(), setup.clone.exists(), "{}", setup.room.display());
    stage.assert_sound(&stage.id);
    // So that the scene itself can be removed.
    let mut unlock = std::process::Command::new("chmod");
    assert!(unlock.args(["-R", "u+rwX"]).arg(stage.home.path()).status().unwrap().success());
}

/// What a snapshot does not take keeps its clone, so that nothing is lost.
#[test]
fn a_file_too_large_for_git_keeps_the_clone() {
    let mut stage = Stage::new(GREEN, "");
    let goal = stage
        .goal("Make it large", &json!([[{"run": "truncate -s 60M large; echo good >work"}, answer("done")]]));
    stage.night();
    // It will not land, so a person is told before the rest of the work does.
    let why = format!("{:?}", stage.found(&goal).state);
    assert_eq!(stage.word(&goal), "spot-check", "{why}");
    assert!(why.contains("LeftOut") && why.contains("large"), "{why}");
    assert_eq!(stage.repo.file_at("main", "large"), None);
    let setup = stage.runs(&goal)[0].spec().unwrap().unwrap().setup;
    assert!(setup.clone.join("large").exists());
}
