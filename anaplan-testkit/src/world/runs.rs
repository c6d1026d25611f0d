//! Running imports, exports, actions and processes.

mod importing;

use std::time::Duration;

use anaplan_core::{ModelId, TaskId, Timestamp, UserId};

use crate::world::World;
use crate::world::actions::{self, Act, Action, Process};
use crate::world::books::{RunDone, RunStarted};
use crate::world::content::Content;
use crate::world::exports::{Export, ExportSource};
use crate::world::model::Model;
use crate::world::outcome::{Detail, RunResult, detail};
use crate::world::synthetic_csv::SyntheticCsv;
use crate::world::tasks::{Parent, TaskRecord, Work};

/// A kind of object that can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RunKind {
    /// An import.
    Import,
    /// An export.
    Export,
    /// Any other action.
    Action,
    /// A process.
    Process,
}

/// An answer to a question that an import asks when it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MappingParameter {
    /// The import that asks; `None` for the one that is run.
    pub import: Option<u64>,
    /// The kind of entity.
    pub entity_type: String,
    /// The answer.
    pub entity_name: String,
}

/// A parameter of an old connector. Its value is not kept: it may be a password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectorParameter {
    /// The source, by its id or type.
    pub source: String,
    /// The name of the parameter.
    pub parameter: String,
}

/// The parameters of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RunParameters {
    pub(crate) mapping: Vec<MappingParameter>,
    pub(crate) connectors: Vec<ConnectorParameter>,
}

/// Who runs what, and in which task.
struct Run<'a> {
    model: &'a ModelId,
    task: &'a TaskId,
    by: &'a UserId,
    mapping: &'a [MappingParameter],
    /// The process around it.
    inside: Option<u64>,
}

/// The effect of one object.
struct Did {
    dump: bool,
    rows: u64,
    details: Vec<Detail>,
}

impl Did {
    fn well(rows: u64, details: Vec<Detail>) -> Self {
        Self {
            dump: false,
            rows,
            details,
        }
    }
}

impl World {
    /// Starts a run; it begins when the model is free.
    pub(crate) fn start_run(
        &mut self,
        kind: RunKind,
        model: &ModelId,
        object: u64,
        by: &UserId,
        parameters: RunParameters,
    ) -> TaskId {
        let (mapping, connectors) = (parameters.mapping.clone(), parameters.connectors.clone());
        let parent = Parent::Run(kind, model.clone(), object);
        let task = self.begin(parent, by, Work::Run(parameters));
        self.books.runs_started.push(RunStarted {
            kind,
            model: model.clone(),
            object,
            task: task.clone(),
            user: by.clone(),
            mapping,
            connectors,
        });
        task
    }

    pub(crate) fn run(&mut self, task: &TaskRecord, parameters: &RunParameters) -> RunResult {
        let Parent::Run(_, model, object) = &task.parent else {
            let failure = detail("internalError", "This is nothing that can be run.");
            return self.result(0, "", Err(failure));
        };
        let run = Run {
            model,
            task: &task.id,
            by: &task.by,
            mapping: &parameters.mapping,
            inside: None,
        };
        self.run_object(&run, *object)
    }

    fn run_object(&mut self, run: &Run<'_>, object: u64) -> RunResult {
        let now = self.now;
        let Some(model) = self.model(run.model) else {
            let failure = detail("failedToLocateModel", "The model is not there any more.");
            return self.result(object, "", Err(failure));
        };
        let structure = &model.structure;
        let (kind, name, did) = if let Some(import) = structure.import(object).cloned() {
            let did = self.run_import(run, &import);
            (RunKind::Import, import.name, did)
        } else if let Some(export) = structure.export(object).cloned() {
            let did = self.run_export(run, &export);
            (RunKind::Export, export.name, did)
        } else if let Some(action) = structure.action(object).cloned() {
            let did = self.run_action(run, &action);
            (RunKind::Action, action.name, did)
        } else if let Some(process) = structure.process(object).cloned() {
            return self.run_process(run, &process);
        } else {
            let failure = detail("actionFailed", "The action is not there any more.");
            return self.result(object, "", Err(failure));
        };
        let rows = did.as_ref().map_or(0, |did| did.rows);
        let result = self.result(object, &name, did);
        if let (Some(model), true) = (self.model_mut(run.model), rows > 0) {
            model.last_modified = now;
            model.serial += 1;
        }
        self.note_done(run, kind, &result, rows);
        result
    }

