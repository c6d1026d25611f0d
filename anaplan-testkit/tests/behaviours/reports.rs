//! Comparison reports and summaries of application lifecycle management.

use anaplan_testkit::ReportLayout;
use http::Method;
use serde_json::json;

use crate::alm::{alm, follow, revisions, start};
use crate::ask::{Asker, keys};
use crate::support::HOUR;
use crate::table::behaviours;

behaviours! {
    58, "L", "a comparison report looks at Accept first (406), then at the role (424), then for the report (404)"
        => a_report_refuses_in_its_order;
    58, "D", "a comparison report is text with tabs: six lines of head, then a section for each kind of change, in the published columns"
        => a_report_is_text_with_tabs;
    58, "D", "a comparison report has no ids: objects are named, and the items of lists are counted"
        => a_report_has_names_and_counts;
    58, "I", "changed and deleted objects, whose layout is not published, come in one of two layouts, and ids come back, by a rule"
        => a_report_has_other_layouts_by_rule;
    58, "I", "a report compares with a revision that the target does not have by a rule only; otherwise it is refused with 400"
        => a_report_of_any_pair_by_rule;
    58, "D", "a comparison report is there for 48 hours after it was made, a summary for 48 after it was last read"
        => reports_are_kept_48_hours;
    58, "D", "a summary leaves out kinds of objects without changes, and every counter that is zero"
        => a_summary_omits_zeros;
    59, "L", "whoever is no administrator gets 424 with an empty message from the six report operations, and 403 from the others"
        => reports_hide_the_role;
}

fn made(admin: &Asker, kind: &str) -> String {
    let task = start(admin, &admin.fake.demo().prod, kind);
    let url = follow(admin, &task)["result"]["reportFileUrl"].clone();
    let url = url.as_str().unwrap();
    url.strip_prefix("https://api.anaplan.com")
        .unwrap()
        .to_owned()
}

fn a_report_refuses_in_its_order() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let limited = Asker::signed_in(&admin.fake, &demo.limited);
    let report = made(&admin, "comparisonReportTasks");
    let no_report = alm(&demo.prod, "comparisonReports/AAAA/BBBB");
    for accept in ["application/json", "text/plain"] {
        for asker in [&admin, &limited] {
            for path in [&report, &no_report] {
                asker
                    .ask(Method::GET, path, &[("accept", accept)], "")
                    .expect(406);
            }
        }
    }
    for path in [&report, &no_report] {
        limited.get(path).expect(424);
    }
    admin.get(&no_report).expect(404);
    for accept in ["*/*", "application/octet-stream", "application/*"] {
        let answer = admin
            .ask(Method::GET, &report, &[("accept", accept)], "")
            .expect(200);
        assert_eq!(answer.content_type(), Some("application/octet-stream"));
    }
}

fn a_report_is_text_with_tabs() {
    let admin = Asker::admin();
    let report = made(&admin, "comparisonReportTasks");
    let text = admin.get(&report).expect(200).text();
    let lines: Vec<&str> = text.lines().collect();
    for (line, start) in lines.iter().zip([
        "Source Workspace\t",
        "Source Model\t",
        "Source Revision\t",
        "Target Workspace\t",
        "Target Model\t",
        "Target Revision\t",
    ]) {
        assert!(line.starts_with(start), "{line}");
    }
    let sections: Vec<&&str> = lines
        .iter()
        .filter(|line| line.starts_with("==="))
        .collect();
    for section in [
        "=== LISTS ADDED ===",
        "=== MODULES ADDED ===",
        "=== LINE ITEMS ADDED ===",
    ] {
        assert!(
            sections.iter().any(|line| **line == section),
            "{sections:?}"
        );
    }
    assert!(!text.contains("=== LISTS DELETED ==="));
    assert_eq!(
        lines[0],
        format!(
            "Source Workspace\t{}\tNorthwind Planning",
            admin.fake.demo().workspace
        )
    );
    assert_eq!(lines[1], "Source Model\tSales Planning DEV");
    assert_eq!(lines[5], "Target Revision\tBaseline\tnull");
    let columns = section(&text, "LINE ITEMS ADDED").0;
    assert_eq!(
        columns[..4],
        ["Module", "Line Item", "Position", "Relative To"]
    );
    assert_eq!(columns.len(), 20);
    assert!(!columns.contains(&"Formula".to_owned()));
}

