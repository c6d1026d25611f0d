//! Evidence of a run, for auditors and reviewers.

mod document;
#[cfg(feature = "html")]
mod html;
mod markdown;
mod text;

use std::collections::BTreeMap;
use std::path::Path;

use anaplan_core::{Error, ErrorKind, Result};

use crate::canonical_json::{canonical, file, sha256};
use crate::journal::Journal;
use crate::plan::{Comparison, Plan};
use crate::planner::safe;

pub use document::{EvidenceDocument, EvidenceReport, EvidenceRun, ModelState, TargetEvidence};

/// Variables of pipelines that become part of the evidence. None of them holds a secret.
const PIPELINE_VARIABLES: [&str; 20] = [
    "GITHUB_REPOSITORY",
    "GITHUB_WORKFLOW",
    "GITHUB_RUN_ID",
    "GITHUB_RUN_ATTEMPT",
    "GITHUB_SHA",
    "GITHUB_REF",
    "GITHUB_ACTOR",
    "CI_PROJECT_PATH",
    "CI_PIPELINE_ID",
    "CI_PIPELINE_URL",
    "CI_JOB_ID",
    "CI_COMMIT_SHA",
    "GITLAB_USER_LOGIN",
    "BUILD_BUILDID",
    "BUILD_DEFINITIONNAME",
    "BUILD_REPOSITORY_NAME",
    "BUILD_SOURCEVERSION",
    "BUILD_REQUESTEDFOR",
    "JOB_NAME",
    "BUILD_NUMBER",
];

/// Evidence of a plan and its run: documents for auditors, pull requests and browsers.
///
/// The same plan and journal result in the same bytes. Names of model objects are untrusted: they are escaped,
/// and control and bidirectional characters are made visible.
///
/// ```
/// # use anaplan_promote::{Evidence, Journal, Promoter, Release, Wave};
/// # anaplan_testkit::story(async |fake| {
/// # let promoter: Promoter = fake.namespace()?;
/// # let release = Release::new("R", "Sales Planning DEV").wave(Wave::new("w", ["Sales Planning PROD"]));
/// let plan = promoter.plan(&release).await?;
/// // Before the run, or after it with the journal of the run.
/// let evidence = Evidence::of(&plan, &Journal::in_memory())?;
/// println!("{}", evidence.to_markdown());
/// # assert!(evidence.to_markdown().contains("Sales Planning PROD"));
/// # Ok(()) });
/// ```
#[derive(Debug, Clone)]
pub struct Evidence {
    plan: Plan,
    journal: String,
    document: EvidenceDocument,
}

impl Evidence {
    /// Creates the evidence of a plan and the journal of its run. The journal may be empty, or end anywhere.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the journal belongs to another plan.
    pub fn of(plan: &Plan, journal: &Journal) -> Result<Self> {
        Ok(Self {
            document: EvidenceDocument::of(plan, journal)?,
            plan: plan.clone(),
            journal: journal.text(),
        })
    }

    /// Adds the context of a pipeline. Only well-known variables that identify repository, commit, run and
    /// user are taken.
    ///
    /// ```
    /// # use anaplan_promote::Evidence;
    /// # fn add(evidence: Evidence) -> Evidence {
    /// evidence.with_pipeline(std::env::vars())
    /// # }
    /// ```
    #[must_use]
    pub fn with_pipeline(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let known = variables.into_iter();
        let known = known.filter(|(name, _)| PIPELINE_VARIABLES.contains(&name.as_str()));
        self.document.pipeline.extend(known);
        self
    }

    /// Returns the document.
    #[must_use]
    pub fn document(&self) -> &EvidenceDocument {
        &self.document
    }

    /// Returns the document as JSON.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if settings of a custom rule have a number with a fraction.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        file(&canonical(&self.document)?)
    }

    /// Returns a summary in Markdown for pull requests and step summaries, shorter than 60 kB.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        markdown::render(&self.document, &self.plan)
    }

    /// Returns a page in HTML: one file without scripts and without requests to other files.
    #[cfg(feature = "html")]
    #[cfg_attr(docsrs, doc(cfg(feature = "html")))]
    #[must_use]
    pub fn to_html(&self) -> String {
        html::render(&self.document, &self.plan)
    }

    /// Writes the folder: `evidence.json`, `evidence.md`, `evidence.html` (with the feature `html`),
    /// `plan.json`, `journal.jsonl`, `reports/FROM-TO.tsv`, and `SHA256SUMS` of all of them.
    ///
    /// # Errors
    ///
    /// `Io` if a file cannot be written, `Conflict` if a stored report was changed.
    pub fn write(&self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        let mut sums = String::new();
        for (name, bytes) in self.files()? {
            let path = folder.join(&name);
            let parent = path.parent().unwrap_or(folder);
            let written =
                std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, &bytes));
            written.map_err(|error| {
                let message = format!("cannot write {}", path.display());
                Error::new(ErrorKind::Io, message).caused_by(error)
            })?;
            sums.push_str(&format!("{}  {name}\n", sha256(&bytes)));
        }
        let path = folder.join("SHA256SUMS");
        std::fs::write(&path, sums).map_err(|error| {
            Error::new(ErrorKind::Io, format!("cannot write {}", path.display())).caused_by(error)
        })
    }

    /// Returns the files by name.
    fn files(&self) -> Result<BTreeMap<String, Vec<u8>>> {
        let mut files = BTreeMap::new();
        files.insert("evidence.json".to_owned(), self.to_json()?);
        files.insert("evidence.md".to_owned(), self.to_markdown().into_bytes());
        #[cfg(feature = "html")]
        files.insert("evidence.html".to_owned(), self.to_html().into_bytes());
        files.insert("plan.json".to_owned(), self.plan.to_json()?);
        if !self.journal.is_empty() {
            files.insert(
                "journal.jsonl".to_owned(),
                self.journal.clone().into_bytes(),
            );
        }
        for comparison in &self.plan.comparisons {
            if let Some(report) = self.plan.report(comparison)? {
                files.insert(report_path(comparison), report.to_vec());
            }
        }
        Ok(files)
    }
}

/// Returns the path of a report in the folder.
fn report_path(comparison: &Comparison) -> String {
    format!(
        "reports/{}-{}.tsv",
        safe(&comparison.from),
        safe(&comparison.to)
    )
}
