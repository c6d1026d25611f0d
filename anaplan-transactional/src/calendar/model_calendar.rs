//! Calendar of a model: fiscal year and time scale.

use anaplan_core::{
    Call, Endpoint, Error, Method, ModelId, Path, RequestBody, Response, Result, RetryClass,
    json_body, open_enum,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::calendar::CurrentPeriod;
use crate::{Transactional, model_path};
use anaplan_core::lenient::{count_opt, date_opt, text_opt};

open_enum! {
    /// Kind of a model's calendar.
    pub enum CalendarType {
        /// Calendar months, quarters and years.
        Months = "Calendar Months/Quarters/Years",
        /// Weeks in quarters of 4-4-5, 4-5-4 or 5-4-4.
        WeeksOfQuarters = "Weeks: 4-4-5, 4-5-4 or 5-4-4",
        /// Consecutive weeks.
        WeeksGeneral = "Weeks: General",
        /// Thirteen periods of four weeks.
        WeeksOfThirteenPeriods = "Weeks: 13 4-week Periods",
    }
}

/// Calendar of a model. Fields that do not apply to the kind of calendar are `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelCalendar {
    /// Kind.
    #[serde(default)]
    pub calendar_type: Option<CalendarType>,
    /// Current fiscal year. `None` for general weeks.
    #[serde(default)]
    pub fiscal_year: Option<FiscalYear>,
    /// Number of past years.
    #[serde(default, deserialize_with = "count_opt")]
    pub past_years_count: Option<u64>,
    /// Number of future years.
    #[serde(default, deserialize_with = "count_opt")]
    pub future_years_count: Option<u64>,
    /// Current period.
    #[serde(default)]
    pub current_period: Option<CurrentPeriod>,
    /// First day, of general weeks.
    #[serde(default, deserialize_with = "date_opt")]
    pub start_date: Option<Date>,
    /// Number of weeks, of general weeks.
    #[serde(default, deserialize_with = "count_opt")]
    pub weeks_count: Option<u64>,
    /// Naming of weeks: `Numbered`, `Week Commencing` or `Week Ending`.
    #[serde(default, deserialize_with = "text_opt")]
    pub week_format: Option<String>,
    /// Grouping of weeks, such as `4-4-5`.
    #[serde(default, deserialize_with = "text_opt")]
    pub week_grouping: Option<String>,
    /// Month with the extra week.
    #[serde(default, deserialize_with = "text_opt")]
    pub extra_week_month: Option<String>,
    /// Totals of the time scale.
    #[serde(default)]
    pub totals_selection: Option<TotalsSelection>,
}

/// Fiscal year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FiscalYear {
    /// Name, such as `FY25`.
    #[serde(default, deserialize_with = "text_opt")]
    pub year: Option<String>,
    /// First day.
    #[serde(default, deserialize_with = "date_opt")]
    pub start_date: Option<Date>,
    /// Last day.
    #[serde(default, deserialize_with = "date_opt")]
    pub end_date: Option<Date>,
}

/// Totals of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct TotalsSelection {
    /// Quarters.
    #[serde(
        alias = "isQuarterTotals",
        deserialize_with = "anaplan_core::lenient::flag"
    )]
    pub quarter_totals: bool,
    /// Half years.
    #[serde(
        alias = "isHalfYearTotals",
        deserialize_with = "anaplan_core::lenient::flag"
    )]
    pub half_year_totals: bool,
    /// Year to date.
    #[serde(
        alias = "isYearToDateSummary",
        deserialize_with = "anaplan_core::lenient::flag"
    )]
    pub year_to_date_summary: bool,
    /// Year to go.
    #[serde(
        alias = "isYearToGoSummary",
        deserialize_with = "anaplan_core::lenient::flag"
    )]
    pub year_to_go_summary: bool,
    /// Total of all periods.
    #[serde(
        alias = "isTotalOfAllPeriods",
        deserialize_with = "anaplan_core::lenient::flag"
    )]
    pub total_of_all_periods: bool,
    /// Quarter with four periods, from 1, in a calendar of thirteen periods.
    #[serde(deserialize_with = "count_opt")]
    pub extra_month_quarter: Option<u64>,
}

impl Transactional {
    /// Sets the current fiscal year, such as `FY25`. **Data of periods that fall out of the time scale
    /// is lost.**
    ///
    /// `PUT /models/{modelId}/modelCalendar/fiscalYear`. Repeating it leads to the same state: retried
    /// freely. The answer may tell nothing but the fiscal year.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an empty string. `Rejected` for a year out of range, and for a calendar without
    /// fiscal years. `NotFound`, `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let calendar = model.set_current_fiscal_year(&ids.fiscal_year).await?;
    /// assert_eq!(calendar.fiscal_year.unwrap().year, Some(ids.fiscal_year));
    /// # Ok(()) });
    /// ```
    pub fn set_current_fiscal_year(&self, year: impl Into<String>) -> Call<SetCurrentFiscalYear> {
        self.session.call(SetCurrentFiscalYear {
            model: self.model.clone(),
            year: year.into(),
        })
    }

