//! Arbitrary sequences of requests that make sense, without any client.

use std::time::Duration;

use anaplan_testkit::Pacing;
use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::on_paused_time;
use crate::order::{Effect, Order};

/// One request, or something that happens between requests. The numbers choose objects, as far as there
/// are that many.
#[derive(Debug, Clone)]
enum Deed {
    Wait(u32),
    Pace(u8, u32),
    ChangeStructure,
    CreateRevision(u8),
    Sync {
        target: u8,
        revision: u8,
    },
    Report {
        target: u8,
        summary: bool,
    },
    AddItems {
        list: u8,
        names: Vec<u8>,
        coded: bool,
    },
    UpdateItems {
        list: u8,
        names: Vec<u8>,
        code: u8,
    },
    DeleteItems {
        list: u8,
        names: Vec<u8>,
    },
    ResetIndex(u8),
    WriteCells {
        line_item: u8,
        region: u8,
        value: i32,
    },
    Put {
        file: u8,
        rows: u8,
    },
    Announce {
        file: u8,
        count: i8,
    },
    Chunk {
        file: u8,
        number: u8,
    },
    Complete(u8),
    DeleteContent(u8),
    Run {
        what: u8,
    },
    Look(u8),
    Cancel(u8),
    ReadRequest {
        list: u8,
    },
    Read(u8),
    Online(bool),
    Open {
        close: bool,
    },
}

fn deed() -> impl Strategy<Value = Deed> {
    let names = || prop::collection::vec(0_u8..6, 1..4);
    prop_oneof![
        (0_u32..200_000).prop_map(Deed::Wait),
        (0_u8..3, 0_u32..600).prop_map(|(kind, n)| Deed::Pace(kind, n)),
        Just(Deed::ChangeStructure),
        any::<u8>().prop_map(Deed::CreateRevision),
        (0_u8..3, 0_u8..4).prop_map(|(target, revision)| Deed::Sync { target, revision }),
        (0_u8..3, any::<bool>()).prop_map(|(target, summary)| Deed::Report { target, summary }),
        (0_u8..6, names(), any::<bool>()).prop_map(|(list, names, coded)| Deed::AddItems {
            list,
            names,
            coded
        }),
        (0_u8..6, names(), 0_u8..6).prop_map(|(list, names, code)| Deed::UpdateItems {
            list,
            names,
            code
        }),
        (0_u8..6, names()).prop_map(|(list, names)| Deed::DeleteItems { list, names }),
        (0_u8..6).prop_map(Deed::ResetIndex),
        (0_u8..9, 0_u8..4, any::<i32>()).prop_map(|(line_item, region, value)| {
            Deed::WriteCells {
                line_item,
                region,
                value,
            }
        }),
        (0_u8..7, 0_u8..6).prop_map(|(file, rows)| Deed::Put { file, rows }),
        (0_u8..7, -1_i8..4).prop_map(|(file, count)| Deed::Announce { file, count }),
        (0_u8..7, 0_u8..4).prop_map(|(file, number)| Deed::Chunk { file, number }),
        (0_u8..7).prop_map(Deed::Complete),
        (0_u8..7).prop_map(Deed::DeleteContent),
        (0_u8..11).prop_map(|what| Deed::Run { what }),
        any::<u8>().prop_map(Deed::Look),
        any::<u8>().prop_map(Deed::Cancel),
        (0_u8..6).prop_map(|list| Deed::ReadRequest { list }),
        any::<u8>().prop_map(Deed::Read),
        any::<bool>().prop_map(Deed::Online),
        any::<bool>().prop_map(|close| Deed::Open { close }),
    ]
}

struct Play {
    caller: Caller,
    order: Order,
    /// Paths of tasks that were started.
    tasks: Vec<String>,
}

impl Play {
    fn new() -> Self {
        let caller = Caller::admin();
        caller.fake.world(|world| world.rules.burst = None);
        let order = caller.fake.world(|world| Order::of(world));
        Self {
            caller,
            order,
            tasks: Vec::new(),
        }
    }

