//! Thousands of small disasters: whatever the connection does, no item is added twice, success is told
//! only of what has happened, and a refusal points at the caller's own item. The world of the fake and
//! its books are the judge.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

use anaplan_conformance::storm;
use anaplan_core::{Error, Namespace, Scope};
use anaplan_testkit::world::{CellValue, Model};
use anaplan_testkit::{Demo, FakeAnaplan};
use anaplan_transactional::{
    Cell, ListItemKey, ListItemUpdate, NewListItem, Transactional, WriteReport,
};
use fastrand::Rng;

/// `ANAPLAN_STORM_SEEDS` runs more of them.
const SEEDS: u64 = 1_000;

/// What changes something.
const WRITES: [&str; 5] = [
    "POST /2/0/models/*/lists/*/items",
    "PUT /2/0/models/*/lists/*/items",
    "POST /2/0/models/*/modules/*/data",
    "PUT /2/0/models/*/currentPeriod",
    "POST /2/0/models/*/lists/*/readRequests",
];

#[test]
fn nothing_is_added_twice_and_nothing_undone_is_called_done() {
    let mut seen = Seen::default();
    let seeds = storm::each_seed(SEEDS, async |seed, fake| one(seed, &fake, &mut seen).await);
    // A storm in which nothing is ever lost, found or given up proves nothing.
    println!("{seen:?}");
    if seeds >= SEEDS {
        assert!(seen.added > seeds / 2 && seen.read > seeds / 4, "{seen:?}");
        assert!(seen.ambiguous > 100 && seen.lost_and_found > 50, "{seen:?}");
        assert!(
            seen.nameless > seeds / 5 && seen.written > seeds / 5,
            "{seen:?}"
        );
        assert!(seen.deleted_before > 10 && seen.gave_up > 100, "{seen:?}");
    }
}

#[derive(Debug, Default)]
struct Seen {
    added: u64,
    nameless: u64,
    changed: u64,
    deleted: u64,
    /// Items that a lost attempt had deleted already.
    deleted_before: u64,
    written: u64,
    read: u64,
    streamed: u64,
    ambiguous: u64,
    lost_and_found: u64,
    gave_up: u64,
}

impl Seen {
    /// An error of something that must not happen twice.
    fn definite(&mut self, error: &Error, nothing_done: bool) {
        if storm::is_ambiguous(error, nothing_done) {
            self.ambiguous += 1;
        } else {
            self.gave_up += 1;
        }
    }
}

/// The stage of one storm.
struct Scene<'a> {
    fake: &'a FakeAnaplan,
    demo: Demo,
    model: Transactional,
    dice: Rng,
}

async fn one(seed: u64, fake: &FakeAnaplan, seen: &mut Seen) {
    let demo = fake.demo();
    let session = fake.session_with(storm::settings()).unwrap();
    let scope = Scope::new(None, Some(demo.dev.clone()));
    fake.world(|world| world.rules.rows_per_page = 1);
    let mut scene = Scene {
        fake,
        model: Transactional::bind(session, &scope).unwrap(),
        dice: Rng::with_seed(seed),
        demo,
    };
    let calm = scene.large_read().await.unwrap().1;
    storm::gather(fake, seed, &WRITES);
    scene.insert(seen).await;
    scene.insert_nameless(seen).await;
    scene.update(seen).await;
    scene.delete(seen).await;
    scene.write_cells(seen).await;
    scene.set_calendar(seen).await;
    scene.read(&calm, seen).await;
    scene.stream(seen).await;
}

