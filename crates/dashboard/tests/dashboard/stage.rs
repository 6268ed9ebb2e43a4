//! A state directory with goals in every place, a run at work, and a dashboard that shows it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use herder_dashboard::{Bind, Book, Desk, Kind, Live, Serving, Site, Token, Trouble, serve};
use herder_domain::capacity::{Admission, Capacity, Headroom};
use herder_domain::event::{Event, Repo, What};
use herder_domain::forge::Home;
use herder_domain::frost::Chill;
use herder_domain::goal::GoalText;
use herder_domain::iteration::Iteration;
use herder_domain::judge::Policy;
use herder_domain::ledger::{Cost, Spend, TimeSplit};
use herder_domain::measure::{HostSample, Measured, Pressure, Pressures, Sample};
use herder_domain::outcome::Outcome;
use herder_domain::repo::{GoalRef, RepoId};
use herder_domain::run::{Harvest, ProcessName, RunId};
use herder_domain::why::{Answer, why};
use herder_domain::world::World;
use herder_record::{LiveStatus, Phase, Redactor, RunDir, StateDir};
use herder_store::{NewGoal, Settings, Store};
use herder_view::Order;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::scene::Said;

/// A word that must be escaped wherever it is shown.
pub const TITLE: &str = "Add <b>bold</b> & more";

pub struct Stage {
    pub state: StateDir,
    pub store: Store,
    pub serving: Serving,
    _temp: TempDir,
}

/// A desk that plans with two slots and records what it is ordered.
#[derive(Debug)]
struct TestDesk {
    database: PathBuf,
}

fn settings() -> Settings {
    Settings::of(Capacity { max: 1, admission: Admission::Open }, Policy::default(), "replay")
}

impl Desk for TestDesk {
    fn world(&self, store: &Store, _: Timestamp) -> Result<World, Trouble> {
        store.world(&settings()).map_err(|error| Trouble::new(Kind::Environment, error.to_string()))
    }

    fn why(&self, _: &Store, world: &World, goal: &GoalRef) -> Result<Answer, Trouble> {
        let gone = || Trouble::new(Kind::NotFound, "it is settled");
        why(world, goal, Timestamp::now()).ok_or_else(gone)
    }

    fn orchestrator(&self) -> Option<String> {
        Some("No orchestrator is at work.".into())
    }

    fn order(&self, goal: &GoalRef, order: &Order) -> Result<(), Trouble> {
        let what = match order {
            Order::Queue => What::GoalQueued,
            Order::Approve => What::GoalApproved,
            Order::Reject { feedback } => What::GoalRejected { feedback: feedback.clone() },
            Order::Answer { text } => What::GoalAnswered { answer: text.clone() },
            Order::Retry => What::GoalRetried,
            Order::Cancel => What::GoalCancelled,
            Order::Freeze => {
                What::RunFrozen { run: Stage::run(goal.number.0), why: Chill::Person { by: "ada".into() } }
            }
            Order::Thaw => What::RunThawed { run: Stage::run(goal.number.0) },
        };
        let refused = |error: herder_store::AppendError| Trouble::new(Kind::Refused, error.to_string());
        let mut store = Store::open(&self.database).unwrap();
        store.append(&Event::of(goal, what), Timestamp::now()).map(|_| ()).map_err(refused)
    }
}

pub fn app() -> RepoId {
    "example.org/acme/app".parse().unwrap()
}

pub fn goal(number: u64) -> GoalRef {
    GoalRef::new(app(), number)
}

impl Stage {
    /// Story 1 with goal 2 at work, 3 queued behind it, 4 a draft, 5 waiting for a look.
    pub fn new() -> Self {
        Self::asking(None)
    }

