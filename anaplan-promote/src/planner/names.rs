//! Models of a release: ids, and the rules about them.

use std::collections::BTreeSet;

use anaplan_core::{Error, ModelId, Result, Session};

use crate::release::{ModelName, Release};
use crate::resolve::Resolver;

/// Models of a release by id.
#[derive(Debug)]
pub(crate) struct ResolvedNames {
    pub(crate) source: ModelId,
    pub(crate) waves: Vec<WaveModels>,
}

/// Models of one wave.
#[derive(Debug)]
pub(crate) struct WaveModels {
    pub(crate) source: ModelId,
    pub(crate) targets: Vec<ModelId>,
}

impl ResolvedNames {
    /// Resolves the names.
    ///
    /// # Errors
    ///
    /// Those of the resolver, and `InvalidInput` for a target that is the source or is named twice, and for
    /// the source of a wave that is not an earlier target.
    pub(crate) async fn new(session: &Session, release: &Release) -> Result<Self> {
        let mut resolver = Resolver::default();
        let source = resolver.resolve(session, &release.source).await?;
        let mut earlier: BTreeSet<ModelId> = BTreeSet::new();
        let mut waves = Vec::new();
        for wave in &release.waves {
            let wave_source = match &wave.source {
                None => source.clone(),
                Some(name) => {
                    let id = resolver.resolve(session, name).await?;
                    if id != source && !earlier.contains(&id) {
                        let problem =
                            "is neither the source of the release nor a target of an earlier wave";
                        return Err(invalid(name, problem));
                    }
                    id
                }
            };
            let mut targets = Vec::new();
            for name in &wave.targets {
                let id = resolver.resolve(session, name).await?;
                if id == source {
                    return Err(invalid(name, "is the source of the release"));
                }
                if targets.contains(&id) || earlier.contains(&id) {
                    return Err(invalid(
                        name,
                        "is a target already, possibly under another name",
                    ));
                }
                targets.push(id);
            }
            earlier.extend(targets.iter().cloned());
            waves.push(WaveModels {
                source: wave_source,
                targets,
            });
        }
        Ok(Self { source, waves })
    }
}

fn invalid(name: &ModelName, problem: &str) -> Error {
    Error::invalid_input("release", format_args!("is not valid: '{name}' {problem}"))
}
