//! The table of cases.

use crate::case::{Body, Break, Case, Company, Framing, Hits, Listing, Op, Point, Reply, When};
use crate::fairness::is_fair;

/// Every status that can end an exchange, and that a server, gateway or proxy may send.
#[must_use]
pub fn statuses() -> Vec<u16> {
    let mut all = vec![200, 201, 202, 203, 204, 205, 206, 207, 208, 226];
    all.extend(300..=308);
    all.extend(400..=418);
    all.extend([421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 452, 499]);
    all.extend(500..=511);
    all.extend(520..=530);
    all.push(599);
    all
}

const BODIES: [Body; 12] = [
    Body::Genuine,
    Body::ErrorEnvelope,
    Body::Contradiction,
    Body::GenuineCode500,
    Body::EmptyObject,
    Body::NullPayload,
    Body::MissingKey,
    Body::Html,
    Body::HtmlUntyped,
    Body::Text,
    Body::Empty,
    Body::TruncatedJson,
];
const FEW_BODIES: [Body; 4] = [
    Body::ErrorEnvelope,
    Body::EmptyObject,
    Body::Html,
    Body::Empty,
];
const FRAMINGS: [Framing; 15] = [
    Framing::CutLength,
    Framing::ShortLength,
    Framing::CutChunked,
    Framing::CutUndelimited,
    Framing::Slow,
    Framing::HangMidway,
    Framing::GzipGarbage,
    Framing::GzipCut,
    Framing::GzipMembers,
    Framing::GzipUpperCase,
    Framing::GzipTwice,
    Framing::XGzip,
    Framing::Deflate,
    Framing::Brotli,
    Framing::Zstd,
];
const BREAKS: [Break; 6] = [
    Break::Reset,
    Break::Close,
    Break::HalfHead,
    Break::Garbage,
    Break::HangThenClose,
    Break::HangForever,
];
const ECHOES: [Body; 3] = [Body::EchoPlain, Body::EchoBase64, Body::EchoPercent];
/// Never, before the response, and late.
const EFFECTS: [When; 8] = [
    When::Never,
    When::After(0),
    When::After(2_000),
    When::After(6_000),
    When::After(30_000),
    When::After(90_000),
    When::After(600_000),
    When::After(7_200_000),
];
const FEW_EFFECTS: [When; 3] = [When::Never, When::After(0), When::After(6_000)];
/// Effects of cases in which every request is struck.
const ALL_EFFECTS: [When; 3] = [When::Never, When::After(0), When::After(600_000)];
/// Effects of cases about framing.
const FRAMING_EFFECTS: [When; 5] = [
    When::Never,
    When::After(0),
    When::After(6_000),
    When::After(90_000),
    When::After(7_200_000),
];
const LISTINGS: [Listing; 19] = [
    Listing::Lag(500),
    Listing::Lag(6_000),
    Listing::Lag(90_000),
    Listing::Fewer,
    Listing::EmptyPage,
    Listing::EmptyObject,
    Listing::NullRows,
    Listing::MissingKey,
    Listing::Code503,
    Listing::Truncated,
    Listing::Reordered,
    Listing::KnownMissing,
    Listing::ExpiringRows,
    Listing::FirstEmptyObject,
    Listing::FirstCode503,
    Listing::FirstEmptyPage,
    Listing::FirstHangs,
    Listing::MovingTotal,
    Listing::TextNumbers,
];
const COMPANIES: [Company; 7] = [
    Company::Between,
    Company::After(1_000),
    Company::After(3_000),
    Company::After(20_000),
    Company::AfterFails(1_000),
    Company::AfterFails(20_000),
    Company::Two,
];

/// Replies after which no one can know whether the request was executed.
fn lost() -> Vec<Reply> {
    vec![
        Reply::Broken(Break::Reset),
        Reply::Broken(Break::HangThenClose),
        Reply::Broken(Break::HangForever),
        Reply::Status(504, Body::Html, Framing::Whole),
        Reply::Status(502, Body::HtmlUntyped, Framing::Whole),
        Reply::Status(524, Body::Html, Framing::Whole),
        Reply::Status(200, Body::EmptyObject, Framing::Whole),
        Reply::Status(200, Body::Genuine, Framing::CutLength),
    ]
}

/// The whole table, in an order that does not change.
#[must_use]
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for op in Op::ALL {
        cases.push(Case::honest(op));
        for point in op.points() {
            statuses_of(op, *point, &mut cases);
            wire_of(op, *point, &mut cases);
            echoes_of(op, *point, &mut cases);
        }
        surroundings(op, &mut cases);
    }
    cases.retain(is_fair);
    cases
}

/// A share of the table: every case whose position leaves the remainder `part` when divided by `of`.
#[must_use]
pub fn share(cases: Vec<Case>, part: usize, of: usize) -> Vec<Case> {
    let of = of.max(1);
    let numbered = cases.into_iter().enumerate();
    // A multiplier without common divisor spreads neighbours, which are alike, over the shares.
    let mine = numbered.filter(|(index, _)| (index * 7919) % of == part % of);
    mine.map(|(_, case)| case).collect()
}

