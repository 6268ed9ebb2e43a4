//! The sandbox, tried from inside by a shell. Without a Landlock that counts, jobs with a sandbox are
//! refused, and that is all that can be tested.
#![allow(clippy::unwrap_used, clippy::panic)] // as in any test; clippy sees only functions marked so

mod scene;

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::PathBuf;

use herder_executor::{ChildStdio, Exit, Job, Sandbox, SandboxSupport, StartError, Step};
use scene::{NONE, Scene, example, into_log, launcher};

/// A job in a sandbox that may write to the scene's directory only.
fn confined(scene: &Scene, script: &str) -> Option<Job> {
    let mut job = scene.shell(script);
    job.sandbox = Some(Sandbox::base().writing(scene.dir.path()));
    if SandboxSupport::detect().is_sufficient() {
        return Some(job);
    }
    let refused = launcher().start(&job, ChildStdio::null().unwrap()).unwrap_err();
    assert!(matches!(refused, StartError::Refused { step: Step::Rules, .. }), "{refused:?}");
    None
}

/// What a script says in the sandbox, and how it ends.
fn inside(script: &str) -> Option<(String, Exit)> {
    let scene = Scene::new();
    let job = confined(&scene, script)?;
    let (text, ending) = scene.run(&job);
    assert_eq!(scene.survivors(), NONE);
    Some((text, ending.exit))
}

/// Asserts that the sandbox refuses what a script tries last.
fn is_refused(script: &str) {
    if let Some((text, exit)) = inside(script) {
        assert!(!exit.is_success(), "{script} was not refused: {text}");
        let words = ["ermission denied", "not permitted", "annot open", "annot create", "cross-device"];
        assert!(words.iter().any(|word| text.contains(word)), "{script}: {text}");
    }
}

fn abi() -> u32 {
    match SandboxSupport::detect() {
        SandboxSupport::Full { abi }
        | SandboxSupport::Partial { abi, .. }
        | SandboxSupport::Insufficient { abi } => abi,
        SandboxSupport::Absent { .. } => 0,
    }
}

#[test]
fn what_is_outside_can_be_neither_read_nor_listed_nor_changed() {
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    fs_err::write(&secret, "known to nobody").unwrap();
    let (secret, outside) = (secret.display(), outside.path().display());
    is_refused(&format!("cat {secret}"));
    is_refused(&format!("ls {outside}"));
    is_refused(&format!("echo x >{outside}/new"));
    is_refused(&format!("echo x >>{secret}"));
    is_refused(&format!("rm {secret}"));
    is_refused(&format!("mv {secret} ."));
    is_refused(&format!("mkdir {outside}/directory"));
    is_refused(&format!("ln -s {secret} link; cat link"));
    is_refused(&format!("ln {secret} hard; cat hard"));
    is_refused(&format!("truncate -s 0 {secret}"));
    assert_eq!(fs_err::read_to_string(secret.to_string()).unwrap(), "known to nobody");
}

#[test]
fn the_users_home_is_outside() {
    let Some(home) = std::env::home_dir() else { return };
    is_refused(&format!("ls {}", home.display()));
}

#[test]
fn system_files_cannot_be_changed() {
    is_refused("echo x >/usr/new");
    is_refused("echo x >/etc/new");
}

#[test]
fn a_cgroup_cannot_be_left() {
    let directory = |text: &str| PathBuf::from(text).is_dir().then(|| text.to_owned());
    if let Some(root) = directory("/sys/fs/cgroup/unified").or_else(|| directory("/sys/fs/cgroup")) {
        is_refused(&format!("echo $$ >{root}/cgroup.procs"));
    }
}

#[test]
fn devices_cannot_be_made() {
    is_refused("mknod device c 1 3");
}

#[test]
fn the_environment_and_memory_of_those_outside_cannot_be_read() {
    is_refused(&format!("cat /proc/{}/environ", std::process::id()));
    is_refused("cat /proc/$PPID/environ");
    is_refused("head -c 1 /proc/$PPID/mem");
}

#[test]
fn those_outside_cannot_be_signalled() {
    if abi() >= 6 {
        is_refused("kill -CONT $PPID");
        is_refused(&format!("kill -CONT {}", std::process::id()));
    }
}

#[test]
fn an_abstract_socket_outside_cannot_be_reached() {
    let name = format!("herder-test-{}", std::process::id());
    let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    assert!(listener.as_raw_fd() >= 0);
    let scene = Scene::new();
    let Some(mut job) = confined(&scene, "") else { return };
    job.sandbox = job.sandbox.map(|sandbox| sandbox.reading(example("stand_in")));
    (job.program, job.args) = (example("stand_in"), vec!["connect".to_owned(), name]);
    let expected = if abi() >= 6 { libc_eperm() } else { 0 };
    assert_eq!(scene.run(&job).1.exit, Exit::Code(expected));
}

fn libc_eperm() -> i32 {
    rustix::io::Errno::PERM.raw_os_error()
}

#[test]
fn there_is_no_capability_left_and_none_to_be_had() {
    let Some((text, exit)) = inside("grep -E '^(Cap|NoNewPrivs)' /proc/self/status") else { return };
    assert_eq!(exit, Exit::Code(0));
    for line in text.lines() {
        let (name, value) = line.split_once(":\t").unwrap();
        match name {
            "NoNewPrivs" => assert_eq!(value, "1"),
            // Only the privileged can empty it; for others it grants nothing.
            "CapBnd" if !rustix::process::geteuid().is_root() => {}
            _ => assert_eq!(value, "0000000000000000", "{name}"),
        }
    }
}

