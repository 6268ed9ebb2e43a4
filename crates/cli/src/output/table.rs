//! Rows in columns.

/// Rows whose columns stand below each other, with a heading.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with only its heading.
    pub fn new(heading: &[&str]) -> Self {
        Self { rows: vec![heading.iter().map(|word| word.to_uppercase()).collect()] }
    }

    /// Adds a row of as many cells as the heading has.
    pub fn row<I: IntoIterator<Item = String>>(&mut self, cells: I) {
        let one_line = |cell: String| cell.replace(['\n', '\t'], " ");
        self.rows.push(cells.into_iter().map(one_line).collect());
    }

    /// The text; `nothing` where there are no rows.
    pub fn or(&self, nothing: &str) -> String {
        if self.rows.len() == 1 {
            return format!("{nothing}\n");
        }
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| length(cell)).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        self.rows.iter().map(|row| line(row, &widths)).collect()
    }
}

fn length(cell: &str) -> usize {
    cell.chars().count()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, width) in row.iter().zip(widths) {
        text.push_str(cell);
        text.extend(std::iter::repeat_n(' ', width.saturating_sub(length(cell)) + 2));
    }
    format!("{}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let mut table = Table::new(&["a", "b"]);
        assert_eq!(table.or("none"), "none\n");
        table.row(["long cell".to_owned(), "x".to_owned()]);
        assert_eq!(table.or("none"), "A          B\nlong cell  x\n");
    }
}
