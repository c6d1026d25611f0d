//! Generation of programs from seeds.

mod adverse;

use fastrand::Rng;

use crate::program::{Action, Cancel, FaultKind, FaultSpec, Pace, Program, Runnable, Step, USERS};

/// Routes of the faults that do not apply to all requests.
const ROUTES: [&str; 18] = [
    "POST /2/0/models/*/alm/revisions",
    "POST /2/0/models/*/alm/syncTasks",
    "GET /2/0/models/*/alm/**",
    "POST /2/0/models/*/alm/**",
    "POST /2/0/models/*/lists/*/items",
    "/2/0/models/*/lists/**",
    "POST /2/0/models/*/dimensions/*/items",
    "POST /2/0/models/*/modules/*/data",
    "POST /2/0/models/*/imports/*/tasks",
    "POST /2/0/models/*/exports/*/tasks",
    "POST /2/0/models/*/actions/*/tasks",
    "POST /2/0/models/*/processes/*/tasks",
    "GET /2/0/models/*/imports/*/tasks/*",
    "GET /2/0/models/*/processes/*/tasks/*",
    "/2/0/models/*/files/**",
    "PUT /2/0/models/*/files/*/chunks/*",
    "GET /2/0/models/*/files/*/chunks/*",
    "/token/**",
];

/// Number of choices in `action`.
const ACTIONS: u8 = 66;

/// Choices that are frequent together.
const THEMES: [&[u8]; 5] = [
    &[
        0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 64,
    ],
    &[24, 25, 26, 24, 25, 27, 28, 29, 30, 30, 31, 32, 36, 47, 55],
    &[33, 34, 33, 34, 35, 35, 37, 38, 39, 59, 60, 61, 62],
    &[40, 41, 42, 40, 41, 43, 44, 45, 46, 45, 46, 47, 49],
    &[47, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 24, 64, 65],
];

/// Returns the program of a seed, under adverse conditions: late effects, deviating listings, other users
/// of the tenant, skewed clocks, refusals after lost attempts, and successes without a result.
#[must_use]
pub fn generate(seed: u64) -> Program {
    let mut program = generate_plain(seed);
    if !program.is_calm() {
        adverse::add(&mut program, &mut Rng::with_seed(!seed));
    }
    program
}

/// Returns the program of a seed without adverse conditions.
#[must_use]
pub fn generate_plain(seed: u64) -> Program {
    let mut rng = Rng::with_seed(seed);
    let rng = &mut rng;
    let calm = rng.f64() < 0.08;
    let mut program = Program {
        seed,
        pacing: match rng.u8(0..5) {
            0 => Pace::Instant,
            1 | 2 => Pace::Polls(rng.u32(1..6)),
            _ => Pace::Seconds(rng.u64(0..300)),
        },
        token_life: [2100, 2100, 2100, 300, 60][rng.usize(0..5)],
        varied: rng.f64() < 0.2,
        paged: rng.bool(),
        latency: [0, 5, 200, 3_000][rng.usize(0..4)],
        clock_skew: 0,
        undated: false,
        faults: Vec::new(),
        steps: Vec::new(),
    };
    if !calm {
        program.faults = faults(rng);
    }
    let cancel_rate = if calm {
        0.0
    } else {
        [0.0, 0.15, 0.4][rng.usize(0..3)]
    };
    let users = rng.usize(1..=USERS);
    // Programs with a theme reach states that mixed programs do not.
    let theme = (rng.f64() < 0.75).then(|| THEMES[rng.usize(0..THEMES.len())]);
    for _ in 0..rng.usize(3..=24) {
        let user = rng.usize(0..users);
        let choice = match theme {
            Some(theme) if rng.f64() < 0.9 => theme[rng.usize(0..theme.len())],
            _ => rng.u8(0..ACTIONS),
        };
        let action = action(choice, rng);
        let cancel = (rng.f64() < cancel_rate).then(|| match rng.u8(0..3) {
            0 => Cancel::Millis(rng.u64(0..60_000)),
            1 => Cancel::Polls(rng.u32(0..6)),
            _ => Cancel::Polls(rng.u32(0..60)),
        });
        let pause = match rng.u8(0..4) {
            0 => rng.u64(0..5_000),
            1 => rng.u64(0..200_000),
            _ => 0,
        };
        program.steps.push(Step {
            user,
            pause,
            action,
            cancel,
            timeout: (!calm && rng.f64() < 0.1).then(|| {
                let most = [1_000, 10_000, 60_000, 600_000][rng.usize(0..4)];
                rng.u64(1..most)
            }),
            accept_presumed: rng.f64() < 0.15,
        });
    }
    program
}