/// `true` if a request of this point executes something.
pub(crate) fn is_write(point: Point) -> bool {
    matches!(
        point,
        Point::Work | Point::Chunk | Point::Complete | Point::SignIn | Point::Refresh
    )
}

fn statuses_of(op: Op, point: Point, cases: &mut Vec<Case>) {
    for status in statuses() {
        for body in BODIES {
            let few = FEW_BODIES.contains(&body);
            let effects: &[When] = match (is_write(point), few) {
                (false, _) => &[When::After(0)],
                (true, true) if point == Point::Work => &EFFECTS,
                (true, _) => &FEW_EFFECTS,
            };
            for &effect in effects {
                for hits in [Hits::First, Hits::All] {
                    if hits == Hits::All && !(few && ALL_EFFECTS.contains(&effect)) {
                        continue;
                    }
                    cases.push(Case {
                        point,
                        reply: Reply::Status(status, body, Framing::Whole),
                        hits,
                        effect,
                        ..Case::honest(op)
                    });
                }
            }
        }
    }
}

fn wire_of(op: Op, point: Point, cases: &mut Vec<Case>) {
    let mut replies: Vec<_> = BREAKS.into_iter().map(Reply::Broken).collect();
    for framing in FRAMINGS {
        for status in [200, 206, 400, 500] {
            replies.push(Reply::Status(status, Body::Genuine, framing));
            if status >= 400 {
                replies.push(Reply::Status(status, Body::ErrorEnvelope, framing));
            }
        }
    }
    for status in [200, 201, 400, 500] {
        replies.push(Reply::Status(status, Body::ByteOrderMark, Framing::Whole));
        replies.push(Reply::Status(status, Body::Huge, Framing::Whole));
    }
    for reply in replies {
        let effects: &[When] = if is_write(point) {
            &FRAMING_EFFECTS
        } else {
            &FRAMING_EFFECTS[1..2]
        };
        for &effect in effects {
            for hits in [Hits::First, Hits::All] {
                cases.push(Case {
                    point,
                    reply,
                    hits,
                    effect,
                    ..Case::honest(op)
                });
            }
        }
    }
}

fn echoes_of(op: Op, point: Point, cases: &mut Vec<Case>) {
    for status in [200, 302, 400, 401, 403, 404, 407, 409, 422, 429, 500, 503] {
        for body in ECHOES {
            cases.push(Case {
                point,
                reply: Reply::Status(status, body, Framing::Whole),
                hits: Hits::All,
                effect: When::Never,
                ..Case::honest(op)
            });
        }
    }
}

/// Lost requests among lagging listings, other users, wrong clocks and deadlines.
fn surroundings(op: Op, cases: &mut Vec<Case>) {
    let Some(&point) = op.points().iter().find(|point| is_write(**point)) else {
        return;
    };
    for reply in lost() {
        for effect in EFFECTS {
            let base = Case {
                point,
                reply,
                effect,
                ..Case::honest(op)
            };
            let hits = Hits::FirstTwo;
            cases.push(Case { hits, ..base });
            for then in [409, 400, 404, 429, 503] {
                let then = Some(then);
                cases.push(Case { then, ..base });
            }
            for listing in LISTINGS {
                cases.push(Case { listing, ..base });
            }
            for skew in [Some(-7200), Some(-90), Some(90), Some(7200), None] {
                cases.push(Case { skew, ..base });
            }
            if has_company(op) {
                for company in COMPANIES {
                    cases.push(Case { company, ..base });
                    for (listing, skew) in [
                        (Listing::Lag(6_000), Some(0)),
                        (Listing::Fewer, Some(0)),
                        (Listing::Honest, Some(-90)),
                        (Listing::Honest, None),
                    ] {
                        cases.push(Case {
                            company,
                            listing,
                            skew,
                            ..base
                        });
                    }
                }
            }
        }
    }
    let deadline = |reply, hits, effect, listing| Case {
        point,
        reply,
        hits,
        effect,
        listing,
        timeout: Some(10),
        ..Case::honest(op)
    };
    if !takes_deadline(op) {
        return;
    }
    for reply in lost() {
        for effect in EFFECTS {
            cases.push(deadline(reply, Hits::First, effect, Listing::Honest));
            cases.push(deadline(reply, Hits::All, effect, Listing::Honest));
        }
    }
    cases.push(deadline(
        Reply::Honest,
        Hits::First,
        When::After(0),
        Listing::FirstHangs,
    ));
}

/// `true` if the call has a deadline for the whole of it.
fn takes_deadline(op: Op) -> bool {
    !matches!(
        op,
        Op::InsertNamed | Op::InsertUnnamed | Op::UploadKnown | Op::UploadStream
    )
}

/// `true` if the work of others can be mistaken for the caller's.
fn has_company(op: Op) -> bool {
    matches!(
        op,
        Op::SyncModels
            | Op::CreateRevision
            | Op::RunImport
            | Op::RunExport
            | Op::RunAction
            | Op::RunProcess
    )
}
