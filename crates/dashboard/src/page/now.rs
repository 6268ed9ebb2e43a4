//! The page of what is so at this moment.

use herder_domain::capacity::Headroom;
use herder_domain::forecast::Estimate;
use herder_domain::ledger::Cost;
use herder_domain::repo::GoalRef;
use herder_view::{Capacities, Need, Now, Waiting, Work};
use jiff::Timestamp;
use maud::{Markup, html};

use super::format;
use crate::chart::share;
use crate::http::{goal_address, run_address};
use crate::numbers::Unit;

/// The page's body.
pub fn now(now: &Now, orchestrator: Option<&str>) -> Markup {
    html! {
        div class="live" id="now" {
            @if let Some(sentence) = orchestrator { p class="warning" role="status" { (sentence) } }
            @for pause in &now.pauses { p class="warning" { (pause) } }
            @for account in &now.parked {
                p class="warning" {
                    "The account of " (account.agent) " can spend no more"
                    @if let Some(until) = account.until { " until " (moment(until)) }
                    ": " (account.why)
                }
            }
            (needs(now))
            (running(&now.running))
            (queue(now))
            (capacity(&now.capacity))
        }
    }
}

/// A time, as machines and people read it.
pub fn moment(at: Timestamp) -> Markup {
    let text = format!("{at:.0}");
    html! { time datetime=(text) { (text.replace('T', " ").replace('Z', " UTC")) } }
}

/// A goal's name with its title, leading to its page.
pub fn goal_link(goal: &GoalRef, title: &str) -> Markup {
    html! { a href=(goal_address(goal)) { (goal) " " (title) } }
}

/// Money that may be unknown.
pub fn money(cost: Cost) -> String {
    format::known(Unit::Dollars, cost.known())
}

fn needs(now: &Now) -> Markup {
    html! {
        section aria-labelledby="needs" {
            h2 id="needs" { "Needs me (" (now.needing) ")" }
            @if now.needs.is_empty() { p class="empty" { "Nothing." } }
            ul class="needs" { @for need in &now.needs { (one_need(need)) } }
            @if now.needing > now.needs.len() { p { "And " (now.needing - now.needs.len()) " more." } }
        }
    }
}

fn one_need(need: &Need) -> Markup {
    html! {
        li {
            span class={ "state " (need.status) } { (need.status) } " "
            (goal_link(&need.goal, &need.title))
            @for reason in &need.reasons { p class="reason" { (reason) } }
        }
    }
}

fn running(running: &[Work]) -> Markup {
    html! {
        section aria-labelledby="running" {
            h2 id="running" { "Running (" (running.len()) ")" }
            @if running.is_empty() { p class="empty" { "Nothing is at work." } } @else {
                div class="wide" { table {
                    thead { tr {
                        th scope="col" { "Goal" } th scope="col" { "Run" } th scope="col" class="words" { "At" }
                        @for title in ["Iteration", "Age", "Cost", "Tokens", "Processors", "Memory"] {
                            th scope="col" { (title) }
                        }
                    } }
                    tbody { @for work in running { (one_running(work)) } }
                } }
            }
        }
    }
}

fn one_running(work: &Work) -> Markup {
    html! {
        tr {
            th scope="row" {
                @if let Some(goal) = &work.goal { (goal_link(goal, &work.title)) } @else { (work.title) }
            }
            td { a href=(run_address(&work.run)) { "attempt " (work.attempt) } }
            td class="phase" { (at(work)) }
            td { (work.iteration) }
            td { (format::seconds(work.age_seconds as f64)) }
            td { (money(work.cost)) }
            td { (format::count(work.tokens as f64)) }
            td { (work.cores.map_or_else(|| format::UNKNOWN.to_owned(), |cores| format!("{cores:.1}"))) }
            td { (format::known(Unit::Bytes, work.memory_bytes.map(|bytes| bytes as f64))) }
        }
    }
}

fn at(work: &Work) -> Markup {
    html! {
        (work.phase)
        @if let Some(what) = &work.waiting_for { " for " (what) }
        @if let Some(until) = work.waiting_until { " until " (moment(until)) }
        @if let Some(detail) = &work.detail { " · " (detail) }
    }
}

