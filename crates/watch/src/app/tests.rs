//! What the screen shows, and what keys do: on a terminal that is only a picture.

use std::fs;
use std::path::Path;

use herder_domain::ledger::Cost;
use herder_domain::run::RunId;
use herder_view::{Need, Waiting, Work};
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

use super::*;
use crate::sight::{Gauge, Standing};

fn at() -> Timestamp {
    "2026-02-01T12:00:00Z".parse().unwrap()
}

fn goal(number: u64) -> GoalRef {
    GoalRef::new("acme/app".parse().unwrap(), number)
}

fn run(number: u64, attempt: u32) -> RunId {
    RunId::try_from(format!("app-{number}-{attempt}-abcdef")).unwrap()
}

fn work(number: u64, attempt: u32) -> Work {
    Work {
        goal: Some(goal(number)),
        title: "Add a bell".into(),
        run: run(number, attempt),
        attempt,
        agent: Some("replay".into()),
        phase: "working".into(),
        detail: None,
        waiting_for: None,
        waiting_until: None,
        iteration: 3,
        ordered_at: at(),
        age_seconds: 3_725,
        cost: Cost::usd(1.25),
        tokens: 4_711,
        working_seconds: 100,
        cores: Some(1.5),
        memory_bytes: Some(512 << 20),
    }
}

fn item(number: u64, standing: Standing, orders: Vec<OrderKind>) -> Item {
    let run = match &standing {
        Standing::Works(work) => Some(work.run.clone()),
        Standing::Needs(_) => Some(run(number, 1)),
        Standing::Waits(_) => None,
    };
    Item { goal: Some(goal(number)), title: format!("Goal {number}"), run, standing, orders, pull: None }
}

fn needs(number: u64) -> Item {
    let need = Need {
        goal: goal(number),
        title: format!("Goal {number}"),
        status: "spot-check",
        reasons: vec!["someone asked for a look".into()],
    };
    let orders = vec![OrderKind::Approve, OrderKind::Reject, OrderKind::Cancel];
    Item { pull: Some("https://example.org/pull/9".into()), ..item(number, Standing::Needs(need), orders) }
}

fn works(work: Work) -> Item {
    item(
        work.goal.as_ref().unwrap().number.0,
        Standing::Works(work),
        vec![OrderKind::Freeze, OrderKind::Cancel],
    )
}

fn waits(number: u64) -> Item {
    let reasons = vec!["no slot is free".to_owned()];
    let waiting = Waiting {
        goal: goal(number),
        title: format!("Goal {number}"),
        since: at(),
        attempts: 0,
        priority: 0,
        reasons,
        estimate: None,
    };
    item(number, Standing::Waits(waiting), vec![OrderKind::Cancel])
}

fn sight(items: Vec<Item>) -> Sight {
    let gauges = vec![Gauge::new("slots", "1/2"), Gauge::new("next window", "night at Sun 22:00")];
    Sight { at: at(), items, needing: 1, queued: 1, gauges, warnings: vec!["everything is paused".into()] }
}

struct Scene {
    home: tempfile::TempDir,
    app: App,
}

impl Scene {
    fn new() -> Self {
        Self::with(Palette::Colours)
    }

    fn with(palette: Palette) -> Self {
        let home = tempfile::tempdir().unwrap();
        let app = App::new(StateDir::at(home.path()), TimeZone::UTC, palette);
        let mut scene = Self { home, app };
        scene.app.see(sight(vec![needs(5), works(work(7, 1)), waits(8)]));
        scene
    }

    fn log(&self, run: &RunId, text: &str) {
        let dir = self.home.path().join("runs").join(run.as_str());
        fs::create_dir_all(&dir).unwrap();
        fs::write(Path::new(&dir).join("ralph.log"), text).unwrap();
    }

    fn screen(&mut self, width: u16, height: u16) -> Terminal<TestBackend> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| self.app.draw(frame)).unwrap();
        terminal
    }

    fn shown(&mut self) -> String {
        self.screen(80, 24).backend().to_string()
    }

    fn press(&mut self, code: KeyCode) -> Step {
        self.app.key(KeyEvent::from(code))
    }

    fn types(&mut self, text: &str) -> Step {
        text.chars().for_each(|c| assert_eq!(self.press(KeyCode::Char(c)), Step::Stay));
        self.press(KeyCode::Enter)
    }
}

#[test]
fn eighty_columns_and_twenty_four_rows_show_the_five_answers() {
    let mut scene = Scene::new();
    scene.log(&run(7, 1), "-- iteration 3\n> Bash cargo test\n== gate: red after 2.0 s\nI look.\n");
    scene.press(KeyCode::Down);
    let screen = scene.shown();
    for text in [
        "1 need you · 1 running",
        "needs you",
        "acme/app#5 Goal 5",
        "spot-check",
        "running",
        "> acme/app#7 Goal 7",
        "working it 3 1h02m $1.25 1",
        "queue",
        "no slot is free",
        "app-7-1-abcdef (following)",
        "> Bash cargo test",
        "== gate: red after 2.0 s",
        "slots 1/2 · next window night at Sun 22:00",
        "everything is paused",
        "F freeze · C cancel",
        "? help",
    ] {
        assert!(screen.contains(text), "{text}\n{screen}");
    }
}

