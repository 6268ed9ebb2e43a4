//! `stats.jsonl`: one line for every run that ended, however it ended.

mod file;
mod follow;
mod row;
mod totals;

pub use file::{BrokenLine, Rows, RowsIter, StatsFile};
pub use follow::{NewLines, StatsTail};
pub use row::{Stamp, StatsRow, TimeSeconds};
pub use totals::{Figures, Sum, Totals};