    fn list(&self, index: u8) -> u64 {
        let demo = &self.caller.demo;
        let lists = [
            demo.list,
            demo.empty_list,
            demo.numbered_list,
            demo.structural_list,
            demo.child_list,
            999,
        ];
        lists[usize::from(index) % lists.len()]
    }

    fn file(&self, index: u8) -> u64 {
        let demo = &self.caller.demo;
        let files = [
            demo.source_file,
            demo.empty_file,
            demo.bad_source_file,
            demo.sales_file,
            demo.export,
            demo.list_export,
            113_999_999_999,
        ];
        files[usize::from(index) % files.len()]
    }

    fn runnable(&self, index: u8) -> String {
        let demo = &self.caller.demo;
        match index % 11 {
            0 => format!("imports/{}", demo.good_import),
            1 => format!("imports/{}", demo.bad_import),
            2 => format!("imports/{}", demo.sales_import),
            3 => format!("exports/{}", demo.export),
            4 => format!("exports/{}", demo.list_export),
            5 => format!("actions/{}", demo.action),
            6 => format!("actions/{}", demo.delete_action),
            7 => format!("actions/{}", demo.optimizer),
            8 => format!("processes/{}", demo.process),
            9 => format!("processes/{}", demo.bad_process),
            _ => "actions/117999999999".into(),
        }
    }

    /// The path of a model of the family.
    fn target(&self, index: u8) -> (String, anaplan_core::ModelId) {
        let demo = &self.caller.demo;
        let target = [&demo.prod, &demo.test, &demo.sync_fails][usize::from(index) % 3];
        (format!("models/{target}/alm"), target.clone())
    }

    fn latest(&self, model: &anaplan_core::ModelId, back: usize) -> String {
        self.caller.fake.world(|world| {
            let applied = world.model(model).map(|model| &model.applied[..]);
            let mut applied = applied.unwrap_or_default().iter().rev();
            let found = applied.nth(back);
            found
                .map(|applied| applied.revision.clone())
                .unwrap_or_default()
        })
    }

    /// Sends a request and gives the answer's JSON, if it has any.
    fn ask(&mut self, method: &Method, path: &str, body: Option<Value>) -> Value {
        let (kind, body) = match body {
            Some(Value::String(text)) => ("application/octet-stream", text),
            Some(value) => ("application/json", value.to_string()),
            None => ("text/plain", String::new()),
        };
        let root = match path.strip_prefix('/') {
            Some(path) => path.to_owned(),
            None => format!("models/{}/{path}", self.caller.demo.dev),
        };
        let answer = self
            .caller
            .send_raw(method.clone(), &root, Some(kind), body.into());
        assert!(
            !answer.status.is_server_error(),
            "{method} {root}: {} {}",
            answer.status,
            answer.text()
        );
        let is_json = answer
            .content_type()
            .is_some_and(|kind| kind.contains("json"));
        if !is_json {
            return Value::Null;
        }
        let json = answer.json();
        if let Some(code) = json["status"]["code"].as_u64() {
            assert_eq!(
                code,
                u64::from(answer.status.as_u16()),
                "{method} {root}: {json}"
            );
        }
        json
    }

    fn start(&mut self, path: &str, body: Value) {
        let answer = self.ask(&Method::POST, path, Some(body));
        if let Some(id) = answer["task"]["taskId"].as_str() {
            self.tasks.push(format!("{path}/{id}"));
        }
    }

    fn task(&self, index: u8) -> Option<String> {
        let count = self.tasks.len();
        (count > 0).then(|| self.tasks[usize::from(index) % count].clone())
    }

    fn see(&mut self, answer: &Value) {
        let task = &answer["task"];
        if let (Some(id), Some(state)) = (task["taskId"].as_str(), task["taskState"].as_str()) {
            self.order.saw(id, state);
            let over = state == "COMPLETE" || state == "CANCELLED";
            assert_eq!(task.get("result").is_some(), over, "{task}");
        }
    }

