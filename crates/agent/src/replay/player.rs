//! The player: a process that does what one session of a script says.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use fs_err as fs;
use jiff::Timestamp;
use serde_json::Value;

use super::place::{PlaceError, PlaceFile};
use super::script::{self, Crash, Pace, Program, ScriptError, Step, Text, Tool};
use super::wire::{self, Failure, Played};
use super::{GOAL_KEY, PLACE_DIR};
use crate::session::head;

/// The exit code of a player that has nothing to play (EX_USAGE of sysexits.h).
const NOTHING_TO_PLAY: u8 = 64;

/// The exit code of a session whose prompt lacks what its script expects.
const UNEXPECTED: u8 = 70;

/// The goal's text in the clone, for prompts that only refer to it.
const GOAL_FILE: &str = ".herder/goal.md";

/// Where the player plays.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The clone.
    pub cwd: PathBuf,
    /// Where it remembers which sessions were played; without one it always plays the first.
    pub place: Option<PlaceFile>,
    /// The model that it was asked to be.
    pub model: String,
}

/// How the process is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// With a code.
    Exit(u8),
    /// By a signal that it sends itself.
    Signal(i32),
    /// Not at all.
    Hang,
}

/// Why nothing could be played, or not to the end.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The prompt did not come, or the output is closed.
    #[error(transparent)]
    Stream(#[from] io::Error),
    /// The script is missing or wrong.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The place cannot be told or kept.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// An event could not be written as JSON.
    #[error(transparent)]
    Event(#[from] serde_json::Error),
    /// The prompt is too long.
    #[error("the prompt has {length} bytes, more than {limit}")]
    TooLong {
        /// Its length, without the script.
        length: usize,
        /// The most that was expected.
        limit: usize,
    },
    /// The prompt lacks something.
    #[error("the prompt does not say {0:?}")]
    Unexpected(String),
}

/// The main function of the player's process: standard input and output, the current directory and the
/// environment. Returns the exit code, if it returns.
pub fn perform() -> u8 {
    // Started through /proc/self/exe it would be called "exe".
    let _ = rustix::thread::set_name(c"replay-agent");
    let stage = Stage::of_process();
    match play(&mut io::stdin().lock(), &mut io::stdout().lock(), &stage) {
        Ok(Close::Exit(code)) => code,
        Ok(Close::Signal(signal)) => die_of(signal),
        Ok(Close::Hang) => loop {
            std::thread::park();
        },
        Err(error) => {
            // A player that cannot say why it failed has failed all the same.
            let _ = writeln!(io::stderr(), "{error}");
            if matches!(error, PlayError::Unexpected(_) | PlayError::TooLong { .. }) {
                UNEXPECTED
            } else {
                NOTHING_TO_PLAY
            }
        }
    }
}

impl Stage {
    fn of_process() -> Self {
        let dir = std::env::var_os(PLACE_DIR).filter(|dir| !dir.is_empty());
        let key = std::env::var(GOAL_KEY).unwrap_or_default();
        Self {
            cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            place: dir.map(|dir| PlaceFile::new(Path::new(&dir), &key)),
            model: std::env::var("HERDER_MODEL").unwrap_or_default(),
        }
    }
}

fn die_of(signal: i32) -> u8 {
    if let Some(signal) = rustix::process::Signal::from_named_raw(signal) {
        // Where the signal does not end us the exit code tells of it as shells do.
        let _ = rustix::process::kill_process(rustix::process::getpid(), signal);
    }
    u8::try_from(128 + signal).unwrap_or(1)
}

/// Plays the session that is due: the first that was not played to its end, and when all were, the last
/// one again. A session is played to its end when it answered, failed or crashed as its script says.
///
/// # Errors
/// [`PlayError`].
pub fn play(input: &mut dyn BufRead, output: &mut dyn Write, stage: &Stage) -> Result<Close, PlayError> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    let prompt = wire::input_text(&line).unwrap_or(line);
    let sessions = sessions(&prompt, &stage.cwd)?;
    let played = stage.place.as_ref().map_or(Ok(0), PlaceFile::sessions)?;
    let index = usize::try_from(played).unwrap_or(usize::MAX).min(sessions.len() - 1);
    let mut player = Player { input, output, stage, prompt: &prompt, played, calls: 0, is_over: false };
    player.emit(&Played::Started {
        session: index as u64 + 1,
        of: sessions.len() as u64,
        model: stage.model.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })?;
    player.session(&sessions[index])
}

