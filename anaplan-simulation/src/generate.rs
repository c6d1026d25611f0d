//! Programs out of a seed.

use fastrand::Rng;

use crate::program::{Cut, Deed, FaultKind, FaultSpec, Pace, Program, Runnable, Step, USERS};

/// Where faults strike when they do not strike everywhere.
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

/// How many choices there are in `deed`.
const DEEDS: u8 = 64;

/// Choices that go together.
const THEMES: [&[u8]; 5] = [
    &[
        0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    ],
    &[24, 25, 26, 24, 25, 27, 28, 29, 30, 30, 31, 32, 36, 47, 55],
    &[33, 34, 33, 34, 35, 35, 37, 38, 39, 59, 60, 61, 62],
    &[40, 41, 42, 40, 41, 43, 44, 45, 46, 45, 46, 47, 49],
    &[47, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 24],
];

/// The program of a seed.
#[must_use]
pub fn generate(seed: u64) -> Program {
    let mut dice = Rng::with_seed(seed);
    let dice = &mut dice;
    let calm = dice.f64() < 0.08;
    let mut program = Program {
        seed,
        pacing: match dice.u8(0..5) {
            0 => Pace::Instant,
            1 | 2 => Pace::Polls(dice.u32(1..6)),
            _ => Pace::Seconds(dice.u64(0..300)),
        },
        token_life: [2100, 2100, 2100, 300, 60][dice.usize(0..5)],
        odd: dice.f64() < 0.2,
        paged: dice.bool(),
        latency: [0, 5, 200, 3_000][dice.usize(0..4)],
        faults: Vec::new(),
        steps: Vec::new(),
    };
    if !calm {
        program.faults = faults(dice);
    }
    let cuts = if calm {
        0.0
    } else {
        [0.0, 0.15, 0.4][dice.usize(0..3)]
    };
    let users = dice.usize(1..=USERS);
    // Programs about one thing come to states that those about everything never see.
    let theme = (dice.f64() < 0.75).then(|| THEMES[dice.usize(0..THEMES.len())]);
    for _ in 0..dice.usize(3..=24) {
        let user = dice.usize(0..users);
        let choice = match theme {
            Some(theme) if dice.f64() < 0.9 => theme[dice.usize(0..theme.len())],
            _ => dice.u8(0..DEEDS),
        };
        let deed = deed(choice, dice);
        let cut = (dice.f64() < cuts).then(|| match dice.u8(0..3) {
            0 => Cut::Millis(dice.u64(0..60_000)),
            1 => Cut::Polls(dice.u32(0..6)),
            _ => Cut::Polls(dice.u32(0..60)),
        });
        let pause = match dice.u8(0..4) {
            0 => dice.u64(0..5_000),
            1 => dice.u64(0..200_000),
            _ => 0,
        };
        program.steps.push(Step {
            user,
            pause,
            deed,
            cut,
        });
    }
    program
}

fn faults(dice: &mut Rng) -> Vec<FaultSpec> {
    let worst = dice.f64() * 0.5;
    let kinds = dice.usize(0..9);
    let mut faults: Vec<FaultSpec> = (0..kinds)
        .map(|_| {
            let kind = kind(dice);
            let route = (dice.f64() < 0.6).then(|| ROUTES[dice.usize(0..ROUTES.len())].to_owned());
            if dice.f64() < 0.3 {
                return FaultSpec {
                    kind,
                    route,
                    skip: dice.u64(0..8),
                    times: Some(dice.u64(1..9)),
                    chance: 1.0,
                };
            }
            let chance = dice.f64() * worst * if route.is_some() { 2.0 } else { 0.33 };
            FaultSpec {
                kind,
                route,
                skip: 0,
                times: None,
                chance: (chance * 1000.0).round() / 1000.0,
            }
        })
        .collect();
    if dice.f64() < 0.25 {
        let route = ["POST /token/refresh", "POST /token/authenticate"][dice.usize(0..2)];
        faults.push(FaultSpec {
            kind: FaultKind::Status([400, 401, 403, 500, 503][dice.usize(0..5)]),
            route: Some(route.into()),
            skip: dice.u64(0..2),
            times: Some(dice.u64(1..4)),
            chance: 1.0,
        });
    }
    faults
}

