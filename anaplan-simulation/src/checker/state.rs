//! The objects of each user and the shared state of the models.

use std::collections::BTreeMap;

use crate::checker::rules;
use crate::environment::Environment;
use crate::expectations::{Reported, Slot, Value};

impl Environment {
    pub(super) fn check_own(&self, user: usize) {
        let items = self.items(user);
        let file = self.file(self.objects[user].file);
        let mut wrong: Vec<String> = Vec::new();
        let mut check = |what: &str, slot: &Slot, value: &Value| {
            if !slot.allows(value) {
                let short = |value: &Value| match value {
                    Some(bytes) if bytes.len() > 60 => format!("{} bytes", bytes.len()),
                    other => format!("{other:?}"),
                };
                let expected: Vec<_> = slot.possible().iter().map(short).collect();
                wrong.push(format!(
                    "{what}: has {}, expected {expected:?}",
                    short(value)
                ));
            }
        };
        let expectations = self.expectations();
        let own = &expectations.own[user];
        for (code, slot) in &own.items {
            check(code, slot, &items.get(code).cloned().unwrap_or(None));
        }
        // Chunks of an abandoned upload may be part of a later one: then no content is certain.
        let mixed = self
            .program
            .steps
            .iter()
            .any(|step| step.user == user && step.cancel.is_some())
            || !self.program.faults.is_empty();
        if !mixed {
            check("file", &own.file, &file);
        }
        let stored = self.stored_cells(user);
        for (place, slot) in &own.cells {
            check(
                &format!("cell {place:?}"),
                slot,
                stored.get(place).unwrap_or(&None),
            );
        }
        let strange = items.keys().find(|code| !own.items.contains_key(*code));
        if let Some(code) = strange {
            wrong.push(format!("{code} was never written"));
        }
        let unnamed = own.unnamed.clone();
        drop(expectations);
        let amounts = self.amounts(user);
        for (step, amount, reported) in unnamed {
            let times = amounts.iter().filter(|known| **known == amount).count();
            let text = format!("the item of step {step}: reported {reported:?}, {times} times");
            match (reported, times) {
                (Reported::Done, 1) | (Reported::Unknown, 0 | 1) | (Reported::NotDone, 0) => {}
                (_, 2..) => self.at_end(rules::ONCE, text),
                (Reported::Done, _) => self.at_end(rules::DONE, text),
                (_, _) => self.at_end(rules::NOT_DONE, text),
            }
        }
        for text in wrong {
            self.at_end(rules::DONE, text);
        }
    }

    fn amounts(&self, user: usize) -> Vec<u64> {
        let list = self.objects[user].numbered;
        self.fake.world(|world| {
            let items = world
                .model(&self.demo.dev)
                .and_then(|dev| dev.items.get(&list));
            let items = items.into_iter().flat_map(|items| items.iter());
            items
                .filter_map(|item| item.properties.get("Amount")?.parse::<f64>().ok())
                .map(|amount| amount as u64)
                .collect()
        })
    }

    fn stored_cells(&self, user: usize) -> BTreeMap<(usize, usize), Value> {
        use anaplan_testkit::world::CellValue;
        let own = &self.objects[user];
        self.fake.world(|world| {
            let mut stored = BTreeMap::new();
            let Some(dev) = world.model(&self.demo.dev) else {
                return stored;
            };
            for (place, item) in own.places.iter().enumerate() {
                for (line, id) in own.line_items.iter().enumerate() {
                    let text = match dev.cells.get(&(*id, vec![*item])) {
                        Some(CellValue::Number(number)) => format!("{number}"),
                        Some(CellValue::Text(text)) => text.clone(),
                        Some(other) => format!("{other:?}"),
                        None if line == 0 => "0".into(),
                        None => String::new(),
                    };
                    stored.insert((place, line), Some(text.into()));
                }
            }
            stored
        })
    }

    pub(super) fn check_shared(&self) {
        let (online, period) = self.fake.world(|world| {
            let plain = world.model(&self.demo.plain);
            let offline = plain.is_some_and(|plain| plain.state.is_offline());
            let period = world
                .model(&self.demo.dev)
                .and_then(|dev| dev.current_period);
            let online: &[u8] = if offline { b"offline" } else { b"online" };
            (online, period.map(|day| day.to_string()))
        });
        let expectations = self.expectations();
        let own = &expectations.own[0];
        let online: Value = Some(bytes::Bytes::from_static(online));
        let period: Value = period.map(bytes::Bytes::from);
        let fits = own.online.allows(&online) && own.period.allows(&period);
        let text = format!(
            "{online:?} of {:?}, {period:?} of {:?}",
            own.online, own.period
        );
        drop(expectations);
        if !fits {
            self.at_end(rules::DONE, text);
        }
    }
}
