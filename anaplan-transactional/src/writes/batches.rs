//! Writes that need more than one request.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use anaplan_core::{Call, Endpoint, Error, Pending, Result, Session};
use futures_core::Stream;
use futures_util::stream::FuturesOrdered;
use serde::{Deserialize, Serialize};

use crate::writes::WriteReport;

/// One request of a larger write. Its failures carry the indices of the whole.
pub trait Batch: Endpoint<Output = WriteReport> {
    /// `true` if the requests must be sent one after the other. Default: `false`.
    const SEQUENTIAL: bool = false;

    /// Returns the index of its first cell or item among the caller's.
    fn first(&self) -> usize;
}

/// A write of any number of cells or items, in as many requests as needed. Nothing is sent before it is
/// awaited.
///
/// All cells or items are checked before the first request is sent. `.await` sends the requests in order
/// and returns one report, whose failures carry the indices of the caller's cells or items. If a request
/// fails, no further one is started. The error carries the index of its first cell or item as the id
/// `requestIndex`; the outcome of everything before it is known. [`reports`](Self::reports) returns the
/// reports of the requests one by one.
#[must_use = "nothing is sent until this is awaited or run"]
pub struct Batches<E: Batch> {
    session: Session,
    batches: Result<Vec<E>>,
    options: Options,
}

type Watch = Box<dyn FnMut(&BatchReport) + Send>;

struct Options {
    send_once: bool,
    concurrency: usize,
    watch: Option<Watch>,
}

impl<E: Batch> Batches<E> {
    pub(crate) fn new(session: Session, batches: Result<Vec<E>>) -> Self {
        let options = Options {
            send_once: false,
            concurrency: 1,
            watch: None,
        };
        Self {
            session,
            batches: batches.map_err(|error| error.during(E::NAME)),
            options,
        }
    }

    /// Never sends a request again after an unknown outcome. See [`Call::send_once`].
    pub fn send_once(mut self) -> Self {
        self.options.send_once = true;
        self
    }