type Rows = Vec<Vec<String>>;

/// The columns and rows of a section. Empty if there is none.
fn section(text: &str, title: &str) -> (Vec<String>, Rows) {
    let lines = text
        .lines()
        .skip_while(|line| *line != format!("=== {title} ==="));
    let table = lines.skip(1).take_while(|line| !line.is_empty());
    let mut table = table.map(|line| line.split('\t').map(str::to_owned).collect());
    (table.next().unwrap_or_default(), table.collect())
}

fn a_report_has_names_and_counts() {
    let admin = Asker::admin();
    let report = made(&admin, "comparisonReportTasks");
    let text = admin.get(&report).expect(200).text();
    let (columns, rows) = section(&text, "CHANGES WITHIN LISTS");
    assert_eq!(
        columns[..4],
        [
            "List",
            "Items Added/Moved",
            "Items Deleted",
            "Items Changed"
        ]
    );
    assert_eq!(rows, [["Channels", "2", "0", "0", "0", "0", "0", "0"]]);
    assert_eq!(section(&text, "ROLES CHANGED").1, [["Planner", "2"]]);
    assert_eq!(
        section(&text, "LISTS ADDED").1[0][..2],
        ["Channels", "After"]
    );
    assert!(!text.contains("Direct") && !text.contains("LIST ITEMS"));
    let demo = admin.fake.demo();
    for revision in revisions(&admin, &demo.dev) {
        assert!(!text.contains(&revision));
    }
    assert!(!text.contains(demo.dev.as_str()) && !text.contains(demo.prod.as_str()));
}

/// A report over a renamed module, a deleted line item and a deleted list item.
fn changed(layout: ReportLayout) -> String {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let source = admin.fake.world(|world| {
        world.rules.report_layout = layout;
        let mut edit = world.edit(&demo.dev);
        edit.edit_module(demo.module)
            .remove_line_item(demo.line_item);
        edit.edit_module(demo.module).renamed("Renamed").id();
        world.add_revision(&demo.dev, "Less")
    });
    let body = json!({
        "sourceRevisionId": source,
        "sourceModelId": demo.dev.as_str(),
        "targetRevisionId": revisions(&admin, &demo.prod)[0],
    });
    let path = alm(&demo.prod, "comparisonReportTasks");
    let task = admin.post(&path, &body).expect(201).json();
    let task = task["task"]["taskId"].as_str().unwrap();
    let task = follow(&admin, &format!("{path}/{task}"));
    let url = task["result"]["reportFileUrl"].as_str().unwrap();
    let url = url.strip_prefix("https://api.anaplan.com").unwrap();
    admin.get(url).expect(200).text()
}

fn a_report_has_other_layouts_by_rule() {
    let text = changed(ReportLayout::Published);
    let (columns, rows) = section(&text, "MODULES CHANGED");
    assert_eq!(columns, ["Name", "Property", "Target", "Source"]);
    assert_eq!(
        (&*rows[0][0], &*rows[0][1], &*rows[0][3]),
        ("Renamed", "Name", "Renamed")
    );
    let (columns, rows) = section(&text, "LINE ITEMS DELETED");
    assert_eq!((columns.len(), rows[0].len()), (20, 20));

    let text = changed(ReportLayout::PublishedShort);
    let (columns, rows) = section(&text, "MODULES CHANGED");
    assert_eq!(
        (columns.len(), rows[0].len(), &*rows[0][0]),
        (12, 12, "Renamed")
    );
    let (columns, rows) = section(&text, "LINE ITEMS DELETED");
    assert_eq!((columns.len(), rows[0].len()), (2, 2));

    let text = changed(ReportLayout::WithIds);
    assert_eq!(section(&text, "MODULES CHANGED").0[0], "Id");
    assert_eq!(section(&text, "LIST ITEMS ADDED").1.len(), 2);
}

