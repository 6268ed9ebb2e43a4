//! The page of a run.

use herder_domain::run::RunId;
use herder_view::{GateOutput, WholeRun};
use maud::{Markup, html};

use super::format;
use super::log;
use super::now::{moment, money};
use super::timeline::{steps, timeline};
use crate::http::{goal_address, run_address};
use crate::numbers::Unit;

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct RunPage<'r> {
    /// The run.
    pub whole: &'r WholeRun,
    /// The last lines of its log.
    pub log: &'r [String],
    /// What the gate said.
    pub gate: &'r [GateOutput],
}

/// The page's body.
pub fn run(page: &RunPage<'_>) -> Markup {
    let (whole, item) = (page.whole, &page.whole.item);
    html! {
        p { "Attempt " (item.attempt) " at " a href=(goal_address(&whole.goal)) { (whole.goal) } }
        div class="live" id="standing" {
            dl class="headline" {
                div { dt { "State" } dd { (state(whole)) } dd class="more" { (item.detail.as_deref().unwrap_or("")) } }
                div { dt { "Spent" } dd { (money(item.cost)) }
                    @if let Some(spend) = whole.spend {
                        dd class="more" { (format::count(spend.tokens.total() as f64)) " tokens, " (format::figure(Unit::Seconds, spend.time.working().as_secs_f64())) " of work" }
                    }
                }
                div { dt { "Agent" } dd { (whole.agent.as_deref().unwrap_or("")) } dd class="more" { (whole.model.as_deref().unwrap_or("")) } }
                div { dt { "Ordered" } dd class="more" { (moment(item.ordered_at)) }
                    @if let Some(end) = whole.ended_at { dd class="more" { "ended " (moment(end)) } } }
                @if let (Some(branch), Some(commit)) = (&whole.base_branch, &whole.base_commit) {
                    div { dt { "Begun at" } dd class="more" { (branch) " " code { (commit.chars().take(10).collect::<String>()) } } }
                }
            }
        }
        section aria-labelledby="log-title" {
            h2 id="log-title" { "Log" }
            (log::log(item.run.as_str(), page.log))
            p class="more" {
                a href={ (run_address(&item.run)) "/events" } { "The agent's stream as it came" } " · "
                a href={ "/api/v1" (run_address(&item.run)) "/log" } { "JSON" }
            }
        }
        div class="live" id="steps" {
            (timeline(std::slice::from_ref(whole)))
            (steps(whole))
            section aria-labelledby="gate" { h2 id="gate" { "What the gate said" } (log::gate(page.gate)) }
        }
    }
}

fn state(whole: &WholeRun) -> String {
    match &whole.live {
        Some(live) => format!("{}, iteration {}", live.state.as_str(), live.iteration),
        None => whole.item.outcome.unwrap_or(whole.item.state).to_owned(),
    }
}

/// The page of an agent's stream.
pub fn stream(run: &RunId, lines: &[String]) -> Markup {
    html! {
        p { "The last " (lines.len()) " events of " a href=(run_address(run)) { (run) } ", as they came but for secrets." }
        @if lines.is_empty() { p class="empty" { "There are none, or they are kept no more." } } @else { (log::lines(lines, "Events")) }
    }
}