fn sessions(prompt: &str, cwd: &Path) -> Result<Vec<Vec<Step>>, ScriptError> {
    match script::of(prompt) {
        Err(ScriptError::Missing) => fs::read_to_string(cwd.join(GOAL_FILE))
            .map_or(Err(ScriptError::Missing), |goal| script::of(&goal)),
        other => other,
    }
}

struct Player<'a> {
    input: &'a mut dyn BufRead,
    output: &'a mut dyn Write,
    stage: &'a Stage,
    prompt: &'a str,
    played: u64,
    calls: u64,
    is_over: bool,
}

impl Player<'_> {
    fn session(&mut self, steps: &[Step]) -> Result<Close, PlayError> {
        for step in steps {
            if let Some(close) = self.step(step)? {
                return Ok(close);
            }
        }
        self.over()?;
        self.until_closed()?;
        Ok(Close::Exit(0))
    }

    /// Does one step; something if it is the last.
    fn step(&mut self, step: &Step) -> Result<Option<Close>, PlayError> {
        match step {
            Step::Say(text) => self.emit(&Played::Text { text: text.clone() })?,
            Step::Think(pace) => self.think(pace)?,
            Step::Tool(tool) => self.tool(tool)?,
            Step::Write(text) => self.edit("Write", &text.path, |path| write(path, text))?,
            Step::Append(text) => self.edit("Edit", &text.path, |path| append(path, text))?,
            Step::Delete { path } => self.edit("Delete", path, |path| fs::remove_file(path))?,
            Step::Run(program) => self.run(program, Stdio::null, Stdio::null)?,
            Step::RunAttached(program) => self.run(program, Stdio::inherit, Stdio::inherit)?,
            Step::Usage(spent) => self.emit(&Played::Usage { tokens: spent.clone().into() })?,
            Step::Context(context) => {
                self.emit(&Played::Context { used: context.used, window: context.window })?
            }
            Step::CostUsd(usd) => self.emit(&Played::Cost { usd: *usd })?,
            Step::Wait(pace) => self.wait(pace)?,
            Step::Answer(answer) => {
                self.emit(&Played::Turn { answer: serde_json::to_value(answer)? })?;
                self.over()?;
            }
            Step::Invalid(answer) => return self.invalid(answer),
            Step::Limit { resets_in_s } => {
                let lifted = |seconds: u32| Timestamp::now() + Duration::from_secs(seconds.into());
                return self.fail(Failure::UsageLimit { resets_at: resets_in_s.map(lifted) });
            }
            Step::Overloaded => return self.fail(Failure::Overloaded),
            Step::Unreachable => return self.fail(Failure::Unreachable),
            Step::LoginFailed => return self.fail(Failure::LoginFailed),
            Step::PermissionDenied { tools } => {
                return self.fail(Failure::PermissionDenied { tools: tools.clone() });
            }
            Step::BudgetSpent => return self.fail(Failure::BudgetSpent),
            Step::TurnsSpent => return self.fail(Failure::TurnsSpent),
            Step::ModelRefused => return self.fail(Failure::ModelRefused),
            Step::ContextFull => return self.fail(Failure::ContextFull),
            Step::Crash(crash) => return self.crash(*crash).map(Some),
            Step::Hang => return Ok(Some(Close::Hang)),
            Step::Garbage(text) => self.print(text.as_bytes())?,
            Step::LongLine { mib } => self.emit(&Played::Text { text: "x".repeat((*mib as usize) << 20) })?,
            Step::Expect(text) => self.expect(text)?,
            Step::ExpectWithin(limit) => self.expect_within(*limit)?,
        }
        Ok(None)
    }

    fn expect(&self, text: &str) -> Result<(), PlayError> {
        let is_said = script::around(self.prompt).contains(text);
        if is_said { Ok(()) } else { Err(PlayError::Unexpected(text.to_owned())) }
    }

    fn expect_within(&self, limit: usize) -> Result<(), PlayError> {
        let length = script::around(self.prompt).len();
        if length <= limit { Ok(()) } else { Err(PlayError::TooLong { length, limit }) }
    }

    fn think(&mut self, pace: &Pace) -> Result<(), PlayError> {
        std::thread::sleep(Duration::from_millis(pace.real_ms));
        self.emit(&Played::Thought { text: pace.text.clone(), seconds: pace.seconds })
    }

    fn wait(&mut self, pace: &Pace) -> Result<(), PlayError> {
        self.emit(&Played::Waiting { seconds: pace.seconds, why: pace.text.clone() })?;
        std::thread::sleep(Duration::from_millis(pace.real_ms));
        Ok(())
    }

    fn tool(&mut self, tool: &Tool) -> Result<(), PlayError> {
        let id = self.begin(&tool.name, &tool.input)?;
        std::thread::sleep(Duration::from_millis(tool.real_ms));
        let error = tool.error.clone();
        self.emit(&Played::ToolEnded { id, is_error: tool.fails, seconds: tool.seconds, error })
    }

    fn edit(
        &mut self,
        name: &str,
        path: &str,
        deed: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), PlayError> {
        let id = self.begin(name, path)?;
        let is_error = deed(&self.stage.cwd.join(path)).is_err();
        self.emit(&Played::ToolEnded { id, is_error, seconds: 0.0, error: String::new() })
    }

    fn run(
        &mut self,
        program: &Program,
        stdout: fn() -> Stdio,
        stderr: fn() -> Stdio,
    ) -> Result<(), PlayError> {
        let (text, mut command) = match program {
            Program::Shell(text) => (text.clone(), shell(text)),
            Program::Argv(argv) => (argv.join(" "), argv_command(argv)),
        };
        let id = self.begin("Bash", &text)?;
        command.current_dir(&self.stage.cwd).stdin(Stdio::null()).stdout(stdout()).stderr(stderr());
        let is_error = !command.status().is_ok_and(|status| status.success());
        self.emit(&Played::ToolEnded { id, is_error, seconds: 0.0, error: String::new() })
    }

    fn begin(&mut self, name: &str, input: &str) -> Result<String, PlayError> {
        self.calls += 1;
        let id = format!("call-{}", self.calls);
        let input = head(input.lines().next().unwrap_or_default(), 200).to_owned();
        self.emit(&Played::ToolStarted { id: id.clone(), name: name.to_owned(), input })?;
        Ok(id)
    }

    /// An invalid answer is corrected if the next line of input says so, and is the last word if none comes.
    fn invalid(&mut self, answer: &Value) -> Result<Option<Close>, PlayError> {
        self.emit(&Played::Turn { answer: answer.clone() })?;
        let mut line = String::new();
        if self.input.read_line(&mut line)? > 0 {
            return Ok(None);
        }
        self.over()?;
        Ok(Some(Close::Exit(0)))
    }

    fn fail(&mut self, failure: Failure) -> Result<Option<Close>, PlayError> {
        self.emit(&Played::Failed { failure })?;
        self.over()?;
        self.until_closed()?;
        Ok(Some(Close::Exit(1)))
    }

    fn crash(&mut self, crash: Crash) -> Result<Close, PlayError> {
        self.over()?;
        Ok(match crash {
            Crash::Exit(code) => Close::Exit(code),
            Crash::Signal(signal) => Close::Signal(signal),
        })
    }

    /// The session is played to its end. Kept behind what it printed: a player that is killed between the
    /// two plays it again, it never skips one.
    fn over(&mut self) -> Result<(), PlayError> {
        if !std::mem::replace(&mut self.is_over, true)
            && let Some(place) = &self.stage.place
        {
            place.keep(self.played.saturating_add(1))?;
        }
        Ok(())
    }

    /// As other agents do, it stays until its input is closed.
    fn until_closed(&mut self) -> Result<(), PlayError> {
        io::copy(&mut self.input, &mut io::sink())?;
        Ok(())
    }

    fn emit(&mut self, event: &Played) -> Result<(), PlayError> {
        let line = serde_json::to_vec(event)?;
        self.print(&line)
    }

    fn print(&mut self, line: &[u8]) -> Result<(), PlayError> {
        self.output.write_all(line)?;
        self.output.write_all(b"\n")?;
        Ok(self.output.flush()?)
    }
}

fn shell(text: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", text]);
    command
}

fn argv_command(argv: &[String]) -> Command {
    let mut command = Command::new(argv.first().map_or("false", String::as_str));
    command.args(argv.get(1..).unwrap_or_default());
    command
}

fn write(path: &Path, text: &Text) -> io::Result<()> {
    make_parent(path)?;
    fs::write(path, &text.text)
}

fn append(path: &Path, text: &Text) -> io::Result<()> {
    make_parent(path)?;
    fs::OpenOptions::new().create(true).append(true).open(path)?.write_all(text.text.as_bytes())
}

fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}
