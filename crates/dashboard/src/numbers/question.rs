//! What is asked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use super::columns::Columns;
use super::days::DayNumber;
use super::dimension::Dimension;
use super::measure::Measure;

/// Of which runs, told apart by what, and which figures of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// The first day that counts.
    pub from: Option<Date>,
    /// The last day that counts.
    pub to: Option<Date>,
    /// Names, one of which a run must have, in each dimension that is named.
    pub only: BTreeMap<Dimension, BTreeSet<String>>,
    /// By what groups are told apart.
    pub by: Dimension,
    /// The figures whose spread and trend are told.
    pub measures: Vec<Measure>,
}

/// Why a text is no question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unasked {
    /// A day is not one.
    #[error("`{field}={text}` is no day; write {field}=2026-02-03")]
    NoDay {
        /// The parameter.
        field: &'static str,
        /// What was given.
        text: String,
    },
    /// The days are in the wrong order.
    #[error("`from` is after `to`")]
    Backwards,
    /// There is no such dimension.
    #[error("`by={text}` is nothing that runs are told apart by; there is {}", known())]
    NoDimension {
        /// What was given.
        text: String,
    },
    /// There is no such parameter.
    #[error("`{name}` is no parameter; there is from, to, by, {}", known())]
    NoParameter {
        /// What was given.
        name: String,
    },
}

fn known() -> String {
    Dimension::ALL.map(Dimension::name).join(", ")
}

impl Default for Question {
    fn default() -> Self {
        Self {
            from: None,
            to: None,
            only: BTreeMap::new(),
            by: Dimension::Repo,
            measures: vec![
                Measure::Cost,
                Measure::Working,
                Measure::Iterations,
                Measure::Tokens,
                Measure::CacheShare,
                Measure::Lines,
            ],
        }
    }
}

impl Question {
    /// The question that an address asks. An empty value is no condition: forms send those.
    pub fn of<'p>(parameters: impl IntoIterator<Item = (&'p str, &'p str)>) -> Result<Self, Unasked> {
        let mut question = Self::default();
        for (name, text) in parameters {
            let text = text.trim();
            match name {
                "from" => question.from = day("from", text)?,
                "to" => question.to = day("to", text)?,
                "by" if text.is_empty() => {}
                "by" => {
                    let unknown = |()| Unasked::NoDimension { text: text.to_owned() };
                    question.by = text.parse().map_err(unknown)?;
                }
                name => {
                    let unknown = |()| Unasked::NoParameter { name: name.to_owned() };
                    let dimension: Dimension = name.parse().map_err(unknown)?;
                    if !text.is_empty() {
                        question.only.entry(dimension).or_default().insert(text.to_owned());
                    }
                }
            }
        }
        match (question.from, question.to) {
            (Some(from), Some(to)) if from > to => Err(Unasked::Backwards),
            _ => Ok(question),
        }
    }

    /// The same, for another dimension.
    #[must_use]
    pub fn by(&self, by: Dimension) -> Self {
        Self { by, ..self.clone() }
    }

    /// The same, of runs that have this name too: it takes the place of others of its dimension.
    #[must_use]
    pub fn narrowed(&self, by: Dimension, name: &str) -> Self {
        let mut narrowed = self.clone();
        narrowed.only.insert(by, BTreeSet::from([name.to_owned()]));
        narrowed
    }

    /// The parameters that ask it.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let days = [("from", self.from), ("to", self.to)];
        let days = days.into_iter().filter_map(|(name, day)| Some((name, day?.to_string())));
        let only = self
            .only
            .iter()
            .flat_map(|(dimension, names)| names.iter().map(|name| (dimension.name(), name.clone())));
        days.chain(only).chain([("by", self.by.name().to_owned())]).collect()
    }

    /// The rows that are meant, in the order of their days.
    pub(super) fn rows(&self, columns: &Columns) -> Vec<u32> {
        let from = self.from.map_or(DayNumber(i32::MIN), DayNumber::of_date);
        let to = self.to.map_or(DayNumber(i32::MAX), DayNumber::of_date);
        let mut wanted = Vec::new();
        for (dimension, names) in &self.only {
            let known = columns.names_in(*dimension);
            // A name that no row has is met by none.
            let numbers: Vec<_> = names.iter().filter_map(|name| known.find(name)).collect();
            if numbers.is_empty() {
                return Vec::new();
            }
            wanted.push((*dimension, numbers));
        }
        let is_meant = |row: &u32| {
            wanted.iter().all(|(dimension, numbers)| {
                columns.belongs(*dimension, *row).iter().any(|number| numbers.contains(number))
            })
        };
        let days = columns.days();
        let mut rows: Vec<u32> = (0..)
            .zip(days)
            .filter(|(_, day)| (from..=to).contains(day))
            .map(|(row, _)| row)
            .filter(is_meant)
            .collect();
        // Nearly in order already, as runs end one after the other.
        rows.sort_by_key(|row| days[*row as usize]);
        rows
    }
}

fn day(field: &'static str, text: &str) -> Result<Option<Date>, Unasked> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Unasked::NoDay { field, text: text.chars().take(40).collect() })
}
