//! The pages behind a signed address: one button, and what became of it.

use herder_domain::goal::{Goal, GoalState};
use herder_view::OrderKind;
use maud::html;

use super::layout::{Tab, Views, page};

/// The page that asks whether it is meant; `action` is its own address.
pub fn asked(goal: &Goal, order: OrderKind, action: &str) -> String {
    let why: &[_] = if let GoalState::SpotCheck { why, .. } = &goal.state { why } else { &[] };
    let body = html! {
        p { (goal.id.to_string()) ": " (goal.title) }
        @if !why.is_empty() { ul { @for reason in why { li { (reason.to_string()) } } } }
        section class="orders" aria-label="Orders" {
            form method="post" action=(action) {
                @if let Some(asks) = order.asks() {
                    label { (asks) textarea name="text" rows="4" required {} }
                }
                button type="submit" { (order.title()) }
            }
        }
    };
    page(Views::None, Tab::None, order.title(), &body)
}

/// The page that says where the goal stands now.
pub fn obeyed(goal: &Goal) -> String {
    let body = html! { p { (goal.id.to_string()) ": " (goal.title) " is " (goal.state.word()) " now." } };
    page(Views::None, Tab::None, "Taken", &body)
}