    fn perform(&mut self, deed: &Deed) {
        let mut effect = Effect::default();
        match deed {
            Deed::Wait(seconds) => {
                self.caller
                    .fake
                    .advance(Duration::from_secs(u64::from(*seconds)));
                // A day and a half of waiting ends every session.
                self.caller = Caller::signed_in(&self.caller.fake, &self.caller.demo.admin);
                effect.runs = true;
            }
            Deed::Pace(kind, n) => {
                let pacing = match kind {
                    0 => Pacing::Instant,
                    1 => Pacing::Polls(n % 7),
                    _ => Pacing::Time(Duration::from_secs(u64::from(*n))),
                };
                self.caller.fake.world(|world| world.rules.pacing = pacing);
            }
            Deed::ChangeStructure => {
                let dev = self.caller.demo.dev.clone();
                self.caller
                    .fake
                    .world(|world| world.edit(&dev).list("New").id());
            }
            Deed::CreateRevision(name) => {
                let body = json!({ "name": format!("Revision {name}") });
                self.ask(&Method::POST, "alm/revisions", Some(body));
            }
            Deed::Sync { target, revision } => {
                let body = self.pair(*target, *revision);
                let (path, _) = self.target(*target);
                self.start(&format!("/{path}/syncTasks"), body);
                effect.runs = true;
            }
            Deed::Report { target, summary } => {
                let kind = if *summary {
                    "summaryReportTasks"
                } else {
                    "comparisonReportTasks"
                };
                let body = self.pair(*target, 0);
                let (path, _) = self.target(*target);
                self.start(&format!("/{path}/{kind}"), body);
            }
            Deed::AddItems { list, names, coded } => {
                let items: Vec<Value> = names
                    .iter()
                    .map(|name| match coded {
                        true => {
                            json!({ "name": format!("Item {name}"), "code": format!("I{name}") })
                        }
                        false => json!({ "name": format!("Item {name}") }),
                    })
                    .collect();
                let path = format!("lists/{}/items?action=add", self.list(*list));
                let answer = self.ask(&Method::POST, &path, Some(json!({ "items": items })));
                effect.added = answer["added"].as_u64().unwrap_or(0);
                assert!(effect.added <= names.len() as u64);
            }
            Deed::UpdateItems { list, names, code } => {
                let items: Vec<Value> = names
                    .iter()
                    .map(|name| json!({ "name": format!("Item {name}"), "code": format!("I{code}") }))
                    .collect();
                let path = format!("lists/{}/items", self.list(*list));
                self.ask(&Method::PUT, &path, Some(json!({ "items": items })));
            }
            Deed::DeleteItems { list, names } => {
                let items: Vec<Value> = names
                    .iter()
                    .map(|name| json!({ "name": format!("Item {name}") }))
                    .collect();
                let path = format!("lists/{}/items?action=delete", self.list(*list));
                let answer = self.ask(&Method::POST, &path, Some(json!({ "items": items })));
                effect.deleted = answer["deleted"].as_u64().unwrap_or(0);
            }
            Deed::ResetIndex(list) => {
                let path = format!("lists/{}/resetIndex", self.list(*list));
                self.ask(&Method::POST, &path, None);
            }
            Deed::WriteCells {
                line_item,
                region,
                value,
            } => {
                let names = [
                    "Volume", "Price", "Revenue", "Comment", "Approved", "Launch",
                ];
                let name = names[usize::from(*line_item) % names.len()];
                let region = ["North", "South", "World", "Item 1"][usize::from(*region)];
                let body = json!([{ "lineItemName": name, "value": value,
                    "dimensions": [{ "dimensionName": "Regions", "itemName": region }] }]);
                let path = format!("modules/{}/data", self.caller.demo.module);
                self.ask(&Method::POST, &path, Some(body));
            }
            Deed::Put { file, rows } => {
                let mut text = String::from("Region,Code,Manager,Headroom\r\n");
                for row in 0..*rows {
                    text += &format!("Item {row},I{},Somebody,{row}\r\n", row / 2);
                }
                let path = format!("files/{}", self.file(*file));
                self.ask(&Method::PUT, &path, Some(text.into()));
            }
            Deed::Announce { file, count } => {
                let path = format!("files/{}", self.file(*file));
                self.ask(&Method::POST, &path, Some(json!({ "chunkCount": count })));
            }
            Deed::Chunk { file, number } => {
                let path = format!("files/{}/chunks/{number}", self.file(*file));
                let text = format!("Region,Code\r\nItem {number},I{number}\r\n");
                self.ask(&Method::PUT, &path, Some(text.into()));
            }
            Deed::Complete(file) => {
                let path = format!("files/{}/complete", self.file(*file));
                self.ask(&Method::POST, &path, Some(json!({})));
            }
            Deed::DeleteContent(file) => {
                let path = format!("files/{}", self.file(*file));
                self.ask(&Method::DELETE, &path, None);
            }
            Deed::Run { what } => {
                let path = format!("{}/tasks", self.runnable(*what));
                self.start(&path, json!({ "localeName": "en_US" }));
                effect.runs = true;
            }
            Deed::Look(index) => {
                if let Some(path) = self.task(*index) {
                    let answer = self.ask(&Method::GET, &path, None);
                    self.see(&answer);
                }
                effect.runs = true;
            }
            Deed::Cancel(index) => {
                if let Some(path) = self.task(*index) {
                    if !path.contains("alm") {
                        let answer = self.ask(&Method::DELETE, &path, None);
                        self.see(&answer);
                    }
                }
                effect.runs = true;
            }
            Deed::ReadRequest { list } => {
                let path = format!("lists/{}/readRequests", self.list(*list));
                let answer = self.ask(&Method::POST, &path, None);
                if let Some(id) = answer["listReadRequest"]["requestId"].as_str() {
                    self.ask(&Method::GET, &format!("{path}/{id}"), None);
                    self.ask(&Method::GET, &format!("{path}/{id}/pages/0"), None);
                    self.ask(&Method::DELETE, &format!("{path}/{id}"), None);
                }
            }
            Deed::Read(index) => self.read(*index),
            Deed::Online(online) => {
                let path = format!("/models/{}/onlineStatus", self.caller.demo.plain);
                let status = if *online { "online" } else { "offline" };
                self.ask(&Method::PUT, &path, Some(json!({ "status": status })));
            }
            Deed::Open { close } => {
                let verb = if *close { "close" } else { "open" };
                let path = format!("/models/{}/{verb}", self.caller.demo.closable);
                self.ask(&Method::POST, &path, None);
            }
        }
        let order = &mut self.order;
        self.caller.fake.world(|world| order.check(world, effect));
    }

