//! Jobs under a keeper: what is reported of them, and that nothing of them is left.
#![allow(clippy::unwrap_used, clippy::panic)] // as in any test; clippy sees only functions marked so

mod scene;

use std::io::Read;
use std::process::Command;
use std::time::Duration;

use herder_executor::{ChildStdio, Exit, Job, Launcher, Report, Resource, StartError, Step};
use scene::{NONE, Scene, example, launcher, unique_seconds, with_argument};

#[test]
fn the_exit_code_and_the_signal_of_a_program_are_reported() {
    let scene = Scene::new();
    let (text, ending) = scene.run(&scene.shell("echo out; echo err >&2; exit 7"));
    assert_eq!((text.as_str(), ending.exit), ("out\nerr\n", Exit::Code(7)));
    assert_eq!((ending.leftovers.len(), ending.leftover_count), (0, 0));
    let (_, ending) = scene.run(&scene.shell("kill -KILL $$"));
    assert_eq!(ending.exit, Exit::Signal(9));
    assert_eq!(scene.survivors(), NONE);
}

#[test]
fn the_end_of_the_program_is_told_before_the_end_of_the_job() {
    let scene = Scene::new();
    let running = scene.start(&scene.shell("exit 3"));
    let reports: Vec<Report> = running.reports.collect();
    let [Report::Exited(Exit::Code(3)), Report::Ended(ending)] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!(ending.exit, Exit::Code(3));
}

#[test]
fn a_pipe_ends_with_its_last_user_since_the_keeper_holds_no_copy() {
    let scene = Scene::new();
    let mut running = scene.start(&scene.shell("echo bye; exec >/dev/null 2>&1; exec sleep 300"));
    let mut text = String::new();
    running.output.read_to_string(&mut text).unwrap();
    assert_eq!(text, "bye\n");
    assert!(running.handle.process().is_alive().unwrap());
    running.handle.kill();
    assert_eq!(running.reports.wait().unwrap().exit, Exit::Signal(9));
}

#[test]
fn nothing_of_the_environment_is_inherited() {
    let scene = Scene::new();
    let mut job = Job::new("env", scene.dir.path(), scene.run.clone());
    job.env.insert("PATH".to_owned(), std::env::var("PATH").unwrap());
    job.env.insert("GIVEN".to_owned(), "x y".to_owned());
    let (text, _) = scene.run(&job);
    let mut names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.sort_unstable();
    assert_eq!(names, ["GIVEN", "HERDER_KEEPER", "HERDER_RUN", "PATH"]);
}

#[test]
fn no_descriptor_beyond_the_three_streams_is_inherited() {
    let scene = Scene::new();
    let leaked = std::fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).unwrap();
    let (text, _) = scene.run(&scene.shell("ls /proc/$$/fd; :"));
    assert_eq!(text, "0\n1\n2\n");
}

#[test]
fn a_job_may_be_larger_than_any_socket_buffer() {
    let scene = Scene::new();
    let mut job = scene.shell("echo ${#V0} ${#V9}");
    for number in 0..10 {
        job.env.insert(format!("V{number}"), "x".repeat(100_000));
    }
    assert_eq!(scene.run(&job).0, "100000 100000\n");
}

#[test]
fn a_stop_lets_a_program_end_by_itself() {
    let scene = Scene::new();
    let mut running =
        scene.start(&scene.shell("trap 'echo trapped; exit 7' TERM; echo up; while :; do sleep 0.05; done"));
    running.await_line("up");
    running.handle.stop(Some(Duration::from_secs(60)));
    running.await_line("trapped");
    assert_eq!(running.reports.wait().unwrap().exit, Exit::Code(7));
    assert_eq!(scene.survivors(), NONE);
}

#[test]
fn a_program_that_ignores_a_stop_is_killed_after_the_grace() {
    let scene = Scene::new();
    let mut job =
        scene.shell("trap '' TERM; (while :; do sleep 1; done) & echo up; while :; do sleep 1; done");
    job.limits.grace = Duration::from_millis(100);
    let mut running = scene.start(&job);
    running.await_line("up");
    running.handle.stop(None);
    assert_eq!(running.reports.wait().unwrap().exit, Exit::Signal(9));
    assert_eq!(scene.survivors(), NONE);
}

#[test]
fn what_a_program_leaves_running_is_named_and_ended() {
    let scene = Scene::new();
    let (double_forked, in_session) = (unique_seconds(), unique_seconds());
    let script = format!(
        "(sleep {double_forked} &); setsid sleep {in_session} & while ! pgrep -f '^sleep {in_session}' >/dev/null; do :; done; exit 0"
    );
    let (_, ending) = scene.run(&scene.shell(&script));
    assert_eq!((ending.exit, ending.leftover_count), (Exit::Code(0), 2));
    let mut commands: Vec<_> = ending.leftovers.iter().map(|left| left.command.clone()).collect();
    commands.sort();
    let mut expected = [format!("sleep {double_forked}"), format!("sleep {in_session}")];
    expected.sort();
    assert_eq!(commands, expected);
    assert_eq!(scene.survivors(), NONE);
}

