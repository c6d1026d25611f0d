//! Switches for behaviour that differs between tenants, or that a test needs otherwise.

use std::time::Duration;

use http::StatusCode;

use crate::faults::RetryAfter;

/// The pace of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pacing {
    /// A task is over before its creation is answered.
    Instant,
    /// A task is over when it is looked at for the `n`th time; 1 is the first look.
    Polls(u32),
    /// A task takes this long by the fake's clock.
    Time(Duration),
}

/// The treatment of calls that cannot be answered while an import, export, action or process runs in their
/// model. Lists and metadata of what can be run, starts, polls, dumps and files are answered all the same,
/// and so are the model itself and its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Busy {
    /// They wait until the model is free. A run at [`Pacing::Time`] is over when its time has come; no
    /// call waits for one at [`Pacing::Polls`], which finishes when it is polled.
    UntilFree,
    /// They wait this long, or until the model is free, at whatever pace the run goes.
    AtMost(Duration),
    /// They are answered at once.
    Never,
}

/// Layout of comparison reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportLayout {
    /// The published layout: names instead of ids, and list items counted per list. The layout of changed
    /// and deleted objects is not published. Here, a changed object has a row for each property with both
    /// values, and a deleted one has the columns of an added one.
    Published,
    /// The published layout. A changed object has one row with the columns of an added one, and a deleted
    /// one has its name only.
    PublishedShort,
    /// Ids in the head and in every section, and list items by name.
    WithIds,
}

/// Result of the start of a sync while another sync of the target runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecondSync {
    /// It runs at the same time. The one that ends last fails, because the target has changed.
    Concurrent,
    /// It is refused with 400.
    Reject,
    /// It waits until the model is free, and then fails if the target has changed.
    Queue,
}

