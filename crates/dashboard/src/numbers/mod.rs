//! What the rows of `stats.jsonl` say together: columns in memory, questions, and answers.
//!
//! All rows are held as columns of numbers (some 200 bytes a row), so that each question is a walk over memory and
//! every figure is exact: no sketch, no sample.

mod answer;
mod columns;
mod days;
mod dimension;
mod failing;
mod line;
mod measure;
mod names;
mod question;
mod share;
mod spread;

pub use answer::{Answer, Day, Group, Summary, Trend};
pub use columns::{Columns, NoMoment};
pub use days::DayNumber;
pub use dimension::Dimension;
pub use failing::{Failing, Failures};
pub use line::Line;
pub use measure::{Measure, Unit};
pub use question::{Question, Unasked};
pub use share::Share;
pub use spread::Spread;
