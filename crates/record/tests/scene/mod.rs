//! A state directory in a temporary place, and an order for a run.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::Arc;
use std::time::Duration;

use herder_domain::agent::{Reasoning, Status};
use herder_domain::gate::{Refusal, Verdict};
use herder_domain::iteration::{Iteration, Progress};
use herder_domain::ledger::{Cost, CostSource, Spend, TimeSplit, Tokens};
use herder_domain::repo::GoalRef;
use herder_domain::run::{Budget, RetryContext, RunId, RunSpec};
use herder_domain::setup::{AgentKind, AgentSetup, Author, Bounds, Clocks, GateSetup, Setup, Sleep};
use herder_record::{LiveStatus, Phase, Redactor, RunDir, RunLock, RunWriter, StateDir};
use jiff::Timestamp;
use tempfile::TempDir;

/// A value that must never be on disk.
pub const SECRET: &str = "hunter2-secret-value";

pub struct Scene {
    pub state: StateDir,
    pub redactor: Arc<Redactor>,
    _temp: TempDir,
}

impl Scene {
    pub fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let state = StateDir::at(temp.path().join("ralph"));
        state.create().unwrap();
        Self { state, redactor: Arc::new(Redactor::new([SECRET]).unwrap()), _temp: temp }
    }

    pub fn created(&self, number: u64) -> RunDir {
        RunDir::create(&self.state, &order(number), "## Objective\nDo it.\n", &self.redactor).unwrap()
    }

    pub fn started(&self, number: u64) -> RunWriter {
        let dir = self.created(number);
        let lock = RunLock::try_take(&dir).unwrap().unwrap();
        RunWriter::new(dir, lock, Arc::clone(&self.redactor))
    }
}

pub fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

pub fn order(number: u64) -> RunSpec {
    let goal = GoalRef::new("example.org/acme/app".parse().unwrap(), number);
    RunSpec {
        schema: RunSpec::SCHEMA,
        run: RunId::of(&goal, 1),
        goal: Some(goal),
        title: "Make it so".into(),
        story: None,
        attempt: 1,
        agent: "claude".into(),
        model: "sonnet".into(),
        reasoning: Reasoning::Med,
        budget: Budget {
            duration: Duration::from_secs(60),
            iterations: None,
            tokens: None,
            usd: None,
            max_age: None,
        },
        base_branch: "main".into(),
        base_commit: "5bd86d40fc891b4a6a50df4db4d66a3a47469a4d".into(),
        created_at: time(0),
        queue_seconds: 1.5,
        context: RetryContext::default(),
        by: None,
        told: vec![],
        prompt_hash: None,
        setup: setup(),
    }
}

fn setup() -> Setup {
    Setup {
        clone: "/r/clone".into(),
        room: "/r/room".into(),
        caches: "/r/caches".into(),
        agent: AgentSetup {
            kind: AgentKind::Claude,
            program: None,
            args: vec![],
            base_url: None,
            credential: Some("ANTHROPIC_API_KEY".into()),
            summarizer: None,
            context_window: None,
        },
        clocks: Clocks::default(),
        gate: GateSetup::Missing,
        read: vec![],
        write: vec![],
        pass: vec![],
        secrets: vec![],
        author: Author { name: "herder".into(), email: "herder@localhost".into() },
        env: std::collections::BTreeMap::new(),
        secret_files: Vec::new(),
        furnished: None,
        sleep: Sleep::default(),
        bounds: Bounds::default(),
        tokens: None,
    }
}

pub fn status(iteration: u32) -> LiveStatus {
    LiveStatus {
        schema: LiveStatus::SCHEMA,
        state: Phase::Working,
        iteration,
        pid: std::process::id(),
        start_time: 1,
        boot_id: "b".into(),
        heartbeat: time(1),
        waiting_until: None,
        waiting_for: None,
        spend: spend(iteration.into()),
        windows: Vec::new(),
        detail: None,
        run_key: None,
        cgroup: None,
    }
}

pub fn progress(iteration: u32, text: &str) -> Progress {
    Progress { iteration, timestamp: time(2), progress: text.into() }
}

pub fn spend(times: u64) -> Spend {
    Spend {
        tokens: Tokens { input: 10 * times, output: times, cache_read: 0, cache_create: 0 },
        cost: Cost::usd(times as f64 / 4.0),
        cost_source: CostSource::Agent,
        time: TimeSplit { llm: Duration::from_millis(1500 * times), ..TimeSplit::default() },
        assistant_messages: times,
        tool_uses: times,
    }
}

pub fn iteration(number: u32) -> Iteration {
    Iteration {
        iteration: number,
        started_at: time(1),
        ended_at: time(2),
        status: Some(Status::Continue),
        ending: "done".into(),
        gate: Some(Verdict::Red(Refusal::unnamed(format!("saw {SECRET}")))),
        flake: None,
        spend: spend(1),
        snapshot: Some(format!("snapshot-{number}")),
        follow_ups: vec![],
    }
}