/// Behaviour of the fake. The defaults are those of real tenants.
///
/// ```
/// # use anaplan_testkit::{Busy, Pacing, ReportLayout, RetryAfter, SecondSync};
/// # use std::time::Duration;
/// # anaplan_testkit::story(async |fake| {
/// fake.world(|world| {
///     // A run takes ten minutes, and reading a view meanwhile takes half a minute.
///     world.rules.pacing = Pacing::Time(Duration::from_secs(600));
///     world.rules.busy = Busy::AtMost(Duration::from_secs(30));
///     // Five requests at once, then 429 with a date.
///     world.rules.burst = Some(5);
///     world.rules.retry_after = RetryAfter::Date(2);
///     // Only certificate payloads of the last ten seconds.
///     world.rules.reject_v1 = true;
///     world.rules.certificate_skew = Duration::from_secs(10);
///     // Answers as they may look tomorrow: every third object has something new in it.
///     world.rules.novelties = true;
///     world.rules.novelty_chance = 0.3;
///     world.rules.untidy = true;
///     // Pages that lead to where nothing is.
///     world.rules.bogus_next = true;
///     // Comparison reports with ids, and one sync of a model at a time.
///     world.rules.report_layout = ReportLayout::WithIds;
///     world.rules.second_sync = SecondSync::Reject;
/// });
/// # Ok(()) });
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Rules {
    /// The pace of tasks. Default: they finish at the second poll.
    pub pacing: Pacing,
    /// The number of requests that pass at once before 429; `None` turns the limit off. Default 600.
    pub burst: Option<u32>,
    /// The number of requests per second by which the limit recovers. Default 10.
    pub per_second: f64,
    /// The `Retry-After` header of a 429. Default: seconds.
    pub retry_after: RetryAfter,
    /// The time a token lives. Default 35 minutes.
    pub token_life: Duration,
    /// The time an authorization code of the OAuth service may wait for its exchange. Default 1 minute.
    pub authorization_code_life: Duration,
    /// The time a device may wait for its user. Default 15 minutes.
    pub device_code_life: Duration,
    /// The number of times a device may ask. Default: every 5 seconds.
    pub device_interval: Duration,
    /// The time by which the interval of a device grows after a poll that came too early. Default: no longer than
    /// before.
    pub slow_down_adds: Duration,
    /// The status under which the OAuth service refuses a grant: wrong or used codes and refresh tokens,
    /// and every answer to a device but the tokens. Default 403.
    pub oauth_refusal: StatusCode,
    /// `true` if sign-ins with the older certificate payload are refused. Default: no.
    pub reject_v1: bool,
    /// The largest clock skew of a certificate payload. Default 5 minutes.
    pub certificate_skew: Duration,
    /// `true` if ALM works for administrators while the model is offline. Default: yes.
    pub alm_while_offline: bool,
    /// `true` if the tenant may use ALM. Default: yes.
    pub alm_enabled: bool,
    /// The treatment of calls that a busy model cannot answer. Default: they wait until it is free.
    pub busy: Busy,
    /// `true` if answers carry, now and then, fields and enum values that no client knows. Default: no.
    pub novelties: bool,
    /// The chance of each of them, from 0 to 1, by the random numbers of
    /// [`FakeAnaplan::seed`](crate::FakeAnaplan::seed). Default 0.5.
    pub novelty_chance: f64,
    /// `true` if answers are laid out differently each time: order of keys, white space. Default: no.
    pub untidy: bool,
    /// `true` if `next` leads to the second 20 rows when no `limit` was given, although all of them are
    /// there, as it was seen on a real tenant. Default: no.
    pub bogus_next: bool,
    /// `true` if completing an upload without a body, but with the content type of JSON, is answered 500.
    /// Default: yes.
    pub complete_needs_body: bool,
    /// `true` if the dump of a run without failures is answered 204; otherwise 404. Default: yes.
    pub empty_dumps: bool,
    /// `true` if the answer to the start of a run is no more than the id of its task, as some official
    /// samples have it. Default: no.
    pub bare_task_ids: bool,
    /// The largest page that is given. Default 5,000.
    pub page_cap: usize,
    /// `true` if modelling data are for workspace administrators only, as the official pages say. Default:
    /// a role in the model is enough, but for calendar, versions, previews and the reset of an index.
    pub modelling_for_admins: bool,
    /// The number of cells or items one answer may hold before it is refused. Default 1,000,000.
    pub largest_read: usize,
    /// The number of rows a page of a read request has. Default 50,000.
    pub rows_per_page: usize,
    /// `true` if each page of a read request repeats the header. Default: only the first has one.
    pub repeat_headers: bool,
    /// The number of large reads a workspace may keep; one more ends without success, as it does when the
    /// disk quota of a real workspace is used up. Default: as many as are made.
    pub read_quota: Option<usize>,
    /// Layout of comparison reports. Default: published.
    pub report_layout: ReportLayout,
    /// Result of the start of a sync while another sync of the target runs. Default: both run.
    pub second_sync: SecondSync,
    /// `true` if reports may compare with a revision that the target model does not have. Default: no.
    pub compare_any_pair: bool,
    /// `true` if responses carry a `Date` header, by the fake's clock. Default: yes.
    pub date_header: bool,
    /// `true` if the items of a list are given in pages. Default: all at once, whatever is asked.
    pub page_list_items: bool,
    /// `true` if the deletion of list items also returns `ignored` and `total`, as adding them does.
    /// Default: no, as in the official sample.
    pub count_ignored_deletes: bool,
    /// `true` if `topLevelItem` of a list is an object with id and name, as community specifications have
    /// it. Default: no, the name alone.
    pub top_level_item_object: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            pacing: Pacing::Polls(2),
            burst: Some(600),
            per_second: 10.0,
            retry_after: RetryAfter::Seconds(1),
            token_life: Duration::from_secs(35 * 60),
            authorization_code_life: Duration::from_secs(60),
            device_code_life: Duration::from_secs(900),
            device_interval: Duration::from_secs(5),
            slow_down_adds: Duration::ZERO,
            oauth_refusal: StatusCode::FORBIDDEN,
            reject_v1: false,
            certificate_skew: Duration::from_secs(300),
            alm_while_offline: true,
            alm_enabled: true,
            busy: Busy::UntilFree,
            novelties: false,
            novelty_chance: 0.5,
            untidy: false,
            bogus_next: false,
            complete_needs_body: true,
            empty_dumps: true,
            bare_task_ids: false,
            page_cap: 5_000,
            modelling_for_admins: false,
            largest_read: 1_000_000,
            rows_per_page: 50_000,
            repeat_headers: false,
            read_quota: None,
            page_list_items: false,
            count_ignored_deletes: false,
            top_level_item_object: false,
            date_header: true,
            report_layout: ReportLayout::Published,
            second_sync: SecondSync::Concurrent,
            compare_any_pair: false,
        }
    }
}
