//! Looks and orders beside the thread that draws: a slow disk or a slow forge keeps no key waiting.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use herder_view::{Order, Work};
use jiff::Timestamp;

use crate::WatchError;
use crate::desk::Desk;
use crate::sight::Sight;
use crate::watch::Watch;

/// The shortest pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// A look is followed by a pause of so many times what it took: with very many goals looking costs a twentieth of a
/// processor at most.
const PAUSE_FACTOR: u32 = 20;

/// What the clerk is told.
#[derive(Debug)]
pub(crate) enum Errand {
    Order(GoalRef, Order),
    Open(String),
}

/// What the clerk says.
#[derive(Debug)]
pub(crate) enum Word {
    Sight(Box<Sight>),
    Said(String),
}

/// Whoever looks and orders. It ends with the errand that it is at, once this is dropped.
#[derive(Debug)]
pub(crate) struct Clerk {
    errands: Sender<Errand>,
    words: Receiver<Word>,
}

impl Clerk {
    pub(crate) fn hire(desk: Box<dyn Desk>, watch: Watch) -> Self {
        let ((errands, told), (says, words)) = (channel(), channel());
        thread::spawn(move || work(desk, watch, &told, &says));
        Self { errands, words }
    }

    pub(crate) fn send(&self, errand: Errand) {
        // A clerk that is lost says nothing more, and the view shows what it saw last.
        let _ = self.errands.send(errand);
    }

    pub(crate) fn word(&self) -> Option<Word> {
        self.words.try_recv().ok()
    }
}

fn work(mut desk: Box<dyn Desk>, mut watch: Watch, told: &Receiver<Errand>, says: &Sender<Word>) {
    loop {
        let begun = Instant::now();
        let word = match look(desk.as_mut(), &mut watch) {
            Ok(sight) => Word::Sight(Box::new(sight)),
            Err(error) => Word::Said(error),
        };
        if says.send(word).is_err() {
            return;
        }
        let pause = PAUSE.max(begun.elapsed() * PAUSE_FACTOR);
        match told.recv_timeout(pause) {
            Ok(errand) => {
                if says.send(Word::Said(run(desk.as_mut(), errand))).is_err() {
                    return;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// What the desk sees, and runs beside it that no orchestrator knows.
pub(crate) fn look(desk: &mut dyn Desk, watch: &mut Watch) -> Result<Sight, String> {
    let now = Timestamp::now();
    let sight = desk.look(now)?;
    let known: Vec<RunId> = sight.runs().cloned().collect();
    let alone = alone(watch, &known, now).map_err(|error| herder_domain::cause::with_causes(&error))?;
    Ok(sight.beside(alone))
}

fn alone(watch: &mut Watch, known: &[RunId], now: Timestamp) -> Result<Vec<Work>, WatchError> {
    let running = watch.running()?;
    let unknown = running.iter().filter(|(dir, spec)| spec.goal.is_none() && !known.contains(dir.run()));
    unknown.map(|(dir, spec)| Ok(Work::of_run(dir, spec, None, now)?)).collect()
}

fn run(desk: &mut dyn Desk, errand: Errand) -> String {
    match errand {
        Errand::Order(goal, order) => match desk.order(&goal, &order) {
            Ok(()) => format!("{goal}: {} was ordered", order.kind().name()),
            Err(sentence) => sentence,
        },
        Errand::Open(address) => match desk.open(&address) {
            Ok(()) => format!("a browser shows {address}"),
            Err(sentence) => format!("{address} ({sentence})"),
        },
    }
}
