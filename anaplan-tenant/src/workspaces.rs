//! Workspaces.

use anaplan_core::{
    Call, Endpoint, Method, Named, Page, Paged, PagedCall, Path, Pending, Query, Response, Result,
    RetryClass, WorkspaceId,
};
use serde::{Deserialize, Serialize};

use crate::Tenant;
use crate::sort::check_sort;
use anaplan_core::lenient::count_opt;

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Workspace {
    /// Id.
    pub id: WorkspaceId,
    /// Name.
    #[serde(default)]
    pub name: String,
    /// `true` if the workspace is active.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub active: Option<bool>,
    /// Size limit in bytes. Set with [`details`](GetWorkspaces::details) only.
    #[serde(default, deserialize_with = "count_opt")]
    pub size_allowance: Option<u64>,
    /// Current size in bytes. Set with [`details`](GetWorkspaces::details) only, and not always.
    #[serde(default, deserialize_with = "count_opt")]
    pub current_size: Option<u64>,
}

impl Named for Workspace {
    const NOUN: &'static str = "workspace";

    fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Tenant {
    /// Returns the workspaces that the user can see: all of them when awaited, or as a stream with `.items()`.
    ///
    /// `GET /workspaces`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a sort order without `+` or `-`.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let all = tenant.get_workspaces().with(|query| query.details().sort("+name")).await?;
    /// assert!(all.iter().any(|workspace| workspace.id == ids.workspace));
    /// # Ok(()) });
    /// ```
    pub fn get_workspaces(&self) -> PagedCall<GetWorkspaces> {
        self.session.paged(GetWorkspaces::default())
    }

    /// Returns one workspace, with its sizes.
    ///
    /// `GET /workspaces/{workspaceId}`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown workspace, and for one that the user does not administrate, even if
    /// [`get_workspaces`](Self::get_workspaces) shows it.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let workspace = tenant.get_workspace(&ids.workspace).await?;
    /// println!("{} takes {:?} bytes", workspace.name, workspace.current_size);
    /// # Ok(()) });
    /// ```
    pub fn get_workspace(&self, workspace: impl Into<WorkspaceId>) -> Call<GetWorkspace> {
        self.session.call(GetWorkspace {
            workspace: workspace.into(),
        })
    }

    /// Returns the workspace with a name.
    ///
    /// `GET /workspaces`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids if several have the name.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let known = tenant.get_workspaces().await?.remove(0).name;
    /// let workspace = tenant.find_workspace(&known).await?;
    /// let error = tenant.find_workspace(format!("{}x", workspace.name)).await.unwrap_err();
    /// assert!(error.is_not_found() && error.to_string().contains(&known));
    /// # Ok(()) });
    /// ```
    pub fn find_workspace(&self, name: impl Into<String>) -> Pending<Workspace> {
        self.get_workspaces().find_by_name(name)
    }
}

/// Endpoint of [`Tenant::get_workspaces`].
#[derive(Debug, Clone, Default)]
pub struct GetWorkspaces {
    details: bool,
    search: Option<String>,
    sort: Option<String>,
}

impl GetWorkspaces {
    /// Adds the sizes.
    #[must_use]
    pub fn details(mut self) -> Self {
        self.details = true;
        self
    }

    /// Filters by a string that occurs in the name or id, in any case. `%` stands for any string, `_` for
    /// any character. The API does not document it.
    #[must_use]
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.search = Some(text.into());
        self
    }

    /// Sorts by `name` or `sizeAllowance`, each with a leading `+` or `-`. Commas separate several columns.
    #[must_use]
    pub fn sort(mut self, columns: impl Into<String>) -> Self {
        self.sort = Some(columns.into());
        self
    }
}

impl Endpoint for GetWorkspaces {
    const NAME: &'static str = "tenant.get_workspaces";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<Workspace>;

    fn path(&self) -> Path {
        Path::integration().lit("workspaces")
    }

    fn query(&self, query: &mut Query) {
        query.push_some("tenantDetails", self.details.then_some("true"));
        query.push_some("s", self.search.as_ref());
        query.push_some("sort", self.sort.as_ref());
    }

    fn check(&self) -> Result<()> {
        check_sort(self.sort.as_deref())
    }

    fn decode(&self, response: Response) -> Result<Page<Workspace>> {
        response.page("workspaces")
    }
}

impl Paged for GetWorkspaces {
    type Item = Workspace;
}

/// Endpoint of [`Tenant::get_workspace`].
#[derive(Debug, Clone)]
pub struct GetWorkspace {
    /// Workspace.
    pub workspace: WorkspaceId,
}

impl Endpoint for GetWorkspace {
    const NAME: &'static str = "tenant.get_workspace";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Workspace;

    fn path(&self) -> Path {
        Path::integration()
            .lit("workspaces")
            .seg("workspaceId", &self.workspace)
    }

    fn query(&self, query: &mut Query) {
        query.push("tenantDetails", "true");
    }

    fn decode(&self, response: Response) -> Result<Workspace> {
        response.field("workspace")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, offline};

    #[test]
    fn get_workspaces_requires_a_sign_and_encodes_it() {
        let tenant = offline();
        let request = |sort: &str| {
            let sort = sort.to_owned();
            tenant
                .get_workspaces()
                .with(|query| query.details().search("a&b").sort(sort))
                .into_request()
        };
        let uri = request("+name,-sizeAllowance").unwrap().uri().to_string();
        assert!(
            uri.ends_with(
                "/2/0/workspaces?tenantDetails=true&s=a%26b&sort=%2Bname%2C-sizeAllowance"
            ),
            "{uri}"
        );
        for bad in ["name", "+name,size", "+", ""] {
            let error = request(bad).unwrap_err();
            assert_eq!(error.kind(), anaplan_core::ErrorKind::InvalidInput, "{bad}");
        }
    }

    #[test]
    fn workspace_without_sizes_is_read() {
        let body = r#"{"workspaces":[{"id":"8a","name":"W","active":true,"sizeAllowance":1073741824},{"id":"8b"}]}"#;
        let page = GetWorkspaces::default().decode(answer(body)).unwrap();
        assert_eq!(page.items[0].size_allowance, Some(1 << 30));
        assert_eq!(page.items[0].current_size, None);
        assert_eq!(page.items[1].name, "");
    }
}
