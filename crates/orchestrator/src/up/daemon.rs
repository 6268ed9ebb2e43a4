//! Observe, record, plan, act, over and over. The daemon keeps nothing that the database lacks: what
//! stands here is only what is under way in this process.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use herder_domain::capacity::Slots;
use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::outcome::Outcome;
use herder_domain::plan::{Outlook, is_wanted};
use herder_domain::run::{ProcessName, RunId};
use herder_domain::usage_window::UsageWindows;
use herder_executor::ProcessId;
use herder_record::redact::RedactingWriter;
use herder_store::{AppendError, OpenEffect, Settings, Stepped, Store};
use jiff::Timestamp;

use super::attend::OnlyFor;
use super::claiming;
use super::following::{self, Following};
use super::hearing;
use super::inbox::{self, Message};
use super::keeping::Keeping;
use super::measuring::Measuring;
use super::observing::{self, Forges};
use super::reload::{self, ConfigFile};
use super::reminding::Reminding;
use super::sleep::{self, Awake};
use super::upkeep::Upkeep;
use super::{
    Mode, UpEnd, UpError, farewell, heed_purse, heed_repos, reminding, shutdown, telling, unwanted, watching,
};
use crate::act::{ActError, Acted};
use crate::context::Context;
use crate::told::Told;

/// The pause after trouble that may pass: a full disk, a database that another process holds.
const ENDURE: Duration = Duration::from_secs(5);

/// How often the database is looked at for writes that nobody told of.
const LOOK: Duration = Duration::from_secs(1);

/// The wait after an effect that failed; doubles with each.
const RETRY_FIRST: Duration = Duration::from_secs(2);
const RETRY_LONGEST: Duration = Duration::from_secs(30 * 60);

/// How often is written down what was spent of forges' rate limits.
const KEEP_EVERY: Duration = Duration::from_secs(60);

/// What the daemon is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// It works.
    Working,
    /// It finishes what is at work, and goes then.
    Draining,
    /// It goes, and stops what is at work.
    Stopping,
}

pub(super) struct Daemon {
    /// This process.
    pub(super) own: ProcessName,
    pub(super) course: Course,
    pub(super) context: Arc<Context>,
    pub(super) store: Store,
    pub(super) planning: Settings,
    tell: Box<dyn Fn(&Told) + Send + Sync>,
    pub(super) inbox: Receiver<Message>,
    pub(super) sender: Sender<Message>,
    /// The hosts that goals live on.
    pub(super) forges: Forges,
    /// Effects that threads of this process carry out.
    pub(super) under_way: BTreeMap<String, Effect>,
    /// Runs whose ralphs are watched.
    watched: BTreeSet<RunId>,
    /// Runs that were told to stop: whatever ends them, they have not crashed.
    pub(super) stopped: BTreeSet<RunId>,
    seen_version: i64,
    pub(super) config_file: ConfigFile,
    pub(super) upkeep: Upkeep,
    pub(super) following: Following,
    pub(super) keeping: Keeping,
    pub(super) measuring: Measuring,
    pub(super) reminding: Reminding,
    /// What was written of accounts' usage windows last.
    pub(super) windows: Option<UsageWindows>,
    /// Whether this machine is kept awake.
    pub(super) awake: Awake,
    /// What alone is carried out, by a command that sees one goal through.
    pub(super) only_for: Option<OnlyFor>,
    pub(super) log: Mutex<RedactingWriter<File>>,
}

impl Daemon {
    pub(super) fn new(
        context: Context,
        store: Store,
        planning: Settings,
        tell: Box<dyn Fn(&Told) + Send + Sync>,
    ) -> Result<Self, UpError> {
        let (sender, inbox) = inbox::open(&context.state)?;
        let teller = sender.clone();
        context.trains.on_change(move || drop(teller.send(Message::GatePassed)));
        let log = context.state.open_orchestrator_log(Arc::clone(&context.redactor))?;
        let ProcessId { pid, start_time, boot_id } = ProcessId::own().map_err(io::Error::other)?;
        let upkeep = Upkeep::of(&context, Timestamp::now());
        Ok(Self {
            own: ProcessName { pid, start_time, boot_id },
            course: Course::Working,
            log: Mutex::new(log),
            config_file: ConfigFile::of(&context.config),
            context: Arc::new(context),
            store,
            planning,
            tell,
            inbox,
            sender,
            forges: Forges::default(),
            under_way: BTreeMap::new(),
            watched: BTreeSet::new(),
            stopped: BTreeSet::new(),
            seen_version: 0,
            upkeep,
            following: Following::default(),
            keeping: Keeping::default(),
            measuring: Measuring::default(),
            reminding: Reminding::default(),
            windows: None,
            awake: Awake::default(),
            only_for: None,
        })
    }