fn faults(rng: &mut Rng) -> Vec<FaultSpec> {
    let worst = rng.f64() * 0.5;
    let kinds = rng.usize(0..9);
    let mut faults: Vec<FaultSpec> = (0..kinds)
        .map(|_| {
            let kind = kind(rng);
            let route = (rng.f64() < 0.6).then(|| ROUTES[rng.usize(0..ROUTES.len())].to_owned());
            if rng.f64() < 0.3 {
                return FaultSpec {
                    route,
                    skip: rng.u64(0..8),
                    times: Some(rng.u64(1..9)),
                    ..FaultSpec::new(kind)
                };
            }
            let chance = rng.f64() * worst * if route.is_some() { 2.0 } else { 0.33 };
            FaultSpec {
                route,
                chance: (chance * 1000.0).round() / 1000.0,
                ..FaultSpec::new(kind)
            }
        })
        .collect();
    if rng.f64() < 0.25 {
        let route = ["POST /token/refresh", "POST /token/authenticate"][rng.usize(0..2)];
        let status = [400, 401, 403, 500, 503][rng.usize(0..5)];
        faults.push(FaultSpec {
            route: Some(route.into()),
            skip: rng.u64(0..2),
            times: Some(rng.u64(1..4)),
            ..FaultSpec::new(FaultKind::Status(status))
        });
    }
    faults
}

fn kind(rng: &mut Rng) -> FaultKind {
    let statuses = [408, 500, 502, 503, 504, 410];
    // A 4xx other than 408 is a refusal, so it is never sent after the effect.
    let unknown = &statuses[..5];
    match rng.u8(0..12) {
        0 | 1 => FaultKind::DropBefore,
        2 | 3 => FaultKind::DropAfter,
        4 => FaultKind::Status(statuses[rng.usize(0..statuses.len())]),
        5 => FaultKind::StatusAfter(unknown[rng.usize(0..unknown.len())]),
        6 => FaultKind::Throttle((rng.bool()).then(|| rng.u64(0..30))),
        7 => FaultKind::Delay(rng.u64(0..90)),
        8 => FaultKind::Late(rng.u64(1..90)),
        9 => FaultKind::Truncate(rng.usize(0..400)),
        10 => FaultKind::Garbage,
        _ => FaultKind::ExpireToken,
    }
}

fn action(choice: u8, rng: &mut Rng) -> Action {
    let runnable = |rng: &mut Rng| {
        [
            Runnable::Sort,
            Runnable::Export,
            Runnable::Process,
            Runnable::Process,
            Runnable::BadProcess,
            Runnable::Optimizer,
        ][rng.usize(0..6)]
    };
    match choice {
        0..=3 => Action::ChangeStructure,
        4 => Action::ExpireTokens,
        5 => Action::Wait {
            seconds: rng.u64(0..4_000),
        },
        6 => Action::WhoAmI,
        7 => Action::SignOut,
        8..=11 => Action::CreateRevision,
        12 => Action::GetRevisions,
        13 => Action::GetLatestRevision,
        14 => Action::GetModelsOfRevision,
        15 | 16 => Action::Sync,
        17 | 18 => Action::SyncAndWait,
        19 | 20 => Action::Promote,
        21 => Action::Preview,
        22 => Action::Report,
        23 => Action::SetOnline { online: rng.bool() },
        24..=26 => Action::InsertItems {
            count: rng.u32(1..8),
            again: rng.f64() < 0.3,
        },
        27 => Action::InsertUnnamed,
        28 => Action::UpdateItems {
            count: rng.u32(1..4),
        },
        29 => Action::DeleteItems {
            count: rng.u32(1..4),
        },
        30 => Action::ReadItems {
            page: rng.u32(1..6),
        },
        31 => Action::StreamItems,
        32 => Action::ReadItemsAsCsv,
        33 | 34 => Action::WriteCells {
            count: rng.u32(1..9),
        },
        35 => Action::ReadCells,
        36 => Action::ReadList,
        37 => Action::SetPeriod {
            month: rng.u8(1..=12),
        },
        38 => Action::ReadPeriod,
        39 => Action::ReadModel,
        40..=42 => Action::Upload {
            rows: rng.u32(0..20),
            padding: if rng.f64() < 0.2 {
                rng.u32(1_000_000..2_600_000)
            } else {
                0
            },
            known: rng.bool(),
            gzip: rng.bool(),
        },
        43 => Action::PutFile {
            rows: rng.u32(0..20),
        },
        44 => Action::DeleteFile,
        45 | 46 => Action::Download,
        47 | 48 => Action::UploadAndImport {
            rows: rng.u32(0..20),
        },
        49 => Action::Import,
        50 => Action::Run {
            what: runnable(rng),
        },
        51 | 52 => Action::RunAndWait {
            what: runnable(rng),
        },
        53 | 54 => Action::RunAndCancel {
            what: runnable(rng),
        },
        55 | 56 => Action::ExportAndDownload,
        57 => Action::ListRuns {
            what: runnable(rng),
        },
        58 => Action::ListObjects,
        59 | 60 => Action::ReadView,
        61 => Action::Wake,
        64 | 65 => Action::Evaluate {
            same_session: rng.bool(),
        },
        _ => Action::DeleteModel,
    }
}
