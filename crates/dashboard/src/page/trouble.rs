//! A page that says what went wrong.

use maud::html;

use super::layout::{Tab, Views, page};
use crate::http::Trouble;

/// The page of an error, in the words that the interface for programs uses too.
pub fn trouble(trouble: &Trouble) -> String {
    let body = html! {
        p { (trouble.message) }
        @if !trouble.hints.is_empty() { ul { @for hint in &trouble.hints { li { (hint) } } } }
        p { a href="/" { "Back to the beginning" } }
    };
    page(Views::None, Tab::None, trouble.title(), &body)
}
