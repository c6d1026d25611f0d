//! Items of lists.

use std::collections::BTreeMap;

use anaplan_core::{Error, Result};
use anaplan_transactional::{ListItem, ListItemKey, ListItemUpdate, NewListItem, WriteReport};
use bytes::Bytes;

use crate::attempt::Came;
use crate::deeds::Act;
use crate::ledger::{Asked, Slot, Value};

impl Act<'_> {
    /// The codes of a user's list that there may be, the newest last.
    fn codes(&self) -> Vec<String> {
        let ledger = self.stage.ledger();
        ledger.own[self.user].items.keys().cloned().collect()
    }

    fn note(&self, index: usize) -> String {
        format!("note {index} of step {}", self.number)
    }

    pub(super) async fn insert_items(&self, count: u32, again: bool) -> Result<()> {
        let stage = self.stage;
        let mut codes: Vec<String> = (0..count)
            .map(|index| format!("C{}.{:03}.{index}", self.user, self.number))
            .collect();
        if again {
            codes.extend(self.codes().into_iter().take(2));
        }
        let items = codes.iter().enumerate().map(|(index, code)| {
            NewListItem::named(format!("Item {code}"))
                .code(code)
                .property("Note", self.note(index))
        });
        let list = stage.objects[self.user].list;
        let call = stage.model(self.user)?.insert_list_items(list, items);
        let came = stage.attempt(self.number, self.step, call).await;
        let mut wrong = Vec::new();
        let late = self.late();
        {
            let mut ledger = stage.ledger();
            let slots = &mut ledger.own[self.user].items;
            for (index, code) in codes.iter().enumerate() {
                let value: Value = Some(self.note(index).into());
                let slot = slots.entry(code.clone()).or_insert_with(|| Slot::new(None));
                let Came::To(report) = &came else {
                    slot.maybe(value);
                    continue;
                };
                let refused = report
                    .failures
                    .iter()
                    .any(|failure| failure.request_index == index);
                match (refused, slot.certain()) {
                    (false, Some(Some(_))) => wrong.push(format!("{code} was there already")),
                    (true, Some(None)) => wrong.push(format!("{code} was refused")),
                    _ => {}
                }
                match refused {
                    false => slot.done(value, late),
                    true if slot.certain().is_some() => {}
                    // It was there, or a request that nobody waits for has come first.
                    true => slot.maybe(value),
                }
            }
        }
        if let Came::To(report) = &came {
            let told = report.written as usize + report.failures.len();
            if told != codes.len() || report.sent != codes.len() {
                wrong.push(format!("{} items sent", codes.len()));
            }
            if !wrong.is_empty() {
                self.blame(
                    "writes are told truly",
                    format!("{}: {report:?}", wrong.join("; ")),
                );
            }
        }
        Ok(())
    }

    /// An item without name and code: nothing but the number of its deal tells it from others.
    pub(super) async fn insert_unnamed(&self) -> Result<()> {
        let stage = self.stage;
        let amount = 1_000 + self.number as u64;
        let list = stage.objects[self.user].numbered;
        let items = [NewListItem::unnamed().property("Amount", amount)];
        let call = stage.model(self.user)?.insert_list_items(list, items);
        let came = stage.attempt(self.number, self.step, call).await;
        if let Came::To(report) = &came {
            if report.written != 1 || !report.is_complete() {
                self.blame("writes are told truly", format!("{report:?}"));
            }
        }
        let entry = (self.number, amount, came.told());
        stage.ledger().own[self.user].unnamed.push(entry);
        Ok(())
    }

    pub(super) async fn update_items(&self, count: u32) -> Result<()> {
        let stage = self.stage;
        let codes: Vec<String> = self
            .codes()
            .into_iter()
            .rev()
            .take(count as usize)
            .collect();
        let updates = codes
            .iter()
            .enumerate()
            .map(|(index, code)| ListItemUpdate::by_code(code).property("Note", self.note(index)));
        let list = stage.objects[self.user].list;
        let call = stage.model(self.user)?.update_list_items(list, updates);
        let came = stage.attempt(self.number, self.step, call).await;
        let values = (0..codes.len()).map(|index| Some(self.note(index).into()));
        self.learn(&codes, values.collect(), &came);
        Ok(())
    }

    pub(super) async fn delete_items(&self, count: u32) -> Result<()> {
        let stage = self.stage;
        let codes: Vec<String> = self.codes().into_iter().take(count as usize).collect();
        let keys = codes.iter().map(ListItemKey::code);
        let list = stage.objects[self.user].list;
        let call = stage.model(self.user)?.delete_list_items(list, keys);
        let came = stage.attempt(self.number, self.step, call).await;
        self.learn(&codes, vec![None; codes.len()], &came);
        Ok(())
    }

    /// Takes down what became of a write of items that may be there.
    fn learn(&self, codes: &[String], values: Vec<Value>, came: &Came<WriteReport>) {
        let late = self.late();
        let mut wrong = Vec::new();
        {
            let mut ledger = self.stage.ledger();
            for (index, (code, value)) in codes.iter().zip(values).enumerate() {
                let Some(slot) = ledger.own[self.user].items.get_mut(code) else {
                    continue;
                };
                let Came::To(report) = came else {
                    slot.maybe(value);
                    continue;
                };
                let refused = report
                    .failures
                    .iter()
                    .any(|failure| failure.request_index == index);
                match (refused, slot.certain()) {
                    (false, Some(None)) if value.is_some() => {
                        wrong.push(format!("{code} was not there"));
                    }
                    // A repeat finds nothing to delete any more.
                    (true, Some(Some(_))) if value.is_some() => {
                        wrong.push(format!("{code} was refused"));
                    }
                    _ => {}
                }
                match (refused, &value) {
                    (false, _) => slot.done(value, late),
                    (true, None) => slot.done(None, late),
                    (true, Some(_)) => {}
                }
            }
        }
        if let (Came::To(report), false) = (came, wrong.is_empty()) {
            self.blame(
                "writes are told truly",
                format!("{}: {report:?}", wrong.join("; ")),
            );
        }
    }

    /// Compares what was read with what is there, and with what was told before.
    pub(super) fn check_items(
        &self,
        before: &BTreeMap<String, Value>,
        got: &BTreeMap<String, Value>,
    ) {
        let after = self.stage.items(self.user);
        if *before == after {
            if *got != after {
                self.blame("reads are true", format!("got {got:?}, has {after:?}"));
            }
            self.mark("lists read");
        } else {
            self.mark("lists read while they changed");
        }
        let ledger = self.stage.ledger();
        let wrong = ledger.own[self.user].items.iter().find(|(code, slot)| {
            let value: Value = got.get(*code).cloned().unwrap_or(None);
            !slot.allows(&value)
        });
        let wrong = wrong.map(|(code, slot)| format!("{code}: {:?}, not {slot:?}", got.get(code)));
        drop(ledger);
        if let Some(text) = wrong {
            self.blame("reads are true", text);
        }
    }

    fn check_read(&self, before: &BTreeMap<String, Value>, items: Vec<ListItem>) {
        let count = items.len();
        let got: BTreeMap<String, Value> = items
            .into_iter()
            .map(|item| {
                let note = item.properties.get("Note").cloned().unwrap_or_default();
                (item.code.unwrap_or_default(), Some(Bytes::from(note)))
            })
            .collect();
        if got.len() != count {
            self.blame(
                "reads are true",
                format!("{count} items, some of them twice: {got:?}"),
            );
        }
        self.check_items(before, &got);
    }

    pub(super) async fn read_items(&self, page: u32) -> Result<()> {
        let stage = self.stage;
        let before = stage.items(self.user);
        let call = stage
            .model(self.user)?
            .get_list_items(stage.objects[self.user].list);
        let call = call.with(|query| query.include_all()).page_size(page);
        if let Came::To(items) = stage.attempt(self.number, self.step, call).await {
            self.check_read(&before, items);
        }
        Ok(())
    }

    pub(super) async fn stream_items(&self) -> Result<()> {
        let stage = self.stage;
        let before = stage.items(self.user);
        let list = stage.objects[self.user].list;
        let mut stream = stage
            .model(self.user)?
            .stream_list_items(list)
            .include_all();
        let call = async move {
            let mut items = Vec::new();
            while let Some(item) = stream.next_item().await {
                items.push(item?);
            }
            Ok::<_, Error>(items)
        };
        if let Came::To(items) = stage.attempt(self.number, self.step, call).await {
            self.check_read(&before, items);
        }
        Ok(())
    }

    pub(super) async fn read_items_as_csv(&self) -> Result<()> {
        let stage = self.stage;
        let before = stage.items(self.user);
        let call = stage
            .model(self.user)?
            .get_list_items_csv(stage.objects[self.user].list);
        let call = call.with(|query| query.include_all());
        if let Came::To(bytes) = stage.attempt(self.number, self.step, call).await {
            if !self.is_garbage(&bytes) {
                self.check_text(&before, &bytes);
            }
        }
        Ok(())
    }

    /// Compares a table of the list with what is there: every code and no other.
    pub(super) fn check_text(&self, before: &BTreeMap<String, Value>, bytes: &Bytes) {
        let after = self.stage.items(self.user);
        if *before != after {
            return self.mark("lists read while they changed");
        }
        let text = String::from_utf8_lossy(bytes);
        for (code, value) in &after {
            let note = value
                .as_deref()
                .map(String::from_utf8_lossy)
                .unwrap_or_default();
            let there = text
                .lines()
                .any(|line| line.contains(code.as_str()) && line.contains(&*note));
            if !there {
                self.blame(
                    "reads are true",
                    format!("{code} with {note} is not in {text}"),
                );
            }
        }
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
        if lines != after.len() + 1 {
            let text = format!("{lines} lines for {} items: {text}", after.len());
            self.blame("reads are true", text);
        }
        self.mark("tables read");
    }

    /// The list by a large read request.
    pub(super) async fn read_list(&self) -> Result<()> {
        let stage = self.stage;
        let model = stage.model(self.user)?;
        let list = stage.objects[self.user].list;
        let call = model.create_list_read_request(list);
        let came = stage.attempt(self.number, self.step, call).await;
        let mut asked = Asked::new(self.number, (), came.told());
        let Came::To(task) = came else {
            stage.ledger().read_requests.push(asked);
            return Ok(());
        };
        asked = asked.with_id(task.id());
        stage.ledger().read_requests.push(asked);
        let before = stage.items(self.user);
        let mut pages = model.read_pages(task.address());
        let call = async move {
            let mut all = Vec::new();
            while let Some(page) = pages.next_page().await {
                all.extend_from_slice(&page?);
            }
            Ok::<_, Error>(Bytes::from(all))
        };
        if let Came::To(bytes) = stage.patiently(self.number, self.step, call).await {
            // The content is of the moment of the request: the user has written nothing meanwhile.
            if !self.late() && !self.is_garbage(&bytes) && bytes.len() > 1 {
                self.check_text(&before, &bytes);
            }
        }
        Ok(())
    }
}