    /// Returns the calendar of the model.
    ///
    /// `GET /models/{modelId}/modelCalendar`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// let calendar = model.get_model_calendar().await?;
    /// println!("{:?} {:?}", calendar.calendar_type, calendar.fiscal_year);
    /// # Ok(()) });
    /// ```
    pub fn get_model_calendar(&self) -> Call<GetModelCalendar> {
        self.session.call(GetModelCalendar {
            model: self.model.clone(),
        })
    }
}

/// Endpoint of [`Transactional::set_current_fiscal_year`].
#[derive(Debug, Clone)]
pub struct SetCurrentFiscalYear {
    /// Model.
    pub model: ModelId,
    /// Fiscal year, such as `FY25`.
    pub year: String,
}

impl Endpoint for SetCurrentFiscalYear {
    const NAME: &'static str = "transactional.set_current_fiscal_year";
    const METHOD: Method = Method::PUT;
    const RETRY: RetryClass = RetryClass::Idempotent;
    const SUCCESS: &'static [u16] = &[];
    type Output = ModelCalendar;

    fn check(&self) -> Result<()> {
        if self.year.trim().is_empty() {
            return Err(Error::invalid_input("year", "must not be empty"));
        }
        Ok(())
    }

    fn path(&self) -> Path {
        model_path(&self.model)
            .lit("modelCalendar")
            .lit("fiscalYear")
    }

    fn body(&self) -> Result<RequestBody> {
        #[derive(Serialize)]
        struct Body<'a> {
            year: &'a str,
        }
        json_body(&Body { year: &self.year })
    }

    fn decode(&self, response: Response) -> Result<ModelCalendar> {
        if response.body().is_empty() {
            return Ok(ModelCalendar::default());
        }
        response.acknowledged()?;
        Ok(response.field_opt("modelCalendar")?.unwrap_or_default())
    }
}

/// Endpoint of [`Transactional::get_model_calendar`].
#[derive(Debug, Clone)]
pub struct GetModelCalendar {
    /// Model.
    pub model: ModelId,
}

impl Endpoint for GetModelCalendar {
    const NAME: &'static str = "transactional.get_model_calendar";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = ModelCalendar;

    fn path(&self) -> Path {
        model_path(&self.model).lit("modelCalendar")
    }

    fn decode(&self, response: Response) -> Result<ModelCalendar> {
        response.field("modelCalendar")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, offline, told};

    fn calendar(body: &'static str) -> ModelCalendar {
        let endpoint = offline().get_model_calendar().endpoint().clone();
        endpoint.decode(answer(body)).unwrap()
    }

    #[test]
    fn all_kinds_of_calendars_are_read_and_a_new_one_is_kept() {
        let months = calendar(
            r#"{"modelCalendar":{"calendarType":"Calendar Months/Quarters/Years","pastYearsCount":1,
            "fiscalYear":{"year":"FY25","startDate":"2025-01-01","endDate":"2025-12-31"},
            "totalsSelection":{"isQuarterTotals":true,"yearToGoSummary":true},"currentPeriod":{"periodText":"","lastDay":""}}}"#,
        );
        assert_eq!(months.calendar_type, Some(CalendarType::Months));
        let totals = months.totals_selection.unwrap();
        assert!(totals.quarter_totals && totals.year_to_go_summary && !totals.half_year_totals);
        assert_eq!(months.current_period.unwrap().last_day, None);
        let general = calendar(
            r#"{"modelCalendar":{"calendarType":"Weeks: General","startDate":"2025-01-06","weeksCount":"53"}}"#,
        );
        assert_eq!(
            (general.calendar_type, general.weeks_count),
            (Some(CalendarType::WeeksGeneral), Some(53))
        );
        let thirteen = calendar(
            r#"{"modelCalendar":{"calendarType":"Weeks: 13 4-week Periods","totalsSelection":{"extraMonthQuarter":4}}}"#,
        );
        assert_eq!(
            thirteen.totals_selection.unwrap().extra_month_quarter,
            Some(4)
        );
        let odd = calendar(r#"{"modelCalendar":{"calendarType":"Moons"}}"#);
        assert_eq!(
            odd.calendar_type,
            Some(CalendarType::Unknown("Moons".into()))
        );
        assert_eq!(
            calendar(r#"{"modelCalendar":{}}"#),
            ModelCalendar::default()
        );
    }

    #[test]
    fn dates_go_into_the_body_alone() {
        let model = offline();
        let day = jiff::civil::date(2025, 3, 31);
        let request = model.set_current_period(day).into_request();
        assert_eq!(
            told(request),
            (
                "PUT /models/M/currentPeriod".into(),
                r#"{"date":"2025-03-31"}"#.into()
            )
        );
        let request = model.reset_current_period().into_request();
        assert_eq!(told(request).1, r#"{"date":""}"#);
        let request = model.set_current_fiscal_year("FY25").into_request();
        assert_eq!(
            told(request),
            (
                "PUT /models/M/modelCalendar/fiscalYear".into(),
                r#"{"year":"FY25"}"#.into()
            )
        );
        assert!(model.set_current_fiscal_year(" ").into_request().is_err());
    }
}
