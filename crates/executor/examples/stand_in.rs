//! Processes that this crate's tests need around a job: one that starts it and gets killed, one that
//! inherits orphans, one that is started detached, one that tries to get out of a sandbox.
#![allow(clippy::print_stdout, clippy::unwrap_used)] // a test's own process

use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use herder_domain::run::RunId;
use herder_domain::setup::Tokens;
use herder_executor::{ChildStdio, Detached, EndSignal, Job, Launcher, ProcessId, Signalled, Waited};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["parent", keeper, run, script] => parent(keeper, run, script),
        ["reaper", keeper, run, script] => {
            herder_executor::become_subreaper().unwrap();
            parent(keeper, run, script)
        }
        ["tokens", run, pool] => tokens(run, pool),
        ["replaced", run] => replaced(run),
        ["reused", keeper, run] => reused(keeper, run),
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

/// Lends all of three tokens to a job, which never gives them back.
fn tokens(run: &str, pool: &str) -> ExitCode {
    let mut job = Job::new("/bin/sh", "/", RunId::try_from(run.to_owned()).unwrap());
    let script =
        format!("exec 3<>\"${{HERDER_TOKENS#*:}}\"; head -c 2 <&3; echo >{pool}/held; exec sleep 300");
    job.args = vec!["-c".to_owned(), script];
    job.env.insert("PATH".to_owned(), std::env::var("PATH").unwrap());
    job.limits.tokens = Some(Tokens { pool: pool.into(), count: 3, heavy: Vec::new() });
    let (_, reports) = Launcher::own().start(&job, ChildStdio::null().unwrap()).unwrap();
    println!("{}", reports.wait().unwrap().exit);
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

/// Remembers a process, a job under its keeper and a run, all of which end; strangers get the ids of all of them.
/// Ends once more what it remembers, and prints how many strangers that has hit. In a pid namespace of its own.
fn reused(keeper: &str, run: &str) -> ExitCode {
    let run = RunId::try_from(run.to_owned()).unwrap();
    let mut sleeper = Command::new("sleep").arg("300").env("HERDER_RUN", run.as_str()).spawn().unwrap();
    let process = ProcessId::of(sleeper.id()).unwrap();
    let mut job = Job::new("/bin/sleep", "/", run.clone());
    job.args = vec!["300".to_owned()];
    let (handle, reports) = Launcher::at(keeper).start(&job, ChildStdio::null().unwrap()).unwrap();
    let program = handle.process().clone();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", program.pid)).unwrap();
    let keeper = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap().parse().unwrap();
    handle.kill();
    reports.wait().unwrap();
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    let mut strangers = [process.pid, program.pid, keeper].map(stranger);
    assert!(!process.is_alive().unwrap() && !program.is_alive().unwrap());
    for gone in [&process, &program] {
        assert_eq!(gone.signal(EndSignal::Kill).unwrap(), Signalled::Gone);
        assert_eq!(gone.wait_for_exit(None).unwrap(), Waited::Ended(None));
    }
    handle.stop(None);
    handle.kill();
    assert_eq!(herder_executor::end_strays(&run).unwrap(), []);
    println!("{} hit", strangers.iter_mut().filter_map(|one| one.try_wait().unwrap()).count());
    strangers.iter_mut().for_each(|one| one.kill().and_then(|()| one.wait()).map(drop).unwrap());
    ExitCode::SUCCESS
}

/// A process with this id, which started later than the one that had it before: a tick of the clock is over.
fn stranger(pid: u32) -> Child {
    std::thread::sleep(Duration::from_millis(20));
    loop {
        // The kernel counts on from it: proc_sys_kernel(5).
        std::fs::write("/proc/sys/kernel/ns_last_pid", (pid - 1).to_string()).unwrap();
        let mut child = Command::new("sleep").arg("300").spawn().unwrap();
        if child.id() == pid {
            return child;
        }
        child.kill().and_then(|()| child.wait()).unwrap();
    }
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
