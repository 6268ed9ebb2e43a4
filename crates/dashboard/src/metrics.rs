//! What a monitoring system reads: figures of this moment, and sums over all runs that ended.
//!
//! Names are those of Prometheus' conventions (<https://prometheus.io/docs/practices/naming/>): base units, the unit in
//! the name, `_total` for what only grows. A series for each run would grow without end, so there is none.

use std::collections::BTreeMap;

use herder_domain::measure::{Measured, Pressure};
use herder_view::Now;
use prometheus::{CounterVec, Encoder, GaugeVec, Opts, Registry, TextEncoder};

use crate::numbers::{Answer, Columns, Dimension, Question, Summary};

/// Figures under their names, made anew for each look.
#[derive(Debug, Default)]
pub struct Metrics {
    registry: Registry,
}

impl Metrics {
    /// What the version is.
    pub fn tell_build(&self) -> prometheus::Result<()> {
        let version = env!("CARGO_PKG_VERSION");
        self.gauge("herder_build_info", "Always 1; the version is a label.", "version", [(version, 1.0)])
    }

    /// What is so at this moment. `is_up` says whether an orchestrator is at work.
    pub fn tell_now(&self, now: &Now, is_up: bool) -> prometheus::Result<()> {
        let up = if is_up { 1.0 } else { 0.0 };
        self.single("herder_up", "Whether an orchestrator is at work on this state directory.", up)?;
        let states = now.states.iter().map(|(state, count)| (*state, *count as f64));
        self.gauge("herder_goals", "Goals that are not settled, by state.", "state", states)?;
        let needing = now.needing as f64;
        self.single("herder_goals_needing_person", "Goals that do not go on without a person.", needing)?;
        self.single("herder_slots", "Runs that may be at work at once.", now.capacity.max as f64)?;
        self.single("herder_slots_taken", "Runs at work.", now.capacity.taken as f64)?;
        let oldest = now.queue.iter().map(|waiting| waiting.since.as_second()).min();
        if let Some(oldest) = oldest {
            let about = "When the goal that waits longest was queued, since the epoch.";
            self.single("herder_queue_oldest_timestamp_seconds", about, oldest as f64)?;
        }
        let parked = now.parked.iter().map(|parking| (parking.agent.as_str(), 1.0));
        self.gauge("herder_account_parked", "Accounts that can spend no more for now.", "agent", parked)?;
        self.tell_machine(now)
    }

    fn tell_machine(&self, now: &Now) -> prometheus::Result<()> {
        let Some(measured) = &now.capacity.measured else { return Ok(()) };
        self.single("herder_machine_processors", "Processors of this machine.", measured.cores as f64)?;
        if let Some(busy) = measured.busy.all.value() {
            self.single("herder_machine_processors_busy", "Processors at work, lately.", busy)?;
        }
        if let Some(free) = measured.memory_available.known() {
            let about = "Memory that can be had.";
            self.single("herder_machine_memory_available_bytes", about, free as f64)?;
        }
        let part = |pressure: Measured<Pressure>| pressure.known().map(|known| known.some.avg10 / 100.0);
        let pressure = &measured.pressure;
        let all = [("cpu", pressure.cpu), ("memory", pressure.memory), ("io", pressure.io)];
        let all = all.into_iter().filter_map(|(name, pressure)| Some((name, part(pressure)?)));
        let about = "Share of the last ten seconds in which something waited for a resource.";
        self.gauge("herder_machine_pressure_ratio", about, "resource", all)
    }

    /// Sums over all runs that ended.
    pub fn tell_runs(&self, columns: &Columns) -> prometheus::Result<()> {
        let question = Question { by: Dimension::Outcome, measures: Vec::new(), ..Question::default() };
        let answer = Answer::to(&question, columns);
        let runs = answer.groups.iter().map(|group| (group.name.as_str(), group.sum.done.of as f64));
        self.counter("herder_runs_ended_total", "Runs that ended, by outcome.", "outcome", runs)?;
        let all = &answer.all;
        self.sum(
            "herder_cost_dollars_total",
            "US dollars, of the runs whose cost is known.",
            all.known_cost_usd,
        )?;
        let unknown = all.unknown_costs as f64;
        self.sum("herder_runs_cost_unknown_total", "Runs whose cost nobody knows.", unknown)?;
        self.sum("herder_iterations_total", "Iterations of runs that ended.", all.iterations)?;
        self.sum("herder_tokens_total", "Tokens of all kinds, of the runs that tell.", all.tokens)?;
        self.sum("herder_lines_changed_total", "Lines added and deleted by runs.", all.lines)?;
        let about = "Time of runs that ended, by what it went into.";
        self.counter("herder_run_seconds_total", about, "kind", seconds(all))
    }

    /// How far the rows of runs are read.
    pub fn tell_reading(&self, broken: u64) -> prometheus::Result<()> {
        self.single("herder_stats_broken_lines", "Lines of stats.jsonl that are no rows.", broken as f64)
    }

    /// All of it as text (version 0.0.4 of the exposition format).
    pub fn text(&self) -> prometheus::Result<String> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        String::from_utf8(text).map_err(|error| prometheus::Error::Msg(error.to_string()))
    }

    fn single(&self, name: &str, about: &str, figure: f64) -> prometheus::Result<()> {
        let gauge = prometheus::Gauge::new(name, about)?;
        gauge.set(figure);
        self.registry.register(Box::new(gauge))
    }

    fn sum(&self, name: &str, about: &str, figure: f64) -> prometheus::Result<()> {
        let counter = prometheus::Counter::new(name, about)?;
        counter.inc_by(figure.max(0.0));
        self.registry.register(Box::new(counter))
    }

    fn gauge<'f>(
        &self,
        name: &str,
        about: &str,
        label: &str,
        figures: impl IntoIterator<Item = (&'f str, f64)>,
    ) -> prometheus::Result<()> {
        let gauges = GaugeVec::new(Opts::new(name, about), &[label])?;
        figures.into_iter().for_each(|(value, figure)| gauges.with_label_values(&[value]).set(figure));
        self.registry.register(Box::new(gauges))
    }

    fn counter<'f>(
        &self,
        name: &str,
        about: &str,
        label: &str,
        figures: impl IntoIterator<Item = (&'f str, f64)>,
    ) -> prometheus::Result<()> {
        let counters = CounterVec::new(Opts::new(name, about), &[label])?;
        let add = |(value, figure): (&str, f64)| counters.with_label_values(&[value]).inc_by(figure.max(0.0));
        figures.into_iter().for_each(add);
        self.registry.register(Box::new(counters))
    }
}

fn seconds(all: &Summary) -> BTreeMap<&'static str, f64> {
    [
        ("thinking", all.llm_seconds),
        ("tools", all.tools_seconds),
        ("overhead", all.overhead_seconds),
        ("waiting", all.waiting_seconds),
    ]
    .into()
}
