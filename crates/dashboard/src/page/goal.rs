//! The page of a goal.

use herder_domain::forecast::Estimate;
use herder_domain::goal::Told;
use herder_domain::why::Answer;
use herder_view::{CommentItem, GateOutput, Linked, OrderKind, WholeGoal, WholeRun, pull_address};
use maud::{Markup, html};

use super::log::gate;
use super::now::{moment, money};
use super::timeline::{steps, timeline};
use crate::http::{goal_address, run_address, story_address};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct GoalPage<'g> {
    /// The goal.
    pub whole: &'g WholeGoal,
    /// Why it is where it is.
    pub why: &'g Answer,
    /// The orders that it takes as it stands.
    pub orders: &'g [OrderKind],
    /// Its runs.
    pub runs: &'g [WholeRun],
    /// What the gate said in the last of them.
    pub gate: &'g [GateOutput],
    /// What an order has to hold.
    pub token: &'g str,
}

/// The page's body.
pub fn goal(page: &GoalPage<'_>) -> Markup {
    let whole = page.whole;
    html! {
        div class="live" id="standing" { (standing(page)) (orders(page)) }
        div class="live" id="work" {
            (timeline(page.runs))
            (runs(page))
            section aria-labelledby="gate" { h2 id="gate" { "What the gate said" } (gate(page.gate)) }
        }
        (linked("Depends on", &whole.depends))
        (linked("Depend on it", &whole.dependents))
        (linked("Its runs propose", &whole.proposes))
        section aria-labelledby="text" { h2 id="text" { "Text" } pre class="body" { (whole.body) } }
        div class="live" id="said" { (comments(&whole.comments)) (told(&whole.told)) (history(whole)) }
    }
}

fn standing(page: &GoalPage<'_>) -> Markup {
    let (whole, item) = (page.whole, &page.whole.item);
    html! {
        p { span class={ "state " (item.status) } { (item.standing()) } " " (page.why.standing) }
        @if !page.why.reasons.is_empty() { ul { @for reason in &page.why.reasons { li { (reason) } } } }
        dl class="headline" {
            div { dt { "Repository" } dd class="more" { a href={ "/goals/" (item.repo) } { (item.repo.short()) } } }
            @if let Some(story) = item.story {
                @let story = herder_domain::repo::GoalRef { repo: item.repo.clone(), number: story };
                div { dt { "Story" } dd class="more" { a href=(story_address(&story)) { (story) } } }
            }
            div { dt { "Spent" } dd { (money(item.cost)) } dd class="more" { (count(item.attempts)) } }
            @if let Some(pull) = item.pr {
                div { dt { "Pull request" } dd { a href=(pull_address(&item.repo, pull)) { "#" (pull) } } }
            }
            @if let Some(commit) = &whole.commit { div { dt { "Landed as" } dd class="more" { code { (commit) } } } }
            @if let Some(estimate) = &page.why.estimate { (to_come(estimate)) }
            div { dt { "Written" } dd class="more" { (moment(whole.created_at)) } }
        }
    }
}

fn to_come(estimate: &Estimate) -> Markup {
    html! {
        div {
            dt { "To come" } dd { (estimate.usd.dollars()) }
            dd class="more" { (estimate.seconds.spans()) " at work, " (estimate.basis) }
            @if let Some(when) = estimate.ends {
                dd class="more" { "through " (moment(when.p50)) " – " (moment(when.p90)) }
            }
        }
    }
}

fn count(runs: u32) -> String {
    if runs == 1 { "in 1 run".to_owned() } else { format!("in {runs} runs") }
}

/// A form for each order: they work without a script.
fn orders(page: &GoalPage<'_>) -> Markup {
    let action = format!("{}/orders", goal_address(&page.whole.item.id()));
    html! {
        @if !page.orders.is_empty() {
            section class="orders" aria-label="Orders" {
                @for order in page.orders {
                    form method="post" action=(action) {
                        input type="hidden" name="token" value=(page.token);
                        @if let Some(asks) = order.asks() {
                            label { (asks) textarea name="text" rows="2" required {} }
                        }
                        button type="submit" name="order" value=(order.name()) { (order.title()) }
                    }
                }
            }
        }
    }
}

fn runs(page: &GoalPage<'_>) -> Markup {
    html! {
        section aria-labelledby="runs" {
            h2 id="runs" { "Runs" }
            @if page.runs.is_empty() { p class="empty" { "It never ran." } } @else {
                div class="wide" { table {
                    thead { tr {
                        th scope="col" { "Run" } th scope="col" { "State" } th scope="col" class="words" { "Ended" }
                        @for title in ["Agent", "Iterations", "Cost", "Ordered"] { th scope="col" { (title) } }
                     } }
                    tbody { @for run in page.runs { (one_run(run)) } }
                } }
                @if let Some(last) = page.runs.last() { (steps(last)) }
            }
        }
    }
}

fn one_run(run: &WholeRun) -> Markup {
    let item = &run.item;
    html! {
        tr {
            th scope="row" { a href=(run_address(&item.run)) { "attempt " (item.attempt) } }
            td { (item.state) }
            td class="why" { (item.detail.as_deref().or(item.outcome).unwrap_or("not yet")) }
            td { (run.agent.as_deref().unwrap_or("")) " " (run.model.as_deref().unwrap_or("")) }
            td { (item.iterations.map_or(run.steps.len(), |count| count as usize)) }
            td { (money(item.cost)) }
            td { (moment(item.ordered_at)) }
        }
    }
}

fn linked(title: &str, goals: &[Linked]) -> Markup {
    html! {
        @if !goals.is_empty() {
            section aria-label=(title) {
                h2 { (title) }
                ul { @for link in goals {
                    li { a href=(goal_address(&link.goal)) { (link.goal) } " " (link.status.unwrap_or("does not exist")) }
                } }
            }
        }
    }
}

/// What was said.
pub fn comments(comments: &[CommentItem]) -> Markup {
    html! {
        @if !comments.is_empty() {
            section aria-labelledby="comments" {
                h2 id="comments" { "Comments" }
                @for comment in comments {
                    article { p class="more" { (comment.author) ", " (moment(comment.at)) } pre class="body" { (comment.text) } }
                }
            }
        }
    }
}

fn told(told: &[Told]) -> Markup {
    html! {
        @if !told.is_empty() {
            section aria-labelledby="told" {
                h2 id="told" { "Told to it" }
                @for told in told {
                    article {
                        p class="more" { (moment(told.at)) }
                        @if let Some(question) = &told.question { p { (question) } }
                        pre class="body" { (told.text) }
                    }
                }
            }
        }
    }
}

fn history(whole: &WholeGoal) -> Markup {
    html! {
        details {
            summary { "How it came to be where it is" }
            div class="wide" { table {
                thead { tr { @for title in ["When", "From", "To", "By"] { th scope="col" { (title) } } } }
                tbody { @for step in &whole.transitions {
                    tr { th scope="row" { (moment(step.at)) } td { (step.from.as_deref().unwrap_or("")) } td { (step.to) } td { (step.event) } }
                } }
            } }
        }
    }
}