fn a_report_of_any_pair_by_rule() {
    for (allowed, status) in [(false, 400), (true, 201)] {
        let admin = Asker::admin();
        let demo = admin.fake.demo();
        admin
            .fake
            .world(|world| world.rules.compare_any_pair = allowed);
        let of = revisions(&admin, &demo.dev);
        let body = json!({
            "sourceRevisionId": of[2],
            "sourceModelId": demo.dev.as_str(),
            "targetRevisionId": of[1],
        });
        let path = alm(&demo.prod, "summaryReportTasks");
        admin.post(&path, &body).expect(status);
    }
}

fn reports_are_kept_48_hours() {
    let admin = Asker::admin();
    admin
        .fake
        .world(|world| world.rules.token_life = HOUR * 1000);
    let admin = Asker::signed_in(&admin.fake, &admin.fake.admin());
    let comparison = made(&admin, "comparisonReportTasks");
    let summary = made(&admin, "summaryReportTasks");
    admin.fake.advance(HOUR * 47);
    admin.get(&comparison).expect(200);
    admin.get(&summary).expect(200);
    admin.fake.advance(HOUR * 2);
    admin.get(&comparison).expect(404);
    admin.get(&summary).expect(200);
    admin.fake.advance(HOUR * 49);
    admin.get(&summary).expect(404);
}

fn a_summary_omits_zeros() {
    let admin = Asker::admin();
    let summary = made(&admin, "summaryReportTasks");
    let body = admin.get(&summary).expect(200).json();
    assert_eq!(
        body["meta"]["schema"],
        "https://api.anaplan.com/2/0/objects/summaryReport"
    );
    let report = &body["summaryReport"];
    assert_eq!(
        keys(report),
        [
            "differences",
            "sourceRevisionId",
            "targetRevisionId",
            "totals"
        ]
    );
    let kinds = report["differences"].as_object().unwrap();
    assert!(kinds.contains_key("lists") && kinds.contains_key("modules"));
    assert!(!kinds.contains_key("versions"));
    let mut created = 0;
    for counters in kinds.values().chain([&report["totals"]]) {
        for (key, count) in counters.as_object().unwrap() {
            assert!(["created", "modified", "deleted"].contains(&key.as_str()));
            assert!(count.as_u64() > Some(0));
        }
    }
    for counters in kinds.values() {
        created += counters["created"].as_u64().unwrap_or_default();
    }
    assert_eq!(report["totals"]["created"], created);
    assert!(report["totals"].get("deleted").is_none());
}

fn reports_hide_the_role() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let limited = Asker::signed_in(&admin.fake, &demo.limited);
    let body = json!({ "sourceRevisionId": "A", "sourceModelId": "B", "targetRevisionId": "C" });
    let dev = |path: &str| alm(&demo.dev, path);
    for answer in [
        limited.post(&dev("comparisonReportTasks"), &body),
        limited.get(&dev("comparisonReportTasks/A")),
        limited.get(&dev("comparisonReports/A/B")),
        limited.post(&dev("summaryReportTasks"), &body),
        limited.get(&dev("summaryReportTasks/A")),
        limited.get(&dev("summaryReports/A/B")),
    ] {
        let body = answer.expect(424).json();
        assert_eq!(body["status"], json!({ "code": 424, "message": "" }));
    }
    let online = format!("/2/0/models/{}/onlineStatus", demo.dev);
    for answer in [
        limited.put(&online, &json!({ "status": "online" })),
        limited.post(&online, &json!({ "status": "online" })),
        limited.get(&dev("syncableRevisions?sourceModelId=A")),
        limited.get(&dev("latestRevision")),
        limited.get(&dev("revisions")),
        limited.post(&dev("revisions"), &json!({ "name": "Next" })),
        limited.get(&dev("revisions/A/appliedToModels")),
        limited.post(&dev("syncTasks"), &body),
        limited.get(&dev("syncTasks")),
        limited.get(&dev("syncTasks/A")),
    ] {
        assert_eq!(answer.expect(403).message(), "Forbidden");
    }
}
