//! Grids: page lines, header lines and rows, one page after the other.

use std::collections::VecDeque;

use super::shape::Shape;
use super::width::fit;
use crate::grid::MOST_PAGE_LINES;
use crate::record::{Fields, RecordBuf};
use crate::{Grid, Header, Names, Result, TableError, TableErrorKind, TableFormat};

/// State of reading a grid.
pub(super) struct GridReader {
    grid: Grid,
    /// Items of the current page.
    pages: Vec<String>,
    /// Lines of page items above each header.
    page_lines: usize,
    /// Header lines of the first page.
    labels: Vec<Vec<String>>,
    /// `None` until all header lines have been read.
    shape: Option<Shape>,
    /// Header lines of a later page that are still to come.
    repeated: usize,
    /// Rows that may be the page lines of the next page.
    held: VecDeque<RecordBuf>,
    /// Row whose cells are being returned.
    row: RecordBuf,
    /// The next row of the shape that `row` yields, if any is left.
    next: Option<usize>,
    shaped: RecordBuf,
}

impl GridReader {
    pub(super) fn new(grid: Grid) -> Self {
        Self {
            grid,
            pages: Vec::new(),
            page_lines: 0,
            labels: Vec::new(),
            shape: None,
            repeated: 0,
            held: VecDeque::new(),
            row: RecordBuf::new(),
            next: None,
            shaped: RecordBuf::new(),
        }
    }

    pub(super) fn pages(&self) -> &[String] {
        &self.pages
    }

    pub(super) fn header(&self) -> Header {
        self.shape.as_ref().map(Shape::header).unwrap_or_default()
    }

