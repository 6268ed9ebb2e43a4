//! Numbers and failures: pages, tables and JSON.

use serde_json::json;

use super::ask::Ask;
use super::csv;
use super::reply::Reply;
use super::trouble::Trouble;
use crate::numbers::{Answer, Failures};
use crate::page::{self, Tab};
use crate::site::Site;

/// The page of numbers.
pub fn numbers(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let question = ask.question()?;
    let (columns, reading) = (site.book.columns(), site.book.reading());
    let answer = Answer::to(&question, &columns);
    Ok(Reply::page(Tab::Numbers, "Numbers", page::numbers(&question, &answer, &columns, &reading)))
}

/// The same for programs.
pub fn api_numbers(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let question = ask.question()?;
    let reading = site.book.reading();
    let answer = Answer::to(&question, &site.book.columns());
    Ok(Reply::Json(json!({ "question": question, "answer": answer, "reading": reading })))
}

/// The page of failures.
pub fn failures(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let question = ask.question()?;
    let (columns, reading) = (site.book.columns(), site.book.reading());
    let found = Failures::among(&question, &columns);
    Ok(Reply::page(Tab::Failures, "Failures", page::failures(&question, &found, &columns, &reading)))
}

/// The same for programs.
pub fn api_failures(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let question = ask.question()?;
    let found = Failures::among(&question, &site.book.columns());
    Ok(Reply::Json(json!({ "question": question, "failures": found, "reading": site.book.reading() })))
}

/// A table for spreadsheets.
pub fn download(site: &Site, ask: &Ask) -> Result<Reply, Trouble> {
    let table: csv::Table = ask.parameter("table").unwrap_or_default().parse()?;
    let text = table.written(&Answer::to(&ask.question()?, &site.book.columns()))?;
    let file = Some(format!("herder-{}.csv", table.name()));
    Ok(Reply::Text { kind: "text/csv; charset=utf-8", file, text })
}
