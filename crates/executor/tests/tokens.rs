//! Build tokens, as jobs and real builds see them.
#![allow(clippy::unwrap_used)] // as in any test; clippy sees only functions marked so

mod scene;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use herder_domain::setup::Tokens;
use herder_executor::{Exit, Heavy, Job, RUN_MARKER, Sandbox};
use scene::{NONE, Running, Scene, example, pids, wait_until};

fn tokens(scene: &Scene, count: u32) -> Tokens {
    Tokens { pool: scene.dir.path().join("tokens"), count, heavy: Vec::new() }
}

/// A job that shares these tokens, and has its pipe as descriptor 3.
fn shell(scene: &Scene, tokens: &Tokens, script: &str) -> Job {
    let mut job = scene.shell(&format!("PIPE=${{HERDER_TOKENS#*:}}; exec 3<>\"$PIPE\"; {script}"));
    job.limits.tokens = Some(tokens.clone());
    job
}

/// Takes all there are beside its own, and says so.
const TAKE_TWO: &str = "head -c 2 <&3 | wc -c";

fn ended(running: Running) -> Exit {
    running.handle.kill();
    running.reports.wait().unwrap().exit
}

#[test]
fn a_job_has_one_token_of_itself_and_asks_for_the_others() {
    let scene = Scene::new();
    let of = tokens(&scene, 3);
    for _ in 0..2 {
        // Also the second time: what was taken and never given back came back with the end of the job.
        let (text, _) = scene.run(&shell(&scene, &of, TAKE_TWO));
        assert_eq!(text.trim(), "2");
    }
    assert_eq!(std::fs::read_dir(of.pool.join("pipes")).unwrap().count(), 0);
}

#[test]
fn what_a_thief_holds_is_free_again_when_nothing_of_its_job_lives() {
    let scene = Scene::new();
    let of = tokens(&scene, 3);
    let script = "head -c 2 <&3 >/dev/null; setsid sleep 300 & echo held; exec sleep 300";
    let mut thief = scene.start(&shell(&scene, &of, script));
    thief.await_line("held");
    let mut other = scene.start(&shell(&scene, &of, &format!("echo up; {TAKE_TWO}; sleep 300")));
    other.await_line("up");
    assert_eq!(ended(thief), Exit::Signal(9));
    other.await_line("2");
    ended(other);
    assert_eq!(scene.survivors(), NONE);
}

#[test]
fn what_a_job_holds_is_free_while_it_stands_still_and_held_again_when_it_goes_on() {
    let scene = Scene::new();
    let of = tokens(&scene, 3);
    let mut frozen = scene.start(&shell(&scene, &of, "head -c 2 <&3 >/dev/null; echo held; exec sleep 300"));
    frozen.await_line("held");
    frozen.handle.freeze();
    let (text, _) = scene.run(&shell(&scene, &of, TAKE_TWO));
    assert_eq!(text.trim(), "2");
    frozen.handle.thaw();
    let is_held = |number: u32| {
        let token = std::fs::File::open(of.pool.join(format!("token.{number}"))).unwrap();
        token.try_lock().is_err()
    };
    wait_until("what it has in hand to be held again", || (0..3).all(is_held));
    ended(frozen);
}

#[test]
fn what_a_killed_supervisor_had_lent_is_free_at_once() {
    let scene = Scene::new();
    let of = tokens(&scene, 3);
    let mut command = Command::new(example("stand_in"));
    command.args(["tokens", scene.run.as_str(), of.pool.to_str().unwrap()]);
    let mut supervisor = command.env(RUN_MARKER, scene.run.as_str()).spawn().unwrap();
    let held = of.pool.join("held");
    wait_until("the tokens to be taken", || held.exists());
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    let (text, _) = scene.run(&shell(&scene, &of, TAKE_TWO));
    assert_eq!(text.trim(), "2");
    herder_executor::end_strays(&scene.run).unwrap();
    let left = std::fs::read_dir(of.pool.join("pipes")).unwrap().count();
    assert_eq!((left, scene.survivors().as_slice()), (0, &NONE[..]), "{:?}", pids().len());
}

#[test]
fn a_pipe_that_the_job_removes_is_only_its_own_loss_and_a_sandbox_keeps_it() {
    let scene = Scene::new();
    let of = tokens(&scene, 3);
    let script = "rm -f \"$PIPE\"; head -c 2 <&3 | wc -c; test -e \"$PIPE\" && echo there || echo gone";
    let (text, _) = scene.run(&shell(&scene, &of, script));
    assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["2", "gone"]);
    let mut job = shell(&scene, &of, script);
    job.sandbox = Some(Sandbox::base().writing(scene.dir.path().join("elsewhere")));
    job.cwd = "/".into();
    let (text, _) = scene.run(&job);
    assert!(text.contains("2\n") && text.contains("there") && text.contains("Permission denied"), "{text}");
}

