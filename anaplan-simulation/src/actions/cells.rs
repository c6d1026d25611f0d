//! Cells, the calendar, the model.

use std::time::Duration;

use anaplan_core::{PollPolicy, Result};
use anaplan_testkit::World;
use anaplan_transactional::{Cell, CellValue, ExportType};
use bytes::Bytes;
use jiff::civil::Date;

use crate::actions::ActionContext;
use crate::attempt::Ended;
use crate::checker::rules;
use crate::environment::{LINE_ITEMS, PLACES};
use crate::expectations::{Requested, Value};

impl ActionContext<'_> {
    pub(super) async fn write_cells(&self, count: u32) -> Result<()> {
        let env = self.env;
        let own = &env.objects[self.user];
        let chosen: Vec<(usize, usize, Bytes)> = (0..count as usize)
            .map(|index| {
                let place = (self.number + index) % PLACES;
                let line = (index / PLACES + self.number) % LINE_ITEMS.len();
                let text = match line {
                    0 => format!("{}", self.number * 100 + index + 1),
                    _ => format!("remark {} of step {}", index, self.number),
                };
                (place, line, Bytes::from(text))
            })
            .collect();
        let cells = chosen.iter().map(|(place, line, text)| {
            let text = String::from_utf8_lossy(text).into_owned();
            let value = match text.parse::<i64>() {
                Ok(number) => CellValue::Integer(number),
                Err(_) => CellValue::Text(text),
            };
            Cell::new(own.line_items[*line], value).at(own.places_list, own.places[*place])
        });
        let call = env.model(self.user)?.update_module_data(own.module, cells);
        let ended = env.attempt(self.number, self.step, call).await;
        if let Ended::Returned(report) = &ended {
            if !report.is_complete() || report.written != u64::from(count) {
                self.violation(rules::WRITES, format!("{report:?} of {count} cells"));
            }
        }
        let late = self.late();
        let mut expectations = env.expectations();
        for (place, line, text) in chosen {
            let Some(slot) = expectations.own[self.user].cells.get_mut(&(place, line)) else {
                continue;
            };
            match &ended {
                Ended::Returned(_) => slot.done(Some(text), late),
                Ended::Failed(_) | Ended::Dropped => slot.maybe(Some(text)),
            }
        }
        Ok(())
    }

    pub(super) async fn read_cells(&self) -> Result<()> {
        let env = self.env;
        let call = env
            .model(self.user)?
            .get_view_data(env.objects[self.user].view);
        let Ended::Returned(data) = env.attempt(self.number, self.step, call).await else {
            return Ok(());
        };
        let expectations = env.expectations();
        let mut wrong = Vec::new();
        for ((place, line), slot) in &expectations.own[self.user].cells {
            let row = format!("Place {}.{place}", self.user);
            let value = data.cell(&[row.as_str()], &[LINE_ITEMS[*line]]);
            let value: Value = value.map(|cell| Bytes::from(cell.value.to_owned()));
            if !slot.allows(&value) {
                wrong.push(format!(
                    "{row}, {}: {value:?}, not {slot:?}",
                    LINE_ITEMS[*line]
                ));
            }
        }
        drop(expectations);
        if !wrong.is_empty() {
            self.violation(rules::READS, wrong.join("; "));
        }
        self.count("cells read");
        Ok(())
    }

    /// Sets the current period. Only the first user does.
    pub(super) async fn set_period(&self, month: u8) -> Result<()> {
        if self.user != 0 {
            return self.read_period().await;
        }
        let env = self.env;
        let first = Date::new(2025, i8::try_from(month).unwrap_or(1), 1).unwrap_or_default();
        let day = first.last_of_month();
        let call = env.model(0)?.set_current_period(day);
        let ended = env.attempt(self.number, self.step, call).await;
        let late = self.late();
        let value = Some(Bytes::from(day.to_string()));
        let slot = &mut env.expectations().own[0].period;
        match ended {
            Ended::Returned(_) => slot.done(value, late),
            Ended::Failed(_) | Ended::Dropped => slot.maybe(value),
        }
        Ok(())
    }

    pub(super) async fn read_period(&self) -> Result<()> {
        let env = self.env;
        let before = env.expectations().own[0].period.clone();
        let call = env.model(self.user)?.get_current_period();
        if let Ended::Returned(period) = env.attempt(self.number, self.step, call).await {
            let day = period.last_day.map(|day| Bytes::from(day.to_string()));
            let after = &env.expectations().own[0].period;
            if self.user == 0 && !before.allows(&day) && !after.allows(&day) {
                env.violation(rules::READS, self.number, format!("{day:?}, not {after:?}"));
            }
        }
        Ok(())
    }

    /// Reads the module by a large read request and compares every cell with a certain value.
    pub(super) async fn read_view(&self) -> Result<()> {
        let env = self.env;
        let model = env.model(self.user)?;
        let view = env.objects[self.user].view;
        let call = model.create_view_read_request(view, ExportType::GridCurrentPage);
        let ended = env.attempt(self.number, self.step, call).await;
        let mut requested = Requested::new(self.number, (), ended.reported());
        let Ended::Returned(task) = ended else {
            env.expectations().read_requests.push(requested);
            return Ok(());
        };
        requested = requested.with_id(task.id());
        env.expectations().read_requests.push(requested);
        let mut pages = model.read_pages(task.address());
        let call = async move {
            let mut all = Vec::new();
            while let Some(page) = pages.next_page().await {
                all.extend_from_slice(&page?);
            }
            Ok::<_, anaplan_core::Error>(Bytes::from(all))
        };
        if let Ended::Returned(bytes) = env.uncancelled(self.number, self.step, call).await {
            let text = String::from_utf8_lossy(&bytes);
            let expectations = env.expectations();
            let certain = expectations.own[self.user]
                .cells
                .values()
                .filter_map(|slot| slot.certain()?.clone());
            let mut missing = certain.map(|value| String::from_utf8_lossy(&value).into_owned());
            let missing = missing.find(|value| !text.contains(value));
            drop(expectations);
            if let Some(value) = missing {
                self.violation(rules::READS, format!("{value} is not in {text}"));
            }
            self.count("tables read");
        }
        Ok(())
    }

    pub(super) async fn wake(&self) -> Result<()> {
        let env = self.env;
        let model = env.model(self.user)?.with_model(&env.demo.closable);
        let policy = PollPolicy::default().with_deadline(Duration::from_secs(600));
        let call = async move {
            model.wake_model().await?;
            model.wait_until_open_with(policy).await?;
            model.close_model().await
        };
        let _ = env.attempt(self.number, self.step, call).await;
        Ok(())
    }

    pub(super) async fn read_model(&self) -> Result<()> {
        let env = self.env;
        let model = env.model(self.user)?;
        let call = async move {
            let details = model.get_model_details().await?;
            let lists = model.get_lists().await?;
            let modules = model.get_modules().await?;
            let line_items = model.get_line_items().await?;
            Ok::<_, anaplan_core::Error>((details, lists, modules, line_items))
        };
        let size = |world: &mut World| {
            let structure = world.model(&env.demo.dev).map(|dev| &dev.structure);
            structure.map_or((0, 0, 0), |structure| {
                let line_items = structure
                    .modules
                    .iter()
                    .map(|module| module.line_items.len());
                (
                    structure.lists.len(),
                    structure.modules.len(),
                    line_items.sum(),
                )
            })
        };
        let before: (usize, usize, usize) = env.fake.world(size);
        if let Ended::Returned((details, lists, modules, line_items)) =
            env.attempt(self.number, self.step, call).await
        {
            let after = env.fake.world(size);
            let fits = details.id == env.demo.dev
                && (before.0..=after.0).contains(&lists.len())
                && modules.len() == after.1
                && line_items.len() == after.2;
            if !fits {
                let got = (lists.len(), modules.len(), line_items.len());
                self.violation(
                    rules::READS,
                    format!("had {before:?}, got {got:?}, has {after:?}"),
                );
            }
            self.count("models read");
        }
        Ok(())
    }
}
