//! The page of failures: how runs end that do not meet their goal, and which kinds of goals are met less often.

use maud::{Markup, html};

use super::layout::Tab;
use super::{filter, format, groups};
use crate::book::Reading;
use crate::http::query;
use crate::numbers::{Columns, Dimension, Failing, Failures, Question};

/// The page's body.
pub fn failures(question: &Question, found: &Failures, columns: &Columns, reading: &Reading) -> Markup {
    html! {
        (filter::progress(reading))
        (filter::form(Tab::Failures, question, columns))
        section aria-labelledby="kinds" {
            h2 id="kinds" { "Kinds of goals that fail" }
            p {
                "Of all goals that are meant " (format::share(found.goals_done)) " were met. These are met less often, and it is \
                 not by chance: all of what their interval holds with 95 % confidence lies below that."
            }
            @if found.kinds.is_empty() {
                p class="empty" { "There are none." }
            } @else {
                (kinds(question, &found.kinds))
            }
        }
        section aria-labelledby="outcomes" {
            h2 id="outcomes" { "How runs fail" }
            @if found.outcomes.is_empty() {
                p class="empty" { "No run that is meant failed." }
            } @else {
                (groups::table(question, Dimension::Outcome, &found.outcomes))
            }
        }
    }
}

fn kinds(question: &Question, kinds: &[Failing]) -> Markup {
    html! {
        div class="wide" { table {
            thead { tr { @for title in ["Kind", "", "Goals", "Met", "Cost"] { th scope="col" { (title) } } } }
            tbody { @for kind in kinds {
                @let sum = &kind.group.sum;
                tr {
                    th scope="row" { (kind.by.title()) }
                    td { (name(question, kind)) }
                    td { (format::count(sum.goals_done.of as f64)) }
                    td { (format::share(sum.goals_done)) }
                    td { (groups::cost(sum)) }
                }
            } }
        } }
    }
}

fn name(question: &Question, kind: &Failing) -> Markup {
    let narrowed = query(&question.narrowed(kind.by, &kind.group.name));
    html! {
        @if kind.group.name.is_empty() { "none" } @else { a href={ "/numbers?" (narrowed) } { (kind.group.name) } }
    }
}
