//! Evidence of plans and runs.

#![allow(clippy::unwrap_used)]

mod planning;

use std::collections::BTreeMap;
use std::path::Path;

use anaplan_promote::{ApplyOptions, Evidence, Journal, Release, Wave};
use anaplan_testkit::world::Format;
use planning::{DEV, PRODUCTIONS, Stage, TEST};

const NASTY: &str =
    "<script>alert(1)</script> | 😀 \u{202e}txt.exe\" onload=x & `a` [x](http://evil.example)";

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let inner = files(&path)
                .into_iter()
                .map(|(file, bytes)| (format!("{name}/{file}"), bytes));
            all.extend(inner);
        } else {
            all.insert(name, std::fs::read(&path).unwrap());
        }
    }
    all
}

/// A run with one failed target and names of every kind of difficulty.
async fn failed_run(stage: &Stage) -> (anaplan_promote::Plan, Journal) {
    let demo = &stage.demo;
    stage.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        edit.module(NASTY, [])
            .line_item("tab\there", Format::Number);
        edit.edit_module(demo.module)
            .remove_line_item(demo.line_item);
        world.add_revision(&demo.dev, NASTY);
    });
    let release = Release::new(NASTY, DEV)
        .wave(Wave::new("test", [TEST]))
        .wave(Wave::new(
            "production",
            [
                PRODUCTIONS[0],
                "Sales Planning PROD (full)",
                "Sales Planning 2019",
            ],
        ));
    let mut release = release;
    release.policy.unrecognized = anaplan_promote::Severity::Warn;
    let plan = stage.plan(&release).await;
    let journal = Journal::in_memory();
    let options = ApplyOptions::default().journal(journal.clone());
    let run = stage
        .promoter
        .apply(&plan, options)
        .await
        .unwrap()
        .started()
        .unwrap();
    run.finish().await.unwrap();
    (plan, journal)
}

#[tokio::test(start_paused = true)]
async fn p21_evidence_is_reproducible_and_shows_names_as_text() {
    let stage = Stage::new();
    let (plan, journal) = failed_run(&stage).await;
    let evidence = Evidence::of(&plan, &journal).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let paths = [folder.path().join("one"), folder.path().join("two")];
    evidence.write(&paths[0]).unwrap();
    let journal = Journal::with_storage(&journal.text(), NoStorage).unwrap();
    Evidence::of(&plan, &journal)
        .unwrap()
        .write(&paths[1])
        .unwrap();
    let written = files(&paths[0]);
    assert_eq!(
        written,
        files(&paths[1]),
        "the same input results in the same bytes"
    );

    // The checksums are those of the files.
    let sums = String::from_utf8(written["SHA256SUMS"].clone()).unwrap();
    assert_eq!(sums.lines().count(), written.len() - 1);
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        assert_eq!(sum, sha256(&written[name]), "{name}");
    }
    assert!(written.keys().any(|name| name.starts_with("reports/")));
    assert!(written["evidence.md"].len() < 60_000);

    let markdown = evidence.to_markdown();
    assert!(!markdown.contains("<script>") && !markdown.contains('\u{202e}'));
    assert!(!markdown.contains("](http://evil"));
    let document = evidence.document();
    let failed = document
        .targets
        .iter()
        .find(|target| target.name.ends_with("(full)"))
        .unwrap();
    assert!(
        format!("{:?}", failed.outcome).contains("not enough space"),
        "{:?}",
        failed.outcome
    );
    assert_eq!(failed.after.offline, Some(false));
    assert_eq!(failed.syncs.len(), 1);
    let uk = document
        .targets
        .iter()
        .find(|target| target.name.ends_with(PRODUCTIONS[0]))
        .unwrap();
    assert_eq!(uk.after.revision.as_ref().unwrap().name, NASTY);
    assert_eq!(
        document.targets[3].blocked.as_deref(),
        Some("the model is archived")
    );
    assert!(evidence.document().run.as_ref().unwrap().status.is_some());
}

#[cfg(feature = "html")]
#[tokio::test(start_paused = true)]
async fn p21_page_has_neither_scripts_nor_external_requests() {
    let stage = Stage::new();
    let (plan, journal) = failed_run(&stage).await;
    let html = Evidence::of(&plan, &journal).unwrap().to_html();
    if let Ok(path) = std::env::var("ANAPLAN_EVIDENCE_PAGE") {
        std::fs::write(path, &html).unwrap();
    }
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;alert(1)"));
    assert!(!html.contains('\u{202e}') && html.contains("\\u{202e}"));
    assert!(html.contains("😀"));
    // Attributes that load something, and handlers.
    for forbidden in [
        "src=", "@import", "url(", "<link", "<iframe", "<img", "<form",
    ] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert!(html.contains("&quot; onload=x") && !html.contains("\" onload=x"));
    let links: Vec<&str> = html
        .match_indices("href=\"")
        .map(|(at, _)| &html[at + 6..at + 14])
        .collect();
    assert!(links.iter().all(|link| *link == "reports/"), "{links:?}");
}

#[tokio::test(start_paused = true)]
async fn evidence_exists_before_a_run_and_rejects_the_journal_of_another_plan() {
    let stage = Stage::new();
    let plan = stage.plan(&stage.release()).await;
    let evidence = Evidence::of(&plan, &Journal::in_memory())
        .unwrap()
        .with_pipeline([
            ("GITHUB_SHA".to_owned(), "abc".to_owned()),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), "hidden".to_owned()),
        ]);
    let json = String::from_utf8(evidence.to_json().unwrap()).unwrap();
    assert!(json.contains("GITHUB_SHA") && !json.contains("hidden"));
    assert!(evidence.document().run.is_none());
    let (_, journal) = failed_run(&stage).await;
    let error = Evidence::of(&plan, &journal).unwrap_err();
    assert!(error.to_string().contains("belongs to the plan"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn summary_of_many_findings_stays_below_its_limit() {
    let stage = Stage::new();
    stage.fake.world(|world| {
        let mut edit = world.edit(&stage.demo.dev);
        for index in 0..1_500 {
            edit.list(format!("{NASTY} {index}"));
        }
        world.add_revision(&stage.demo.dev, "Many");
        let lists: Vec<u64> = world
            .model(&stage.demo.dev)
            .unwrap()
            .structure
            .lists
            .iter()
            .map(|list| list.id)
            .collect();
        let mut edit = world.edit(&stage.demo.dev);
        for list in lists.iter().rev().take(1_400) {
            edit.edit_list(*list).renamed(format!("renamed {list}"));
        }
        world.add_revision(&stage.demo.dev, "Many changes");
    });
    let policy = "[[rule]]\nid = 'all'\nrule = 'untouched'\nlists = ['*']\n";
    let plan = stage.plan(&stage.release_with(policy)).await;
    let evidence = Evidence::of(&plan, &Journal::in_memory()).unwrap();
    let markdown = evidence.to_markdown();
    assert!(markdown.len() < 60_000, "{}", markdown.len());
    assert!(markdown.ends_with("more lines are in evidence.json.\n"));
    #[cfg(feature = "html")]
    assert!(
        evidence
            .to_html()
            .contains("All rows are in the comparison report.")
    );
}

struct NoStorage;

impl anaplan_promote::JournalStorage for NoStorage {
    fn append(&mut self, _: &str) -> std::io::Result<()> {
        Ok(())
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