    /// The row that [`next_shaped`](Self::next_shaped) made.
    pub(super) fn fields(&self) -> Fields<'_> {
        self.shaped.fields()
    }

    /// Makes the next row of the shape; `false` if the rows of the grid that were placed are used up.
    pub(super) fn next_shaped(&mut self) -> Result<bool> {
        let (Some(shape), Some(index)) = (&self.shape, self.next) else {
            return Ok(false);
        };
        self.next = shape.fill(&self.pages, self.row.fields(), index, &mut self.shaped);
        Ok(true)
    }

    /// Takes a line. Returns `true` when it completes the header.
    pub(super) fn place(&mut self, fields: Fields<'_>, format: &TableFormat) -> Result<bool> {
        if self.shape.is_none() {
            return self.place_header(fields);
        }
        if self.repeated > 0 {
            let index = self.labels.len() - self.repeated;
            if !equal(fields, &self.labels[index]) {
                return Err(header_error(
                    fields,
                    "the header lines of this page differ from those of the first page",
                ));
            }
            self.repeated -= 1;
            return Ok(false);
        }
        if self.grid.all_pages && equal(fields, &self.labels[0]) {
            self.turn_page(fields)?;
            return Ok(false);
        }
        if !self.grid.all_pages || self.page_lines == 0 {
            self.row.copy_from(fields);
            self.begin_row(format)?;
            return Ok(false);
        }
        let mut held = if self.held.len() > self.page_lines {
            self.held.pop_front().unwrap_or_default()
        } else {
            RecordBuf::new()
        };
        held.copy_from(fields);
        self.held.push_back(held);
        if self.held.len() > self.page_lines {
            self.release(format)?;
        }
        Ok(false)
    }

    /// At the end of the input: `true` if a row was held back. Fails if there was no header.
    pub(super) fn conclude(&mut self, row: u64, format: &TableFormat) -> Result<bool> {
        if self.shape.is_none() && row > 0 {
            return Err(self.no_header());
        }
        if self.held.is_empty() {
            return Ok(false);
        }
        self.release(format)?;
        self.next_shaped()
    }

    fn release(&mut self, format: &TableFormat) -> Result<()> {
        if let Some(held) = self.held.pop_front() {
            self.row = held;
            self.begin_row(format)?;
        }
        Ok(())
    }

    fn begin_row(&mut self, format: &TableFormat) -> Result<()> {
        let width = self.labels.first().map_or(0, Vec::len);
        let fields = self.row.fields();
        let found = fields.ends.len();
        if found != width {
            fit(found, width, fields.extra(width), format.ragged)
                .map_err(|error| error.at(fields.row, fields.line))?;
            self.row.pad(width);
        }
        self.next = self.shape.as_ref().and_then(Shape::first);
        Ok(())
    }

    fn place_header(&mut self, fields: Fields<'_>) -> Result<bool> {
        let line: Vec<String> = values(fields).map(str::to_owned).collect();
        if let Some(headers) = &self.grid.headers {
            if !equal_trimmed(&line, headers) {
                if self.page_lines == MOST_PAGE_LINES {
                    return Err(self.no_header());
                }
                self.page_lines += 1;
                self.pages.extend(line);
                return Ok(false);
            }
        } else if self.grid.page_line && self.page_lines == 0 && self.labels.is_empty() {
            if !self.pages_are_columns(&line) {
                self.page_lines = 1;
                self.pages = line;
                return Ok(false);
            }
            self.move_pages_to_rows();
        }
        if self
            .labels
            .first()
            .is_some_and(|first| first.len() != line.len())
        {
            return Err(header_error(fields, "the header lines differ in length"));
        }
        self.labels.push(line);
        let wanted = self
            .grid
            .headers
            .as_ref()
            .map_or(self.grid.header_lines, |_| 1);
        if self.labels.len() < usize::from(wanted) {
            return Ok(false);
        }
        let shape = Shape::new(&self.grid, self.pages.len(), &self.labels)
            .map_err(|error| error.at(fields.row, fields.line))?;
        self.shape = Some(shape);
        Ok(true)
    }

    /// All pages in one grid: page items stand in columns of their own, and no line begins with one.
    fn pages_are_columns(&self, line: &[String]) -> bool {
        let labels = self.grid.page_names.len() + usize::from(self.grid.label_columns);
        self.grid.all_pages && line.len() > labels && line[..labels].iter().all(String::is_empty)
    }

    fn move_pages_to_rows(&mut self) {
        self.grid.page_line = false;
        let pages = std::mem::take(&mut self.grid.page_names);
        let count = u16::try_from(pages.len()).unwrap_or(u16::MAX);
        self.grid.label_columns = self.grid.label_columns.saturating_add(count);
        self.grid.row_names.splice(0..0, pages);
    }

    fn turn_page(&mut self, fields: Fields<'_>) -> Result<()> {
        if self.held.len() != self.page_lines {
            return Err(header_error(fields, "a page begins without its page items"));
        }
        let mut pages = Vec::with_capacity(self.pages.len());
        for held in self.held.drain(..) {
            pages.extend(values(held.fields()).map(str::to_owned));
        }
        if self.page_lines > 0 && pages.len() != self.pages.len() {
            return Err(header_error(
                fields,
                "the pages differ in their number of page items",
            ));
        }
        if self.page_lines > 0 {
            self.pages = pages;
        }
        self.repeated = self.labels.len() - 1;
        Ok(())
    }

    fn no_header(&self) -> TableError {
        let message = match &self.grid.headers {
            Some(headers) => format!(
                "the layout {} has no line with the expected header, {}",
                self.grid.name(),
                Names(headers)
            ),
            None => format!("the layout {} ends before its header", self.grid.name()),
        };
        TableError::new(TableErrorKind::Header, message)
    }
}

fn values<'a>(fields: Fields<'a>) -> impl Iterator<Item = &'a str> {
    let mut start = 0;
    fields.ends.iter().map(move |end| {
        let value = fields.text.get(start..*end).unwrap_or_default();
        start = *end;
        value
    })
}

fn equal(fields: Fields<'_>, line: &[String]) -> bool {
    fields.ends.len() == line.len() && values(fields).eq(line.iter().map(String::as_str))
}

fn equal_trimmed(line: &[String], headers: &[String]) -> bool {
    let trimmed = |names: &[String]| {
        names
            .iter()
            .map(|name| name.trim().to_owned())
            .collect::<Vec<_>>()
    };
    line.len() == headers.len() && trimmed(line) == trimmed(headers)
}

fn header_error(fields: Fields<'_>, message: &str) -> TableError {
    TableError::new(TableErrorKind::Header, message).at(fields.row, fields.line)
}
