//! The process zoo: programs that do what agents' tools have been seen to do, each to be ended without a trace.
//!
//! `zoo ANIMAL stay|leave TAG`: with `stay` the program itself behaves so, with `leave` it starts one that does and
//! exits with code 0. It says "first words" first, "last words" if it leaves, and makes the file `up` in its working
//! directory when the behaviour has begun. TAG is an argument of every process that comes of it.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "a test's own process")]

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;

/// Chains of processes in a storm, and how many links each has at most: a storm that escaped would end by itself.
const CHAINS: u32 = 12;
const LINKS: u32 = 20_000;
/// Children that nobody reaps.
const GRAVES: u32 = 2_000;
/// What the shouter says in all, in bytes.
const SHOUTED: usize = 1 << 30;
/// Longer than any test.
const EVER: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let [animal, how, tag] = words[..] else { return ExitCode::from(64) };
    if let Some(left) = animal.strip_prefix("link-") {
        return link(left.parse().unwrap(), tag);
    }
    println!("first words");
    if how == "leave" {
        drop(start(animal, "stay", tag));
        while !Path::new("up").exists() {
            sleep(Duration::from_millis(2));
        }
        println!("last words");
        return ExitCode::SUCCESS;
    }
    behave(animal, tag)
}

fn behave(animal: &str, tag: &str) -> ExitCode {
    match animal {
        "sleeper" => wait_for_ever(),
        "deaf" => deafly("sleeper", tag),
        "daemon" => daemon(tag),
        "escapee" => escapee(tag),
        "storm" => deafly("raging", tag),
        "raging" => rage(tag),
        "mute" => mute(),
        "shouter" => shout(),
        "stopped" => stop(),
        "graveyard" => graveyard(tag),
        "deserter" => deserter(tag),
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

fn wait_for_ever() -> ExitCode {
    is_up();
    sleep(EVER);
    ExitCode::SUCCESS
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
    sleep(EVER);
    ExitCode::SUCCESS
}

/// One in another session that keeps the log's pipe open and does not listen.
fn escapee(tag: &str) -> ExitCode {
    drop(by_shell("trap '' TERM INT HUP; exec setsid \"$@\" </dev/null", "sleeper", tag).spawn().unwrap());
    sleep(EVER);
    ExitCode::SUCCESS
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
    sleep(EVER);
    ExitCode::SUCCESS
}

fn stop() -> ExitCode {
    is_up();
    rustix::process::kill_process(rustix::process::getpid(), Signal::STOP).unwrap();
    sleep(EVER);
    ExitCode::SUCCESS
}

fn graveyard(tag: &str) -> ExitCode {
    let dead: Vec<Child> = (0..GRAVES).filter_map(|_| quiet("link-0", tag)).collect();
    is_up();
    sleep(EVER);
    drop(dead);
    ExitCode::SUCCESS
}

/// A process that is not there for long; `None` where the machine has no room for one more.
fn quiet(animal: &str, tag: &str) -> Option<Child> {
    Command::new("/proc/self/exe").args([animal, "stay", tag]).stdout(Stdio::null()).spawn().ok()
}

/// Exits well while its children are at work.
fn deserter(tag: &str) -> ExitCode {
    for _ in 0..3 {
        drop(start("sleeper", "stay", tag));
    }
    while !Path::new("up").exists() {
        sleep(Duration::from_millis(2));
    }
    ExitCode::SUCCESS
}
