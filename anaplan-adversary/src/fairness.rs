//! Which cases are fair: a right program could keep every promise in them.

use crate::case::{Body, Case, Framing, Op, Point, Reply, When};
use crate::table::is_write;

/// `true` if a right program could keep every promise in this case.
#[must_use]
pub fn is_fair(case: &Case) -> bool {
    let Reply::Status(status, body, framing) = case.reply else {
        return true;
    };
    let whole = matches!(
        framing,
        Framing::Whole
            | Framing::Slow
            | Framing::GzipMembers
            | Framing::GzipUpperCase
            | Framing::XGzip
            | Framing::GzipTwice
    );
    let documented = matches!(status, 200 | 201) || (case.point == Point::Chunk && status == 204);
    let looks_right = matches!(body, Body::Genuine | Body::ByteOrderMark)
        || (case.point == Point::Chunk && status == 204);
    // A complete refusal proves that nothing was executed: no server may say it and execute.
    if (400..500).contains(&status)
        && status != 408
        && case.effect != When::Never
        && is_write(case.point)
    {
        return matches!(
            framing,
            Framing::CutLength | Framing::CutChunked | Framing::HangMidway | Framing::GzipCut
        );
    }
    // Bytes end where their length says, and without announced length where the connection ends.
    let silent = matches!(framing, Framing::CutUndelimited | Framing::ShortLength);
    if case.point == Point::Part && silent {
        return false;
    }
    // A response without any sign of being wrong must be true, except that of an announcement, which the
    // listing of the chunks can check.
    let upload = matches!(case.op, Op::UploadKnown | Op::UploadStream);
    let checked = upload && case.point == Point::Work;
    if !checked
        && is_write(case.point)
        && whole
        && documented
        && looks_right
        && case.effect == When::Never
    {
        return false;
    }
    // What is announced late is only found out by listing chunks; a late chunk is not found out.
    if case.point == Point::Chunk || case.point == Point::Complete {
        let late = matches!(case.effect, When::After(delay) if delay > 0);
        if late && documented && whole {
            return false;
        }
    }
    // An empty body is what the endpoint documents for chunks, whatever is said about its encoding.
    let cut = matches!(
        framing,
        Framing::CutLength | Framing::CutChunked | Framing::HangMidway
    );
    if case.point == Point::Chunk && documented && !cut {
        // The variants that are made from the documented body are empty as well.
        let telling = matches!(
            body,
            Body::Genuine
                | Body::ByteOrderMark
                | Body::Empty
                | Body::Text
                | Body::TruncatedJson
                | Body::GenuineCode500
        );
        if telling || framing != Framing::Whole {
            return case.effect == When::After(0);
        }
    }
    // The bytes of a file may be anything: only what the head or the framing shows can be found out.
    if case.point == Point::Part && status == 200 && whole {
        return matches!(
            body,
            Body::Genuine | Body::ErrorEnvelope | Body::Contradiction | Body::Html
        );
    }
    // Only a listing with pages shows that rows are missing from it.
    if case.point == Point::Page && status == 200 && whole {
        return body != Body::Text;
    }
    true
}
