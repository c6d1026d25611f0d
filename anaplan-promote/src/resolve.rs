//! Names of models to ids.

use std::error::Error as StdError;
use std::fmt;

use anaplan_core::{Error, ErrorKind, ModelId, Result, Session, WorkspaceId, name_distance};

use crate::models::{Model, Tenant};
use crate::release::ModelName;

/// Maximum number of similar names in an error.
const SIMILAR: usize = 5;

/// A model name that is missing or ambiguous.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// No model has the name.
    Missing {
        /// Name.
        name: ModelName,
        /// Models with similar names.
        similar: Vec<Candidate>,
    },
    /// Several models have the name.
    Ambiguous {
        /// Name.
        name: ModelName,
        /// Models with this name.
        candidates: Vec<Candidate>,
    },
}

/// A model that a name may refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidate {
    /// Id.
    pub id: ModelId,
    /// Name.
    pub name: String,
    /// Workspace.
    pub workspace: Option<WorkspaceId>,
    /// Name of the workspace.
    pub workspace_name: Option<String>,
}

impl NameError {
    /// Returns the name error that is the source of an error.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        error.source()?.downcast_ref()
    }

    fn into_error(self) -> Error {
        let kind = match self {
            Self::Missing { .. } => ErrorKind::NotFound,
            Self::Ambiguous { .. } => ErrorKind::Conflict,
        };
        Error::new(kind, self.to_string()).caused_by(self)
    }
}

impl StdError for NameError {}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |candidates: &[Candidate]| {
            let texts: Vec<String> = candidates.iter().map(ToString::to_string).collect();
            texts.join(", ")
        };
        match self {
            Self::Missing { name, similar } if similar.is_empty() => {
                write!(f, "there is no model '{name}' that the user can see")
            }
            Self::Missing { name, similar } => {
                let similar = list(similar);
                write!(
                    f,
                    "there is no model '{name}' that the user can see; similar: {similar}"
                )
            }
            Self::Ambiguous { name, candidates } => {
                let (number, models) = (candidates.len(), list(candidates));
                write!(
                    f,
                    "{number} models are called '{name}': use one of the ids of {models}"
                )
            }
        }
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.workspace_name {
            Some(workspace) => write!(f, "'{workspace}/{}' ({})", self.name, self.id),
            None => write!(f, "'{}' ({})", self.name, self.id),
        }
    }
}

impl From<&Model> for Candidate {
    fn from(model: &Model) -> Self {
        Self {
            id: model.id.clone(),
            name: model.name.clone(),
            workspace: model.workspace.clone(),
            workspace_name: model.workspace_name.clone(),
        }
    }
}

/// Models of the tenant by name. Reads the list of models once, and only if a name is not an id.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    models: Option<Vec<Candidate>>,
}

impl Resolver {
    /// Returns the id of a model.
    ///
    /// # Errors
    ///
    /// `NotFound` and `Conflict` with a [`NameError`] as the source, and those of the listing.
    pub(crate) async fn resolve(&mut self, session: &Session, name: &ModelName) -> Result<ModelId> {
        if is_id(name.as_str()) {
            return Ok(ModelId::new(name.as_str().to_ascii_uppercase()));
        }
        if self.models.is_none() {
            let models = Tenant::new(session.clone()).get_models().await?;
            self.models = Some(models.iter().map(Candidate::from).collect());
        }
        let models = self.models.as_deref().unwrap_or_default();
        find(models, name).map_err(NameError::into_error)
    }
}

/// Returns `true` for 32 hexadecimal digits.
fn is_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn find(models: &[Candidate], name: &ModelName) -> std::result::Result<ModelId, NameError> {
    let text = name.as_str();
    let matches = |model: &&Candidate| {
        let qualified = || {
            let workspace = model.workspace_name.as_deref()?;
            text.strip_prefix(workspace)?.strip_prefix('/')
        };
        model.id.as_str() == text || model.name == text || qualified() == Some(&model.name)
    };
    let found: Vec<&Candidate> = models.iter().filter(matches).collect();
    match *found {
        [model] => Ok(model.id.clone()),
        [] => Err(NameError::Missing {
            name: name.clone(),
            similar: similar(models, text),
        }),
        _ => Err(NameError::Ambiguous {
            name: name.clone(),
            candidates: found.into_iter().cloned().collect(),
        }),
    }
}

/// Returns the models whose name shares most of its letters with the name, in any case.
fn similar(models: &[Candidate], name: &str) -> Vec<Candidate> {
    let wanted = name.rsplit('/').next().unwrap_or(name);
    let named = models.iter().filter(|model| !model.name.trim().is_empty());
    let mut near: Vec<(usize, &Candidate)> = named
        .filter_map(|model| Some((name_distance(wanted, &model.name)?, model)))
        .collect();
    near.sort_by(|left, right| (left.0, &left.1.id).cmp(&(right.0, &right.1.id)));
    near.into_iter()
        .take(SIMILAR)
        .map(|(_, model)| model.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models() -> Vec<Candidate> {
        let model = |id: &str, workspace: &str, name: &str| Candidate {
            id: id.into(),
            name: name.into(),
            workspace: None,
            workspace_name: Some(workspace.into()),
        };
        vec![
            model("A", "Planning", "Headcount UK"),
            model("B", "Planning/EU", "Headcount FR"),
            model("C", "Planning", "EU/Headcount FR"),
            model("D", "Finance", "Headcount UK"),
        ]
    }

    fn resolve(name: &str) -> std::result::Result<String, NameError> {
        find(&models(), &name.into()).map(|id| id.to_string())
    }

    #[test]
    fn names_workspaces_and_ids_are_found() {
        assert_eq!(resolve("Headcount FR").unwrap(), "B");
        assert_eq!(resolve("Finance/Headcount UK").unwrap(), "D");
        assert_eq!(resolve("C").unwrap(), "C");
    }

    #[test]
    fn ambiguous_names_list_all_candidates() {
        let NameError::Ambiguous { candidates, .. } = resolve("Headcount UK").unwrap_err() else {
            panic!("expected an ambiguous name")
        };
        assert_eq!(candidates.len(), 2);
        // A slash in the name of a workspace or of a model.
        assert!(matches!(
            resolve("Planning/EU/Headcount FR"),
            Err(NameError::Ambiguous { .. })
        ));
    }

    #[test]
    fn missing_names_list_similar_ones() {
        let error = resolve("headcount fr ").unwrap_err();
        assert!(
            error.to_string().contains("'Planning/EU/Headcount FR' (B)"),
            "{error}"
        );
        let error = resolve("Zebra").unwrap_err();
        assert!(matches!(&error, NameError::Missing { similar, .. } if similar.is_empty()));
        assert_eq!(NameError::of(&error.clone().into_error()), Some(&error));
    }
}