    fn pair(&self, target: u8, revision: u8) -> Value {
        let (_, model) = self.target(target);
        let dev = &self.caller.demo.dev;
        json!({
            "sourceRevisionId": self.latest(dev, usize::from(revision)),
            "sourceModelId": dev.as_str(),
            "targetRevisionId": self.latest(&model, 0),
        })
    }

    /// Reading changes nothing.
    fn read(&mut self, index: u8) {
        let demo = self.caller.demo.clone();
        let paths = [
            "modules".into(),
            "lineItems?includeAll=true".into(),
            "lists".into(),
            format!("lists/{}", demo.list),
            format!("lists/{}/items?includeAll=true", demo.list),
            format!("lists/{}/items", demo.numbered_list),
            format!("views/{}", demo.view),
            format!("views/{}/data", demo.view),
            format!("views/{}/data", demo.time_view),
            format!("dimensions/{}/items", demo.list),
            "files".into(),
            format!("files/{}/chunks", demo.source_file),
            format!("files/{}/chunks/0", demo.export),
            format!("exports/{}", demo.list_export),
            "imports?limit=2&offset=1".into(),
            "processes".into(),
            format!("actions/{}/tasks", demo.action),
            "alm/revisions?sort=-createdOn".into(),
            "alm/syncTasks".into(),
            "modelCalendar".into(),
            "currentPeriod".into(),
            "versions".into(),
            "status".into(),
            "/models?modelDetails=true".into(),
            "/users/me".into(),
        ];
        let path: &String = &paths[usize::from(index) % paths.len()];
        self.ask(&Method::GET, path, None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_in_whatever_order_the_world_stays_in_order(
        deeds in prop::collection::vec(deed(), 1..40),
    ) {
        on_paused_time(async {
            let mut play = Play::new();
            for deed in &deeds {
                play.perform(deed);
            }
        });
    }
}
