//! The night: the orchestrator works, is killed, is started again, and ends when nothing is left to do.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use herder_domain::run::RunId;
use herder_executor::end_strays;
use herder_record::RunDir;
use herder_store::{GoalFilter, Store};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::cast::Cast;
use super::look::AtWork;
use super::orchestrator::{Heard, Orchestrator};
use super::ralphs::Ralphs;
use super::stage::Stage;
use super::voice::{Speaker, Voice};
use crate::args::Player;
use crate::failure::Failure;

/// How many ralphs have to be at work when the orchestrator is killed.
const AT_WORK: usize = 2;

/// How often is looked at what goes on.
const LOOK: Duration = Duration::from_millis(50);

/// How long ralphs without an orchestrator are watched until one of them goes on.
const ALONE: Duration = Duration::from_secs(20);

/// The demo, as it is played.
pub struct Night<'a> {
    stage: &'a Stage,
    store: &'a Store,
    voice: &'a Voice,
    cast: &'a Cast,
    ralphs: RefCell<Ralphs>,
    is_told_to_end: Arc<AtomicBool>,
    begun: Instant,
    limit: Duration,
}

/// What was played.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// How long it took.
    pub elapsed: Duration,
    /// The runs whose ralphs were at work when the orchestrator was killed.
    pub adopted: Vec<RunId>,
    /// What went wrong meanwhile.
    pub problems: Vec<String>,
}

/// Why watching ended.
enum Until {
    /// The moment for the kill has come.
    Middle(Vec<AtWork>),
    /// The orchestrator has ended.
    End,
}

impl<'a> Night<'a> {
    /// Gets ready; from now on Ctrl-C stops everything in order.
    pub fn new(
        stage: &'a Stage,
        store: &'a Store,
        voice: &'a Voice,
        cast: &'a Cast,
    ) -> Result<Self, Failure> {
        let is_told_to_end = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&is_told_to_end))
                .map_err(|error| Failure::environment(format!("failed to handle signals: {error}")))?;
        }
        let minutes = match cast.player {
            Player::Replay => 10,
            Player::Claude => 40,
        };
        let limit = Duration::from_secs(minutes * 60);
        let ralphs = RefCell::default();
        Ok(Self { stage, store, voice, cast, ralphs, is_told_to_end, begun: Instant::now(), limit })
    }

    /// Plays it to its end. However it ends, nothing is left running.
    pub fn until_dawn(self) -> Result<Played, Failure> {
        let played = self.play();
        if played.is_err() {
            self.end_all();
        }
        played
    }

    fn play(&self) -> Result<Played, Failure> {
        let mut played = Played::default();
        let first = Orchestrator::start(self.stage)?;
        let (first, until) = self.watch(first, true)?;
        match until {
            Until::Middle(at_work) => self.kill(first, &at_work, &mut played)?,
            Until::End => {
                first.wait()?;
                played.problems.push("the orchestrator ended before it could be killed".to_owned());
            }
        }
        let (second, _) = self.watch(Orchestrator::start(self.stage)?, false)?;
        let status = second.wait()?;
        if !status.success() {
            played.problems.push(format!("the second orchestrator ended with {status}"));
        }
        played.elapsed = self.begun.elapsed();
        Ok(played)
    }

    /// Passes on what an orchestrator says until it ends, or until the moment for the kill.
    fn watch(
        &self,
        orchestrator: Orchestrator,
        is_to_be_killed: bool,
    ) -> Result<(Orchestrator, Until), Failure> {
        loop {
            if let Err(failure) = self.go_on() {
                orchestrator.stop();
                return Err(failure);
            }
            match orchestrator.hear(LOOK) {
                Heard::Line(line) => self.voice.line(Speaker::Herder, &line)?,
                Heard::Nothing => {}
                Heard::Silence => return Ok((orchestrator, Until::End)),
            }
            self.hear_ralphs()?;
            if is_to_be_killed && let Some(at_work) = self.middle()? {
                return Ok((orchestrator, Until::Middle(at_work)));
            }
        }
    }

    fn hear_ralphs(&self) -> Result<(), Failure> {
        let mut ralphs = self.ralphs.borrow_mut();
        ralphs.join(&self.stage.state, &self.store.active_runs()?);
        ralphs.pass_on(self.voice)
    }

    /// The ralphs at work, if enough has happened and enough goes on.
    fn middle(&self) -> Result<Option<Vec<AtWork>>, Failure> {
        let at_work = AtWork::all(&self.stage.state, self.store)?;
        if at_work.len() < AT_WORK {
            return Ok(None);
        }
        let begun: u32 = self.store.goals(&GoalFilter::default())?.iter().map(|goal| goal.runs).sum();
        Ok((begun >= self.cast.begun_before_the_kill()).then_some(at_work))
    }

    /// Kills the orchestrator and sees that its ralphs do not mind.
    fn kill(
        &self,
        orchestrator: Orchestrator,
        at_work: &[AtWork],
        played: &mut Played,
    ) -> Result<(), Failure> {
        let pid = orchestrator.pid();
        for line in orchestrator.kill()? {
            self.voice.line(Speaker::Herder, &line)?;
        }
        let runs: Vec<&str> = at_work.iter().map(|ralph| ralph.run().as_str()).collect();
        self.voice
            .say(&format!("kill -9 {pid}: the orchestrator is dead; at work were {}", runs.join(", ")))?;
        let begun = Instant::now();
        while !at_work.iter().any(AtWork::went_on) && begun.elapsed() < ALONE {
            self.go_on()?;
            thread::sleep(LOOK);
            self.hear_ralphs()?;
        }
        for ralph in at_work.iter().filter(|ralph| !ralph.is_well()) {
            played.problems.push(format!("the ralph of {} did not survive its orchestrator", ralph.run()));
        }
        match at_work.iter().find(|ralph| ralph.went_on()) {
            Some(ralph) => self.voice.say(&format!(
                "its ralphs go on without it ({} has just logged something); now it is started again",
                ralph.run()
            ))?,
            None => played.problems.push("no ralph went on without its orchestrator".to_owned()),
        }
        played.adopted = at_work.iter().map(|ralph| ralph.run().clone()).collect();
        Ok(())
    }

    /// Whether to go on.
    fn go_on(&self) -> Result<(), Failure> {
        let resume = || {
            let state = self.stage.state.root().display();
            format!("`RALPH_DIR={state} herder goal list` shows how far it came")
        };
        if self.is_told_to_end.load(Ordering::Relaxed) {
            return Err(
                Failure::environment("the demo was interrupted; everything was stopped").hint(resume())
            );
        }
        if self.begun.elapsed() > self.limit {
            let minutes = self.limit.as_secs() / 60;
            return Err(Failure::environment(format!(
                "the demo was stopped: it was not over after {minutes} minutes"
            ))
            .hint(resume()));
        }
        Ok(())
    }

    /// Ends whatever an orchestrator that is gone has left.
    fn end_all(&self) {
        let runs = self.store.active_runs().unwrap_or_default();
        // What cannot be ended now is ended by the next `up` on this state directory.
        runs.iter().for_each(|run| drop(end_strays(&RunDir::of(&self.stage.state, run.id.clone()).mark())));
    }
}
