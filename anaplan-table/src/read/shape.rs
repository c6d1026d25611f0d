//! Shapes of a grid: as it is, long and wide.

use std::collections::HashMap;

use crate::record::{Fields, RecordBuf};
use crate::{Grid, GridShape, Header, Result, TableError, TableErrorKind};

/// Rows that each row of a grid yields.
pub(super) struct Shape {
    header: Header,
    labels: usize,
    kind: Kind,
}

enum Kind {
    Grid,
    /// The labels of each column of values.
    Long(Vec<Vec<String>>),
    /// The labels beside the line item, and the column of each line item.
    Wide(Vec<(Vec<String>, Vec<Option<usize>>)>),
}

impl Shape {
    pub(super) fn new(grid: &Grid, pages: usize, lines: &[Vec<String>]) -> Result<Self> {
        let width = lines.first().map_or(0, Vec::len);
        let labels = usize::from(grid.label_columns);
        if labels > width {
            return Err(TableError::new(
                TableErrorKind::Header,
                format!("the header has {width} columns, fewer than the {labels} of the labels"),
            ));
        }
        let names = Names { grid, lines };
        let (names, kind) = match grid.shape {
            GridShape::Grid => {
                let columns = (labels..width).map(|column| names.column_text(column));
                let names = names.labels(labels, false).into_iter().chain(columns);
                (names.collect(), Kind::Grid)
            }
            GridShape::Long => {
                let mut all = names.pages(pages);
                all.extend(names.labels(labels, true));
                all.extend((0..lines.len()).map(|line| names.dimension(line)));
                all.push("Value".to_owned());
                let cells = (labels..width)
                    .map(|column| lines.iter().map(|line| line[column].clone()).collect())
                    .collect();
                (all, Kind::Long(cells))
            }
            GridShape::Wide => names.wide(pages, labels, width)?,
        };
        Ok(Self {
            header: Header::new(names),
            labels,
            kind,
        })
    }

    pub(super) fn header(&self) -> Header {
        self.header.clone()
    }

    /// Index of the first row, `None` if a row of the grid yields none.
    pub(super) fn first(&self) -> Option<usize> {
        (self.count() > 0).then_some(0)
    }

    fn count(&self) -> usize {
        match &self.kind {
            Kind::Grid => 1,
            Kind::Long(cells) => cells.len(),
            Kind::Wide(groups) => groups.len(),
        }
    }

    /// Makes one of the rows of a row of the grid. Returns the index of the next one.
    pub(super) fn fill(
        &self,
        pages: &[String],
        row: Fields<'_>,
        index: usize,
        out: &mut RecordBuf,
    ) -> Option<usize> {
        let value = |column: usize| {
            let start = column
                .checked_sub(1)
                .and_then(|before| row.ends.get(before));
            let end = row.ends.get(column).copied().unwrap_or_default();
            row.text
                .get(start.copied().unwrap_or(0)..end)
                .unwrap_or_default()
        };
        let cells = match &self.kind {
            Kind::Grid => {
                out.copy_from(row);
                return None;
            }
            Kind::Long(cells) => (&cells[index], &[Some(self.labels + index)][..]),
            Kind::Wide(groups) => (&groups[index].0, &groups[index].1[..]),
        };
        out.clear();
        out.set_position(row.row, row.line);
        for page in pages {
            out.push(page);
        }
        for label in 0..self.labels {
            out.push(value(label));
        }
        for label in cells.0 {
            out.push(label);
        }
        for column in cells.1 {
            out.push(column.map(value).unwrap_or_default());
        }
        (index + 1 < self.count()).then_some(index + 1)
    }
}

/// Names of the columns of a shape.
struct Names<'a> {
    grid: &'a Grid,
    lines: &'a [Vec<String>],
}

impl Names<'_> {
    fn pages(&self, count: usize) -> Vec<String> {
        let name = |index: usize| match self.grid.page_names.get(index) {
            Some(name) => name.clone(),
            None => format!("Page {}", index + 1),
        };
        (0..count).map(name).collect()
    }

    fn labels(&self, count: usize, filled: bool) -> Vec<String> {
        let name = |index: usize| {
            let text = self.column_text(index);
            match self.grid.row_names.get(index) {
                Some(name) => name.clone(),
                None if filled && text.is_empty() => format!("Row {}", index + 1),
                None => text,
            }
        };
        (0..count).map(name).collect()
    }

    fn dimension(&self, line: usize) -> String {
        match self.grid.column_names.get(line) {
            Some(name) => name.clone(),
            None => format!("Column {}", line + 1),
        }
    }

    /// The labels of a column, the first dimension first.
    fn column_text(&self, column: usize) -> String {
        let labels = self.lines.iter().map(|line| line[column].as_str());
        let labels: Vec<&str> = labels.filter(|label| !label.is_empty()).collect();
        labels.join(" / ")
    }

    fn wide(&self, pages: usize, labels: usize, width: usize) -> Result<(Vec<String>, Kind)> {
        let items = self
            .grid
            .line_items()
            .unwrap_or(0)
            .min(self.lines.len() - 1);
        let mut line_items: Vec<String> = Vec::new();
        let mut indexes = HashMap::new();
        for item in &self.lines[items][labels..] {
            indexes.entry(item.as_str()).or_insert_with(|| {
                line_items.push(item.clone());
                line_items.len() - 1
            });
        }
        let mut groups: Vec<(Vec<String>, Vec<Option<usize>>)> = Vec::new();
        let mut known = HashMap::new();
        for column in labels..width {
            let mut key: Vec<String> = self.lines.iter().map(|line| line[column].clone()).collect();
            let item = key.remove(items);
            let group = *known.entry(key.clone()).or_insert_with(|| {
                groups.push((key, vec![None; line_items.len()]));
                groups.len() - 1
            });
            let cells = &mut groups[group].1;
            let Some(index) = indexes.get(item.as_str()).copied() else {
                continue;
            };
            if cells[index].replace(column).is_some() {
                return Err(TableError::new(
                    TableErrorKind::DuplicateColumn,
                    "two columns of the grid have the same labels",
                )
                .in_column(self.column_text(column)));
            }
        }
        let mut names = self.pages(pages);
        names.extend(self.labels(labels, true));
        let others = (0..self.lines.len()).filter(|line| *line != items);
        names.extend(others.map(|line| self.dimension(line)));
        names.extend(line_items);
        Ok((names, Kind::Wide(groups)))
    }
}
