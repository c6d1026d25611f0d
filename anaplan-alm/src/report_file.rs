//! Parser of comparison reports.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::diff::{ModelDiff, ObjectChange};

/// A comparison report, read from its tab-separated text.
///
/// ```
/// use anaplan_alm::{Change, ComparisonReport};
///
/// let file = "Source Model\tDev\n\n=== LISTS ADDED ===\nName\tPosition\nRegions\tFirst\n";
/// let report = ComparisonReport::parse(file.as_bytes());
/// assert_eq!(report.header("Source Model").unwrap()[0], "Dev");
/// let lists = report.section("LISTS ADDED").unwrap();
/// assert_eq!((&lists.change, lists.subject.as_str()), (&Change::Added, "LISTS"));
/// assert_eq!(lists.rows[0].get("Name"), Some("Regions"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct ComparisonReport {
    /// The lines before the first section: the label and the values. Workspaces have an id and a name,
    /// models a name, revisions a name and a description.
    pub headers: Vec<(String, Vec<String>)>,
    /// Sections, in the order of the file. Sections without differences are omitted by the server.
    pub sections: Vec<Section>,
}

/// One section of a comparison report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Section {
    /// Title, such as `LINE ITEMS ADDED`.
    pub title: String,
    /// Kind of the change.
    pub change: Change,
    /// Kind of the objects, such as `LINE ITEMS`. The whole title if the change is unknown.
    pub subject: String,
    /// The names of the columns.
    #[serde(serialize_with = "slice")]
    pub columns: Arc<[String]>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// Kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Change {
    /// New in the source.
    Added,
    /// Present in both, and different.
    Changed,
    /// Missing in the source.
    Deleted,
    /// Changed contents.
    Within,
    /// Unknown to this release.
    Other,
}

/// One row of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct Row {
    #[serde(skip)]
    columns: Arc<[String]>,
    /// Cells, possibly fewer than columns.
    pub cells: Vec<String>,
}

impl Row {
    /// Returns the cell of a column. `None` if there is no such column or cell, or if it is `null`.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        let index = self.columns.iter().position(|name| name == column)?;
        let cell = self.cells.get(index)?;
        (cell != "null").then_some(cell.as_str())
    }

    /// Returns the cells with the names of their columns.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.columns
            .iter()
            .zip(&self.cells)
            .map(|(name, cell)| (name.as_str(), cell.as_str()))
    }
}

impl ComparisonReport {
    /// Parses a report. Never fails: unknown parts are kept as they are, and bytes that are not UTF-8 are
    /// replaced.
    #[must_use]
    pub fn parse(file: &[u8]) -> Self {
        let text = String::from_utf8_lossy(file);
        let mut report = Self::default();
        let cells = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
        for line in lines(&text) {
            match (line, report.sections.last_mut()) {
                (Line::Title(title), _) => report.sections.push(Section::titled(title)),
                (Line::Header(line), _) => report.headers.push(header(cells(line))),
                (Line::Columns(line), Some(section)) => section.columns = cells(line).into(),
                (Line::Row(line), Some(section)) => section.rows.push(Row {
                    columns: Arc::clone(&section.columns),
                    cells: cells(line),
                }),
                (Line::Columns(_) | Line::Row(_), None) => {}
            }
        }
        report
    }

    /// Returns the deleted objects, also those that are created again. List items and properties may be
    /// counted instead of named. Sections without an interpretation are not included:
    /// [`ModelDiff`] lists them.
    ///
    /// ```
    /// use anaplan_alm::ComparisonReport;
    ///
    /// let file = "=== CHANGES WITHIN LISTS ===\nList\tItems Deleted\nProducts\t3\n";
    /// let deletions = ComparisonReport::parse(file.as_bytes()).deletions();
    /// assert_eq!(deletions[0].subject(), "listItems: Products (3 deleted)");
    /// ```
    #[must_use]
    pub fn deletions(&self) -> Vec<ObjectChange> {
        let mut changes = ModelDiff::new(self, None).changes;
        changes.retain(ObjectChange::is_deletion);
        changes
    }

    /// Returns the values of a line before the first section, such as `Source Revision`: its name and its
    /// description.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[String]> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, values)| values.as_slice())
    }

    /// The section of this title.
    #[must_use]
    pub fn section(&self, title: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.title == title)
    }
}

