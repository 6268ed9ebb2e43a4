//! The process zoo: every animal, ended in every way. Nothing of it is left, its log is complete up to the point,
//! and its end is told as it was.
#![allow(clippy::unwrap_used, clippy::panic)] // as in any test; clippy sees only functions marked so

mod scene;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use herder_executor::{Ending, Exit, Job, Report, end_strays};
use rustix::process::{Pid, Signal};
use scene::{NONE, Scene, example, parent_of, unique_seconds, wait_until, with_argument};

const TERM: Exit = Exit::Signal(15);
const KILL: Exit = Exit::Signal(9);

/// A cage: an animal, the directory that it lives in, and a word that every process of it carries.
struct Cage {
    scene: Scene,
    animal: &'static str,
    tag: String,
}

impl Cage {
    fn new(animal: &'static str) -> Self {
        Self { scene: Scene::new(), animal, tag: unique_seconds() }
    }

    fn job(&self, how: &str) -> Job {
        let mut job = Job::new(example("zoo"), self.scene.dir.path(), self.scene.run.clone());
        job.args = [self.animal, how, &self.tag].map(str::to_owned).to_vec();
        job.env.insert("PATH".to_owned(), std::env::var("PATH").unwrap());
        // The patience with the deaf is not what is tried here.
        job.limits.grace = Duration::from_millis(300);
        job.limits.leftover_grace = Duration::from_millis(300);
        job
    }

    fn until_up(&self) {
        wait_until("the animal is up", || self.scene.dir.path().join("up").exists());
    }

    #[track_caller]
    fn assert_empty(&self, after: &str) {
        let left = (self.scene.survivors(), with_argument(&self.tag));
        assert_eq!(left, (NONE.to_vec(), NONE.to_vec()), "{} after {after}", self.animal);
    }
}

/// What a job wrote: counted, and its beginning and end kept.
struct Heard {
    head: String,
    tail: String,
}

/// Reads a job's output to its end, which comes when nobody holds the pipe any more.
fn listen(mut output: impl Read + Send + 'static) -> std::thread::JoinHandle<Heard> {
    std::thread::spawn(move || {
        let (mut head, mut tail, mut block) = (Vec::new(), Vec::new(), vec![0; 1 << 16]);
        while let Ok(count @ 1..) = output.read(&mut block) {
            let free = 64_usize.saturating_sub(head.len()).min(count);
            head.extend_from_slice(&block[..free]);
            tail.extend_from_slice(&block[..count]);
            tail.drain(..tail.len().saturating_sub(64));
        }
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Heard { head: text(head), tail: text(tail) }
    })
}

/// Ends an animal through its keeper.
fn end_by(animal: &'static str, how: &str, end: impl FnOnce(&Cage, &scene::Running)) -> Ending {
    let cage = Cage::new(animal);
    let mut running = cage.scene.start(&cage.job(how));
    let output = std::mem::replace(&mut running.output, BufReader::new(std::io::pipe().unwrap().0));
    let heard = listen(output);
    if how == "stay" {
        cage.until_up();
    }
    end(&cage, &running);
    let ending = running.reports.wait().unwrap();
    cage.assert_empty(how);
    let heard = heard.join().unwrap();
    assert!(heard.head.starts_with("first words\n"), "{animal}: {:?}", heard.head);
    if how == "leave" && animal != "shouter" {
        assert!(heard.tail.ends_with("last words\n"), "{animal}: {:?}", heard.tail);
    }
    ending
}

/// A process that starts the animal and can be killed; whether it sweeps after a dead keeper is its mode.
fn kept(mode: &str, cage: &Cage) -> (Child, BufReader<ChildStdout>, u32) {
    let (zoo, dir) = (example("zoo"), cage.scene.dir.path().display());
    let script = format!("cd {dir} && exec {} {} stay {}", zoo.display(), cage.animal, cage.tag);
    let mut parent = Command::new(example("stand_in"))
        .args([mode, example("keeper").to_str().unwrap(), cage.scene.run.as_str(), &script])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(parent.stdout.take().unwrap());
    let mut program = None;
    while program.is_none() {
        let mut line = String::new();
        assert!(output.read_line(&mut line).unwrap() > 0);
        program = line.strip_prefix("started ").map(|pid| pid.trim().parse().unwrap());
    }
    cage.until_up();
    let keeper = parent_of(program.unwrap()).unwrap();
    (parent, output, keeper)
}

fn send(pid: u32, signal: Signal) {
    rustix::process::kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal).unwrap();
}

/// The ralph dies; the keeper is left to see to it.
fn after_the_parents_death(animal: &'static str) {
    let cage = Cage::new(animal);
    let (mut parent, output, _) = kept("parent", &cage);
    let heard = listen(output);
    parent.kill().unwrap();
    parent.wait().unwrap();
    heard.join().unwrap();
    wait_until("nothing is left", || with_argument(&cage.tag).is_empty());
    wait_until("the keeper is gone", || cage.scene.survivors().is_empty());
}