fn queue(now: &Now) -> Markup {
    html! {
        section aria-labelledby="queue" {
            h2 id="queue" { "Queue (" (now.queued) ")" }
            @if now.queue.is_empty() { p class="empty" { "Nothing is queued." } } @else {
                div class="wide" { table class="queue" {
                    thead { tr {
                        th scope="col" { "Goal" } th scope="col" class="words" { "Why not yet" }
                        @for title in ["Queued since", "Through", "Cost to come", "Runs", "Priority"] { th scope="col" { (title) } }
                    } }
                    tbody { @for waiting in &now.queue { (one_waiting(waiting)) } }
                } }
            }
            @if now.queued > now.queue.len() { p { "And " (now.queued - now.queue.len()) " more." } }
            @let count = |state| now.states.get(state).copied().unwrap_or_default();
            p class="more" { (count("draft")) " drafts, " (count("offered")) " offered by a pull request." }
        }
    }
}

fn one_waiting(waiting: &Waiting) -> Markup {
    html! {
        tr {
            th scope="row" { (goal_link(&waiting.goal, &waiting.title)) }
            td class="why" {
                @if waiting.reasons.is_empty() { "it is next" }
                @for reason in &waiting.reasons { p { (reason) } }
            }
            td { (moment(waiting.since)) }
            (expected(waiting.estimate.as_ref()))
            td { (waiting.attempts) }
            td { (waiting.priority) }
        }
    }
}

/// In half of the cases no later, in nine of ten no later; and what it costs till then.
fn expected(estimate: Option<&Estimate>) -> Markup {
    let ends = estimate.and_then(|estimate| estimate.ends);
    html! {
        td { @if let Some(when) = ends { (moment(when.p50)) " – " (moment(when.p90)) } @else { (format::UNKNOWN) } }
        td { (estimate.map_or_else(|| format::UNKNOWN.to_owned(), |estimate| estimate.usd.dollars())) }
    }
}

fn capacity(capacity: &Capacities) -> Markup {
    let (taken, free) = (capacity.taken as f64, capacity.max.saturating_sub(capacity.taken) as f64);
    html! {
        section aria-labelledby="capacity" {
            h2 id="capacity" { "Capacity" }
            dl class="headline" {
                div {
                    dt { "Slots" } dd { (capacity.taken) " of " (capacity.max) }
                    dd class="more" { (share(Unit::Count, &[("taken", "c2", taken), ("free", "c1", free)])) }
                }
                @if let Some(measured) = &capacity.measured { (machine(measured)) }
            }
            @if capacity.measured.is_none() { p class="empty" { "The machine was not measured yet." } }
        }
    }
}

fn machine(measured: &Headroom) -> Markup {
    let (cores, busy) = (measured.cores as f64, measured.busy.all.value());
    let memory = measured.memory_total.known().zip(measured.memory_available.known());
    let stall = |pressure: herder_domain::measure::Measured<herder_domain::measure::Pressure>| {
        pressure.known().map(|pressure| pressure.some.avg10 / 100.0)
    };
    let pressure = &measured.pressure;
    html! {
        @if let Some(busy) = busy {
            div {
                dt { "Processors" } dd { (format!("{busy:.1}")) " of " (measured.cores) " busy" }
                dd class="more" { (share(Unit::Count, &[("busy", "c2", busy), ("idle", "c1", (cores - busy).max(0.0))])) }
            }
        }
        @if let Some((total, free)) = memory {
            @let used = total.saturating_sub(free) as f64;
            div {
                dt { "Memory" } dd { (format::bytes(free as f64)) " to be had" }
                dd class="more" { (share(Unit::Bytes, &[("in use", "c2", used), ("to be had", "c1", free as f64)])) }
            }
        }
        @for (name, stalled) in [("processors", pressure.cpu), ("memory", pressure.memory), ("disks", pressure.io)] {
            @if let Some(part) = stall(stalled) {
                div {
                    dt { "Waiting for " (name) } dd { (format::percent(part)) }
                    dd class="more" { (share(Unit::Share, &[("waiting", "c4", part), ("flowing", "c1", 1.0 - part)])) }
                }
            }
        }
        @for (path, room) in &measured.disks {
            @if let Some(room) = room.as_ref().known() {
                div { dt { "Disk of " (path.display()) } dd { (format::bytes(room.bytes as f64)) " free" } }
            }
        }
    }
}
