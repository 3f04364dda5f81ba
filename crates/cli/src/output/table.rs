//! Tables without lines, as wide as the terminal allows.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, presets};

use super::style::HEADING;

/// Columns of the terminal; of a reader that is none, what `COLUMNS` says, or 100.
pub(crate) fn width() -> usize {
    let said = || std::env::var("COLUMNS").ok()?.parse().ok();
    comfy_table::Table::new().width().map(usize::from).or_else(said).unwrap_or(100).clamp(20, 1000)
}

/// Columns of text under headings.
pub(crate) struct Table {
    headings: Vec<String>,
    numeric: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings; a heading that starts with `#` is of a column of numbers, which stand to the
    /// right.
    pub(crate) fn new<T: Into<String>>(headings: impl IntoIterator<Item = T>) -> Self {
        let headings: Vec<String> = headings.into_iter().map(Into::into).collect();
        let numeric = headings.iter().map(|heading| heading.starts_with('#')).collect();
        let headings =
            headings.iter().map(|text| text.trim_start_matches('#').to_owned()).collect();
        Self { headings, numeric, rows: Vec::new() }
    }

    /// Adds a row with a cell for each heading.
    pub(crate) fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Prints it, each line after two spaces.
    ///
    /// # Errors
    /// Those of the stream.
    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_header(&self.headings);
        // Where standard output is no terminal, lines are as long as they need to be.
        if table.width().is_some() {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        for row in &self.rows {
            table.add_row(row);
        }
        for (index, numeric) in self.numeric.iter().enumerate() {
            if let (true, Some(column)) = (numeric, table.column_mut(index)) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for (number, line) in table.lines().enumerate() {
            let line = line.trim_end();
            if number == 0 {
                writeln!(out, " {HEADING}{line}{HEADING:#}")?;
            } else {
                writeln!(out, " {line}")?;
            }
        }
        Ok(())
    }
}