    /// Sets the number of requests that are in progress at the same time. Default: 1.
    ///
    /// Requests that add items to a list are always sent one after the other, because an item can be the
    /// parent of a later one. With more than one request, cells that occur twice are written in any
    /// order.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.options.concurrency = if E::SEQUENTIAL { 1 } else { requests.max(1) };
        self
    }

    /// Calls `watch` with the report of each request, in order.
    pub fn progress(mut self, watch: impl FnMut(&BatchReport) + Send + 'static) -> Self {
        self.options.watch = Some(Box::new(watch));
        self
    }

    /// Returns the calls, in order. Empty if there is nothing to write.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if a cell or an item cannot be sent.
    pub fn into_calls(self) -> Result<Vec<Call<E>>> {
        let Options { send_once, .. } = self.options;
        let batches = self.batches?.into_iter();
        Ok(batches
            .map(|batch| call(&self.session, batch, send_once))
            .collect())
    }

    /// Returns the reports of the requests as a stream, in order. Nothing is sent before the first one
    /// is polled.
    ///
    /// After an error no further request is started; the stream ends after the outcomes of the requests
    /// in progress. Dropping the stream leaves the outcome of the requests in progress unknown.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if a cell or an item cannot be sent, and those of the calls.
    pub fn reports(self) -> BatchReports<E> {
        let total = self.batches.as_ref().map_or(0, Vec::len);
        let (waiting, invalid) = match self.batches {
            Ok(batches) => (batches, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        BatchReports {
            session: self.session,
            waiting: waiting.into_iter(),
            in_progress: FuturesOrdered::new(),
            invalid,
            options: self.options,
            done: 0,
            total,
        }
    }

    /// Sends the requests and blocks until the last one is finished.
    ///
    /// # Errors
    ///
    /// Those of the calls, and `Usage` inside an async runtime.
    #[cfg(feature = "blocking")]
    pub fn run(self) -> Result<WriteReport> {
        anaplan_core::blocking::Blocking::run(self)
    }

    /// Returns the whole write as one piece of work.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if a cell or an item cannot be sent, and those of the calls.
    pub fn into_pending(self) -> Pending<WriteReport> {
        Pending::new(async move {
            let mut reports = self.reports();
            let (mut whole, mut failed) = (WriteReport::default(), None);
            while let Some(report) = reports.next_report().await {
                match report {
                    Ok(batch) => whole.merge(batch.report),
                    // The requests in progress are awaited, so that their outcome is known.
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            failed.map_or(Ok(whole), Err)
        })
    }
}

fn call<E: Batch>(session: &Session, batch: E, send_once: bool) -> Call<E> {
    let call = session.call(batch);
    if send_once { call.send_once() } else { call }
}

/// Report of one request of a larger write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BatchReport {
    /// Number of the request, from 1.
    pub number: usize,
    /// Number of requests.
    pub total: usize,
    /// Index of its first cell or item among the caller's.
    pub first: usize,
    /// Report of the request, with the caller's indices.
    pub report: WriteReport,
}

type Finished = (usize, Result<WriteReport>);

/// Reports of the requests of a larger write as a stream, in order.
#[must_use = "nothing is sent until the first report is polled"]
pub struct BatchReports<E: Batch> {
    session: Session,
    waiting: std::vec::IntoIter<E>,
    in_progress: FuturesOrdered<Pin<Box<dyn Future<Output = Finished> + Send>>>,
    invalid: Option<Error>,
    options: Options,
    done: usize,
    total: usize,
}

impl<E: Batch> BatchReports<E> {
    /// Returns the next report, or `None` after the last one.
    ///
    /// # Errors
    ///
    /// Those of [`Batches::reports`].
    pub async fn next_report(&mut self) -> Option<Result<BatchReport>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    fn fill(&mut self) {
        while self.in_progress.len() < self.options.concurrency {
            let Some(batch) = self.waiting.next() else {
                return;
            };
            let first = batch.first();
            let call = call(&self.session, batch, self.options.send_once).into_future();
            self.in_progress
                .push_back(Box::pin(async move { (first, call.await) }));
        }
    }
}

impl<E: Batch> Unpin for BatchReports<E> {}

impl<E: Batch> Stream for BatchReports<E> {
    type Item = Result<BatchReport>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(error) = this.invalid.take() {
            return Poll::Ready(Some(Err(error)));
        }
        this.fill();
        let finished = std::task::ready!(Pin::new(&mut this.in_progress).poll_next(cx));
        let Some((first, outcome)) = finished else {
            return Poll::Ready(None);
        };
        this.done += 1;
        Poll::Ready(Some(match outcome {
            Ok(report) => {
                let batch = BatchReport {
                    number: this.done,
                    total: this.total,
                    first,
                    report,
                };
                if let Some(watch) = &mut this.options.watch {
                    watch(&batch);
                }
                Ok(batch)
            }
            Err(error) => {
                this.waiting = Vec::new().into_iter();
                Err(locate(error, first))
            }
        }))
    }
}

#[cfg(feature = "blocking")]
impl<E: Batch> Iterator for BatchReports<E> {
    type Item = Result<BatchReport>;

    fn next(&mut self) -> Option<Self::Item> {
        anaplan_core::blocking::next(self)
    }
}

impl<E: Batch> fmt::Debug for BatchReports<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchReports")
            .field("operation", &E::NAME)
            .field("done", &self.done)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

fn locate(error: Error, first: usize) -> Error {
    if first == 0 {
        return error;
    }
    // A repetition of the whole would send the finished part again.
    error
        .with_retryable(false)
        .because(format!(
            "the outcome of everything before index {first} is known"
        ))
        .about("requestIndex", first.to_string())
}

impl<E: Batch> IntoFuture for Batches<E> {
    type Output = Result<WriteReport>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<WriteReport>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        self.into_pending().into_future()
    }
}

impl<E: Batch> fmt::Debug for Batches<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches")
            .field("operation", &E::NAME)
            .field("batches", &self.batches.as_ref().map(Vec::len))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "batches_tests.rs"]
mod tests;
