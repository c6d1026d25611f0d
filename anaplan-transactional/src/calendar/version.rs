//! Versions.

use anaplan_core::{
    Call, Endpoint, Method, ModelId, Page, Paged, PagedCall, Path, RequestBody, Response, Result,
    RetryClass,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::calendar::day_body;
use crate::{CalendarType, Transactional, VersionId, model_path};
use anaplan_core::lenient::{date_opt, or_default, text_opt};

/// A version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Version {
    /// Version.
    pub id: VersionId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Code, if set.
    #[serde(default, deserialize_with = "text_opt")]
    pub code: Option<String>,
    /// `true` if it is the current version.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag")]
    pub is_current: bool,
    /// `true` if it is the actual version.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag")]
    pub is_actual: bool,
    /// First editable period. 1900-01-01 if it is not limited.
    #[serde(default)]
    pub edit_from: Option<PeriodDate>,
    /// Last editable period. 2399-12-31 if it is not limited.
    #[serde(default)]
    pub edit_to: Option<PeriodDate>,
    /// First period of its own data. Earlier periods show the actual version.
    #[serde(default)]
    pub switchover: Option<PeriodDate>,
    /// Formula.
    #[serde(default, deserialize_with = "text_opt")]
    pub formula: Option<String>,
    /// Notes.
    #[serde(default, deserialize_with = "text_opt")]
    pub notes: Option<String>,
}

/// Date and its period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PeriodDate {
    /// Name of the period.
    #[serde(default, deserialize_with = "text_opt")]
    pub period_text: Option<String>,
    /// Day.
    #[serde(default, deserialize_with = "date_opt")]
    pub date: Option<Date>,
}

/// Switchover of a version: the first period of its own data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct VersionSwitchover {
    /// Name of the period. `None` if there is no switchover.
    #[serde(default, deserialize_with = "text_opt")]
    pub period_text: Option<String>,
    /// Day. `None` if there is no switchover.
    #[serde(default, deserialize_with = "date_opt")]
    pub date: Option<Date>,
    /// Kind of the calendar.
    #[serde(default)]
    pub calendar_type: Option<CalendarType>,
}

impl Transactional {
    /// Returns the versions of the model that the user can read.
    ///
    /// `GET /models/{modelId}/versions`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// for version in model.get_versions().await? {
    ///     println!("{} {} {:?}", version.id, version.name, version.switchover);
    /// }
    /// # Ok(()) });
    /// ```
    #[doc(alias = "list_versions")]
    pub fn get_versions(&self) -> PagedCall<GetVersions> {
        self.session.paged(GetVersions {
            model: self.model.clone(),
        })
    }

    /// Sets the switchover of a version. Periods before this day show the actual version.
    ///
    /// `PUT /models/{modelId}/versions/{versionId}/switchover`. Repeating it leads to the same state:
    /// retried.
    ///
    /// # Errors
    ///
    /// `Rejected` for the actual version, for a day before the present switchover, and for one outside
    /// of the year. `NotFound`, `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let day = ids.set_current_period.parse()?;
    /// for version in model.get_versions().await? {
    ///     let switched = model.set_version_switchover(&version.id, day).await;
    ///     assert_eq!(switched.is_err(), version.is_actual);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn set_version_switchover(
        &self,
        version: impl Into<VersionId>,
        day: Date,
    ) -> Call<SetVersionSwitchover> {
        self.session.call(SetVersionSwitchover {
            model: self.model.clone(),
            version: version.into(),
            day: Some(day),
        })
    }

    /// Removes the switchover of a version.
    ///
    /// `PUT /models/{modelId}/versions/{versionId}/switchover` with an empty date. Repeating it leads to
    /// the same state: retried.
    ///
    /// # Errors
    ///
    /// `Rejected` for the actual version. `NotFound`, `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// let versions = model.get_versions().await?;
    /// if let Some(plan) = versions.iter().find(|version| !version.is_actual) {
    ///     assert_eq!(model.reset_version_switchover(&plan.id).await?.date, None);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn reset_version_switchover(
        &self,
        version: impl Into<VersionId>,
    ) -> Call<SetVersionSwitchover> {
        self.session.call(SetVersionSwitchover {
            model: self.model.clone(),
            version: version.into(),
            day: None,
        })
    }
}

/// Endpoint of [`Transactional::get_versions`].
#[derive(Debug, Clone)]
pub struct GetVersions {
    model: ModelId,
}

impl Endpoint for GetVersions {
    const NAME: &'static str = "transactional.get_versions";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<Version>;

    fn path(&self) -> Path {
        model_path(&self.model).lit("versions")
    }

    fn decode(&self, response: Response) -> Result<Page<Version>> {
        response.page("versionMetadata")
    }
}

impl Paged for GetVersions {
    type Item = Version;
}

/// Endpoint of [`Transactional::set_version_switchover`] and
/// [`Transactional::reset_version_switchover`].
#[derive(Debug, Clone)]
pub struct SetVersionSwitchover {
    /// Model.
    pub model: ModelId,
    /// Version.
    pub version: VersionId,
    /// Day of the switchover. `None` removes it.
    pub day: Option<Date>,
}

impl Endpoint for SetVersionSwitchover {
    const NAME: &'static str = "transactional.set_version_switchover";
    const METHOD: Method = Method::PUT;
    const RETRY: RetryClass = RetryClass::Idempotent;
    type Output = VersionSwitchover;

    fn path(&self) -> Path {
        model_path(&self.model)
            .lit("versions")
            .seg("versionId", &self.version)
            .lit("switchover")
    }

    fn body(&self) -> Result<RequestBody> {
        day_body(self.day)
    }

    fn decode(&self, response: Response) -> Result<VersionSwitchover> {
        Ok(response.field_opt("versionSwitchover")?.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, offline, told};

    #[test]
    fn the_switchover_is_set_and_taken_back() {
        let model = offline();
        let request = model
            .set_version_switchover(107, jiff::civil::date(2025, 4, 1))
            .into_request();
        assert_eq!(
            told(request),
            (
                "PUT /models/M/versions/107/switchover".into(),
                r#"{"date":"2025-04-01"}"#.into()
            )
        );
        let call = model.reset_version_switchover(107);
        let switchover = call.endpoint().decode(answer(
            r#"{"versionSwitchover":{"periodText":"","date":""}}"#,
        ));
        assert_eq!(switchover.unwrap(), VersionSwitchover::default());
        assert_eq!(told(call.into_request()).1, r#"{"date":""}"#);
    }
}
