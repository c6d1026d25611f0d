//! Single cases for sentences that promise something of one situation.

mod support;

use anaplan_adversary::case::{Body, Break, Case, Framing, Hits, Listing, Op, Point, Reply, When};
use anaplan_adversary::operations::{Outcome, own_endpoint};
use anaplan_adversary::reply::Step;
use support::{LONG, always, call, count, passes, replacing, scene};

fn lost(op: Op, point: Point, effect: When) -> Case {
    Case {
        point,
        reply: Reply::Broken(Break::Reset),
        effect,
        ..Case::honest(op)
    }
}

#[tokio::test]
async fn chunk_answered_with_an_error_code_inside_200_is_not_uploaded() {
    passes(always(
        Op::UploadKnown,
        Point::Chunk,
        200,
        Body::Contradiction,
    ))
    .await;
}

#[tokio::test]
async fn chunk_answered_with_undocumented_status_is_not_uploaded() {
    for status in [202, 206, 207] {
        passes(always(Op::UploadKnown, Point::Chunk, status, Body::Empty)).await;
    }
    passes(always(
        Op::UploadKnown,
        Point::Chunk,
        200,
        Body::HtmlUntyped,
    ))
    .await;
}

#[tokio::test]
async fn insert_answered_with_an_empty_object_is_not_success() {
    passes(always(Op::InsertNamed, Point::Work, 200, Body::EmptyObject)).await;
    passes(always(
        Op::InsertUnnamed,
        Point::Work,
        200,
        Body::EmptyObject,
    ))
    .await;
}

#[tokio::test]
async fn cell_write_answered_with_an_empty_object_is_not_success() {
    passes(always(Op::WriteCells, Point::Work, 200, Body::EmptyObject)).await;
}

#[tokio::test]
async fn announcement_that_keeps_the_old_chunks_is_found_out() {
    passes(always(Op::UploadKnown, Point::Work, 200, Body::Genuine)).await;
    passes(always(Op::UploadStream, Point::Work, 200, Body::Genuine)).await;
}

#[tokio::test]
async fn announcement_that_was_lost_and_is_executed_late_does_not_empty_the_file() {
    passes(lost(Op::UploadKnown, Point::Work, When::After(6_000))).await;
}

#[tokio::test]
async fn lost_start_that_is_executed_late_is_not_sent_again() {
    for op in [
        Op::RunImport,
        Op::SyncModels,
        Op::CreateRevision,
        Op::DeleteModels,
    ] {
        passes(lost(op, Point::Work, When::After(6_000))).await;
    }
}

#[tokio::test]
async fn refusal_after_a_lost_attempt_says_nothing_about_that_attempt() {
    let lost = lost(Op::RunImport, Point::Work, When::After(30_000));
    let then = Some(409);
    passes(Case { then, ..lost }).await;
}

#[tokio::test]
async fn deadline_covers_a_hanging_baseline() {
    passes(Case {
        listing: Listing::FirstHangs,
        timeout: Some(10),
        ..Case::honest(Op::RunAction)
    })
    .await;
}

#[tokio::test]
async fn deadline_covers_a_hanging_sign_in() {
    passes(Case {
        point: Point::SignIn,
        reply: Reply::Broken(Break::HangForever),
        hits: Hits::All,
        timeout: Some(10),
        ..Case::honest(Op::SignIn)
    })
    .await;
}

#[tokio::test]
async fn failed_baseline_ends_the_call_unsent_with_its_own_kind() {
    let case = always(Op::RunImport, Point::Listing, 503, Body::ErrorEnvelope);
    let target = anaplan_adversary::operations::Target::new();
    let scene = anaplan_adversary::scene::Scene::new(case, &target)
        .await
        .unwrap();
    let outcome = call(&scene, Op::RunImport).await;
    assert_eq!(count(&scene, Point::Work), 0, "{}", scene.story());
    let kind = &outcome.failure().expect("the baseline fails").kind;
    assert_ne!(kind, "Ambiguous");
}

#[tokio::test]
async fn proxy_authentication_is_tried_once_and_is_not_retryable() {
    for (op, point) in [(Op::List, Point::Page), (Op::SignIn, Point::SignIn)] {
        let case = always(op, point, 407, Body::Html);
        let target = anaplan_adversary::operations::Target::new();
        let scene = anaplan_adversary::scene::Scene::new(case, &target)
            .await
            .unwrap();
        let outcome = call(&scene, op).await;
        assert_eq!(count(&scene, point), 1, "{}", scene.story());
        assert!(!outcome.failure().expect("the proxy refuses").retryable);
    }
}

#[tokio::test]
async fn refresh_answered_with_nonsense_has_an_unknown_outcome() {
    for (status, body) in [(200, Body::EmptyObject), (524, Body::Html)] {
        passes(Case {
            effect: When::After(0),
            ..always(Op::OAuthRefresh, Point::Refresh, status, body)
        })
        .await;
    }
}

