//! Adverse conditions: what real servers, networks and tenants do to lost requests.

use fastrand::Rng;

use crate::program::{Action, FaultKind, FaultSpec, ListingSpec, OtherUser, Program, Runnable};

/// Routes of requests that must not run twice. Those of the first six have a task or a revision, for which
/// another user can ask as well.
const STARTS: [&str; 8] = [
    "POST /2/0/models/*/alm/revisions",
    "POST /2/0/models/*/alm/syncTasks",
    "POST /2/0/models/*/imports/*/tasks",
    "POST /2/0/models/*/exports/*/tasks",
    "POST /2/0/models/*/actions/*/tasks",
    "POST /2/0/models/*/processes/*/tasks",
    "POST /2/0/models/*/lists/*/items",
    "POST /2/0/workspaces/*/bulkDeleteModels",
];

/// Routes of requests without a task.
const WRITES: [&str; 5] = [
    "POST /2/0/models/*/files/*",
    "PUT /2/0/models/*/files/*/chunks/*",
    "POST /2/0/models/*/modules/*/data",
    "PUT /2/0/models/*/onlineStatus",
    "POST /2/0/models/*/files/*/complete",
];

/// Routes of listings whose completeness a client can detect, and of the listings for reconciliation.
const LISTINGS: [&str; 8] = [
    "GET /2/0/models/*/alm/revisions",
    "GET /2/0/models/*/alm/syncTasks",
    "GET /2/0/models/*/imports/*/tasks",
    "GET /2/0/models/*/exports/*/tasks",
    "GET /2/0/models/*/actions/*/tasks",
    "GET /2/0/models/*/processes/*/tasks",
    "GET /2/0/models/*/files",
    "GET /2/0/models",
];

pub(super) fn add(program: &mut Program, rng: &mut Rng) {
    if rng.f64() < 0.7 {
        for _ in 0..rng.usize(1..3) {
            let route = start(program, rng);
            program.faults.splice(0..0, lost_starts(route, rng));
        }
    }
    if rng.f64() < 0.3 {
        let route = WRITES[rng.usize(0..WRITES.len())];
        program.faults.insert(0, limited(lost(rng), route, rng));
    }
    if rng.f64() < 0.5 {
        for _ in 0..rng.usize(1..3) {
            let route = LISTINGS[rng.usize(0..LISTINGS.len())];
            let mut fault = limited(FaultKind::Listing(listing(rng)), route, rng);
            if rng.bool() {
                fault.times = None;
                fault.chance = [0.3, 0.7, 1.0][rng.usize(0..3)];
            }
            program.faults.insert(0, fault);
        }
    }
    if rng.f64() < 0.3 {
        let route = start(program, rng);
        let mut fault = limited(FaultKind::None, route, rng);
        fault.other_user = other_user(route, rng);
        program.faults.push(fault);
    }
    if rng.f64() < 0.3 {
        program.clock_skew = rng.i64(-7_200..7_200);
    }
    program.undated = rng.f64() < 0.1;
}

/// A lost start, another user, and often a refusal of the next attempt.
fn lost_starts(route: &str, rng: &mut Rng) -> Vec<FaultSpec> {
    let mut fault = limited(lost(rng), route, rng);
    if rng.bool() {
        fault.other_user = other_user(route, rng);
    }
    let mut faults = vec![fault];
    if rng.f64() < 0.3 {
        let status = [409, 409, 423, 429, 400][rng.usize(0..5)];
        let refusal = FaultSpec {
            route: Some(route.to_owned()),
            times: Some(rng.u64(1..3)),
            ..FaultSpec::new(FaultKind::Status(status))
        };
        faults.push(refusal);
    }
    faults
}

/// A route that the program uses, if it uses any of them.
fn start(program: &Program, rng: &mut Rng) -> &'static str {
    let used: Vec<usize> = program
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::CreateRevision => Some(0),
            Action::Sync | Action::SyncAndWait | Action::Promote => Some(1),
            Action::Import | Action::UploadAndImport { .. } => Some(2),
            Action::ExportAndDownload => Some(3),
            Action::Run { what } | Action::RunAndWait { what } | Action::RunAndCancel { what } => {
                Some(match what {
                    Runnable::Export => 3,
                    Runnable::Sort | Runnable::Optimizer => 4,
                    Runnable::Process | Runnable::BadProcess => 5,
                })
            }
            Action::InsertUnnamed | Action::InsertItems { .. } => Some(6),
            Action::DeleteModel => Some(7),
            _ => None,
        })
        .collect();
    let index = match used.as_slice() {
        [] => rng.usize(0..STARTS.len()),
        used => used[rng.usize(0..used.len())],
    };
    STARTS[index]
}

fn limited(kind: FaultKind, route: &str, rng: &mut Rng) -> FaultSpec {
    FaultSpec {
        route: Some(route.to_owned()),
        skip: rng.u64(0..3),
        times: Some(rng.u64(1..4)),
        ..FaultSpec::new(kind)
    }
}

/// A request whose outcome its sender does not learn.
fn lost(rng: &mut Rng) -> FaultKind {
    let status = rng.u16(500..600);
    match rng.u8(0..10) {
        0 | 1 => FaultKind::DropBefore,
        2 => FaultKind::DropAfter,
        3 => FaultKind::DropLate(delay(rng)),
        4 => FaultKind::Status(status),
        5 => FaultKind::StatusAfter(status),
        6 | 7 => FaultKind::StatusLate(status, delay(rng)),
        8 => FaultKind::Unidentified {
            status: [200, 200, 201, 202, 204][rng.usize(0..5)],
            effect: rng.bool(),
        },
        _ => FaultKind::ErrorEnvelope {
            code: [400, 409, 500, 503][rng.usize(0..4)],
            effect: rng.bool(),
        },
    }
}

/// Up to two hours, more often short.
fn delay(rng: &mut Rng) -> u64 {
    let most = [10, 60, 600, 7_200][rng.usize(0..4)];
    rng.u64(0..most)
}

fn other_user(route: &str, rng: &mut Rng) -> Option<OtherUser> {
    if !STARTS[..6].contains(&route) {
        return None;
    }
    Some(match rng.bool() {
        true => OtherUser::Before,
        false => OtherUser::After(rng.u64(0..30)),
    })
}

fn listing(rng: &mut Rng) -> ListingSpec {
    let rows = rng.usize(1..3);
    match rng.u8(0..11) {
        0 => ListingSpec::Lagging(rng.u64(1..600)),
        1 => ListingSpec::Incomplete(rows),
        2 => ListingSpec::Vanished(rows),
        3 => ListingSpec::Truncated(rows),
        4 => ListingSpec::Reordered,
        5 => ListingSpec::EmptyPage,
        6 => ListingSpec::MissingKey,
        7 => ListingSpec::NullKey,
        8 => ListingSpec::StatusCode([400, 500, 503][rng.usize(0..3)]),
        9 => ListingSpec::EmptyObject,
        _ => ListingSpec::ExpiredBetweenPages(rows),
    }
}