fn kind(dice: &mut Rng) -> FaultKind {
    let statuses = [408, 410, 500, 502, 503, 504];
    match dice.u8(0..12) {
        0 | 1 => FaultKind::DropBefore,
        2 | 3 => FaultKind::DropAfter,
        4 => FaultKind::Status(statuses[dice.usize(0..statuses.len())]),
        5 => FaultKind::StatusAfter(statuses[dice.usize(0..statuses.len())]),
        6 => FaultKind::Throttle((dice.bool()).then(|| dice.u64(0..30))),
        7 => FaultKind::Delay(dice.u64(0..90)),
        8 => FaultKind::Late(dice.u64(1..90)),
        9 => FaultKind::Truncate(dice.usize(0..400)),
        10 => FaultKind::Garbage,
        _ => FaultKind::ExpireToken,
    }
}

fn deed(choice: u8, dice: &mut Rng) -> Deed {
    let runnable = |dice: &mut Rng| {
        [
            Runnable::Sort,
            Runnable::Export,
            Runnable::Process,
            Runnable::Process,
            Runnable::BadProcess,
            Runnable::Optimizer,
        ][dice.usize(0..6)]
    };
    match choice {
        0..=3 => Deed::ChangeStructure,
        4 => Deed::ExpireTokens,
        5 => Deed::Wait {
            seconds: dice.u64(0..4_000),
        },
        6 => Deed::WhoAmI,
        7 => Deed::SignOut,
        8..=11 => Deed::CreateRevision,
        12 => Deed::GetRevisions,
        13 => Deed::GetLatestRevision,
        14 => Deed::GetModelsOfRevision,
        15 | 16 => Deed::Sync,
        17 | 18 => Deed::SyncAndWait,
        19 | 20 => Deed::Promote,
        21 => Deed::Preview,
        22 => Deed::Report,
        23 => Deed::SetOnline {
            online: dice.bool(),
        },
        24..=26 => Deed::InsertItems {
            count: dice.u32(1..8),
            again: dice.f64() < 0.3,
        },
        27 => Deed::InsertUnnamed,
        28 => Deed::UpdateItems {
            count: dice.u32(1..4),
        },
        29 => Deed::DeleteItems {
            count: dice.u32(1..4),
        },
        30 => Deed::ReadItems {
            page: dice.u32(1..6),
        },
        31 => Deed::StreamItems,
        32 => Deed::ReadItemsAsCsv,
        33 | 34 => Deed::WriteCells {
            count: dice.u32(1..9),
        },
        35 => Deed::ReadCells,
        36 => Deed::ReadList,
        37 => Deed::SetPeriod {
            month: dice.u8(1..=12),
        },
        38 => Deed::ReadPeriod,
        39 => Deed::ReadModel,
        40..=42 => Deed::Upload {
            rows: dice.u32(0..20),
            padding: if dice.f64() < 0.2 {
                dice.u32(1_000_000..2_600_000)
            } else {
                0
            },
            known: dice.bool(),
            gzip: dice.bool(),
        },
        43 => Deed::PutFile {
            rows: dice.u32(0..20),
        },
        44 => Deed::DeleteFile,
        45 | 46 => Deed::Download,
        47 | 48 => Deed::UploadAndImport {
            rows: dice.u32(0..20),
        },
        49 => Deed::Import,
        50 => Deed::Run {
            what: runnable(dice),
        },
        51 | 52 => Deed::RunAndWait {
            what: runnable(dice),
        },
        53 | 54 => Deed::RunAndCancel {
            what: runnable(dice),
        },
        55 | 56 => Deed::ExportAndDownload,
        57 => Deed::ListRuns {
            what: runnable(dice),
        },
        58 => Deed::ListObjects,
        59 | 60 => Deed::ReadView,
        61 => Deed::Wake,
        _ => Deed::DeleteModel,
    }
}
