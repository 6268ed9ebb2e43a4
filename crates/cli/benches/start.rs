//! How soon work begins.
//!
//! 1. From the return of `herder goal queue` to the agent's start, clone and sandbox included, beside
//!    `git clone --no-hardlinks` of the same repository and a bare start of the same program.
//! 2. From the call of `herder ralph` in a checkout to the agent's start, beside what other queues take to start
//!    the same program without any clone: pueue, task-spooler, nq.
//!
//! `cargo bench -p herder --bench start`

mod stage;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use herder_testkit::pairs::{Bar, Failure, Figure, interleaved, pairs};
use stage::{Background, PATIENCE, Stage, path, program};

const MILLISECONDS: f64 = 1_000.0;

fn main() -> Result<(), Failure> {
    queued()?;
    for peer in [Peer::Pueue, Peer::TaskSpooler, Peer::Nq] {
        alone(peer)?;
    }
    Ok(())
}

/// From the queue to the agent.
fn queued() -> Result<(), Failure> {
    let stage = Stage::new(20)?;
    let goals = stage.goals(pairs() + 1)?;
    let _up = stage.up(&["--max", "1"])?;
    let stage = std::cell::RefCell::new(stage);
    // The first one makes the mirror, which later ones have.
    one_goal(&stage, &goals[0])?;
    let mut next = goals[1..].iter();
    let mut round = 0;
    let pairs = interleaved(
        pairs(),
        || one_goal(&stage, next.next().ok_or("no goal is left")?),
        || {
            round += 1;
            clone_and_start(&stage, round)
        },
    )?;
    let peer = "git clone --no-hardlinks and a start";
    let figure = Figure::new("goal queue to the agent's start", "ms", peer, pairs);
    figure.aiming_at(Bar::RatioAtMost(2.0)).tell()
}

fn one_goal(stage: &std::cell::RefCell<Stage>, goal: &str) -> Result<f64, Failure> {
    stage.borrow().ok(&["goal", "queue", goal])?;
    let began = stage.borrow_mut().until_start(Instant::now())?;
    stage.borrow().wait_done(goal);
    Ok(began * MILLISECONDS)
}

fn clone_and_start(stage: &std::cell::RefCell<Stage>, round: usize) -> Result<f64, Failure> {
    let (origin, dir, agent) = {
        let stage = stage.borrow();
        let dir = stage.home.path().join(format!("peer-{round}"));
        (stage.origin.path().to_owned(), dir, stage.home.bin().join("agent"))
    };
    let from = Instant::now();
    let mut git = Command::new("git");
    git.args(["clone", "--quiet", "--no-hardlinks", path(&origin), path(&dir)]);
    if !git.env("GIT_CONFIG_GLOBAL", "/dev/null").status()?.success() {
        return Err("git clone failed".into());
    }
    let mut child =
        Command::new(agent).current_dir(&dir).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let began = stage.borrow_mut().until_start(from)?;
    child.wait()?;
    Ok(began * MILLISECONDS)
}

/// Another queue.
#[derive(Clone, Copy, Debug)]
enum Peer {
    Pueue,
    TaskSpooler,
    Nq,
}

impl Peer {
    fn name(self) -> &'static str {
        match self {
            Self::Pueue => "pueue",
            Self::TaskSpooler => "task-spooler",
            Self::Nq => "nq",
        }
    }

    fn is_here(self) -> bool {
        match self {
            Self::Pueue => program("pueue", "cargo install pueue").is_some(),
            Self::TaskSpooler => program("tsp", "Debian: task-spooler").is_some(),
            Self::Nq => program("nq", "Debian: nq").is_some(),
        }
    }

    /// What has to be up before it takes work.
    fn daemon(self, stage: &Stage) -> Result<Option<Background>, Failure> {
        match self {
            Self::Pueue => {
                fs_err::create_dir_all(stage.home.path().join("run"))?;
                let daemon = Background::start(&mut self.command(stage, "pueued"))?;
                herder_testkit::until("pueued to answer", PATIENCE, || {
                    self.command(stage, "pueue")
                        .arg("status")
                        .output()
                        .is_ok_and(|said| said.status.success())
                        .then_some(())
                });
                Ok(Some(daemon))
            }
            Self::TaskSpooler | Self::Nq => Ok(None),
        }
    }

    /// The call that has it start `agent`.
    fn order(self, stage: &Stage, agent: &Path) -> Command {
        let mut command = match self {
            Self::Pueue => {
                let mut command = self.command(stage, "pueue");
                // It gives a task an input that never ends, and the agent reads its input to the end.
                command.args(["add", "--", &format!("{} </dev/null", path(agent))]);
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
                return command;
            }
            Self::TaskSpooler => self.command(stage, "tsp"),
            Self::Nq => self.command(stage, "nq"),
        };
        command.arg(agent).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn command(self, stage: &Stage, name: &str) -> Command {
        let mut command = stage.home.herder(name);
        command.env("XDG_RUNTIME_DIR", stage.home.path().join("run"));
        command.env("TS_SOCKET", stage.home.path().join("tsp")).env("NQDIR", stage.home.path().join("nq"));
        command
    }

    /// Ends what the calls left.
    fn end(self, stage: &Stage) -> Result<(), Failure> {
        match self {
            Self::TaskSpooler => {
                self.command(stage, "tsp").arg("-K").status()?;
            }
            Self::Pueue | Self::Nq => {}
        }
        Ok(())
    }
}

/// A ralph in a person's checkout, beside a queue that only starts the agent.
fn alone(peer: Peer) -> Result<(), Failure> {
    if !peer.is_here() {
        return Ok(());
    }
    let stage = Stage::new(20)?;
    let _daemon = peer.daemon(&stage)?;
    let agent = stage.home.bin().join("agent");
    let stage = std::cell::RefCell::new(stage);
    let mut round = 0;
    let pairs = interleaved(
        pairs(),
        || {
            round += 1;
            ralph(&stage, round)
        },
        || {
            let mut order = peer.order(&stage.borrow(), &agent);
            let from = Instant::now();
            let mut child = order.spawn()?;
            let began = stage.borrow_mut().until_start(from)?;
            child.wait()?;
            Ok(began * MILLISECONDS)
        },
    )?;
    peer.end(&stage.borrow())?;
    Figure::new("herder ralph to the agent's start", "ms", peer.name(), pairs).tell()
}

fn ralph(stage: &std::cell::RefCell<Stage>, round: usize) -> Result<f64, Failure> {
    let checkout = stage.borrow().home.home().join(format!("checkout-{round}"));
    let origin = stage.borrow().origin.path().to_owned();
    let mut git = Command::new("git");
    git.args(["clone", "--quiet", path(&origin), path(&checkout)]).env("GIT_CONFIG_GLOBAL", "/dev/null");
    if !git.status()?.success() {
        return Err("git clone failed".into());
    }
    let goal = stage.borrow().home.write("goal.md", "## Objective\nLeave a mark.\n");
    let mut command = stage.borrow().home.herder(stage::HERDER);
    command.args(["ralph", "--goal", path(&goal)]).current_dir(&checkout);
    let from = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let began = stage.borrow_mut().until_start(from)?;
    child.wait()?;
    Ok(began * MILLISECONDS)
}
