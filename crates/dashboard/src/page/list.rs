//! Lists: goals of a repository, stories, repositories.

use herder_domain::goal::GoalState;
use herder_domain::repo::{Number, RepoId};
use herder_view::{GoalItem, RepoItem, StoryItem, WholeStory};
use maud::{Markup, html};

use super::goal::comments;
use super::now::{goal_link, money};
use crate::http::{run_address, story_address};

/// The page of a repository's goals; `next` is the last of them where there may be more.
pub fn goals(repo: &RepoId, state: Option<&str>, items: &[GoalItem], next: Option<Number>) -> Markup {
    let of = |state: &str| format!("/goals/{repo}?state={state}");
    html! {
        nav class="by" aria-label="State" {
            a href={ "/goals/" (repo) } aria-current=[state.is_none().then_some("true")] { "all" }
            @for word in GoalState::WORDS { a href=(of(word)) aria-current=[(state == Some(word)).then_some("true")] { (word) } }
        }
        (goal_table(items))
        @if let Some(next) = next { p { a href={ (of(state.unwrap_or_default())) "&before=" (next) } { "Older ones" } } }
    }
}

fn goal_table(items: &[GoalItem]) -> Markup {
    html! {
        @if items.is_empty() { p class="empty" { "There are none." } } @else {
            div class="wide" { table {
                thead { tr { @for title in ["Goal", "State", "Runs", "Cost", "Last run"] { th scope="col" { (title) } } } }
                tbody { @for item in items {
                    tr {
                        th scope="row" { (goal_link(&item.id(), &item.title)) }
                        td { span class={ "state " (item.status) } { (item.standing()) } }
                        td { (item.attempts) }
                        td { @if item.attempts > 0 { (money(item.cost)) } }
                        td { @if let Some(run) = &item.run { a href=(run_address(run)) { "log" } } }
                    }
                } }
            } }
        }
    }
}

/// The page of stories.
pub fn stories(items: &[StoryItem]) -> Markup {
    html! {
        @if items.is_empty() { p class="empty" { "There are none." } } @else {
            div class="wide" { table {
                thead { tr { @for title in ["Story", "State", "Goals", "Open"] { th scope="col" { (title) } } } }
                tbody { @for item in items {
                    tr {
                        th scope="row" { a href=(story_address(&item.id())) { (item.id()) " " (item.title) } }
                        td { (item.status) } td { (item.goals) } td { (item.unsettled) }
                    }
                } }
            } }
        }
    }
}

/// The page of a story.
pub fn story(whole: &WholeStory) -> Markup {
    html! {
        p { (whole.item.id()) " is " (whole.item.status) ": " (whole.item.unsettled) " of " (whole.item.goals) " goals are open." }
        @if !whole.body.trim().is_empty() { pre class="body" { (whole.body) } }
        div class="live" id="goals" { (goal_table(&whole.items)) }
        (comments(&whole.comments))
    }
}

/// The page of repositories.
pub fn repos(items: &[RepoItem]) -> Markup {
    html! {
        @if items.is_empty() { p class="empty" { "None is registered." } } @else {
            div class="wide" { table {
                thead { tr { @for title in ["Repository", "Goals", "Open", "Lands on", "Goals live", "From"] { th scope="col" { (title) } } } }
                tbody { @for item in items {
                    tr {
                        th scope="row" { a href={ "/goals/" (item.repo) } { (item.repo.short()) } }
                        td { (item.goals) } td { (item.unsettled) } td { (item.base_branch) } td { (item.home) } td { (item.url) }
                    }
                } }
            } }
        }
    }
}
