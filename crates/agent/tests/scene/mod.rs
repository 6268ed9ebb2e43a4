//! A caller's part in miniature: starts what a launch says, or feeds recorded bytes, and decodes.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use herder_agent::{
    Agent, AgentEvent, Ending, Exit, Expected, Input, Invocation, Launch, Line, Lines, Place, Session,
};
use herder_domain::agent::Reasoning;
use herder_domain::ledger::Spend;

/// An invocation with nothing special about it.
pub fn invocation<'a>(prompt: &'a str, env: &'a BTreeMap<String, String>) -> Invocation<'a> {
    Invocation {
        prompt,
        model: "sonnet",
        reasoning: Reasoning::Med,
        expected: Expected::Answer,
        home: Path::new("/home/agent"),
        tmpdir: Path::new("/tmp/agent"),
        budget_usd: None,
        credential: None,
        env,
        is_root: false,
        place: None,
    }
}

pub fn path_env() -> BTreeMap<String, String> {
    BTreeMap::from([("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())])
}

/// The place of a goal.
pub fn place<'a>(dir: &'a Path, key: &'a str) -> Option<Place<'a>> {
    Some(Place { dir, key })
}

/// What a session made of a stream.
#[derive(Debug)]
pub struct Decoded {
    pub events: Vec<AgentEvent>,
    pub corrections: Vec<String>,
    pub ending: Ending,
    pub spend: Spend,
}

/// Feeds recorded lines, one a second.
pub fn decode(session: &mut dyn Session, stream: &[u8], exit: Exit, stderr: &str) -> Decoded {
    feed(session, stream, exit, stderr, false)
}

/// The same, and asks after every turn for a correction, as if the rest of the recording came from it.
pub fn decode_corrected(session: &mut dyn Session, stream: &[u8], exit: Exit) -> Decoded {
    feed(session, stream, exit, "", true)
}

fn feed(session: &mut dyn Session, stream: &[u8], exit: Exit, stderr: &str, corrects: bool) -> Decoded {
    let (mut events, mut corrections) = (Vec::new(), Vec::new());
    let mut at = Duration::ZERO;
    let mut each = |line: Line<'_>| {
        at += Duration::from_secs(1);
        for event in session.line(line, at) {
            if corrects
                && matches!(event, AgentEvent::TurnEnded(_))
                && let Some(bytes) = session.correction(at)
            {
                corrections.push(String::from_utf8(bytes).unwrap());
            }
            events.push(event);
        }
    };
    let mut lines = Lines::default();
    for chunk in stream.chunks(1_000) {
        lines.feed(chunk, &mut each);
    }
    lines.finish(&mut each);
    at += Duration::from_secs(1);
    let ending = session.end(exit, stderr, at);
    Decoded { events, corrections, ending, spend: session.spend(at) }
}

/// Runs a launch as a process and decodes it; `args` go before its own.
pub fn run(agent: &dyn Agent, invocation: &Invocation<'_>, args: &[&str], cwd: &Path) -> Decoded {
    let launch = agent.launch(invocation).unwrap();
    let mut session = agent.session(invocation);
    let mut child = command(&launch, args, cwd).spawn().unwrap();
    let mut stdin = child.stdin.take();
    write_to(stdin.as_mut().unwrap(), &launch.first_input);
    if launch.input == Input::CloseAfterFirst {
        stdin = None;
    }
    let (mut events, mut corrections) = (Vec::new(), Vec::new());
    let mut lines = Lines::default();
    let mut stdout = child.stdout.take().unwrap();
    let mut chunk = vec![0; 64 << 10];
    loop {
        let count = stdout.read(&mut chunk).unwrap();
        if count == 0 {
            break;
        }
        lines.feed(&chunk[..count], |line| {
            for event in session.line(line, Duration::ZERO) {
                if matches!(event, AgentEvent::TurnEnded(_)) {
                    match session.correction(Duration::ZERO) {
                        Some(bytes) => {
                            write_to(stdin.as_mut().unwrap(), &bytes);
                            corrections.push(String::from_utf8(bytes).unwrap());
                        }
                        None => stdin = None,
                    }
                }
                events.push(event);
            }
        });
    }
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    let ending = session.end(exit_of(child.wait().unwrap()), &stderr, Duration::ZERO);
    Decoded { events, corrections, ending, spend: session.spend(Duration::ZERO) }
}

/// Writes as a caller does: who ends without reading is judged by that.
fn write_to(stdin: &mut impl Write, bytes: &[u8]) {
    if let Err(error) = stdin.write_all(bytes) {
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    }
}

pub fn command(launch: &Launch, args: &[&str], cwd: &Path) -> Command {
    let mut command = Command::new(&launch.program);
    command.args(args).args(&launch.args).env_clear().envs(&launch.env).current_dir(cwd);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn exit_of(status: std::process::ExitStatus) -> Exit {
    use std::os::unix::process::ExitStatusExt;
    status.code().map(Exit::Code).or_else(|| status.signal().map(Exit::Signal)).unwrap()
}

/// The recorded streams.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/claude")
}