#[tokio::test]
async fn endpoint_of_the_caller_is_ambiguous_if_its_response_cannot_be_read() {
    let scene = scene(Op::RunAction).await;
    let outcome = scene
        .drive(LONG, own_endpoint(&scene.client))
        .await
        .unwrap();
    let kind = &outcome
        .failure()
        .expect("the response has no such key")
        .kind;
    assert_eq!(kind, "Ambiguous", "{}", scene.story());
}

#[tokio::test]
async fn encoding_that_was_not_decoded_is_an_error() {
    for framing in [
        Framing::Deflate,
        Framing::Brotli,
        Framing::Zstd,
        Framing::XGzip,
        Framing::GzipUpperCase,
        Framing::GzipTwice,
        Framing::GzipMembers,
    ] {
        for (op, point) in [(Op::Download, Point::Part), (Op::List, Point::Page)] {
            passes(Case {
                reply: Reply::Status(200, Body::Genuine, framing),
                effect: When::After(0),
                ..always(op, point, 200, Body::Genuine)
            })
            .await;
        }
    }
}

#[tokio::test]
async fn chunk_with_status_of_a_part_or_with_an_error_is_not_content() {
    for status in [204, 205, 206] {
        passes(always(Op::Download, Point::Part, status, Body::Genuine)).await;
    }
    passes(always(Op::Download, Point::Part, 200, Body::Contradiction)).await;
}

#[tokio::test]
async fn refused_token_after_a_successful_refresh_leads_to_a_new_sign_in() {
    // The API refuses the token of the first sign-in for good.
    let refused = std::sync::OnceLock::new();
    let scene = replacing(Op::SignIn, move |request, point, _, _| {
        let header = request.header("authorization").unwrap_or_default().to_owned();
        if request.path.ends_with("/token/refresh") {
            // A refresh moves the expiry and keeps the value.
            let token = header.split(' ').next_back().unwrap_or_default();
            return support::json(200, format!(r#"{{"status":"SUCCESS","tokenInfo":{{"expiresAt":1803978000000,"tokenId":"9","tokenValue":"{token}"}}}}"#));
        }
        let refuses = point == Point::Page && *refused.get_or_init(|| header.clone()) == header;
        refuses.then(|| support::json(401, r#"{"status":{"code":401,"message":"Unauthorized"}}"#)).flatten()
    })
    .await;
    let outcome = call(&scene, Op::SignIn).await;
    assert!(
        matches!(outcome, Outcome::Rows(_)),
        "{outcome:?}\n{}",
        scene.story()
    );
    assert_eq!(count(&scene, Point::SignIn), 2);
}

/// With it, a piece is larger than the 1 KiB that a body must move within the idle limit.
const WIDER: usize = 1_000;

#[tokio::test]
async fn body_that_keeps_moving_may_take_longer_than_one_exchange() {
    // 48 s between the pieces, less than the idle limit; ten minutes in all.
    let slow = |answer: &anaplan_adversary::answer::Answer| {
        let body = answer.body(200).repeat(WIDER);
        let head = format!(
            "HTTP/1.1 200 x\r\ncontent-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut steps = vec![Step::Write(head.into_bytes())];
        for piece in body.chunks(3 * WIDER) {
            steps.push(Step::Write(piece.to_vec()));
            steps.push(Step::Sleep(std::time::Duration::from_secs(48)));
        }
        steps
    };
    let scene = replacing(Op::Download, move |_, point, _, answer| {
        (point == Point::Part).then(|| slow(answer))
    })
    .await;
    let outcome = call(&scene, Op::Download).await;
    assert!(
        matches!(&outcome, Outcome::Bytes(bytes) if bytes.len() == 120 * WIDER),
        "{outcome:?}\n{}",
        scene.story()
    );
}

#[tokio::test]
async fn start_carries_a_nonce_of_its_own_in_its_user_agent() {
    let scene = scene(Op::RunImport).await;
    call(&scene, Op::RunImport).await;
    call(&scene, Op::RunImport).await;
    let state = scene.server.state();
    let works = state.seen.iter().filter(|seen| seen.point == Point::Work);
    let agents: Vec<_> = works.map(|seen| seen.agent.clone()).collect();
    assert_eq!(agents.len(), 2);
    assert_ne!(agents[0], agents[1]);
}

#[tokio::test]
async fn expired_fixed_token_is_reported_as_such() {
    let body = r#"{"status":{"code":401,"message":"Token has expired"}}"#;
    let scene = replacing(Op::FixedToken, move |_, _, _, _| support::json(401, body)).await;
    let outcome = call(&scene, Op::FixedToken).await;
    let text = &outcome.failure().expect("the token is refused").text;
    assert!(text.contains("expired"), "{text}");
}
