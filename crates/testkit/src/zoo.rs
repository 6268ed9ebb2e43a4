//! The process zoo: programs that do what agents' tools have been seen to do, each to be ended without a trace.
//!
//! `zoo ANIMAL stay|leave|linger TAG`: with `stay` the program itself behaves so; with `leave` it starts one that
//! does and exits with code 0, with `linger` not before there is a file `go`. It says "first words" first, "last
//! words" if it leaves, and makes the file `up` in its working directory when the behaviour has begun. TAG is an
//! argument of every process that comes of it.
//!
//! `zoo agent`: the same as a coding agent, see `agent` below.
#![allow(clippy::print_stdout, reason = "what a program of the zoo says")]

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitCode};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal};

/// Chains of processes in a storm, and how many links each has at most: a storm that escaped would end by itself.
const CHAINS: u32 = 12;
const LINKS: u32 = 20_000;
/// Children that nobody reaps.
const GRAVES: u32 = 500;
/// What the shouter says in all, in bytes.
const SHOUTED: usize = 1 << 30;
/// Longer than any test.
const EVER: Duration = Duration::from_secs(600);
/// Between two looks at a file.
const LOOK: Duration = Duration::from_millis(2);

/// The line of a prompt that tells [`agent`] what to be: `Animal: deaf stay TAG`.
const ASKED: &str = "Animal: ";

/// The whole of a program that is the zoo, without its first argument.
pub fn visit(args: impl Iterator<Item = String>) -> ExitCode {
    let args: Vec<String> = args.collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["agent"] => agent(),
        [animal, how, tag] => enter(animal, how, tag),
        _ => ExitCode::from(64),
    }
}

/// A coding agent that writes `ANIMAL.txt`, which is its work, and becomes then what its prompt asks for, in the
/// directory `.herder`, of which nothing is work. Where the work is there already it has nothing to do.
fn agent() -> ExitCode {
    let prompt = std::io::read_to_string(std::io::stdin()).unwrap();
    let asked = prompt.lines().find_map(|line| line.strip_prefix(ASKED)).expect("an animal");
    let words: Vec<&str> = asked.split_whitespace().collect();
    let [animal, how, tag] = words[..] else { return ExitCode::from(64) };
    let work = format!("{animal}.txt");
    if Path::new(&work).exists() {
        println!("nothing is left to do");
        return ExitCode::SUCCESS;
    }
    fs_err::write(work, "ok\n").unwrap();
    std::env::set_current_dir(".herder").unwrap();
    enter(animal, how, tag)
}

fn enter(animal: &str, how: &str, tag: &str) -> ExitCode {
    if let Some(left) = animal.strip_prefix("link-") {
        return link(left.parse().unwrap(), tag);
    }
    println!("first words");
    match how {
        "stay" => return behave(animal, tag),
        "leave" | "linger" => drop(start(animal, "stay", tag)),
        _ => return ExitCode::from(64),
    }
    until_there("up");
    if how == "linger" {
        until_there("go");
    }
    println!("last words");
    ExitCode::SUCCESS
}

fn behave(animal: &str, tag: &str) -> ExitCode {
    match animal {
        "idler" => idle(),
        "sleeper" => wait_for_ever(),
        "deaf" => deafly("sleeper", tag),
        "daemon" => daemon(tag),
        "escapee" => escapee(tag),
        "storm" => deafly("raging", tag),
        "raging" => rage(tag),
        "mute" => mute(),
        "shouter" => shout(),
        "stopped" => stop(),
        "stopper" => stop_children(tag),
        "jailer" => stop_parents(Times::Once),
        "warden" => stop_parents(Times::Always),
        "graveyard" => graveyard(),
        "deserter" => desert(tag),
        _ => ExitCode::from(64),
    }
}

/// The same program as another animal.
fn start(animal: &str, how: &str, tag: &str) -> Child {
    Command::new("/proc/self/exe").args([animal, how, tag]).spawn().unwrap()
}

fn is_up() {
    File::create("up").unwrap();
}

fn until_there(file: &str) {
    while !Path::new(file).exists() {
        sleep(LOOK);
    }
}

fn idle() -> ExitCode {
    sleep(EVER);
    ExitCode::SUCCESS
}

fn wait_for_ever() -> ExitCode {
    is_up();
    idle()
}

