//! Rows in columns.

use textwrap::core::display_width;
use textwrap::{Options, WordSplitter};

use super::paint::{Tint, unmarked};
use super::width;

/// The blanks between two columns.
const GAP: usize = 2;

/// No column is made narrower than this.
const NARROWEST: usize = 8;

/// Rows whose columns stand below each other, with a heading or without. Where a terminal is too narrow for
/// them, the widest columns are broken into lines: nothing is cut off.
#[derive(Debug)]
pub struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
    tint: Option<(usize, TintOf)>,
}

/// What a cell's text is to be painted with.
pub type TintOf = fn(&str) -> Option<Tint>;

impl Table {
    /// A table with only its heading.
    pub fn new(heading: &[&str]) -> Self {
        Self {
            heading: heading.iter().map(|word| word.to_uppercase()).collect(),
            rows: Vec::new(),
            tint: None,
        }
    }

    /// A table that needs no heading.
    pub fn plain() -> Self {
        Self::new(&[])
    }

    /// The same with a column whose words are painted where colours are wanted; the first is 0.
    #[must_use]
    pub fn tinted(self, column: usize, of: TintOf) -> Self {
        Self { tint: Some((column, of)), ..self }
    }

    /// Adds a row of as many cells as the heading has.
    pub fn row<I: IntoIterator<Item = String>>(&mut self, cells: I) {
        let one_line = |cell: String| unmarked(&cell.replace(['\n', '\t'], " "));
        self.rows.push(cells.into_iter().map(one_line).collect());
    }

    /// The text; `nothing` where there are no rows.
    pub fn or(&self, nothing: &str) -> String {
        match self.rows.is_empty() {
            true => format!("{nothing}\n"),
            false => self.within(width()),
        }
    }

    fn within(&self, room: Option<usize>) -> String {
        let heading = Some(&self.heading).filter(|heading| !heading.is_empty());
        let rows: Vec<&Vec<String>> = heading.into_iter().chain(&self.rows).collect();
        let columns = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        let natural = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| display_width(cell)).max()
        };
        let mut widths: Vec<usize> = (0..columns).map(|column| natural(column).unwrap_or(0)).collect();
        if let Some(room) = room {
            fit(&mut widths, room);
        }
        let of_heading = heading.map(|row| lines(row, &widths, &[])).unwrap_or_default();
        let of_rows = self.rows.iter().map(|row| lines(row, &widths, &self.tints(row)));
        std::iter::once(of_heading).chain(of_rows).collect()
    }

    /// What each cell of a row is painted with.
    fn tints(&self, row: &[String]) -> Vec<Option<Tint>> {
        let of = |(column, cell): (usize, &String)| {
            let (tinted, of) = self.tint?;
            (column == tinted).then(|| of(cell)).flatten()
        };
        row.iter().enumerate().map(of).collect()
    }
}

/// Takes from the widest column what is too much, then from the next.
fn fit(widths: &mut [usize], room: usize) {
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > room {
        let Some(widest) = widths.iter_mut().max().filter(|widest| **widest > NARROWEST) else { return };
        *widest -= 1;
    }
}

/// A row: as many lines as its longest cell needs.
fn lines(row: &[String], widths: &[usize], tints: &[Option<Tint>]) -> String {
    let cells: Vec<Vec<_>> = row.iter().zip(widths).map(|(cell, width)| broken(cell, *width)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let mut text = String::new();
    for line in 0..height {
        let mut one = String::new();
        for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let part = cell.get(line).map(String::as_str).unwrap_or_default();
            match tints.get(column).copied().flatten().filter(|_| !part.is_empty()) {
                Some(tint) => one.push_str(&tint.on(part)),
                None => one.push_str(part),
            }
            one.extend(std::iter::repeat_n(' ', width.saturating_sub(display_width(part)) + GAP));
        }
        text.push_str(one.trim_end());
        text.push('\n');
    }
    text
}

fn broken(cell: &str, width: usize) -> Vec<String> {
    if display_width(cell) <= width {
        return vec![cell.to_owned()];
    }
    let options = Options::new(width).word_splitter(WordSplitter::NoHyphenation);
    textwrap::wrap(cell, options).into_iter().map(|line| line.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let mut table = Table::new(&["a", "b"]);
        assert_eq!(table.or("none"), "none\n");
        table.row(["long cell".to_owned(), "x".to_owned()]);
        assert_eq!(table.within(None), "A          B\nlong cell  x\n");
    }

    #[test]
    fn a_narrow_terminal_breaks_the_widest_column_and_cuts_nothing() {
        let mut table = Table::plain();
        table.row(["12".to_owned(), "a sentence that is long".to_owned(), "end".to_owned()]);
        assert_eq!(table.within(Some(23)), "12  a sentence      end\n    that is long\n");
        let mut table = Table::plain();
        table.row(["x".repeat(30)]);
        assert_eq!(table.within(Some(20)), format!("{}\n{}\n", "x".repeat(20), "x".repeat(10)));
    }

    #[test]
    fn wide_letters_take_two_columns() {
        let mut table = Table::plain();
        table.row(["猫".to_owned(), "a".to_owned()]);
        table.row(["ab".to_owned(), "b".to_owned()]);
        assert_eq!(table.within(None), "猫  a\nab  b\n");
    }
}
