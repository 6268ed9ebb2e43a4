//! What the view shows and how it answers to keys. It knows no terminal and no clock.

use std::io;

use herder_domain::repo::GoalRef;
use herder_record::{RunDir, StateDir};
use herder_view::{Order, OrderKind};
use jiff::tz::TimeZone;
use ratatui::crossterm::event::{KeyCode, KeyEvent};

use crate::board::Board;
use crate::keys::{Wish, wish};
use crate::log::{Log, Way};
use crate::sight::{Item, Sight};

/// What the view shows.
#[derive(Debug)]
pub struct App {
    state: StateDir,
    zone: TimeZone,
    pub(crate) palette: Palette,
    items: Vec<Item>,
    pub(crate) board: Board,
    pub(crate) chosen: usize,
    pub(crate) log: Option<Log>,
    pub(crate) mode: Mode,
    /// What came of the last key.
    pub(crate) notice: Option<String>,
    /// Something changed since it was drawn.
    is_stale: bool,
    /// Rows of the log on the screen.
    pub(crate) log_rows: usize,
}

/// Whether there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// The terminal's own.
    Colours,
    /// None: bold, underlined and reversed alone tell things apart.
    Plain,
}

/// What keys mean just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// What the table of keys says.
    Look,
    /// Any key leaves the help.
    Help,
    /// They are a text to look for.
    Search { typed: String },
    /// They are an order's words.
    Words { goal: GoalRef, order: OrderKind, typed: String },
    /// One of them says yes.
    Sure { goal: GoalRef, order: OrderKind },
}

/// What is to be done for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing more.
    Stay,
    /// Leave.
    Leave,
    /// Carry an order out.
    Order(GoalRef, Order),
    /// Show an address.
    Open(String),
}

impl App {
    /// The view of a state directory, before anything was seen of it. `zone` is whose clocks times are told by.
    pub fn new(state: StateDir, zone: TimeZone, palette: Palette) -> Self {
        Self {
            state,
            zone,
            palette,
            items: Vec::new(),
            board: Board::default(),
            chosen: 0,
            log: None,
            mode: Mode::Look,
            notice: Some("looking ...".to_owned()),
            is_stale: true,
            log_rows: 0,
        }
    }

    /// Takes in what is so by now.
    pub fn see(&mut self, sight: Sight) {
        let board = Board::of(&sight, &self.zone);
        let is_first = self.board == Board::default();
        let chosen = self.item().map(Item::name);
        self.items = sight.items;
        let again = chosen.and_then(|name| self.items.iter().position(|item| item.name() == name));
        let place = again.unwrap_or(self.chosen).min(self.items.len().saturating_sub(1));
        self.is_stale |= board != self.board || place != self.chosen;
        self.board = board;
        self.choose(place);
        if is_first {
            self.notice = None;
        }
    }

    /// Says something in the last row.
    pub(crate) fn say(&mut self, notice: impl Into<String>) {
        self.notice = Some(notice.into());
        self.is_stale = true;
    }

    /// Whether the screen shows something that is not so any more.
    pub fn is_stale(&self) -> bool {
        self.is_stale || self.log.as_ref().is_some_and(Log::is_stale)
    }

    /// It was drawn, or has to be drawn anew.
    pub(crate) fn mark(&mut self, is_stale: bool) {
        self.is_stale = is_stale;
    }

    /// The goal that is chosen.
    pub(crate) fn item(&self) -> Option<&Item> {
        self.items.get(self.chosen)
    }

    /// Chooses a goal; its log is followed, and that of its next run once there is one.
    fn choose(&mut self, place: usize) {
        self.is_stale |= place != self.chosen;
        self.chosen = place;
        let run = self.item().and_then(|item| item.run.clone());
        if self.log.as_ref().map(|log| log.dir().run()) != run.as_ref() {
            self.log = run.map(|run| Log::of(RunDir::of(&self.state, run)));
            self.is_stale = true;
        }
    }

    /// Answers to a key.
    pub(crate) fn key(&mut self, key: KeyEvent) -> Step {
        self.is_stale = true;
        match std::mem::replace(&mut self.mode, Mode::Look) {
            Mode::Look => wish(key).map_or(Step::Stay, |wish| self.fulfil(wish)),
            Mode::Help => Step::Stay,
            Mode::Search { typed } => match typing(typed, key) {
                Typing::On(typed) => self.stay_in(Mode::Search { typed }),
                Typing::Left => Step::Stay,
                Typing::Done(typed) => {
                    let found = self.log.as_mut().map_or(Ok(false), |log| log.look_for(&typed));
                    self.found(found)
                }
            },
            Mode::Words { goal, order, typed } => match typing(typed, key) {
                Typing::On(typed) => self.stay_in(Mode::Words { goal, order, typed }),
                Typing::Left => Step::Stay,
                Typing::Done(typed) if typed.trim().is_empty() => Step::Stay,
                Typing::Done(typed) => self.order(goal, Order::of(order, typed.trim())),
            },
            Mode::Sure { goal, order } if key.code == KeyCode::Char('y') => {
                self.order(goal, Order::of(order, ""))
            }
            Mode::Sure { .. } => Step::Stay,
        }
    }

