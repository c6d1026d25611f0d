use proptest::prelude::*;
use serde_json::json;

use super::*;

const STYLES: [PagingStyle; 6] = [
    PagingStyle::Offset {
        offset: "offset",
        limit: "limit",
    },
    PagingStyle::StartIndex {
        start: "startIndex",
        count: "count",
    },
    PagingStyle::PageNumber {
        page: "page",
        size: "size",
        first: 0,
    },
    PagingStyle::PageNumber {
        page: "page",
        size: "size",
        first: 1,
    },
    PagingStyle::NextLink,
    PagingStyle::Whole,
];

/// A collection of the numbers from 0, served in pages of at most `limit` rows.
#[derive(Debug, Clone, Copy)]
struct Collection {
    rows: u64,
    limit: u64,
    style: PagingStyle,
    /// `true` if a page reports its position.
    with_paging: bool,
}

impl Collection {
    /// Serves the page that the query of `window` selects.
    fn serve(self, window: &Window) -> Page<u64> {
        let mut query = Query::default();
        window.write(self.style, &mut query);
        let query = Query::parse(&format!("?{query}"));
        let number = |name: &str| -> Option<u64> {
            let (_, value) = query.iter().find(|(key, _)| key == name)?;
            value.parse().ok()
        };
        let limit = |name| number(name).unwrap_or(self.limit).min(self.limit);
        let (offset, limit) = match self.style {
            PagingStyle::Offset { offset, limit: l } => (number(offset).unwrap_or(0), limit(l)),
            PagingStyle::StartIndex { start, count } => {
                (number(start).unwrap_or(1) - 1, limit(count))
            }
            PagingStyle::PageNumber { page, size, first } => {
                let limit = limit(size);
                (number(page).map_or(0, |page| (page - first) * limit), limit)
            }
            PagingStyle::NextLink => (number("cursor").unwrap_or(0), self.limit),
            PagingStyle::Whole => (0, self.rows),
        };
        let end = self.rows.min(offset.saturating_add(limit));
        let items: Vec<u64> = (offset.min(end)..end).collect();
        let paging = Paging::new(offset, items.len() as u64, self.rows);
        let more = end < self.rows && self.style == PagingStyle::NextLink;
        let next = more.then(|| format!("https://host/rows?q=a%20b&cursor={end}#top"));
        Page::new(items, self.with_paging.then_some(paging)).with_next(next)
    }

    /// Reads the collection from `first` on. `change` may alter a page by its number.
    fn read(self, first: Window, change: impl Fn(usize, &mut Page<u64>)) -> Result<Vec<u64>> {
        let (mut window, mut total, mut all) = (first, None, Vec::new());
        for number in 0.. {
            assert!(number <= self.rows as usize + 1, "no end: {self:?}");
            let mut page = self.serve(&window);
            change(number, &mut page);
            let next = page.following(&window, total, self.style)?;
            total = page.paging.map(|paging| paging.total_size);
            all.extend(page.items);
            match next {
                Some(next) => window = next,
                None => break,
            }
        }
        Ok(all)
    }
}

fn collection() -> impl Strategy<Value = Collection> {
    (0_u64..40, 1_u64..12, 0_usize..STYLES.len(), any::<bool>()).prop_map(
        |(rows, limit, style, with_paging)| {
            let style = STYLES[style];
            // Offset and index styles need a total; without one they read a single page.
            let needs = matches!(
                style,
                PagingStyle::Offset { .. } | PagingStyle::StartIndex { .. }
            );
            Collection {
                rows,
                limit,
                style,
                with_paging: with_paging || needs,
            }
        },
    )
}

fn kind<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