    pub(super) fn run(mut self, mode: Mode) -> Result<UpEnd, UpError> {
        self.say(&Told::note(Timestamp::now(), self.greeting()?));
        let mut kept = Instant::now();
        loop {
            // Views show it, and whoever goes on after a crash knows most of it; what fails now is done next time.
            if kept.elapsed() >= KEEP_EVERY && self.context.clients.keep_budgets(&mut self.store).is_ok() {
                kept = Instant::now();
            }
            match self.turn(mode) {
                Ok(None) => {}
                Ok(Some(end)) => {
                    self.context.clients.keep_budgets(&mut self.store)?;
                    return Ok(end);
                }
                Err(error) if error.is_passing() && self.endure(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Carries out what is to be done for one goal, until that is over; gives whether it is, for a person may
    /// have lost patience. Nothing that runs is stopped.
    pub(super) fn see_through(mut self, what: OnlyFor) -> Result<bool, UpError> {
        self.only_for = Some(what);
        loop {
            match self.turn_for_one() {
                Ok(None) => {}
                Ok(Some(is_over)) => return Ok(is_over),
                Err(error) if error.is_passing() && self.endure(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn greeting(&self) -> Result<String, UpError> {
        let world = self.store.world(&self.planning)?;
        let hour = world.hours.at(Timestamp::now());
        let is_bounded = matches!(world.limits.everywhere, Some(Slots::Fixed(_)));
        let is_auto = world.room_in(hour).is_some() && !is_bounded;
        let most =
            if is_auto { "as many as there is room for".to_owned() } else { world.max(hour).to_string() };
        Ok(format!("herder is up, {most} at once"))
    }

    fn turn_for_one(&mut self) -> Result<Option<bool>, UpError> {
        let stepped = self.step()?;
        let is_over = match &self.only_for {
            Some(what) if self.under_way.is_empty() => (what.is_over)(&self.store)?,
            Some(_) | None => false,
        };
        if is_over {
            return Ok(Some(true));
        }
        Ok(self.wait(&stepped)?.then_some(false))
    }

    /// One time round; gives how it ended where it did.
    fn turn(&mut self, mode: Mode) -> Result<Option<UpEnd>, UpError> {
        if self.course == Course::Stopping {
            // Trouble came between; going down goes on.
            shutdown::shut_down(self)?;
            return Ok(Some(UpEnd::Stopped));
        }
        if let Some(end) = farewell::heed(self)? {
            return Ok(Some(end));
        }
        let stepped = self.step()?;
        if farewell::is_drained(self)? {
            return Ok(Some(UpEnd::Drained));
        }
        if mode == Mode::Once && self.under_way.is_empty() && self.forges.are_known() {
            match self.outlook(&stepped)? {
                Outlook::Moving => {}
                Outlook::Quiet => return Ok(Some(UpEnd::Idle)),
                Outlook::Parked => return Ok(Some(UpEnd::Parked)),
            }
        }
        if self.wait(&stepped)? {
            shutdown::shut_down(self)?;
            return Ok(Some(UpEnd::Stopped));
        }
        Ok(None)
    }

    /// Waits for trouble to pass; false where the daemon is told to end meanwhile. Nothing is lost: what
    /// could not be recorded is looked at again, for the next plan is made from the whole picture.
    fn endure(&mut self, trouble: &UpError) -> bool {
        self.say(&Told::note(Timestamp::now(), format!("{trouble}; trying again in {ENDURE:?}")));
        let until = Instant::now() + ENDURE;
        self.watched.clear();
        loop {
            match self.inbox.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Message::Told) | Err(RecvTimeoutError::Disconnected) => return false,
                // Recorded if it can be; else its effect is carried out again and its ralph watched again.
                Ok(message) => drop(self.take(message)),
                Err(RecvTimeoutError::Timeout) => return true,
            }
        }
    }

    /// Plans, records, and starts what is due.
    pub(super) fn step(&mut self) -> Result<Stepped, UpError> {
        reload::reload_if_changed(self)?;
        // A repository may have been added since.
        let now = Timestamp::now();
        heed_repos(&mut self.planning, &self.store, &self.context.config, now)?;
        self.heed_room()?;
        self.planning.past_gate = self.context.trains.past_gate();
        let from = (&self.store, &self.context.state);
        heed_purse(&mut self.planning, from, &self.context.config, now)?;
        self.heed_windows(now)?;
        self.seen_version = self.store.data_version()?;
        let stepped = self.store.step(&self.planning, now)?;
        for event in &stepped.decisions {
            self.tell_of(event, now);
        }
        for refusal in &stepped.refusals {
            self.say(&Told::note(now, format!("a decision was refused: {}", refusal.error)));
        }
        self.watch_ralphs()?;
        observing::observe(self)?;
        unwanted::call_off(self)?;
        reminding::remind(self, now)?;
        for due in self.store.due_effects(now)? {
            self.start(due)?;
        }
        following::mind(self)?;
        sleep::mind(self)?;
        Ok(stepped)
    }

    fn outlook(&self, stepped: &Stepped) -> Result<Outlook, UpError> {
        let world = self.store.world(&self.planning)?;
        Ok(herder_domain::plan::outlook(&world, &stepped.waits))
    }

    /// Waits for something to happen and records it; true when the daemon is to end.
    fn wait(&mut self, stepped: &Stepped) -> Result<bool, UpError> {
        let upkeep = self.tidy_up()?;
        let others = upkeep
            .into_iter()
            .chain(self.awake.due())
            .chain(self.next_hour())
            .chain(self.reminding.due())
            .chain(self.next_reckoning())
            .chain(self.keep_claims()?);
        let due = self.next_due(stepped.wake_at)?.into_iter().chain(others).chain(self.following.due()).min();
        loop {
            if self.measure(stepped)? {
                return Ok(false);
            }
            let left = due.map_or(LOOK, |due| until(due).min(LOOK));
            match self.inbox.recv_timeout(left) {
                Ok(Message::Told) => return Ok(true),
                Ok(message) => {
                    self.take(message)?;
                    while let Ok(message) = self.inbox.try_recv() {
                        if matches!(message, Message::Told) {
                            return Ok(true);
                        }
                        self.take(message)?;
                    }
                    return Ok(false);
                }
                Err(RecvTimeoutError::Timeout) => {
                    let is_due = due.is_some_and(|due| due <= Timestamp::now());
                    let is_told = self.store.data_version()? != self.seen_version;
                    if is_due || is_told || self.config_file.has_changed() {
                        return Ok(false);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(true),
            }
        }
    }

    /// When time alone changes what is to be done. An effect that is under way, or is not to begin now,
    /// may not keep the daemon awake; one whose time came a moment ago must.
    fn next_due(&self, planned: Option<Timestamp>) -> Result<Option<Timestamp>, UpError> {
        let mut open = self.store.open_effects()?;
        open.retain(|open| self.may_begin(open));
        Ok(open.iter().filter_map(|open| open.not_before).chain(planned).min())
    }

    pub(super) fn may_begin(&self, open: &OpenEffect) -> bool {
        !self.under_way.contains_key(&open.key)
            && self.is_mine(&open.effect)
            && self.is_admitted(&open.effect)
    }

    /// Records what a message tells.
    pub(super) fn take(&mut self, message: Message) -> Result<(), UpError> {
        match message {
            Message::Acted { key, result } => self.acted(&key, result),
            Message::RalphGone(run, outcome) => self.ralph_gone(&run, outcome),
            Message::Tidied(told) => {
                self.upkeep.ended(&self.context);
                told.into_iter().for_each(|text| self.say(&Told::note(Timestamp::now(), text)));
                Ok(())
            }
            Message::Saw(host, saw) => observing::saw(self, &host, saw),
            Message::Looked(looked) => following::looked(self, looked),
            Message::Heard(wake) => hearing::heard(self, &wake),
            Message::Woken => {
                self.following.hasten();
                Ok(())
            }
            Message::Lost(event) => self.append(&event),
            Message::Noted(text) => {
                self.say(&Told::note(Timestamp::now(), text));
                Ok(())
            }
            Message::GatePassed | Message::Told => Ok(()),
        }
    }

    fn acted(&mut self, key: &str, result: Result<Acted, ActError>) -> Result<(), UpError> {
        let effect = self.under_way.remove(key);
        let now = Timestamp::now();
        match result {
            Ok(Acted { events, ledger, note }) => {
                note.into_iter().for_each(|text| {
                    self.say(&Told::note(now, self.context.redactor.line(&text).into_string()))
                });
                if let Some(row) = ledger {
                    self.store.ledger_put(&row)?;
                    self.measuring.unlearn();
                }
                if let Some(Effect::FollowLanding { turn, .. }) = effect {
                    return following::followed(self, key, turn, events);
                }
                self.finish(key, &events, now)
            }
            Err(ActError::Untold(untold)) => telling::untold(self, (key, effect.as_ref()), &untold, now),
            Err(error) => {
                let why = self.context.redactor.line(&error.in_full()).into_string();
                self.postpone(key, effect.as_ref(), &why, now)
            }
        }
    }

    pub(super) fn finish(&mut self, key: &str, events: &[Event], now: Timestamp) -> Result<(), UpError> {
        let finished = self.store.finish(key, events, now)?;
        if !finished.was_done {
            events.iter().for_each(|event| self.tell_of(event, now));
        }
        for goal in finished.quarantined {
            self.say(&Told {
                at: now,
                goal: Some(goal),
                text: format!("quarantined: {key} came at the wrong time"),
            });
        }
        Ok(())
    }

    pub(super) fn postpone(
        &mut self,
        key: &str,
        effect: Option<&Effect>,
        error: &str,
        now: Timestamp,
    ) -> Result<(), UpError> {
        let open = self.store.open_effects()?;
        let attempts = open.iter().find(|open| open.key == key).map_or(0, |open| open.attempts);
        self.say(&Told::note(now, format!("{key} failed, will be tried again: {error}")));
        if matches!(effect, Some(Effect::Notify { .. })) && attempts + 1 >= telling::TRIES {
            return self.finish(key, &[], now);
        }
        if let Some(event) = claiming::given_up(self, effect, (attempts + 1, error))? {
            return self.finish(key, &[event], now);
        }
        let wait = RETRY_FIRST.saturating_mul(1 << attempts.min(12)).min(RETRY_LONGEST);
        let until = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        self.store.postpone(key, error, until)?;
        Ok(())
    }

    fn ralph_gone(&mut self, id: &RunId, outcome: Outcome) -> Result<(), UpError> {
        self.watched.remove(id);
        self.write_headroom();
        let Some(run) = self.store.run(id)? else {
            return Ok(());
        };
        if run.state.process().is_some() {
            // A goal that was closed or taken stops its ralph as well as an orchestrator that goes.
            let goal = self.store.goal(&run.goal)?;
            let was_told = self.stopped.contains(id) || !goal.is_some_and(|goal| is_wanted(&goal, &run));
            let outcome = if was_told { watching::as_stopped(outcome) } else { outcome };
            self.append(&Event::of(&run.goal, What::RunReported { run: id.clone(), outcome }))?;
        }
        Ok(())
    }

    /// Records an event of the outside; one that the goal's state refuses is somebody's edit that came
    /// first, and the planner sees what is left to do.
    pub(super) fn append(&mut self, event: &Event) -> Result<(), UpError> {
        let now = Timestamp::now();
        match self.store.append(event, now) {
            Ok(_) => self.tell_of(event, now),
            Err(AppendError::Store(error)) => return Err(error.into()),
            Err(error @ (AppendError::Illegal(_) | AppendError::Unknown(_))) => {
                self.say(&Told::note(now, format!("not recorded: {error}")));
            }
        }
        Ok(())
    }

    fn watch_ralphs(&mut self) -> Result<(), UpError> {
        for run in self.store.active_runs()? {
            if let Some(process) = run.state.process()
                && self.watched.insert(run.id.clone())
            {
                let (dir, swept) = (self.context.run_dir(&run.id), Arc::clone(&self.context.swept));
                watching::watch((dir, process.clone()), swept, self.sender.clone())?;
            }
        }
        Ok(())
    }

    /// Whether it carries out what one goal needs, for a command, and nothing else.
    pub(super) fn sees_one_through(&self) -> bool {
        self.only_for.is_some()
    }

    /// Into what this process's threads speak.
    pub(super) fn sender(&self) -> Sender<Message> {
        self.sender.clone()
    }

    pub(super) fn tell_of(&self, event: &Event, at: Timestamp) {
        Told::of(event, at).iter().for_each(|told| self.say(told));
    }

    pub(super) fn say(&self, told: &Told) {
        (self.tell)(told);
        self.log(told);
    }

    /// Writes into the log alone.
    pub(super) fn log(&self, told: &Told) {
        // A log that cannot be written must not stop the work; the journal has it all.
        let _ = writeln!(self.log.lock().unwrap_or_else(PoisonError::into_inner), "{} {told}", told.at);
    }
}

fn until(at: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or_default()
}
