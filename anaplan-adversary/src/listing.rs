//! Listings that lag, lie or fall apart.

use crate::answer::{Answer, envelope, list_body};
use crate::case::Listing;
use crate::reply::{Step, honest};
use crate::world::Millis;

/// The response to listing number `n` of a case. Of single objects only the two that hang or fail are
/// spoilt.
#[must_use]
pub fn respond(kind: Listing, n: usize, answer: &Answer, date: Option<Millis>) -> Vec<Step> {
    let Answer::List {
        key,
        rows,
        offset,
        limit,
    } = answer
    else {
        return match kind {
            Listing::FirstHangs if n == 0 => vec![Step::Hang],
            _ => honest(answer, date),
        };
    };
    let total = limit.map(|_| rows.len());
    let page: Vec<String> = {
        let from = rows.iter().skip(*offset);
        from.take(limit.unwrap_or(usize::MAX)).cloned().collect()
    };
    let list = |rows: &[String], total| list_body(200, key, rows, *offset, total);
    let body = match kind {
        Listing::Honest | Listing::Lag(_) => return honest(answer, date),
        Listing::FirstHangs if n == 0 => return vec![Step::Hang],
        Listing::FirstEmptyObject if n == 0 => "{}".into(),
        Listing::FirstCode503 if n == 0 => code_503(),
        Listing::FirstEmptyPage if n == 0 => list(&[], total),
        Listing::FirstHangs
        | Listing::FirstEmptyObject
        | Listing::FirstCode503
        | Listing::FirstEmptyPage => {
            return honest(answer, date);
        }
        // The baseline is whole, what follows is not.
        _ if n == 0 => return honest(answer, date),
        // The newest row is left out, which is the one that is looked for.
        Listing::Fewer => list(page.get(1..).unwrap_or_default(), total),
        Listing::EmptyPage => list(&[], total),
        Listing::EmptyObject => "{}".into(),
        Listing::NullRows => envelope(200, "", &format!(r#""{key}":null"#)),
        Listing::MissingKey => envelope(200, "", ""),
        Listing::Code503 => code_503(),
        Listing::Truncated => {
            let mut body = list(&page, total);
            body.truncate(body.len() * 2 / 3);
            body
        }
        Listing::Reordered => {
            let mut page = page;
            page.reverse();
            list(&page, total)
        }
        // Old rows vanish before their time, and with them the row that is looked for.
        Listing::KnownMissing => list(&[], limit.map(|_| 0)),
        // The first rows expire after the first page, so that later pages skip rows.
        Listing::ExpiringRows => {
            if *offset == 0 {
                let first: Vec<_> = rows.iter().skip(1).take(1).cloned().collect();
                list(&first, total)
            } else {
                list(rows.get(offset + 1..).unwrap_or_default(), total)
            }
        }
        Listing::MovingTotal => list(&page, total.map(|total| total + n % 3)),
        Listing::TextNumbers => {
            let meta = format!(
                r#""paging":{{"currentPageSize":"{}","offset":"{offset}","totalSize":"{}"}}"#,
                page.len(),
                rows.len()
            );
            envelope(200, &meta, &format!(r#""{key}":[{}]"#, page.join(",")))
        }
    };
    let raw = Answer::Bytes {
        status: 200,
        content_type: Some("application/json"),
        body: body.into_bytes(),
    };
    honest(&raw, date)
}

fn code_503() -> String {
    r#"{"status":{"code":503,"message":"Service Unavailable"}}"#.into()
}