proptest! {
    #[test]
    fn every_style_reads_all_rows_in_order(c in collection(), size in prop::option::of(1_u32..15)) {
        let first = Window { limit: size, ..Window::default() };
        let rows: Vec<u64> = (0..c.rows).collect();
        prop_assert_eq!(c.read(first, |_, _| {}).unwrap(), rows);
    }

    #[test]
    fn index_styles_start_at_any_row(c in collection(), start in 0_u64..50) {
        prop_assume!(matches!(c.style, PagingStyle::Offset { .. } | PagingStyle::StartIndex { .. }));
        let first = Window { offset: start, ..Window::default() };
        let rows: Vec<u64> = (start..c.rows).collect();
        prop_assert_eq!(c.read(first, |_, _| {}).unwrap(), rows);
    }

    #[test]
    fn missing_row_is_incomplete(c in collection(), at in 0_usize..5) {
        prop_assume!(c.with_paging && c.style != PagingStyle::NextLink);
        let dropped = std::cell::Cell::new(false);
        let read = c.read(Window::default(), |number, page| {
            if number == at {
                dropped.set(page.items.pop().is_some());
            }
        });
        let expected = dropped.get().then_some(ErrorKind::Incomplete);
        prop_assert_eq!(kind(read), expected);
    }

    #[test]
    fn total_that_moves_is_incomplete(c in collection(), at in 1_usize..5, by in 1_u64..9) {
        prop_assume!(c.with_paging && c.style != PagingStyle::NextLink);
        let moved = std::cell::Cell::new(false);
        let read = c.read(Window::default(), |number, page| {
            if let (true, Some(paging)) = (number >= at, &mut page.paging) {
                moved.set(true);
                paging.total_size += by;
            }
        });
        prop_assert_eq!(kind(read), moved.get().then_some(ErrorKind::Incomplete));
    }

    #[test]
    fn another_page_than_requested_is_incomplete(c in collection(), at in 0_usize..5, by in 1_u64..9) {
        prop_assume!(c.with_paging && c.style != PagingStyle::NextLink);
        let moved = std::cell::Cell::new(false);
        let read = c.read(Window::default(), |number, page| {
            if number == at && !page.items.is_empty() {
                moved.set(true);
                if let Some(paging) = &mut page.paging {
                    paging.offset = Some(paging.offset.unwrap_or_default() + by);
                }
            }
        });
        prop_assert_eq!(kind(read), moved.get().then_some(ErrorKind::Incomplete));
    }

    #[test]
    fn following_never_panics(
        count in 0_usize..4,
        paging in prop::option::of(any::<[Option<u64>; 3]>()),
        offset in any::<u64>(),
        page in any::<u64>(),
        total in prop::option::of(any::<u64>()),
        style in 0_usize..STYLES.len(),
    ) {
        let paging = paging.map(|[current_page_size, offset, total]| Paging {
            current_page_size,
            offset,
            total_size: total.unwrap_or_default(),
        });
        let window = Window { offset, page, ..Window::default() };
        let page = Page::new(vec![(); count], paging);
        let next = page.following(&window, total, STYLES[style]);
        if let Ok(Some(next)) = next {
            next.write(STYLES[style], &mut Query::default());
        }
    }
}

#[test]
fn empty_page_before_the_total_is_incomplete() {
    let style = PagingStyle::Offset {
        offset: "offset",
        limit: "limit",
    };
    let page = Page::<u8>::new(Vec::new(), Some(Paging::new(2, 0, 5)));
    let window = Window {
        offset: 2,
        ..Window::default()
    };
    let next = page.following(&window, Some(5), style);
    assert_eq!(kind(next), Some(ErrorKind::Incomplete));
    // Without a position, the total of an earlier page counts.
    let page = Page::<u8>::new(Vec::new(), None);
    let next = page.following(&window, Some(5), style);
    assert_eq!(kind(next), Some(ErrorKind::Incomplete));
}

#[test]
fn link_to_the_same_page_is_incomplete() {
    let window = Window {
        link: Some(Query::parse("?cursor=7")),
        ..Window::default()
    };
    let page = Page::new(vec![1], None).with_next(Some("/rows?cursor=7".to_owned()));
    let next = page.following(&window, None, PagingStyle::NextLink);
    assert_eq!(kind(next), Some(ErrorKind::Incomplete));
    let page = Page::new(vec![1], None).with_next(Some(String::new()));
    let next = page.following(&window, None, PagingStyle::NextLink);
    assert_eq!(next.unwrap(), None);
}

#[test]
fn next_link_replaces_the_query_of_the_endpoint() {
    let window = Window {
        link: Some(Query::parse("https://h/x?a=1+2&b=%2B#c")),
        ..Window::default()
    };
    let mut query = Query::default();
    query.push("filter", "own");
    window.write(PagingStyle::NextLink, &mut query);
    assert_eq!(query.to_string(), "a=1%202&b=%2B");
}

#[test]
fn paging_reads_numbers_in_every_form() {
    for (json, expected) in [
        (
            json!({"currentPageSize": 2, "offset": 0, "totalSize": 5}),
            Paging::new(0, 2, 5),
        ),
        (
            json!({"currentPageSize": "2", "offset": "0", "totalSize": "5"}),
            Paging::new(0, 2, 5),
        ),
        (
            json!({"currentPageSize": 2.0, "offSet": " 3 ", "totalSize": 5.0}),
            Paging::new(3, 2, 5),
        ),
        (
            json!({"itemsPerPage": 2, "offset": 0, "totalResults": "5"}),
            Paging::new(0, 2, 5),
        ),
        (
            json!({"currentPageSize": null, "offset": -1, "totalSize": null, "next": "x"}),
            Paging::default(),
        ),
        (json!({}), Paging::default()),
    ] {
        let paging: Paging = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(paging, expected, "{json}");
        let written = serde_json::to_value(paging).unwrap();
        assert_eq!(serde_json::from_value::<Paging>(written).unwrap(), paging);
    }
}