#[test]
fn a_phase_says_what_it_is_at_and_until_when_it_waits() {
    for (change, shown) in [
        (Work { phase: "gating".into(), ..work(7, 1) }, "gating it 3"),
        (Work { detail: Some("tool Bash".into()), ..work(7, 1) }, "tool Bash it 3"),
        (
            Work {
                phase: "waiting".into(),
                waiting_until: Some("2026-02-01T17:00:00Z".parse().unwrap()),
                ..work(7, 1)
            },
            "waits till 17:00",
        ),
        (Work { phase: "frozen".into(), detail: Some("ada froze it".into()), ..work(7, 1) }, "frozen it 3"),
        (
            Work { cost: Cost::UNKNOWN, cores: None, memory_bytes: None, ..work(7, 1) },
            "working it 3 1h02m $?",
        ),
    ] {
        let mut scene = Scene::new();
        scene.app.see(sight(vec![works(change)]));
        let screen = scene.shown();
        assert!(screen.contains(shown), "{shown}\n{screen}");
    }
}

#[test]
fn any_size_is_drawn() {
    let mut scene = Scene::new();
    scene.log(&run(5, 1), &"a line that is long enough to be broken\n".repeat(99));
    for (width, height) in [(1, 1), (2, 3), (20, 5), (40, 12), (59, 24), (60, 24), (80, 24), (200, 60)] {
        scene.screen(width, height);
        scene.press(KeyCode::Char('?'));
        scene.screen(width, height);
        scene.press(KeyCode::Esc);
    }
}

#[test]
fn nothing_is_drawn_while_nothing_changes() {
    let mut scene = Scene::new();
    scene.log(&run(5, 1), "one\n");
    scene.shown();
    assert!(!scene.app.is_stale());
    let same = || sight(vec![needs(5), works(work(7, 1)), waits(8)]);
    scene.app.see(same());
    // Seconds are not shown.
    let later = Work { age_seconds: 3_726, ..work(7, 1) };
    scene.app.see(sight(vec![needs(5), works(later), waits(8)]));
    // What is written into another log is not on the screen.
    scene.log(&run(7, 1), "elsewhere\n");
    assert!(!scene.app.is_stale());
    scene.log(&run(5, 1), "one\ntwo\n");
    assert!(scene.app.is_stale());
    scene.shown();
    scene.app.see(sight(vec![needs(5), waits(8)]));
    assert!(scene.app.is_stale());
}

#[test]
fn without_colours_there_are_none() {
    let mut scene = Scene::with(Palette::Plain);
    scene.log(&run(5, 1), "> Bash ls\n== gate: green\n");
    let screen = scene.screen(80, 24);
    let cells = screen.backend().buffer().content();
    assert!(cells.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    let mut coloured = Scene::new();
    let screen = coloured.screen(80, 24);
    assert!(screen.backend().buffer().content().iter().any(|cell| cell.fg != Color::Reset));
}

#[test]
fn orders_are_asked_for_where_they_cannot_be_taken_back() {
    let mut scene = Scene::new();
    assert_eq!(scene.press(KeyCode::Char('A')), Step::Stay);
    assert!(scene.shown().contains("Approve acme/app#5? y says yes"), "{}", scene.shown());
    assert_eq!(scene.press(KeyCode::Char('n')), Step::Stay);
    scene.press(KeyCode::Char('A'));
    assert_eq!(scene.press(KeyCode::Char('y')), Step::Order(goal(5), Order::Approve));
    scene.press(KeyCode::Char('X'));
    assert_eq!(scene.types("  "), Step::Stay);
    scene.press(KeyCode::Char('X'));
    let feedback = "Too short".to_owned();
    assert_eq!(scene.types("Too short"), Step::Order(goal(5), Order::Reject { feedback }));
    assert_eq!(scene.press(KeyCode::Char('O')), Step::Open("https://example.org/pull/9".into()));
    assert_eq!(scene.press(KeyCode::Char('R')), Step::Stay);
    assert!(scene.shown().contains("`retry` does not fit"), "{}", scene.shown());
    scene.press(KeyCode::Down);
    assert_eq!(scene.press(KeyCode::Char('F')), Step::Order(goal(7), Order::Freeze));
    assert_eq!(scene.press(KeyCode::Char('q')), Step::Leave);
}

#[test]
fn a_goal_stays_chosen_and_the_log_of_its_next_run_is_followed() {
    let mut scene = Scene::new();
    scene.press(KeyCode::Char('G'));
    scene.press(KeyCode::Up);
    scene.log(&run(7, 1), "the first try\n");
    assert!(scene.shown().contains("the first try"));
    scene.log(&run(7, 2), "the second try\n");
    scene.app.see(sight(vec![needs(4), needs(5), works(work(7, 2)), waits(8)]));
    let screen = scene.shown();
    assert!(screen.contains("> acme/app#7") && screen.contains("the second try"), "{screen}");
}

#[test]
fn a_text_is_looked_for_in_the_log() {
    let mut scene = Scene::new();
    let lines: String = (0..200).map(|number| format!("line {number}\n")).collect();
    scene.log(&run(5, 1), &lines);
    assert!(scene.shown().contains("line 199"));
    scene.press(KeyCode::Char('/'));
    scene.types("line 42");
    let screen = scene.shown();
    assert!(screen.contains("line 42") && screen.contains("(f follows)"), "{screen}");
    scene.press(KeyCode::Char('n'));
    assert!(scene.shown().contains("nowhere else"));
    scene.press(KeyCode::Char('f'));
    assert!(scene.shown().contains("line 199"));
    scene.press(KeyCode::PageUp);
    assert!(!scene.shown().contains("line 199"));
}
