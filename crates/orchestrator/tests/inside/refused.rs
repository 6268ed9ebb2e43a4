//! What lies outside the clone is out of an agent's reach.

use std::path::{Path, PathBuf};

use herder_testkit::Canary;
use serde_json::json;

use crate::stage::{Attempts, NOTES, Stage, script};

const GREEN: &str = "test -f first.txt";

/// A session that leaves a file and never ends.
fn at_work(canary: &Canary) -> serde_json::Value {
    json!([[{"write": {"path": "mine.txt", "text": canary.secret()}},
            {"run": "echo private >\"$HOME/mine\"; touch begun"}, "hang"]])
}

fn reading(path: &Path) -> String {
    format!("cat {}", path.display())
}

fn listing(path: &Path) -> String {
    format!("ls {}", path.display())
}

fn writing(path: &Path) -> String {
    format!("echo x >>{}", path.display())
}

#[test]
fn files_of_others_can_be_neither_read_nor_changed() {
    let mut stage = Stage::new(GREEN, "");
    let canary = Canary::new(&stage.home.path().join("canary"));
    let key = stage.home.write(".ssh/id_ed25519", canary.secret());
    let (_other, other_id) = stage.another("other", GREEN);
    let neighbour = stage.goal("Work beside", &at_work(&canary));
    let stranger = stage.goal_in(&other_id, "Work elsewhere", &at_work(&canary));
    let up = stage.up();
    let (beside, elsewhere) = (stage.await_file(&neighbour, "begun"), stage.await_file(&stranger, "begun"));
    let room = stage.runs(&neighbour)[0].spec().unwrap().unwrap().setup.room;

    let mut attempts = Attempts::new()
        .try_to("read an ssh key", &reading(&key))
        .try_to("list the .ssh of the user", &listing(key.parent().unwrap()))
        .try_to("list the home of the user", &listing(&stage.home.home()))
        .try_to(
            "write the configuration of the user",
            &writing(&stage.home.home().join(".config/herder/config.toml")),
        )
        .try_to("reach a key by a link", &format!("ln -s {} link; cat link; exit 1", key.display()))
        .try_to("reach a key by a hard link", &format!("ln {} hard", key.display()))
        .try_to("list all clones", &listing(&stage.home.root()))
        .try_to("read the HOME of another run", &reading(&room.join("home/mine")))
        .try_to("write the gate of another run", &writing(&room.join("gate/check")));
    for (whose, clone) in [("another run", &beside), ("another repository", &elsewhere)] {
        attempts = attempts
            .try_to(&format!("read the clone of {whose}"), &reading(&clone.join("mine.txt")))
            .try_to(&format!("list the clone of {whose}"), &listing(clone))
            .try_to(&format!("write the clone of {whose}"), &writing(&clone.join("mine.txt")))
            .try_to(&format!("write the git of {whose}"), &writing(&clone.join(".git/config")));
    }
    let goal = stage.goal("Try all doors", &script(attempts.script()));
    stage.await_word(&goal, "done");
    up.end();
    let notes = stage.repo.file_at("main", NOTES).unwrap();
    attempts.assert_all_refused(&notes);
    assert!(!notes.contains(canary.secret()), "{notes}");
}

#[test]
fn files_of_herder_can_be_neither_read_nor_changed() {
    let mut stage = Stage::new(GREEN, "");
    let state = stage.state();
    let (mirror, vault) = (state.mirror(&stage.id), state.vault(&stage.id));
    let own = "$(dirname \"$HOME\")";
    let mut attempts = Attempts::new()
        .try_to("list the state directory", &listing(state.root()))
        .try_to("read the database", &reading(&state.database()))
        .try_to("write the database", &writing(&state.database()))
        .try_to("write the statistics", &writing(&state.stats()))
        .try_to("write the pinned gate", &format!("echo exit 0 >{own}/gate/check"))
        .try_to("replace the pinned gate", &format!("mv {own}/gate {own}/old"))
        .try_to("remove the pinned gate", &format!("rm -rf {own}/gate"))
        .try_to("add to the room", &format!("touch {own}/new"));
    for (name, repository) in [("mirror", &mirror), ("vault", &vault)] {
        attempts = attempts
            .try_to(&format!("list the {name}"), &listing(repository))
            .try_to(&format!("configure the {name}"), &writing(&repository.join("config")))
            .try_to(&format!("add to the {name}"), &format!("touch {}/objects/x", repository.display()));
    }
    let run = format!("{}/${{HERDER_RUN%.*}}", state.runs().display());
    for file in ["run.json", "goal.md", "ralph.log", "git/config"] {
        attempts = attempts
            .try_to(&format!("read its own {file}"), &format!("cat {run}/{file}"))
            .try_to(&format!("write its own {file}"), &format!("echo x >>{run}/{file}"));
    }
    attempts = attempts
        .try_to("list its own run directory", &format!("ls {run}"))
        .try_to("forge its own outcome", &format!("echo '{{}}' >{run}/outcome.json"));
    let goal = stage.goal("Try all drawers", &script(attempts.script()));
    stage.night();
    assert_eq!(stage.word(&goal), "done");
    attempts.assert_all_refused(&stage.repo.file_at("main", NOTES).unwrap());
    stage.assert_sound(&stage.id);
}

