//! Large reads: a table is laid out once, and fetched page by page.

use std::collections::BTreeMap;
use std::time::Duration;

use anaplan_core::{ModelId, Timestamp};

use crate::world::World;
use crate::world::rules::Pacing;
use crate::world::table::Table;
use crate::world::tokens::later;

/// The lifetime of a request that is not read.
const LIFE: Duration = Duration::from_secs(30 * 60);

/// The view or list that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadOf {
    View(u64),
    List(u64),
}

/// The state of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadState {
    NotStarted,
    InProgress,
    Complete,
    Cancelled,
}

impl ReadState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "NOT_STARTED",
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// A large read.
#[derive(Debug)]
pub(crate) struct ReadRequest {
    model: ModelId,
    of: ReadOf,
    table: Table,
    rows_per_page: usize,
    repeat_headers: bool,
    made: Timestamp,
    touched: Timestamp,
    looks: u32,
    pacing: Pacing,
    /// `true` if there is no room for its pages.
    fails: bool,
}

/// The status of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadStatus {
    pub(crate) id: String,
    pub(crate) of: ReadOf,
    pub(crate) state: ReadState,
    pub(crate) available: usize,
    pub(crate) successful: bool,
}

/// Every large read that is remembered.
pub(crate) type ReadRequests = BTreeMap<String, ReadRequest>;

impl ReadRequest {
    fn pages(&self) -> usize {
        self.table.rows().div_ceil(self.rows_per_page).max(1)
    }

    fn progress(&self, now: Timestamp) -> (ReadState, usize) {
        let pages = self.pages();
        let partly = |done: u64, all: u64| {
            let available = pages as u64 * done / all.max(1);
            (
                ReadState::InProgress,
                usize::try_from(available).unwrap_or(pages),
            )
        };
        match self.pacing {
            Pacing::Instant => (ReadState::Complete, pages),
            Pacing::Polls(polls) if self.looks >= polls => (ReadState::Complete, pages),
            Pacing::Time(takes) if later(self.made, takes) <= now => (ReadState::Complete, pages),
            Pacing::Polls(_) if self.looks == 0 => (ReadState::NotStarted, 0),
            Pacing::Polls(polls) => partly(u64::from(self.looks), u64::from(polls)),
            Pacing::Time(_) if self.made == now => (ReadState::NotStarted, 0),
            Pacing::Time(takes) => {
                let passed = now.duration_since(self.made).as_millis();
                let passed = u64::try_from(passed).unwrap_or_default();
                partly(passed, takes.as_millis().try_into().unwrap_or(u64::MAX))
            }
        }
    }

    fn status(&self, id: &str, now: Timestamp) -> ReadStatus {
        let (state, available) = self.progress(now);
        let available = if self.fails { 0 } else { available };
        ReadStatus {
            successful: state == ReadState::Complete && !self.fails,
            id: id.to_owned(),
            of: self.of,
            state,
            available,
        }
    }
}

impl World {
    pub(crate) fn make_read_request(
        &mut self,
        model: &ModelId,
        of: ReadOf,
        table: Table,
    ) -> ReadStatus {
        let id = self.ids.upper_hex();
        let fails = self
            .rules
            .read_quota
            .is_some_and(|quota| self.reads_beside(model) >= quota);
        let request = ReadRequest {
            fails,
            model: model.clone(),
            of,
            table,
            rows_per_page: self.rules.rows_per_page.max(1),
            repeat_headers: self.rules.repeat_headers,
            made: self.now,
            touched: self.now,
            looks: 0,
            pacing: self.rules.pacing,
        };
        let status = request.status(&id, self.now);
        self.books
            .read_requests_made
            .push((model.clone(), id.clone()));
        self.read_requests.insert(id, request);
        status
    }

    /// Returns the number of large reads kept in the workspace of a model.
    fn reads_beside(&self, model: &ModelId) -> usize {
        let workspace = self.model(model).map(|model| &model.workspace);
        let inside = |request: &&ReadRequest| {
            let model = self.model(&request.model);
            model.map(|model| &model.workspace) == workspace
        };
        self.read_requests.values().filter(inside).count()
    }

    fn read_request(&mut self, model: &ModelId, of: ReadOf, id: &str) -> Option<&mut ReadRequest> {
        self.read_requests
            .get_mut(id)
            .filter(|request| request.model == *model && request.of == of)
    }

    /// Looks at a request, which may be what it was waiting for.
    pub(crate) fn look_at_read(
        &mut self,
        model: &ModelId,
        of: ReadOf,
        id: &str,
    ) -> Option<ReadStatus> {
        let now = self.now;
        let request = self.read_request(model, of, id)?;
        request.looks = request.looks.saturating_add(1);
        Some(request.status(id, now))
    }

    /// A page that is there: the table, which of its rows, and whether the header stands above them.
    pub(crate) fn read_page(
        &mut self,
        model: &ModelId,
        of: ReadOf,
        id: &str,
        page: usize,
    ) -> Option<(Table, std::ops::Range<usize>, bool)> {
        let now = self.now;
        let request = self.read_request(model, of, id)?;
        if page >= request.status(id, now).available {
            return None;
        }
        // Other pages do not keep a request alive.
        if page % 100 == 0 {
            request.touched = now;
        }
        let from = page * request.rows_per_page;
        let to = (from + request.rows_per_page).min(request.table.rows());
        let header = page == 0 || request.repeat_headers;
        Some((request.table.clone(), from..to, header))
    }

    /// Takes a request away, and tells how it ended.
    pub(crate) fn delete_read_request(
        &mut self,
        model: &ModelId,
        of: ReadOf,
        id: &str,
    ) -> Option<ReadStatus> {
        let now = self.now;
        let mut status = self.read_request(model, of, id)?.status(id, now);
        if status.state != ReadState::Complete {
            status.state = ReadState::Cancelled;
        }
        self.read_requests.remove(id);
        Some(status)
    }

    /// Returns the number of large reads have been made and neither deleted nor forgotten.
    #[must_use]
    pub fn read_requests_kept(&self) -> usize {
        self.read_requests.len()
    }

    pub(crate) fn forget_reads_of(&mut self, model: &ModelId) {
        self.read_requests
            .retain(|_, request| request.model != *model);
    }

    pub(crate) fn drop_dead_reads(&mut self) {
        let now = self.now;
        self.read_requests
            .retain(|_, request| now < later(request.touched, LIFE));
    }
}
