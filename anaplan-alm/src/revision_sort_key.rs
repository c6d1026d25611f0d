//! Sort keys of revisions.

/// Property by which the server sorts revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevisionSortKey {
    /// Id.
    Id,
    /// Name.
    Name,
    /// Description.
    Description,
    /// Time of the creation.
    CreatedOn,
    /// User who created the revision.
    CreatedBy,
    /// Method of the creation.
    CreationMethod,
    /// Time at which the revision was applied to the model.
    AppliedOn,
    /// User who applied the revision to the model.
    AppliedBy,
}

impl RevisionSortKey {
    /// Returns the name in the API.
    pub(crate) fn property(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Description => "description",
            Self::CreatedOn => "createdOn",
            Self::CreatedBy => "createdBy",
            Self::CreationMethod => "creationMethod",
            Self::AppliedOn => "appliedOn",
            Self::AppliedBy => "appliedBy",
        }
    }
}