#[test]
fn a_shell_works_in_its_own_directory() {
    let script = "echo x >file && mkdir -p a/b && mv file a/b/ && ln a/b/file a/hard && ln -s b/file a/soft \
                  && mkfifo pipe && cat a/hard a/soft && : >a/b/file && rm -r a && echo ok >/dev/null && head -c 4 /dev/urandom | wc -c \
                  && printf '#!/bin/sh\\necho ran' >run && chmod +x run && ./run";
    let Some((text, exit)) = inside(script) else { return };
    assert_eq!((text.as_str(), exit), ("x\nx\n4\nran\n", Exit::Code(0)));
}

#[test]
fn git_works_in_a_clone() {
    let script = "export HOME=$PWD GIT_CONFIG_NOSYSTEM=1; git init -q -b main clone && cd clone && echo x >file && git add file \
                  && git -c user.name=n -c user.email=e commit -q -m first && git log --format=%s && git clone -q . ../other && git gc -q";
    let Some((text, exit)) = inside(script) else { return };
    assert_eq!((text.as_str(), exit), ("first\n", Exit::Code(0)));
}

#[test]
fn a_log_outside_can_be_opened_again_as_standard_error_and_by_no_other_name() {
    let (scene, outside) = (Scene::new(), tempfile::tempdir().unwrap());
    let path = outside.path().join("log");
    let Some(job) =
        confined(&scene, &format!("echo one >>/dev/stderr; cat {}/log; ls {0}", outside.path().display()))
    else {
        return;
    };
    let log = File::options().create(true).append(true).open(&path).unwrap();
    let (_, reports) = launcher().start(&job, into_log(&log)).unwrap();
    assert!(!reports.wait().unwrap().exit.is_success());
    let text = fs_err::read_to_string(&path).unwrap();
    assert!(text.starts_with("one\n"), "{text}");
}

#[test]
fn a_missing_path_is_skipped_and_a_single_file_is_allowed_alone() {
    let (scene, outside) = (Scene::new(), tempfile::tempdir().unwrap());
    fs_err::write(outside.path().join("one"), "one\n").unwrap();
    fs_err::write(outside.path().join("two"), "two\n").unwrap();
    let directory = outside.path().display();
    let Some(mut job) = confined(&scene, &format!("cat {directory}/one; cat {directory}/two")) else {
        return;
    };
    job.sandbox =
        job.sandbox.map(|sandbox| sandbox.reading("/no/such/path").reading(outside.path().join("one")));
    let (text, ending) = scene.run(&job);
    assert!(!ending.exit.is_success());
    assert!(text.starts_with("one\n") && !text.contains("two\n"), "{text}");
}

#[test]
fn a_program_outside_is_not_started() {
    let (scene, outside) = (Scene::new(), tempfile::tempdir().unwrap());
    let program = outside.path().join("program");
    fs_err::copy("/bin/true", &program).unwrap();
    let Some(mut job) = confined(&scene, "") else { return };
    job.program = program;
    let refused = launcher().start(&job, ChildStdio::null().unwrap()).unwrap_err();
    assert!(matches!(refused, StartError::Refused { step: Step::Execute, .. }), "{refused:?}");
}

#[test]
fn what_a_confined_job_leaves_behind_is_ended_like_any_other() {
    let scene = Scene::new();
    let Some(mut job) =
        confined(&scene, "trap '' TERM; setsid sleep 300 & setsid env -i /bin/sleep 300 & exit 0")
    else {
        return;
    };
    job.limits.leftover_grace = std::time::Duration::from_millis(50);
    assert_eq!(scene.run(&job).1.exit, Exit::Code(0));
    assert_eq!(scene.survivors(), NONE);
}

/// Whether a program can be run outside a sandbox, so that it may be asked for inside.
fn is_there(program: &str) -> bool {
    std::process::Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

#[test]
fn toolchains_work_with_a_private_home() {
    let tools = [
        (
            "cargo",
            "cargo init -q --vcs none made && cd made && cargo run -q --offline && cargo test -q --offline >/dev/null",
            "Hello, world!\n",
        ),
        ("node", "node -e 'console.log(require(\"os\").homedir() === process.env.HOME)'", "true\n"),
        (
            "npm",
            "mkdir made && cd made && npm init -y >/dev/null && npm pack --silent --offline",
            "made-1.0.0.tgz",
        ),
        ("python3", "python3 -m venv --without-pip v && v/bin/python -c 'print(6*7)'", "42\n"),
        ("cc", "echo 'int main(){return 0;}' >m.c && cc m.c -o m && ./m && echo ok", "ok\n"),
    ];
    for (tool, script, expected) in tools {
        let scene = Scene::new();
        let Some(mut job) = confined(&scene, script) else { return };
        if !is_there(tool) {
            continue;
        }
        job.env.extend(herder_executor::Toolchains::detect().env);
        for (name, directory) in [("HOME", "."), ("TMPDIR", "tmp"), ("CARGO_HOME", "cargo-home")] {
            let path = scene.dir.path().join(directory).canonicalize();
            let path = path.unwrap_or_else(|_| scene.dir.path().join(directory));
            fs_err::create_dir_all(&path).unwrap();
            job.env.insert(name.to_owned(), path.to_str().unwrap().to_owned());
        }
        let (text, ending) = scene.run(&job);
        assert!(ending.exit.is_success() && text.contains(expected), "{tool}: {text}");
    }
}