    fn result(&self, object: u64, name: &str, did: Result<Did, Detail>) -> RunResult {
        let (successful, did) = match did {
            Ok(did) => (true, did),
            Err(failure) => (false, Did::well(0, vec![failure])),
        };
        RunResult {
            object,
            name: name.to_owned(),
            successful,
            dump: did.dump,
            details: did.details,
            nested: Vec::new(),
            started: self.now,
            took: Duration::from_millis(40 + 3 * did.rows),
        }
    }

    fn note_done(&mut self, run: &Run<'_>, kind: RunKind, result: &RunResult, rows: u64) {
        self.books.runs_done.push(RunDone {
            kind,
            model: run.model.clone(),
            object: result.object,
            task: run.task.clone(),
            user: run.by.clone(),
            process: run.inside,
            successful: result.successful,
            rows,
        });
    }

    /// Steps in their order. What a step has done stays done, whatever becomes of the later ones.
    fn run_process(&mut self, run: &Run<'_>, process: &Process) -> RunResult {
        let inside = Run {
            inside: Some(process.id),
            ..*run
        };
        let mut nested: Vec<RunResult> = Vec::new();
        for step in &process.steps {
            let is_process = |model: &Model| model.structure.process(*step).is_some();
            let result = if self.model(run.model).is_some_and(is_process) {
                let text = "A process cannot contain a process.";
                self.result(*step, "", Err(detail("actionFailed", text)))
            } else {
                self.run_object(&inside, *step)
            };
            let failed = !result.successful;
            nested.push(result);
            if failed && process.stops_on_failure {
                break;
            }
        }
        let mut result = self.result(process.id, &process.name, Ok(Did::well(0, Vec::new())));
        result.successful = nested.iter().all(|step| step.successful);
        result.dump = nested.iter().any(|step| step.dump);
        result.took = nested.iter().map(|step| step.took).sum();
        result.nested = nested;
        self.note_done(run, RunKind::Process, &result, 0);
        result
    }

    fn run_export(&mut self, run: &Run<'_>, export: &Export) -> Result<Did, Detail> {
        let now = self.now;
        let Some(model) = self.model(run.model) else {
            return Err(detail(
                "failedToLocateModel",
                "The model is not there any more.",
            ));
        };
        if let ExportSource::Module(module) = export.source {
            let permitted =
                self.is_admin_of(run.by, model) || role_permits(model, run.by, module, false);
            if !permitted {
                return Err(detail("notAuthorised", "No access to the module."));
            }
        }
        let rows = self.export_rows(model, export.source);
        let content = match export.source {
            ExportSource::Bytes(bytes) => Content::made(SyntheticCsv::new(bytes), now),
            ExportSource::List(_) | ExportSource::Module(_) => {
                let text = self.export_text(model, export).ok_or_else(|| {
                    let text = format!("{}: what it exports is gone.", export.name);
                    detail("failedToLocateModule", text)
                })?;
                Content::whole(text, now)
            }
        };
        self.write_output(run.model, export.id, run.by, content);
        let detail = detail("exportSucceeded", format!("{rows} rows exported"))
            .with("exportName", Some(&export.name))
            .with("rowCount", Some(&rows.to_string()));
        Ok(Did::well(0, vec![detail]))
    }

    fn run_action(&mut self, run: &Run<'_>, action: &Action) -> Result<Did, Detail> {
        let started = self.now;
        let Self { models, ids, .. } = self;
        let model = models.iter_mut().find(|model| model.id == *run.model);
        let Some(model) = model else {
            return Err(detail(
                "failedToLocateModel",
                "The model is not there any more.",
            ));
        };
        let (changed, details) = actions::perform(model, ids, action)?;
        if action.act == Act::Optimizer {
            let text = optimizer_log(&action.name, started);
            self.keep_log(run.model, action.id, run.task, text);
        }
        Ok(Did::well(changed, details))
    }
}

fn role_permits(model: &Model, user: &UserId, module: u64, write: bool) -> bool {
    let role = model
        .users
        .get(user)
        .and_then(|held| model.structure.roles.iter().find(|role| role.id == *held));
    role.is_some_and(|role| {
        let modules = if write { &role.write } else { &role.read };
        modules.contains(&module)
    })
}

fn optimizer_log(name: &str, at: Timestamp) -> String {
    format!(
        "Optimizer action: {name}\nStarted: {at}\nRead 42 rows, 61 columns, 183 nonzeros\nPresolve: 12 rows removed\n\
         Iteration    Objective\n        0    0.0\n       17    1284.5\nOptimal objective 1284.5\n"
    )
}
