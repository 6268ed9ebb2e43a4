//! The form that asks which runs are meant, and how far these were read.

use jiff::civil::Date;
use maud::{Markup, html};

use super::format;
use super::layout::Tab;
use crate::book::Reading;
use crate::numbers::{Columns, Dimension, Question};

/// How many names a field offers; any other can be typed.
const OFFERED: usize = 200;

/// Dimensions that a form asks for; the others are reached by links of the tables.
const ASKED: [Dimension; 5] =
    [Dimension::Repo, Dimension::Story, Dimension::Agent, Dimension::Model, Dimension::Label];

/// How far the rows are read, and what of them is none.
pub fn progress(reading: &Reading) -> Markup {
    html! {
        @if let Some(error) = &reading.error { p class="warning" role="alert" { "The rows cannot be read: " (error) } }
        @if !reading.is_whole && reading.file_bytes > reading.read_bytes {
            p role="status" {
                label {
                    "Still reading: " (format::bytes(reading.read_bytes as f64)) " of " (format::bytes(reading.file_bytes as f64)) " "
                    progress max=(reading.file_bytes) value=(reading.read_bytes) {}
                }
            }
        }
        @if reading.broken > 0 {
            details class="warning" {
                summary { (reading.broken) " lines are no rows and were left out" }
                ul { @for (line, reason) in &reading.first_broken { li { "line " (line) ": " (reason) } } }
            }
        }
    }
}

/// A form that asks which runs are meant, for a page.
pub fn form(tab: Tab, question: &Question, columns: &Columns) -> Markup {
    html! {
        form class="filter" method="get" action=(tab.address()) role="search" aria-label="Which runs" {
            (day("from", "From", question.from)) (day("to", "To", question.to))
            @for dimension in ASKED { (choice(question, columns, dimension)) }
            @for (dimension, names) in &question.only {
                // One field asks for a name; those beside it are kept.
                @for name in names.iter().skip(usize::from(ASKED.contains(dimension))) {
                    label { (dimension.title()) input name=(dimension.name()) value=(name); }
                }
            }
            label { "Group by" select name="by" {
                @for by in Dimension::ALL { option value=(by.name()) selected[by == question.by] { (by.title()) } }
            } }
            button type="submit" { "Show" }
            a href=(tab.address()) { "All runs" }
        }
    }
}

fn day(name: &str, title: &str, day: Option<Date>) -> Markup {
    html! { label { (title) input type="date" name=(name) value=[day]; } }
}

fn choice(question: &Question, columns: &Columns, dimension: Dimension) -> Markup {
    let list = format!("names-{dimension}");
    html! {
        label { (dimension.title()) input name=(dimension.name()) list=(list) value=[question.only.get(&dimension).and_then(|names| names.first())]; }
        datalist id=(list) { @for name in columns.names(dimension).take(OFFERED) { option value=(name) {} } }
    }
}
