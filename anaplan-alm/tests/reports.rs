//! Comparison reports and summaries.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod support;

use std::time::Duration;

use anaplan_alm::{Change, ComparisonReport};
use anaplan_core::{
    Endpoint, ErrorKind, HeaderMap, HeaderValue, Method, Path, Response, Result, RetryClass,
};
use anaplan_testkit::Fault;
use support::Stage;

#[tokio::test(start_paused = true)]
async fn comparison_report_lists_the_changes_of_a_sync() {
    let stage = Stage::set().await;
    let file = stage.alm.get_comparison_report(&stage.pair).await.unwrap();
    let report = ComparisonReport::parse(&file);
    assert_eq!(
        report.header("Source Model").unwrap()[0],
        "Sales Planning DEV"
    );
    assert_eq!(report.header("Target Revision").unwrap()[0], "Baseline");
    assert_eq!(report.headers.len(), 6);
    let lists = report.section("LISTS ADDED").unwrap();
    assert_eq!(lists.change, Change::Added);
    assert_eq!(lists.rows[0].get("Name"), Some("Channels"));
    let within = report.section("CHANGES WITHIN LISTS").unwrap();
    assert_eq!(within.change, Change::Within);
    assert_eq!(within.rows[0].get("List"), Some("Channels"));
    assert_eq!(within.rows[0].get("Items Added/Moved"), Some("2"));
    let line_items = report.section("LINE ITEMS ADDED").unwrap();
    assert_eq!(line_items.rows[0].get("Module"), Some("Headcount"));
    let roles = report.section("ROLES CHANGED").unwrap();
    assert_eq!(roles.rows[0].get("Changes"), Some("2"));
    assert!(report.section("LISTS DELETED").is_none());
}

#[tokio::test(start_paused = true)]
async fn summary_counts_the_changes_of_the_report() {
    let stage = Stage::set().await;
    let summary = stage.alm.get_comparison_summary(&stage.pair).await.unwrap();
    assert_eq!(summary.differences["lists"].created, 1);
    assert_eq!(summary.differences["modules"].created, 1);
    assert_eq!(summary.differences["rolesContents"].modified, 1);
    let counted: u64 = summary
        .differences
        .values()
        .map(anaplan_alm::Differences::count)
        .sum();
    assert_eq!(summary.totals.count(), counted);
    assert_eq!(
        summary.source_revision_id.as_ref(),
        Some(&stage.pair.source_revision)
    );
}

#[tokio::test(start_paused = true)]
async fn task_is_not_found_under_another_kind() {
    let stage = Stage::set().await;
    let error = stage
        .alm
        .get_comparison_summary_task(&stage.comparison_task)
        .await
        .unwrap_err();
    assert!(error.is_not_found());
    let error = stage
        .alm
        .get_comparison_report_task(&stage.summary_task)
        .await
        .unwrap_err();
    assert!(error.is_not_found());
    let error = stage
        .alm
        .get_sync_task(&stage.summary_task)
        .await
        .unwrap_err();
    assert!(error.is_not_found());
}

#[tokio::test(start_paused = true)]
async fn reports_expire_after_two_days_and_summaries_two_days_after_the_last_read() {
    let stage = Stage::set().await;
    let day = Duration::from_secs(24 * 3600);
    stage.fake.advance(day);
    stage.alm.get_comparison_report(&stage.pair).await.unwrap();
    stage.alm.get_comparison_summary(&stage.pair).await.unwrap();
    stage.fake.advance(day + Duration::from_secs(60));
    let gone = stage
        .alm
        .get_comparison_report(&stage.pair)
        .await
        .unwrap_err();
    assert!(gone.is_not_found());
    stage.alm.get_comparison_summary(&stage.pair).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn download_writes_whole_files_only() {
    let stage = Stage::set().await;
    let route = "GET /2/0/models/*/alm/comparisonReports/*/*";
    let whole = stage.alm.get_comparison_report(&stage.pair).await.unwrap();

    let (writer, mut reader) = tokio::io::duplex(1 << 20);
    let written = stage
        .alm
        .get_comparison_report(&stage.pair)
        .write_to(writer)
        .await
        .unwrap();
    let mut read = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut read)
        .await
        .unwrap();
    assert_eq!((written, &read[..]), (whole.len() as u64, &whole[..]));

    let folder = std::env::temp_dir().join(format!("anaplan-report-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("report.tsv");
    stage.fake.inject(Fault::truncate(100).on(route).times(2));
    stage
        .alm
        .get_comparison_report(&stage.pair)
        .save_to(&path)
        .await
        .unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), whole);

    std::fs::remove_file(&path).unwrap();
    stage.fake.inject(Fault::truncate(100).on(route));
    let error = stage
        .alm
        .get_comparison_report(&stage.pair)
        .save_to(&path)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    std::fs::remove_dir(&folder).unwrap();
}

/// Requests the report with another `Accept` header.
struct AsJson(&'static str, anaplan_core::ModelId);

impl Endpoint for AsJson {
    const NAME: &'static str = "test.report_as_json";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = ();

    fn path(&self) -> Path {
        Path::integration()
            .lit("models")
            .seg("modelId", &self.1)
            .lit("alm")
            .lit("comparisonReports")
            .seg("target", "A")
            .seg("source", "B")
    }

    fn headers(&self, headers: &mut HeaderMap) -> Result<()> {
        headers.insert("accept", HeaderValue::from_static(self.0));
        Ok(())
    }

    fn decode(&self, _: Response) -> Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn report_checks_media_type_then_role_then_existence() {
    let stage = Stage::set().await;
    let demo = &stage.demo;
    let limited = stage
        .fake
        .session_of(&demo.limited.id, Default::default())
        .unwrap();
    let admin = stage.fake.session().unwrap();
    let status = async |session: &anaplan_core::Session, accept: &'static str| {
        let error = session
            .call(AsJson(accept, demo.prod.clone()))
            .await
            .unwrap_err();
        error.status().unwrap().as_u16()
    };
    assert_eq!(status(&limited, "application/json").await, 406);
    assert_eq!(status(&admin, "text/plain").await, 406);
    assert_eq!(status(&limited, "*/*").await, 424);
    assert_eq!(status(&admin, "application/octet-stream").await, 404);
}
