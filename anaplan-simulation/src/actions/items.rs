//! List items.

use std::collections::BTreeMap;

use anaplan_core::{Error, Result};
use anaplan_transactional::{ListItem, ListItemKey, ListItemUpdate, NewListItem, WriteReport};
use bytes::Bytes;

use crate::actions::ActionContext;
use crate::attempt::Ended;
use crate::checker::rules;
use crate::expectations::{Requested, Slot, Value};
use crate::records::Work;

impl ActionContext<'_> {
    /// Returns the codes that the user's list may have.
    fn codes(&self) -> Vec<String> {
        let expectations = self.env.expectations();
        expectations.own[self.user].items.keys().cloned().collect()
    }

    fn note(&self, index: usize) -> String {
        format!("note {index} of step {}", self.number)
    }

    pub(super) async fn insert_items(&self, count: u32, again: bool) -> Result<()> {
        let env = self.env;
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
        let list = env.objects[self.user].list;
        let call = env.model(self.user)?.insert_list_items(list, items);
        let ended = env.attempt(self.number, self.step, call).await;
        let mut wrong = Vec::new();
        let late = self.late();
        {
            let mut expectations = env.expectations();
            let slots = &mut expectations.own[self.user].items;
            for (index, code) in codes.iter().enumerate() {
                let value: Value = Some(self.note(index).into());
                let slot = slots.entry(code.clone()).or_insert_with(|| Slot::new(None));
                let Ended::Returned(report) = &ended else {
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
                    // The item existed, or an earlier request took effect late.
                    true => slot.maybe(value),
                }
            }
        }
        if let Ended::Returned(report) = &ended {
            let accounted = report.written as usize + report.failures.len();
            if accounted != codes.len() || report.sent != codes.len() {
                wrong.push(format!("{} items sent", codes.len()));
            }
            if !wrong.is_empty() {
                self.violation(rules::WRITES, format!("{}: {report:?}", wrong.join("; ")));
            }
        }
        Ok(())
    }

    /// Inserts an item without name and code. Only its amount identifies it.
    pub(super) async fn insert_unnamed(&self) -> Result<()> {
        let env = self.env;
        let amount = 1_000 + self.number as u64;
        let list = env.objects[self.user].numbered;
        let items = [NewListItem::unnamed().property("Amount", amount)];
        let calls = env.model(self.user)?.insert_list_items(list, items);
        let Some(call) = calls.into_calls()?.pop() else {
            return Ok(());
        };
        let (call, observed) = self.observed(call);
        let ended = env.attempt(self.number, self.step, call).await;
        let reported = self.reported(&ended, &observed, Work::Insertion(amount));
        if let Ended::Returned(report) = &ended {
            if report.written != 1 || !report.is_complete() {
                self.violation(rules::WRITES, format!("{report:?}"));
            }
        }
        let entry = (self.number, amount, reported);
        env.expectations().own[self.user].unnamed.push(entry);
        Ok(())
    }

    pub(super) async fn update_items(&self, count: u32) -> Result<()> {
        let env = self.env;
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
        let list = env.objects[self.user].list;
        let call = env.model(self.user)?.update_list_items(list, updates);
        let ended = env.attempt(self.number, self.step, call).await;
        let values = (0..codes.len()).map(|index| Some(self.note(index).into()));
        self.learn(&codes, values.collect(), &ended);
        Ok(())
    }

    pub(super) async fn delete_items(&self, count: u32) -> Result<()> {
        let env = self.env;
        let codes: Vec<String> = self.codes().into_iter().take(count as usize).collect();
        let keys = codes.iter().map(ListItemKey::code);
        let list = env.objects[self.user].list;
        let call = env.model(self.user)?.delete_list_items(list, keys);
        let ended = env.attempt(self.number, self.step, call).await;
        self.learn(&codes, vec![None; codes.len()], &ended);
        Ok(())
    }

    /// Records a write of items that may exist.
    fn learn(&self, codes: &[String], values: Vec<Value>, ended: &Ended<WriteReport>) {
        let late = self.late();
        let mut wrong = Vec::new();
        {
            let mut expectations = self.env.expectations();
            for (index, (code, value)) in codes.iter().zip(values).enumerate() {
                let Some(slot) = expectations.own[self.user].items.get_mut(code) else {
                    continue;
                };
                let Ended::Returned(report) = ended else {
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
                    // A repeated deletion finds no item.
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
        if let (Ended::Returned(report), false) = (ended, wrong.is_empty()) {
            self.violation(rules::WRITES, format!("{}: {report:?}", wrong.join("; ")));
        }
    }

    /// Compares a read with the world and with the expectations.
    pub(super) fn check_items(
        &self,
        before: &BTreeMap<String, Value>,
        got: &BTreeMap<String, Value>,
    ) {
        let after = self.env.items(self.user);
        if *before == after {
            if *got != after {
                self.violation(rules::READS, format!("got {got:?}, has {after:?}"));
            }
            self.count("lists read");
        } else {
            self.count("lists read while they changed");
        }
        let expectations = self.env.expectations();
        let wrong = expectations.own[self.user]
            .items
            .iter()
            .find(|(code, slot)| {
                let value: Value = got.get(*code).cloned().unwrap_or(None);
                !slot.allows(&value)
            });
        let wrong = wrong.map(|(code, slot)| format!("{code}: {:?}, not {slot:?}", got.get(code)));
        drop(expectations);
        if let Some(text) = wrong {
            self.violation(rules::READS, text);
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
            self.violation(
                rules::READS,
                format!("{count} items, some of them twice: {got:?}"),
            );
        }
        self.check_items(before, &got);
    }

    pub(super) async fn read_items(&self, page: u32) -> Result<()> {
        let env = self.env;
        let before = env.items(self.user);
        let call = env
            .model(self.user)?
            .get_list_items(env.objects[self.user].list);
        let call = call.with(|query| query.include_all()).page_size(page);
        if let Ended::Returned(items) = env.attempt(self.number, self.step, call).await {
            self.check_read(&before, items);
        }
        Ok(())
    }

    pub(super) async fn stream_items(&self) -> Result<()> {
        let env = self.env;
        let before = env.items(self.user);
        let list = env.objects[self.user].list;
        let mut stream = env.model(self.user)?.stream_list_items(list).include_all();
        let call = async move {
            let mut items = Vec::new();
            while let Some(item) = stream.next_item().await {
                items.push(item?);
            }
            Ok::<_, Error>(items)
        };
        if let Ended::Returned(items) = env.attempt(self.number, self.step, call).await {
            self.check_read(&before, items);
        }
        Ok(())
    }

    pub(super) async fn read_items_as_csv(&self) -> Result<()> {
        let env = self.env;
        let before = env.items(self.user);
        let call = env
            .model(self.user)?
            .get_list_items_csv(env.objects[self.user].list);
        let call = call.with(|query| query.include_all());
        if let Ended::Returned(bytes) = env.attempt(self.number, self.step, call).await {
            if !self.is_garbage(&bytes) {
                self.check_text(&before, &bytes);
            }
        }
        Ok(())
    }

    /// Compares a CSV of the list with the world.
    pub(super) fn check_text(&self, before: &BTreeMap<String, Value>, bytes: &Bytes) {
        let after = self.env.items(self.user);
        if *before != after {
            return self.count("lists read while they changed");
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
                self.violation(rules::READS, format!("{code} with {note} is not in {text}"));
            }
        }
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
        if lines != after.len() + 1 {
            let text = format!("{lines} lines for {} items: {text}", after.len());
            self.violation(rules::READS, text);
        }
        self.count("tables read");
    }

    /// Reads the list by a large read request.
    pub(super) async fn read_list(&self) -> Result<()> {
        let env = self.env;
        let model = env.model(self.user)?;
        let list = env.objects[self.user].list;
        let call = model.create_list_read_request(list);
        let ended = env.attempt(self.number, self.step, call).await;
        let mut requested = Requested::new(self.number, (), ended.reported());
        let Ended::Returned(task) = ended else {
            env.expectations().read_requests.push(requested);
            return Ok(());
        };
        requested = requested.with_id(task.id());
        env.expectations().read_requests.push(requested);
        let before = env.items(self.user);
        let mut pages = model.read_pages(task.address());
        let call = async move {
            let mut all = Vec::new();
            while let Some(page) = pages.next_page().await {
                all.extend_from_slice(&page?);
            }
            Ok::<_, Error>(Bytes::from(all))
        };
        if let Ended::Returned(bytes) = env.uncancelled(self.number, self.step, call).await {
            // The pages have the content at the time of the request.
            if !self.late() && !self.is_garbage(&bytes) && bytes.len() > 1 {
                self.check_text(&before, &bytes);
            }
        }
        Ok(())
    }
}