impl Scene<'_> {
    fn look<T>(&self, look: impl FnOnce(&Model) -> T) -> T {
        self.fake
            .world(|world| look(world.model(&self.demo.dev).unwrap()))
    }

    /// Good items, and some that must be refused, in any order.
    async fn insert(&mut self, seen: &mut Seen) {
        let mut items = vec![
            (NewListItem::named("Storm 1").code("S1"), true),
            (NewListItem::named("Storm 2").property("Headroom", 7), true),
            (NewListItem::named("Storm 3").code("S3"), true),
            (NewListItem::named("North").code("S4"), false),
            (NewListItem::named("Storm 5").code("W"), false),
            (
                NewListItem::named("Storm 6").property("Headroom", "much"),
                false,
            ),
        ];
        self.dice.shuffle(&mut items);
        items.truncate(self.dice.usize(1..=items.len()));
        if self.dice.bool() {
            // Of two of the same name and code, the second must be refused.
            if let Some((item, true)) = items.first().cloned() {
                items.push((item, false));
            }
        }
        let list = self.demo.list;
        let sent: Vec<_> = items.iter().map(|(item, _)| item.clone()).collect();
        let outcome = self.model.insert_list_items(list, sent).await;
        storm::settle().await;
        let good = items.iter().filter(|(_, good)| *good).count() as u64;
        let added = self.fake.world(|world| world.books().items_added);
        assert!(added <= good, "{added} items added, {good} are good");
        let report = match outcome {
            Ok(report) => report,
            Err(error) => return seen.definite(&error, added == 0),
        };
        assert_eq!((report.written, added), (good, good));
        let refused: Vec<_> = (0..items.len()).filter(|index| !items[*index].1).collect();
        assert_eq!(indices(&report), refused, "{report:?}");
        seen.added += good;
        let route = "POST /2/0/models/*/lists/*/items";
        let log = self.fake.requests();
        let answered = log.of(route).any(|entry| {
            let status = entry.status.as_ref();
            entry.fault.is_none() && status.is_some_and(|status| status.is_success())
        });
        seen.lost_and_found += u64::from(!answered && good > 0);
    }

    /// Items that nothing tells from others are sent once.
    async fn insert_nameless(&mut self, seen: &mut Seen) {
        let list = self.demo.numbered_list;
        let before = self.fake.world(|world| world.books().items_added);
        let items = vec![NewListItem::unnamed().property("Amount", 1); 2];
        let outcome = self.model.insert_list_items(list, items).await;
        storm::settle().await;
        let added = self.fake.world(|world| world.books().items_added) - before;
        assert!(added == 0 || added == 2, "{added} of 2 items added");
        match outcome {
            Ok(report) => {
                assert!(report.is_complete());
                assert_eq!((report.written, added), (2, 2));
                seen.nameless += 1;
            }
            Err(error) => seen.definite(&error, added == 0),
        }
    }

    async fn update(&mut self, seen: &mut Seen) {
        let (list, headroom) = (self.demo.list, self.dice.u32(..1_000));
        let updates = [
            ListItemUpdate::by_code("N").property("Headroom", headroom),
            ListItemUpdate::by_code("No such code").property("Headroom", 1),
            ListItemUpdate::by_code("W").property("Headroom", headroom),
        ];
        let outcome = self.model.update_list_items(list, updates).await;
        storm::settle().await;
        let Ok(report) = outcome else {
            return seen.gave_up += 1;
        };
        assert_eq!((report.written, indices(&report)), (2, vec![1]));
        self.look(|model| {
            for code in ["N", "W"] {
                let item = model.items[&list].by_code(code).unwrap();
                assert_eq!(item.properties["Headroom"], headroom.to_string());
            }
        });
        seen.changed += 1;
    }

    /// By id as often as needed, by code once.
    async fn delete(&mut self, seen: &mut Seen) {
        let list = self.demo.child_list;
        let codes = ["A", "B", "C"];
        let ids = self.fake.world(|world| {
            let mut edit = world.edit(&self.demo.dev);
            let mut list = edit.edit_list(list);
            codes.map(|code| {
                list.item_with(format!("Store {code}"), |item| {
                    item.code = Some(code.into());
                })
            })
        });
        let by_id = self.dice.bool();
        let keys = match by_id {
            true => ids.map(ListItemKey::id),
            false => codes.map(ListItemKey::code),
        };
        let before = self.fake.world(|world| world.books().items_deleted);
        let outcome = self.model.delete_list_items(list, keys).await;
        storm::settle().await;
        let deleted = self.fake.world(|world| world.books().items_deleted) - before;
        let left = self.look(|model| {
            ids.into_iter()
                .filter(|id| model.items[&list].get(*id).is_some())
                .count()
        });
        assert_eq!(deleted as usize + left, 3);
        match outcome {
            Ok(report) => {
                assert_eq!(left, 0, "{report:?}");
                assert_eq!(report.written as usize + report.failures.len(), 3);
                assert!(by_id || report.written == 3, "{report:?}");
                seen.deleted += 1;
                seen.deleted_before += report.failures.len() as u64;
            }
            Err(error) if !by_id => seen.definite(&error, deleted == 0),
            Err(_) => seen.gave_up += 1,
        }
    }

    async fn write_cells(&mut self, seen: &mut Seen) {
        let (value, once) = (f64::from(self.dice.u32(1_000..2_000)), self.dice.bool());
        let cells = [
            Cell::named("Revenue", 1).at_named("Regions", "South"),
            Cell::named("Volume", value).at_named("Regions", "South"),
            Cell::named("Volume", "much").at_named("Regions", "South"),
        ];
        let call = self.model.update_module_data(self.demo.module, cells);
        let call = match once {
            true => call.send_once(),
            false => call,
        };
        let outcome = call.await;
        storm::settle().await;
        let written = self.fake.world(|world| world.books().cells_written);
        let there = self.look(|model| {
            let south = model.items[&self.demo.list].by_code("S").unwrap().id;
            let place = (self.demo.line_item, vec![south]);
            model.cells.get(&place) == Some(&CellValue::Number(value))
        });
        assert_eq!(there, written > 0);
        assert!(!once || written <= 1, "written {written} times");
        match outcome {
            Ok(report) => {
                assert_eq!((report.written, indices(&report)), (1, vec![0, 2]));
                assert!(there, "written is said of what is not written");
                seen.written += 1;
            }
            Err(error) if once => seen.definite(&error, !there),
            Err(_) => seen.gave_up += 1,
        }
    }

    async fn set_calendar(&mut self, seen: &mut Seen) {
        let day = ["2025-02-28", "2025-03-31", "2025-04-30"][self.dice.usize(0..3)];
        let outcome = self.model.set_current_period(day.parse().unwrap()).await;
        storm::settle().await;
        self.fake.clear_faults();
        let stands = self.model.get_current_period().await.unwrap();
        storm::gather(self.fake, self.dice.u64(..), &WRITES);
        let Ok(period) = outcome else {
            return seen.gave_up += 1;
        };
        assert_eq!(period.last_day, Some(day.parse().unwrap()));
        assert_eq!(stands, period);
        seen.changed += 1;
    }

    /// A list in pages: how many requests there have been for it, and its text.
    async fn large_read(&self) -> Result<(usize, Vec<u8>), Error> {
        let list = self.demo.structural_list;
        let task = self.model.create_list_read_request(list).await?;
        let made = self
            .fake
            .world(|world| world.books().read_requests_made.clone());
        // An earlier attempt may take effect later than the one whose response was read.
        let mut ids = made.iter().map(|(_, id)| id);
        assert!(ids.any(|id| id == task.id().as_str()), "an unknown request");
        let mut pages = self.model.read_pages(task.address());
        let mut text = Vec::new();
        while let Some(page) = pages.next_page().await {
            text.extend_from_slice(&page?);
        }
        Ok((made.len(), text))
    }

    async fn read(&mut self, calm: &[u8], seen: &mut Seen) {
        let outcome = self.large_read().await;
        storm::settle().await;
        // The first was made before the storm. A repetition leaves one more, which expires.
        let made = self
            .fake
            .world(|world| world.books().read_requests_made.len());
        let route = "POST /2/0/models/*/lists/*/readRequests";
        let sent = self.fake.requests().count(route);
        assert!(made <= sent, "{made} made by {sent} requests");
        match outcome {
            Ok((_, text)) => {
                assert!(made >= 2, "a read request that was not made");
                assert!(text == calm, "not what is there");
                seen.read += 1;
            }
            Err(error) if error.is_ambiguous() => seen.definite(&error, false),
            Err(_) => seen.gave_up += 1,
        }
    }

    async fn stream(&mut self, seen: &mut Seen) {
        let list = self.demo.list;
        let there = self.look(|model| {
            let items = model.items[&list].iter();
            items.map(|item| item.id.to_string()).collect::<Vec<_>>()
        });
        let mut items = self.model.stream_list_items(list);
        let mut ids = Vec::new();
        while let Some(item) = items.next_item().await {
            match item {
                Ok(item) => ids.push(item.id.to_string()),
                Err(_) => {
                    assert!(there.starts_with(&ids));
                    return seen.gave_up += 1;
                }
            }
        }
        assert_eq!(ids, there);
        seen.streamed += 1;
    }
}

fn indices(report: &WriteReport) -> Vec<usize> {
    let failures = report.failures.iter();
    failures.map(|failure| failure.request_index).collect()
}