    fn stay_in(&mut self, mode: Mode) -> Step {
        self.mode = mode;
        Step::Stay
    }

    fn order(&mut self, goal: GoalRef, order: Order) -> Step {
        self.notice = Some(format!("{goal}: ..."));
        Step::Order(goal, order)
    }

    fn fulfil(&mut self, wish: Wish) -> Step {
        self.notice = None;
        let (last, page) = (self.items.len().saturating_sub(1), self.log_rows.saturating_sub(1).max(1));
        match wish {
            Wish::Leave => return Step::Leave,
            Wish::Help => self.mode = Mode::Help,
            Wish::Up => self.choose(self.chosen.saturating_sub(1)),
            Wish::Down => self.choose((self.chosen + 1).min(last)),
            Wish::First => self.choose(0),
            Wish::Last => self.choose(last),
            Wish::LineUp => self.scroll(|log| log.scroll(Way::Older, 1)),
            Wish::LineDown => self.scroll(|log| log.scroll(Way::Newer, 1)),
            Wish::PageUp => self.scroll(|log| log.scroll(Way::Older, page)),
            Wish::PageDown => self.scroll(|log| log.scroll(Way::Newer, page)),
            Wish::LogBegin => self.scroll(Log::begin),
            Wish::Follow => self.scroll(|log| {
                log.follow();
                Ok(())
            }),
            Wish::Search => self.mode = Mode::Search { typed: String::new() },
            Wish::Older => return self.look_on(Way::Older),
            Wish::Newer => return self.look_on(Way::Newer),
            Wish::Order(order) => return self.ask(order),
            Wish::OpenPull => match self.item().and_then(|item| item.pull.clone()) {
                Some(address) => return Step::Open(address),
                None => self.say("no pull request offers this goal's work"),
            },
        }
        Step::Stay
    }

    fn scroll(&mut self, scroll: impl FnOnce(&mut Log) -> io::Result<()>) {
        if let Some(Err(error)) = self.log.as_mut().map(scroll) {
            self.say(format!("failed to read the log: {error}"));
        }
    }

    fn look_on(&mut self, way: Way) -> Step {
        let found = self.log.as_mut().map_or(Ok(false), |log| log.look_on(way));
        self.found(found)
    }

    fn found(&mut self, found: io::Result<bool>) -> Step {
        match found {
            Ok(true) => {}
            Ok(false) => self.say("the log says that nowhere else"),
            Err(error) => self.say(format!("failed to read the log: {error}")),
        }
        Step::Stay
    }

    /// Gives an order that needs no more words; asks for them, or for a yes, where it cannot be taken back.
    fn ask(&mut self, order: OrderKind) -> Step {
        let takes = |item: &&Item| item.orders.contains(&order);
        let Some(goal) = self.item().filter(takes).and_then(|item| item.goal.clone()) else {
            self.say(format!("`{}` does not fit: this goal does not stand so", order.name()));
            return Step::Stay;
        };
        match order {
            OrderKind::Reject | OrderKind::Answer => {
                self.stay_in(Mode::Words { goal, order, typed: String::new() })
            }
            OrderKind::Approve | OrderKind::Cancel => self.stay_in(Mode::Sure { goal, order }),
            OrderKind::Queue | OrderKind::Retry | OrderKind::Freeze | OrderKind::Thaw => {
                self.order(goal, Order::of(order, ""))
            }
        }
    }
}

/// What became of a text that is being typed.
enum Typing {
    On(String),
    Done(String),
    Left,
}

fn typing(mut typed: String, key: KeyEvent) -> Typing {
    match key.code {
        KeyCode::Enter => Typing::Done(typed),
        KeyCode::Esc => Typing::Left,
        KeyCode::Backspace if typed.pop().is_none() => Typing::Left,
        KeyCode::Char(c) => {
            typed.push(c);
            Typing::On(typed)
        }
        _ => Typing::On(typed),
    }
}

#[cfg(test)]
mod tests;