impl Section {
    fn titled(title: &str) -> Self {
        let (change, subject) = classify(title);
        Self {
            title: title.to_owned(),
            change,
            subject: subject.to_owned(),
            columns: Arc::new([]),
            rows: Vec::new(),
        }
    }
}

/// One line of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// Before the first section.
    Header(&'a str),
    /// Title of a section.
    Title(&'a str),
    /// Names of the columns.
    Columns(&'a str),
    /// Row of a section.
    Row(&'a str),
}

/// Returns the lines of a report, without empty ones.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let (mut in_section, mut expects_columns) = (false, false);
    let lines = text.trim_start_matches('\u{feff}').lines();
    lines
        .filter(|line| !line.trim().is_empty())
        .map(move |line| {
            let columns = std::mem::take(&mut expects_columns);
            if let Some(title) = title(line) {
                (in_section, expects_columns) = (true, true);
                return Line::Title(title);
            }
            match (in_section, columns) {
                (false, _) => Line::Header(line),
                (true, true) => Line::Columns(line),
                (true, false) => Line::Row(line),
            }
        })
}

fn slice<S: Serializer>(columns: &Arc<[String]>, serializer: S) -> Result<S::Ok, S::Error> {
    columns.as_ref().serialize(serializer)
}

fn title(line: &str) -> Option<&str> {
    let inner = line.trim().strip_prefix("===")?.strip_suffix("===")?;
    Some(inner.trim())
}

fn header(cells: Vec<String>) -> (String, Vec<String>) {
    let mut cells = cells.into_iter();
    let name = cells.next().unwrap_or_default();
    (name.trim_end_matches(':').to_owned(), cells.collect())
}

pub(crate) fn classify(title: &str) -> (Change, &str) {
    let endings = [
        (" ADDED", Change::Added),
        (" CREATED", Change::Added),
        (" CHANGED", Change::Changed),
        (" MODIFIED", Change::Changed),
        (" DELETED", Change::Deleted),
        (" REMOVED", Change::Deleted),
    ];
    for (ending, change) in endings {
        if let Some(subject) = title.strip_suffix(ending) {
            return (change, subject);
        }
    }
    match title.strip_prefix("CHANGES WITHIN ") {
        Some(subject) => (Change::Within, subject),
        None => (Change::Other, title),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn unknown_sections_and_ragged_rows_are_kept() {
        let file = "Source Revision\tAB\tR2\tnull\r\n\r\n=== STARS REALIGNED ===\r\nId\tName\tNotes\r\n1\tx\r\n2\ty\tnull\textra\r\n";
        let report = ComparisonReport::parse(file.as_bytes());
        assert_eq!(
            report.header("Source Revision").unwrap(),
            ["AB", "R2", "null"]
        );
        let section = &report.sections[0];
        assert_eq!(
            (section.change, section.subject.as_str()),
            (Change::Other, "STARS REALIGNED")
        );
        assert_eq!(section.rows[0].get("Notes"), None);
        assert_eq!(section.rows[1].get("Notes"), None);
        assert_eq!(section.rows[1].cells.len(), 4);
        assert_eq!(section.rows[1].iter().count(), 3);
    }

    #[test]
    fn titles_tell_what_happened_to_what() {
        assert_eq!(classify("LINE ITEMS ADDED"), (Change::Added, "LINE ITEMS"));
        assert_eq!(classify("ROLES CHANGED"), (Change::Changed, "ROLES"));
        assert_eq!(classify("CHANGES WITHIN LISTS"), (Change::Within, "LISTS"));
    }

    proptest! {
        #[test]
        fn no_file_makes_the_reader_panic_or_lose_rows(file in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = ComparisonReport::parse(&file);
        }

        #[test]
        fn every_row_of_a_section_is_kept(rows in proptest::collection::vec("[a-z]{1,5}(\t[a-z]{0,5}){0,3}", 0..20)) {
            let file = format!("=== LISTS ADDED ===\nId\tName\n{}\n", rows.join("\n"));
            let report = ComparisonReport::parse(file.as_bytes());
            prop_assert_eq!(report.sections[0].rows.len(), rows.len());
        }
    }
}
