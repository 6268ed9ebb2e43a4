//! The rows as columns.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::days::DayNumber;
use super::dimension::Dimension;
use super::line::Line;
use super::measure::Measure;
use super::names::Names;

/// Stands for a name that a row does not have.
const NONE: u32 = u32::MAX;

/// All rows, each figure and each name in a column of its own. A row is an index.
#[derive(Clone, Debug)]
pub struct Columns {
    zone: TimeZone,
    names: [Names; Dimension::ALL.len()],
    belongs: [Vec<u32>; Dimension::ALL.len()],
    /// For [`Dimension::Label`]: the names behind the number of a row.
    label_sets: Vec<Box<[u32]>>,
    set_numbers: HashMap<Box<[u32]>, u32>,
    figures: [Vec<f64>; Measure::ALL.len()],
    days: Vec<DayNumber>,
    done: Vec<bool>,
    goals: Vec<u32>,
    goal_names: Names,
}

/// Why a row that could be read has no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` is no moment: {text:?}")]
pub struct NoMoment {
    field: &'static str,
    text: String,
}

impl Columns {
    /// No rows yet. Days are told by the clock of a zone.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            names: std::array::from_fn(|_| Names::default()),
            belongs: std::array::from_fn(|_| Vec::new()),
            label_sets: Vec::new(),
            set_numbers: HashMap::new(),
            figures: std::array::from_fn(|_| Vec::new()),
            days: Vec::new(),
            done: Vec::new(),
            goals: Vec::new(),
            goal_names: Names::default(),
        }
    }

    /// Takes all rows out, and the names that they had.
    pub fn clear(&mut self) {
        *self = Self::new(self.zone.clone());
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.days.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// Adds a row. It counts for the day on which it ended, or began where that is not told.
    pub fn push(&mut self, line: &Line<'_>) -> Result<(), NoMoment> {
        let began = moment("started_at", &line.started_at)?;
        let ended = line.ended_at.as_deref().map(|text| moment("ended_at", text)).transpose()?;
        self.days.push(DayNumber::of(ended.unwrap_or(began), &self.zone));
        self.done.push(line.exit_reason == "done");
        for (column, measure) in self.figures.iter_mut().zip(Measure::ALL) {
            column.push(measure.of(line).unwrap_or(f64::NAN));
        }
        for (number, dimension) in Dimension::ALL.into_iter().enumerate() {
            let mut found = Vec::new();
            dimension.names_of(line, |name| found.push(self.names[number].number(name)));
            let belongs = match dimension {
                Dimension::Label => self.label_set(found),
                Dimension::Repo
                | Dimension::Story
                | Dimension::Agent
                | Dimension::Model
                | Dimension::Reasoning
                | Dimension::Outcome
                | Dimension::Host
                | Dimension::Size => found.first().copied().unwrap_or(NONE),
            };
            self.belongs[number].push(belongs);
        }
        let goal = match line.goal {
            Some(number) => format!("{}#{number}", line.repo.as_deref().unwrap_or_default()),
            // The journal's rows name the file; without even that a row is a goal of its own.
            None if line.goal_file.is_empty() => format!("\0{}", self.len()),
            None => line.goal_file.to_string(),
        };
        self.goals.push(self.goal_names.number(&goal));
        Ok(())
    }

    fn label_set(&mut self, mut labels: Vec<u32>) -> u32 {
        labels.sort_unstable();
        labels.dedup();
        if labels.is_empty() {
            return NONE;
        }
        let labels = labels.into_boxed_slice();
        if let Some(number) = self.set_numbers.get(&labels) {
            return *number;
        }
        let number = u32::try_from(self.label_sets.len()).unwrap_or(NONE);
        self.label_sets.push(labels.clone());
        self.set_numbers.insert(labels, number);
        number
    }

    /// The names that occur in a dimension.
    pub fn names(&self, dimension: Dimension) -> impl Iterator<Item = &str> {
        self.names_in(dimension).iter()
    }

    pub(super) fn names_in(&self, dimension: Dimension) -> &Names {
        &self.names[dimension as usize]
    }

    /// The numbers of the names that a row has in a dimension.
    pub(super) fn belongs(&self, dimension: Dimension, row: u32) -> &[u32] {
        let column = &self.belongs[dimension as usize];
        let number = std::slice::from_ref(&column[row as usize]);
        match (dimension, number) {
            (_, [NONE]) => &[],
            (Dimension::Label, [set]) => &self.label_sets[*set as usize],
            (_, number) => number,
        }
    }

    /// The figures of all rows; NaN is unknown.
    pub(super) fn figures(&self, measure: Measure) -> &[f64] {
        &self.figures[measure as usize]
    }

    pub(super) fn days(&self) -> &[DayNumber] {
        &self.days
    }

    pub(super) fn is_done(&self, row: u32) -> bool {
        self.done[row as usize]
    }

    /// The number of a row's goal.
    pub(super) fn goal(&self, row: u32) -> u32 {
        self.goals[row as usize]
    }

    /// How many goals there are.
    pub(super) fn goal_count(&self) -> usize {
        self.goal_names.len()
    }
}

fn moment(field: &'static str, text: &str) -> Result<Timestamp, NoMoment> {
    text.parse().map_err(|_| NoMoment { field, text: text.chars().take(60).collect() })
}