    /// The same at an address that asks for a token.
    pub fn asking(token: Option<&str>) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let state = StateDir::at(temp.path());
        state.create().unwrap();
        let mut store = Store::open(&state.database()).unwrap();
        let (url, base_branch) = ("https://me:s3cret-word@example.org/acme/app.git".into(), "main".into());
        let repo = Repo { id: app(), url, base_branch, pushes: true, home: Home::Local };
        let now = Timestamp::now();
        store.append(&Event::RepoAdded { repo }, now).unwrap();
        store.create_story(&app(), "A story", "Why.", now).unwrap();
        let desk = Arc::new(TestDesk { database: state.database() });
        let live = Live::open(state.clone(), desk).unwrap();
        let site = Site::of_all(Book::open(state.stats(), TimeZone::UTC), live).unwrap();
        let bind =
            Bind::new(([127, 0, 0, 1], 0).into(), token.map(|token| Token::new(token).unwrap())).unwrap();
        let serving = serve(site, &bind, Vec::new()).unwrap();
        let mut stage = Self { state, store, serving, _temp: temp };
        stage.write(TITLE, false);
        stage.write("Behind it", false);
        stage.write("A draft", false);
        stage.write("To be looked at", true);
        stage.launch(2);
        stage.queue(3);
        stage.launch(5);
        stage.end(5);
        stage
    }

    fn write(&mut self, title: &str, wants_spot_check: bool) {
        let body = format!("## Objective\n{title}.\n\n## Acceptance\n- it works\n");
        let text = GoalText::read(&app(), title, &body).unwrap();
        let story = Some(goal(1).number);
        let new = NewGoal { text, story, depends: Vec::new(), wants_spot_check, is_queued: false };
        self.store.create_goal(&app(), new, Timestamp::now()).unwrap();
    }

    pub fn append(&mut self, number: u64, what: What) {
        self.store.append(&Event::of(&goal(number), what), Timestamp::now()).unwrap();
    }

    /// Writes down what a machine uses that is busy, as the orchestrator does.
    pub fn measure(&self) {
        let sample = |second: i64| {
            let stalled = Measured::Known(Pressure::default());
            let pressure = Pressures { cpu: stalled, memory: stalled, io: stalled };
            let host = HostSample {
                cores: 2,
                pressure,
                own_pressure: Pressures::default(),
                memory_total: Measured::Known(8 << 30),
                memory_available: Measured::Known(4 << 30),
                busy: Measured::Known(Duration::from_secs(second.unsigned_abs())),
                load: Measured::Absent,
                runnable: Measured::Absent,
                disks: BTreeMap::new(),
            };
            let at = Timestamp::from_second(1_800_000_000 + second).unwrap();
            Sample { at, host, runs: BTreeMap::new() }
        };
        let mut headroom = Headroom::of(&sample(0));
        (1..30).for_each(|second| headroom.take(&sample(second)));
        self.state.write_headroom(&headroom, &Redactor::new::<&str>([]).unwrap()).unwrap();
    }

    /// Has an account that can spend no more.
    pub fn park(&mut self) {
        let event = Event::AccountParked { agent: "claude".into(), until: None, why: "it is spent".into() };
        self.store.append(&event, Timestamp::now()).unwrap();
    }

    fn queue(&mut self, number: u64) {
        self.append(number, What::GoalQueued);
    }

    pub fn run(number: u64) -> RunId {
        RunId::try_from(format!("app-{number}-1-abcdef")).unwrap()
    }

    fn launch(&mut self, number: u64) {
        self.queue(number);
        let run = || Self::run(number);
        self.append(number, What::RunOrdered { run: run(), attempt: 1 });
        self.append(number, What::RunClaimed { run: run() });
        self.append(
            number,
            What::RunPrepared { run: run(), base_branch: "main".into(), agent: "replay".into() },
        );
        let process = ProcessName { pid: 4242, start_time: 99, boot_id: "b".into() };
        self.append(number, What::RunLaunched { run: run(), process });
        fs::create_dir_all(self.dir(number).path().join("gate")).unwrap();
        self.says(number, Phase::Working, 2);
        self.log(number, "> Bash ls <script>alert(1)</script>\nsome words\n-- iteration 1 ended: continue\n");
        let iteration = serde_json::to_string(&iteration()).unwrap();
        fs::write(self.dir(number).path().join("iterations.jsonl"), format!("{iteration}\n")).unwrap();
        fs::write(self.dir(number).path().join("gate/1.log"), "3 passed, 1 <failed>\n").unwrap();
        fs::write(self.dir(number).path().join("events.jsonl"), "{\"type\":\"system\"}\n").unwrap();
    }

    /// Ends a run that met its goal; the planner has a person look at it.
    fn end(&mut self, number: u64) {
        let run = || Self::run(number);
        self.append(number, What::RunReported { run: run(), outcome: Outcome::Accepted { gated: true } });
        let tip = Some("7199".to_owned());
        let harvest = Harvest { tip, lines_added: 3, files_changed: 1, ..Harvest::default() };
        self.append(number, What::RunCollected { run: run(), harvest });
        self.store.step(&settings(), Timestamp::now()).unwrap();
    }

    pub fn dir(&self, number: u64) -> RunDir {
        RunDir::of(&self.state, Self::run(number))
    }

    /// What a ralph says of itself.
    pub fn says(&self, number: u64, phase: Phase, iteration: u32) {
        let status = LiveStatus {
            schema: LiveStatus::SCHEMA,
            state: phase,
            iteration,
            pid: 4242,
            start_time: 99,
            boot_id: "b".into(),
            heartbeat: Timestamp::now(),
            waiting_until: None,
            waiting_for: None,
            spend: Spend { cost: Cost::usd(1.25), ..Spend::default() },
            windows: Vec::new(),
            detail: None,
            run_key: None,
            cgroup: None,
        };
        let text = serde_json::to_string(&status).unwrap();
        fs::write(self.dir(number).path().join("status.json"), text).unwrap();
    }

    /// Adds to a run's log.
    pub fn log(&self, number: u64, text: &str) {
        let path = self.dir(number).log_path();
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    pub fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.serving.address())
    }

    pub fn get(&self, path: &str) -> Said {
        crate::scene::get(&self.address(path), &[])
    }

    pub fn json(&self, path: &str) -> Value {
        let said = self.get(path);
        assert_eq!(said.status, 200, "{path}: {}", said.text);
        serde_json::from_str(&said.text).unwrap()
    }

    /// An order as a browser sends it from the goal's own page.
    pub fn order(&self, number: u64, order: &str, text: &str, headers: &[(&str, &str)]) -> Said {
        let token = self.json("/api/v1/token")["token"].as_str().unwrap().to_owned();
        self.post(number, &[("order", order), ("text", text), ("token", &token)], headers)
    }

    pub fn post(&self, number: u64, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Said {
        let path = format!("/goals/example.org/acme/app/{number}/orders");
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = ("content-type", "application/x-www-form-urlencoded");
        crate::scene::post(&self.address(&path), &body, &[&[kind], headers].concat())
    }

    pub fn order_json(&self, number: u64, body: &Value, headers: &[(&str, &str)]) -> Said {
        let path = format!("/api/v1/goals/example.org/acme/app/{number}/orders");
        crate::scene::post(&self.address(&path), &body.to_string(), headers)
    }

    pub fn status(&self, number: u64) -> &'static str {
        self.store.goal(&goal(number)).unwrap().unwrap().state.word()
    }
}

fn iteration() -> Iteration {
    let started_at = Timestamp::now();
    let time = TimeSplit {
        llm: std::time::Duration::from_secs(30),
        tools: std::time::Duration::from_secs(20),
        other: std::time::Duration::from_secs(10),
        waiting: std::time::Duration::ZERO,
    };
    let spend = Spend { cost: Cost::usd(0.75), time, ..Spend::default() };
    let spent = json!({
        "iteration": 1, "started_at": started_at, "ended_at": started_at + SignedDuration::from_secs(60),
        "status": "continue", "ending": "done", "gate": { "verdict": "green" }, "spend": spend,
        "snapshot": "0123456789abcdef",
    });
    serde_json::from_value(spent).unwrap()
}