#[test]
fn those_above_can_be_neither_looked_into_nor_signalled() {
    let mut stage = Stage::new(GREEN, "");
    let canary = Canary::new(&stage.home.path().join("canary"));
    let neighbour = stage.goal("Work beside", &at_work(&canary));
    let up = stage.up();
    stage.await_file(&neighbour, "begun");
    let beside = stage.runs(&neighbour)[0].status().unwrap().unwrap().pid;
    // The agent and the shell of the other run carry its marker, as do their keeper and their ralph.
    let marker = stage.runs(&neighbour)[0].run().to_string();
    let mut others: Vec<u32> = herder_testkit::processes_with(&marker);
    others.retain(|pid| *pid != up.pid());
    assert!(others.contains(&beside) && others.len() >= 3, "{others:?}");

    let mut attempts = Attempts::new();
    let orchestrator = up.pid().to_string();
    let pids = others.iter().map(|pid| ("of another run", pid.to_string()));
    let above = [("ralph", "$RALPH"), ("keeper", "$KEEPER"), ("orchestrator", &orchestrator)];
    for (who, pid) in above.map(|(who, pid)| (who, pid.to_owned())).into_iter().chain(pids) {
        attempts = attempts
            .try_to(&format!("read the environment: {who} {pid}"), &format!("cat /proc/{pid}/environ"))
            .try_to(&format!("read the memory: {who} {pid}"), &format!("head -c 1 /proc/{pid}/mem"))
            .try_to(&format!("read what it has open: {who} {pid}"), &format!("head -c 1 /proc/{pid}/fd/2"))
            .try_to(&format!("write what it has open: {who} {pid}"), &format!("echo x >>/proc/{pid}/fd/2"))
            .try_to(&format!("enter by its directory: {who} {pid}"), &format!("ls /proc/{pid}/cwd/"))
            .try_to(&format!("signal: {who} {pid}"), &format!("kill -CONT {pid}"))
            .try_to(&format!("stop: {who} {pid}"), &format!("kill -STOP {pid}"));
    }
    let chain = "echo $PPID $PLAYER $KEEPER $RALPH >chain; ls /proc/$PLAYER/fd >descriptors";
    let goal = stage.goal("Try to look up", &script(&format!("{}{chain}", attempts.script())));
    stage.await_word(&goal, "done");
    up.end();
    attempts.assert_all_refused(&stage.repo.file_at("main", NOTES).unwrap());
    // That the shell spoke of the right ones: the last of the chain is the ralph that tells of itself.
    let chain = stage.repo.file_at("main", "chain").unwrap();
    let ralph = stage.runs(&goal)[0].status().unwrap().unwrap().pid.to_string();
    assert_eq!(chain.split_whitespace().last(), Some(ralph.as_str()), "{chain}");
    // Standard streams, and nothing that somebody above had open.
    assert_eq!(stage.repo.file_at("main", "descriptors").unwrap(), "0\n1\n2\n");
}

#[test]
fn the_system_can_be_neither_changed_nor_left() {
    let mut stage = Stage::new(GREEN, "");
    let key = stage.home.write(".ssh/id_ed25519", "private");
    let mut attempts = Attempts::new()
        .try_to("mount", "mkdir -p m && mount -t tmpfs none m")
        .try_to("mount in a namespace of its own", "unshare -Urm mount -t tmpfs none m")
        .try_to("read a key as root of a namespace", &format!("unshare -Ur cat {}", key.display()))
        .try_to("make a device", "mknod device c 1 3")
        .try_to("write to the system", "touch /usr/new")
        .try_to("write to the settings of the system", "touch /etc/new")
        .try_to("write to a temporary directory of all", "touch /tmp/new")
        .try_to("change the settings of the kernel", "echo 1 >/proc/sys/kernel/core_pattern");
    for tree in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
        let procs = Path::new(tree).join("cgroup.procs");
        if procs.exists() {
            attempts = attempts
                .try_to(&format!("leave its cgroup for {tree}"), &format!("echo $$ >{}", procs.display()));
        }
    }
    let capabilities = "grep CapEff /proc/self/status | cut -f2 >capabilities";
    let goal = stage.goal("Try to get out", &script(&format!("{}{capabilities}", attempts.script())));
    stage.night();
    assert_eq!(stage.word(&goal), "done");
    attempts.assert_all_refused(&stage.repo.file_at("main", NOTES).unwrap());
    assert_eq!(stage.repo.file_at("main", "capabilities").unwrap(), "0000000000000000\n");
}

/// What a person types in another window, a password for example, is read by whoever opens that terminal.
#[test]
fn no_terminal_of_a_person_can_be_opened() {
    let mut stage = Stage::new(GREEN, "");
    let before = terminals();
    // The kernel makes the other end as a file.
    let ours = fs_err::File::options().read(true).write(true).open("/dev/ptmx").unwrap();
    let terminal = terminals().into_iter().find(|one| !before.contains(one)).unwrap();
    let attempts = Attempts::new()
        .try_to("read what is typed", &format!("head -c 1 {}", terminal.display()))
        .try_to("write to the screen", &format!("echo x >{}", terminal.display()));
    let goal = stage.goal("Listen in", &script(attempts.script()));
    stage.night();
    drop(ours);
    assert_eq!(stage.word(&goal), "done");
    attempts.assert_all_refused(&stage.repo.file_at("main", NOTES).unwrap());
}

fn terminals() -> Vec<PathBuf> {
    fs_err::read_dir("/dev/pts").unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// A hole that is known: a socket that is a file is reached by its path. What comes in means nothing.
#[test]
fn a_word_to_the_wake_socket_does_no_harm() {
    let mut stage = Stage::new(GREEN, "");
    let socket = stage.state().root().join("wake.sock");
    let send = format!(
        "import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n\
         for _ in range(200): s.sendto(b'stop ' * 100, '{}')",
        socket.display()
    );
    let goal = stage.goal("Shout", &script(&format!("python3 -c \"{send}\"; echo shouted >shouted")));
    stage.night();
    assert_eq!(stage.word(&goal), "done");
    assert_eq!(stage.repo.file_at("main", "shouted").as_deref(), Some("shouted\n"));
}