/// The keeper dies; the ralph is left to see to it.
fn after_the_keepers_death(animal: &'static str) {
    let cage = Cage::new(animal);
    let (mut parent, output, keeper) = kept("reaper", &cage);
    let heard = listen(output);
    send(keeper, Signal::KILL);
    assert!(parent.wait().unwrap().success());
    let said = heard.join().unwrap().tail;
    assert!(said.ends_with("\n0 children left\n"), "{animal}: {said}");
    cage.assert_empty("the keeper's death");
}

/// Both die; the orchestrator sweeps before it runs the goal again.
fn after_both_deaths(animal: &'static str) {
    let cage = Cage::new(animal);
    let (mut parent, output, keeper) = kept("parent", &cage);
    let heard = listen(output);
    // Stopped first, so that it cannot see the other's death.
    send(keeper, Signal::STOP);
    parent.kill().unwrap();
    parent.wait().unwrap();
    send(keeper, Signal::KILL);
    end_strays(&cage.scene.run).unwrap();
    wait_until("the dead are gone", || with_argument(&cage.tag).is_empty());
    cage.assert_empty("both deaths");
    heard.join().unwrap();
    assert_eq!(end_strays(&cage.scene.run).unwrap(), []);
}

/// Every way to end an animal. `stopped` is how its program ends when it is asked to.
fn every_end(animal: &'static str, stopped: Exit) {
    let ending = end_by(animal, "stay", |_, running| running.handle.stop(None));
    assert_eq!((ending.exit, ending.leftover_count), (stopped, 0), "{animal}, stopped");
    let ending = end_by(animal, "stay", |_, running| running.handle.kill());
    assert_eq!((ending.exit, ending.leftover_count), (KILL, 0), "{animal}, killed");
    let ending = end_by(animal, "leave", |_, _| {});
    assert_eq!(ending.exit, Exit::Code(0), "{animal}, left");
    assert!(ending.leftover_count > 0 && !ending.leftovers.is_empty(), "{animal}: {ending:?}");
    after_the_parents_death(animal);
    after_the_keepers_death(animal);
    after_both_deaths(animal);
}

#[test]
fn one_that_ignores_every_request_to_end() {
    every_end("deaf", KILL);
}

#[test]
fn one_that_forked_twice() {
    every_end("daemon", TERM);
}

#[test]
fn one_in_another_session_that_holds_the_pipe_of_the_log() {
    every_end("escapee", TERM);
}

#[test]
fn a_storm_of_processes_that_ignore_every_request_to_end() {
    every_end("storm", KILL);
}

#[test]
fn one_that_closed_its_output() {
    every_end("mute", TERM);
}

#[test]
fn one_that_shouts_for_ever() {
    every_end("shouter", TERM);
}

#[test]
fn one_that_stopped_itself() {
    // A stopped process takes a request only when it is continued, and is killed at the end of the grace.
    every_end("stopped", KILL);
}

#[test]
fn one_that_stopped_its_children_and_itself_as_a_terminal_would() {
    every_end("stopper", TERM);
}

#[test]
fn one_that_stopped_its_keeper() {
    let ending = end_by("jailer", "stay", |_, running| running.handle.stop(None));
    assert_eq!((ending.exit, ending.leftover_count), (TERM, 0), "stopped");
    let ending = end_by("jailer", "stay", |_, running| running.handle.kill());
    assert_eq!((ending.exit, ending.leftover_count), (KILL, 0), "killed");
    after_the_keepers_death("jailer");
    after_both_deaths("jailer");
}

#[test]
fn one_that_stopped_its_keeper_when_nobody_listens_to_that_any_more() {
    let cage = Cage::new("jailer");
    let running = cage.scene.start(&cage.job("stay"));
    cage.until_up();
    drop(running.reports);
    cage.assert_empty("its reports were dropped");
}

#[test]
fn one_that_stops_its_keeper_again_and_again() {
    let cage = Cage::new("warden");
    let running = cage.scene.start(&cage.job("stay"));
    cage.until_up();
    running.handle.stop(None);
    // Either the keeper comes to its deeds between two stops, or it is killed in the end.
    let last = running.reports.last().unwrap();
    assert!(matches!(last, Report::Ended(_) | Report::KeeperDied { is_clean: true, .. }), "{last:?}");
    cage.assert_empty("it was stopped");
}

#[test]
fn one_with_hundreds_of_unburied_children() {
    every_end("graveyard", TERM);
}

#[test]
fn one_that_exits_well_while_its_children_are_at_work() {
    let cage = Cage::new("deserter");
    let mut running = cage.scene.start(&cage.job("stay"));
    let mut text = String::new();
    running.output.read_to_string(&mut text).unwrap();
    let ending = running.reports.wait().unwrap();
    assert_eq!((ending.exit, ending.leftover_count), (Exit::Code(0), 3));
    assert!(ending.leftovers.iter().all(|left| left.command.contains(&cage.tag)), "{ending:?}");
    assert_eq!(text, "first words\n".repeat(4), "each of the three was heard to its end");
    cage.assert_empty("it deserted");
}