/// The same program as a shell starts it, after this script.
fn by_shell(script: &str, animal: &str, tag: &str) -> Command {
    let own = std::env::current_exe().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(own).args([animal, "stay", tag]);
    shell
}

/// Becomes an animal that ignores what asks it to end, and so does all that it starts.
fn deafly(animal: &str, tag: &str) -> ExitCode {
    let error = by_shell("trap '' TERM INT HUP; exec \"$@\"", animal, tag).exec();
    panic!("{error}");
}

/// A grandchild in a session of its own, whose parent is gone.
fn daemon(tag: &str) -> ExitCode {
    let mut middle = by_shell("setsid \"$@\" </dev/null & exit", "sleeper", tag).spawn().unwrap();
    middle.wait().unwrap();
    idle()
}

/// One in another session that keeps the log's pipe open and does not listen.
fn escapee(tag: &str) -> ExitCode {
    drop(by_shell("trap '' TERM INT HUP; exec setsid \"$@\" </dev/null", "sleeper", tag).spawn().unwrap());
    idle()
}

fn rage(tag: &str) -> ExitCode {
    for _ in 0..CHAINS {
        drop(start(&format!("link-{LINKS}"), "stay", tag));
    }
    wait_for_ever()
}

/// Becomes another process, and another one, each in a session of its own.
fn link(left: u32, tag: &str) -> ExitCode {
    // Refused where it leads a group, which it does not.
    let _ = rustix::process::setsid();
    if left > 0 {
        drop(start(&format!("link-{}", left - 1), "stay", tag));
    }
    ExitCode::SUCCESS
}

/// Goes on although nobody can hear it.
fn mute() -> ExitCode {
    std::io::stdout().flush().unwrap();
    let null = File::options().read(true).write(true).open("/dev/null").unwrap();
    rustix::stdio::dup2_stdin(&null).unwrap();
    rustix::stdio::dup2_stdout(&null).unwrap();
    rustix::stdio::dup2_stderr(&null).unwrap();
    wait_for_ever()
}

fn shout() -> ExitCode {
    is_up();
    let block = vec![b'a'; 1 << 16];
    let mut err = std::io::stderr();
    for _ in 0..SHOUTED / block.len() {
        if err.write_all(&block).is_err() {
            break;
        }
    }
    idle()
}

fn send(pid: Pid, signal: Signal) {
    rustix::process::kill_process(pid, signal).unwrap();
}

fn stop() -> ExitCode {
    is_up();
    send(rustix::process::getpid(), Signal::STOP);
    idle()
}

/// Stops its children in each way that there is. The way of a terminal has no effect on a process whose group
/// nobody of its session can continue (setpgid(2), "orphaned"), so on itself.
fn stop_children(tag: &str) -> ExitCode {
    let mut children = vec![start("idler", "stay", tag)];
    send(Pid::from_child(&children[0]), Signal::STOP);
    for signal in [Signal::STOP, Signal::TSTP] {
        let mut other = Command::new("/proc/self/exe");
        children.push(other.args(["idler", "stay", tag]).process_group(0).spawn().unwrap());
        rustix::process::kill_process_group(Pid::from_child(&children[children.len() - 1]), signal).unwrap();
    }
    send(rustix::process::getpid(), Signal::TSTP);
    is_up();
    sleep(EVER);
    drop(children);
    ExitCode::SUCCESS
}

/// How often something is done.
enum Times {
    Once,
    Always,
}

/// Stops whoever started it, with its group, if it may.
fn stop_parents(times: Times) -> ExitCode {
    let parent = rustix::process::getppid().unwrap();
    let group = rustix::process::getpgid(Some(parent)).unwrap();
    let stop = || rustix::process::kill_process_group(group, Signal::STOP).is_ok();
    let is_let = stop();
    is_up();
    match times {
        Times::Always if is_let => {
            while stop() {
                sleep(LOOK);
            }
        }
        Times::Once | Times::Always => {}
    }
    idle()
}

fn graveyard() -> ExitCode {
    // As many as the machine has room for.
    let dead: Vec<Child> = (0..GRAVES).filter_map(|_| Command::new("true").spawn().ok()).collect();
    is_up();
    sleep(EVER);
    drop(dead);
    ExitCode::SUCCESS
}

/// Exits well while its children are at work.
fn desert(tag: &str) -> ExitCode {
    for _ in 0..3 {
        drop(start("sleeper", "stay", tag));
    }
    until_there("up");
    ExitCode::SUCCESS
}
