//! A certificate or key file that was read, and the words for it in messages.

use std::fmt;
use std::path::Path;

use anaplan_core::pem::{self, Document};
use anaplan_core::{Error, Result};

use super::certificate_problem::CertificateProblem;
use crate::material::Material;

/// The objects of a file and its origin.
pub(super) struct Input<'a> {
    pub(super) document: Document,
    role: Role,
    path: Option<&'a Path>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Role {
    Certificate,
    PrivateKey,
}

impl<'a> Input<'a> {
    pub(super) fn read(material: &'a Material, role: Role) -> Result<Self> {
        let document = material
            .load(role.noun())
            .map_err(|text| CertificateProblem::Unreadable.error(text))?;
        Ok(Self {
            document,
            role,
            path: material.path(),
        })
    }

    /// The path as a word of a command, or a placeholder.
    pub(super) fn file(&self) -> String {
        pem::quote(self.path.unwrap_or(Path::new(match self.role {
            Role::Certificate => "certificate.pem",
            Role::PrivateKey => "key.pem",
        })))
    }

    /// An error about this file: `text` completes a sentence whose subject is the file.
    pub(super) fn error(&self, problem: CertificateProblem, text: impl fmt::Display) -> Error {
        problem.error(format!("{self} {text}"))
    }

    /// An error about a file that lacks what its role needs, with the command that converts it.
    pub(super) fn lacks(&self, problem: CertificateProblem, hint: &str) -> Error {
        if self.document.objects.is_empty() {
            return self.error(problem, format_args!("is empty; {hint}"));
        }
        let noun = self.role.noun();
        let content = &self.document;
        let hint = pem::conversion_command(content.main_kind(), self.path).map_or_else(
            || hint.to_owned(),
            |command| format!("convert it: {command}"),
        );
        self.error(
            problem,
            format_args!("contains no {noun}, only {content}; {hint}"),
        )
    }

    /// Returns a command that converts this file.
    pub(super) fn conversion(&self, kind: pem::Kind) -> String {
        pem::conversion_command(kind, self.path).unwrap_or_default()
    }
}

/// "the private key /etc/anaplan/key.pem"
impl fmt::Display for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {}", self.role.noun())?;
        match self.path {
            Some(path) => write!(f, " {}", path.display()),
            None => Ok(()),
        }
    }
}

impl Role {
    fn noun(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::PrivateKey => "private key",
        }
    }
}