#[test]
fn leftovers_that_ignore_the_term_signal_are_killed_even_without_a_marker() {
    let scene = Scene::new();
    let seconds = unique_seconds();
    let script = format!(
        "setsid env -i PATH=\"$PATH\" sh -c 'trap \"\" TERM; echo up >&3; sleep {seconds}; sleep {seconds}' 3>fifo & read line <fifo"
    );
    let mut job = scene.shell(&format!("mkfifo fifo; {script}"));
    job.limits.leftover_grace = Duration::from_millis(50);
    let (_, ending) = scene.run(&job);
    assert_eq!(ending.exit, Exit::Code(0));
    assert!(ending.leftover_count >= 1, "{ending:?}");
    assert_eq!(with_argument(&seconds), NONE);
}

#[test]
fn zombies_below_a_sleeping_parent_do_not_hold_up_the_end() {
    let scene = Scene::new();
    let mut running = scene.start(&scene.shell("true & true & echo up; exec sleep 300"));
    running.await_line("up");
    running.handle.stop(None);
    assert_eq!(running.reports.wait().unwrap().exit, Exit::Signal(15));
    assert_eq!(scene.survivors(), NONE);
}

#[test]
fn many_jobs_are_stopped_at_once() {
    let scene = Scene::new();
    let mut job = scene.shell("trap '' TERM; echo up; sleep 300 & while :; do sleep 1; done");
    job.limits.grace = Duration::from_millis(200);
    let mut jobs: Vec<_> = (0..20).map(|_| scene.start(&job)).collect();
    jobs.iter_mut().for_each(|job| job.await_line("up"));
    jobs.iter().for_each(|job| job.handle.stop(None));
    for job in jobs {
        assert_eq!(job.reports.wait().unwrap().exit, Exit::Signal(9));
    }
    assert_eq!(scene.survivors(), NONE);
}

#[test]
fn a_job_ends_with_its_reports_though_a_handle_is_kept() {
    let scene = Scene::new();
    let mut running = scene.start(&scene.shell("setsid sleep 300 & echo up; sleep 300"));
    running.await_line("up");
    drop(running.reports);
    assert_eq!(scene.survivors(), NONE);
    running.handle.stop(None);
}

#[test]
fn limits_hold_inside() {
    let scene = Scene::new();
    let mut job = scene.shell("nice; ulimit -n; ulimit -c");
    job.limits.bounds.nice = 3;
    job.limits.resources = [(Resource::OpenFiles, 77), (Resource::CoreSize, 0)].into();
    let before = rustix::process::getpriority_process(None).unwrap();
    assert_eq!(scene.run(&job).0, format!("{}\n77\n0\n", (before + 3).min(19)));
}

#[test]
fn what_a_job_used_is_measured() {
    let scene = Scene::new();
    let (_, ending) = scene.run(&scene.shell("sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'"));
    assert!(ending.cpu > Duration::ZERO, "{ending:?}");
    assert!(ending.peak_memory.bytes() > 100_000, "{ending:?}");
}

#[test]
fn a_keeper_is_called_so_and_leads_its_own_session() {
    let scene = Scene::new();
    let mut running = scene.start(&scene.shell("echo up; sleep 300"));
    running.await_line("up");
    let keeper = running.keeper();
    let comm = std::fs::read_to_string(format!("/proc/{keeper}/comm")).unwrap();
    let line = std::fs::read_to_string(format!("/proc/{keeper}/cmdline")).unwrap();
    assert_eq!((comm.as_str(), line.as_str()), ("herder-keeper\n", "herder-keeper\0keeper\0"));
    assert_eq!(scene::stat_field(keeper, 3).unwrap(), keeper.to_string());
    running.handle.kill();
    running.reports.wait().unwrap();
}

fn refusal(job: &Job) -> (Step, StartError) {
    let error = launcher().start(job, ChildStdio::null().unwrap()).unwrap_err();
    let StartError::Refused { step, .. } = &error else { panic!("{error:?}") };
    (*step, error)
}

#[test]
fn a_program_that_is_not_there_is_told_from_a_directory_that_is_not() {
    let scene = Scene::new();
    let (step, error) = refusal(&Job::new("/no/such/program", scene.dir.path(), scene.run.clone()));
    assert_eq!(step, Step::Execute);
    assert!(error.is_not_found());
    assert!(error.to_string().starts_with("start the program of /no/such/program: No such file"), "{error}");
    let (step, error) = refusal(&Job::new("/bin/sh", "/no/such/directory", scene.run.clone()));
    assert_eq!(step, Step::WorkingDirectory);
    assert!(!error.is_not_found());
    assert_eq!(scene.survivors(), NONE);
}

#[test]
fn a_keeper_that_is_none_is_an_error() {
    let scene = Scene::new();
    let start = |program: &str| Launcher::at(program).start(&scene.shell(":"), ChildStdio::null().unwrap());
    assert!(matches!(start("/no/such/keeper"), Err(StartError::Keeper { .. })));
    let error = start("/bin/true").unwrap_err();
    assert!(matches!(error, StartError::KeeperDied { .. } | StartError::HandOver(_)), "{error:?}");
}

#[test]
fn keepers_come_from_the_running_program_even_when_its_file_is_gone() {
    let scene = Scene::new();
    let program = scene.dir.path().join("program");
    // Not by this process: a child forked by another test meanwhile would keep the file busy.
    assert!(Command::new("cp").arg(example("stand_in")).arg(&program).status().unwrap().success());
    let output = Command::new(&program).args(["replaced", scene.run.as_str()]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "exit code 0\n");
    assert!(!program.exists());
}