#[test]
fn bytes_that_nobody_was_lent_are_no_tokens() {
    let scene = Scene::new();
    let (running, _) = lender(&scene, &tokens(&scene, 3));
    let dir = scene.dir.path().join("tokens/pipes");
    let pipe = std::fs::read_dir(dir).unwrap().next().unwrap().unwrap().path();
    let mut pipe = std::fs::File::options().read(true).write(true).open(pipe).unwrap();
    pipe.write_all(&[b'+'; 100]).unwrap();
    wait_until("what is too much to be gone", || rustix::io::ioctl_fionread(&pipe).unwrap() <= 2);
    ended(running);
}

/// The variable of a job that goes on until it is killed.
fn lender(scene: &Scene, of: &Tokens) -> (Running, Heavy) {
    let mut job = scene.shell("echo $HERDER_TOKENS; echo up; exec sleep 300");
    job.limits.tokens = Some(of.clone());
    let mut running = scene.start(&job);
    let marker = running.lines_until("up");
    (running, Heavy::of(marker.trim()).unwrap())
}

#[test]
fn heavy_programs_take_their_turns_and_do_not_wait_for_each_other_for_ever() {
    let scene = Scene::new();
    let of = tokens(&scene, 2);
    let lenders = [lender(&scene, &of), lender(&scene, &of)];
    let at_work = std::sync::Mutex::new(());
    std::thread::scope(|scope| {
        for (_, heavy) in &lenders {
            scope.spawn(|| {
                for _ in 0..3 {
                    let hand = heavy.take(None).unwrap();
                    // Let go before the hand, which was there first.
                    let alone = at_work.try_lock();
                    assert_eq!((hand.count(), alone.is_ok()), (1, true));
                }
            });
        }
    });
    let [(one, heavy), (other, _)] = lenders;
    ended(one);
    ended(other);
    assert!(heavy.take(None).is_err(), "the pipe went with its job");
    assert!(Heavy::of("many:/pipe").is_err() && Heavy::of("3:pipe").is_err() && Heavy::of("").is_err());
}

/// Packages whose build scripts say in `log` when they are at work, in a workspace.
fn workspace(dir: &Path, packages: u32, script: &str) {
    let write = |path: PathBuf, text: &str| {
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    };
    let names: Vec<String> = (0..packages).map(|number| format!("p{number}")).collect();
    write(dir.join("Cargo.toml"), &format!("[workspace]\nresolver = \"2\"\nmembers = {names:?}\n"));
    for name in names {
        let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        write(dir.join(&name).join("Cargo.toml"), &manifest);
        write(dir.join(&name).join("src/lib.rs"), "");
        write(dir.join(&name).join("build.rs"), script);
    }
}

fn cargo(scene: &Scene, of: &Tokens, dir: &Path) -> Job {
    let mut job = scene.shell("cargo build --offline --quiet 2>&1; echo ended $?");
    let passed = ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];
    job.env.extend(passed.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?))));
    job.env.insert("LOG".into(), scene.dir.path().join("log").display().to_string());
    job.env.insert("CARGO_TARGET_DIR".into(), dir.join("target").display().to_string());
    job.cwd = dir.into();
    job.limits.tokens = Some(of.clone());
    job
}

/// How many build scripts were at work at once.
fn most_at_once(scene: &Scene) -> usize {
    let log = fs_err::read_to_string(scene.dir.path().join("log")).unwrap();
    let mut now = 0_usize;
    let step = |line: &str| {
        now = if line == "+" { now + 1 } else { now - 1 };
        now
    };
    log.lines().map(step).max().unwrap()
}

/// Says that it began, waits until so many have begun, or for the time that is given, and says that it ended.
const SCRIPT: &str = r#"
use std::io::Write;
fn main() {
    let log = std::env::var("LOG").unwrap();
    let say = |word: &str| std::fs::File::options().append(true).create(true).open(&log).unwrap().write_all(word.as_bytes()).unwrap();
    say("+\n");
    let begun = std::time::Instant::now();
    while begun.elapsed() < std::time::Duration::from_millis(PATIENCE) {
        let text = std::fs::read_to_string(&log).unwrap();
        if text.lines().filter(|line| *line == "+").count() >= WANTED { break }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    say("-\n");
}
"#;

#[test]
fn a_real_cargo_builds_as_wide_as_there_are_tokens_whatever_the_processors() {
    let scene = Scene::new();
    let of = tokens(&scene, 3);
    let dir = scene.dir.path().join("w");
    // All three wait for each other: they end soon because they are at work at once, and not by the clock.
    workspace(&dir, 3, &SCRIPT.replace("PATIENCE", "60000").replace("WANTED", "3"));
    let (text, _) = scene.run(&cargo(&scene, &of, &dir));
    assert_eq!((text.trim(), most_at_once(&scene)), ("ended 0", 3));
}

#[test]
fn two_real_cargos_are_together_no_wider_than_there_are_tokens() {
    let scene = Scene::new();
    let of = tokens(&scene, 2);
    let dirs = ["one", "other"].map(|name| scene.dir.path().join(name));
    for dir in &dirs {
        workspace(dir, 3, &SCRIPT.replace("PATIENCE", "200").replace("WANTED", "99"));
    }
    let builds = dirs.map(|dir| scene.start(&cargo(&scene, &of, &dir)));
    for mut build in builds {
        build.await_line("ended 0");
        build.reports.wait().unwrap();
    }
    assert!(most_at_once(&scene) <= 2);
}
