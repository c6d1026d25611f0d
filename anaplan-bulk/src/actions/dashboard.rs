//! Dashboards. The API has only the list.

use anaplan_core::{Named, PagedCall, Pending, id_type};
use serde::{Deserialize, Serialize};

use crate::Bulk;
use crate::listing::model_listing;
use anaplan_core::lenient::or_default;

id_type! {
    /// Id of a dashboard: 115 and nine or ten more digits.
    DashboardId
}

/// A dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Dashboard {
    /// Id.
    pub id: DashboardId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Code.
    #[serde(default)]
    pub code: Option<String>,
}

impl Named for Dashboard {
    const NOUN: &'static str = "dashboard";

    fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Bulk {
    /// Returns the dashboards of the model: all of them when awaited, or as a stream with `.items()`.
    ///
    /// `GET /models/{modelId}/dashboards`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// for dashboard in bulk.get_dashboards().await? {
    ///     println!("{} {}", dashboard.id, dashboard.name);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_dashboards(&self) -> PagedCall<GetDashboards> {
        self.session.paged(GetDashboards::new(self.model.clone()))
    }

    /// Returns the dashboard with a name.
    ///
    /// `GET /models/{modelId}/dashboards`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids if several have the name.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let known = bulk.get_dashboards().await?.remove(0).name;
    /// let dashboard = bulk.find_dashboard(&known).await?;
    /// assert_eq!(dashboard.name, known);
    /// # Ok(()) });
    /// ```
    pub fn find_dashboard(&self, name: impl Into<String>) -> Pending<Dashboard> {
        self.get_dashboards().find_by_name(name)
    }
}

model_listing! {
    /// Endpoint of [`Bulk::get_dashboards`].
    GetDashboards, "bulk.get_dashboards", "dashboards", Dashboard
}
