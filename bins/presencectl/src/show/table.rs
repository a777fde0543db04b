//! Tables without borders, as wide as the terminal; in a pipe as wide as they need to be.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Row};

/// A table with a header.
#[derive(Debug)]
pub(crate) struct Table(comfy_table::Table);

impl Table {
    /// A table with these columns.
    pub(crate) fn new<const N: usize>(columns: [&str; N]) -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_style(NOTHING)
            .set_header(columns.map(str::to_uppercase));
        if table.is_tty() {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        Self(table)
    }

    /// A table that is as wide as it needs to be, whatever the terminal is.
    pub(crate) fn unbounded<const N: usize>(columns: [&str; N]) -> Self {
        let mut table = Self::new(columns);
        table.0.set_content_arrangement(ContentArrangement::Disabled);
        table
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.add_row(Row::from(cells));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lines, each of them moved to the right by `indent` blanks and without blanks at its end.
    pub(crate) fn text(&self, indent: usize) -> String {
        let mut text = String::new();
        for line in self.0.lines() {
            text.push_str(&" ".repeat(indent));
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_cell() {
        let mut table = Table::unbounded(["member", "dnd"]);
        assert!(table.is_empty());
        table.row(["a@example.com".to_owned(), "on".to_owned()]);
        assert_eq!(table.text(2), "  MEMBER         DND\n  a@example.com  on\n");
    }
}
