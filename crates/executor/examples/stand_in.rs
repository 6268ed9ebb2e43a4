//! Processes that this crate's tests need around a job: one that starts it and gets killed, one that
//! inherits orphans, one that is started detached, one that tries to get out of a sandbox.
#![allow(clippy::print_stdout, clippy::unwrap_used)] // a test's own process

use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use herder_domain::run::RunId;
use herder_executor::{ChildStdio, Detached, Job, Launcher};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["parent", keeper, run, script] => parent(keeper, run, script),
        ["reaper", keeper, run, script] => {
            herder_executor::become_subreaper().unwrap();
            parent(keeper, run, script)
        }
        ["replaced", run] => replaced(run),
        ["keeper"] => herder_executor::keeper_main(),
        ["orphans", seconds] => orphans(seconds),
        ["ready", code] => ready(code),
        ["detach", run] => detach(run),
        ["connect", name] => connect(name),
        _ => ExitCode::from(64),
    }
}

/// Starts a script under a keeper, prints its process id, and then how it ended.
fn parent(keeper: &str, run: &str, script: &str) -> ExitCode {
    let mut job = Job::new("/bin/sh", "/", RunId::try_from(run.to_owned()).unwrap());
    job.args = vec!["-c".to_owned(), script.to_owned()];
    job.env.insert("PATH".to_owned(), std::env::var("PATH").unwrap());
    let stdout = std::io::stdout().as_fd().try_clone_to_owned().unwrap();
    let stdio = ChildStdio { stdout, ..ChildStdio::null().unwrap() };
    let (handle, reports) = Launcher::at(keeper).start(&job, stdio).unwrap();
    println!("started {}", handle.process().pid);
    reports.for_each(|report| println!("{report:?}"));
    println!("{} children left", children());
    ExitCode::SUCCESS
}

/// Starts keepers from its own program although that file is gone.
fn replaced(run: &str) -> ExitCode {
    std::fs::remove_file(std::env::current_exe().unwrap()).unwrap();
    let job = Job::new("/bin/true", "/", RunId::try_from(run.to_owned()).unwrap());
    let (_, reports) = Launcher::own().start(&job, ChildStdio::null().unwrap()).unwrap();
    println!("{}", reports.wait().unwrap().exit);
    ExitCode::SUCCESS
}

/// Inherits orphans that sleep, ends them and spares a child of its own.
fn orphans(seconds: &str) -> ExitCode {
    herder_executor::become_subreaper().unwrap();
    let mut own = Command::new("sleep").arg("300").spawn().unwrap();
    let script = format!("setsid sh -c 'sleep {seconds} & echo up; sleep {seconds}; :' & setsid true &");
    let mut shell = Command::new("sh").args(["-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(shell.wait().unwrap().success());
    let ended = herder_executor::end_orphans().unwrap();
    println!("{} ended, {} left", if ended.len() < 2 { "too few" } else { "all" }, children());
    own.kill().unwrap();
    own.wait().unwrap();
    ExitCode::SUCCESS
}

/// How many children this process has, ended or not.
fn children() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists.map(|list| list.split_whitespace().count()).sum()
}

fn ready(code: &str) -> ExitCode {
    println!("before");
    herder_executor::announce_ready().unwrap();
    println!("after");
    ExitCode::from(code.parse::<u8>().unwrap())
}

/// Starts a sleeping process in a session of its own, prints which it is, and ends.
fn detach(run: &str) -> ExitCode {
    let what = Detached {
        program: "/bin/sh".into(),
        name: "sh".to_owned(),
        args: vec!["-c".into(), "echo ready; exec sleep 300 >/dev/null 2>&1".into()],
        env: [("HERDER_RUN".into(), run.into())].into(),
        cwd: "/".into(),
        log: std::fs::File::options().write(true).open("/dev/null").unwrap(),
    };
    let process = herder_executor::spawn_detached(what, Duration::from_secs(60)).unwrap();
    println!("{}", serde_json::to_string(&process).unwrap());
    ExitCode::SUCCESS
}

/// Connects to an abstract unix socket; its exit code is the error number.
fn connect(name: &str) -> ExitCode {
    let address = SocketAddr::from_abstract_name(name).unwrap();
    match UnixStream::connect_addr(&address) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            ExitCode::from(error.raw_os_error().and_then(|code| u8::try_from(code).ok()).unwrap_or(255))
        }
    }
}
