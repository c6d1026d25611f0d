//! Current period of a model.

use anaplan_core::lenient::{date_opt, text_opt};
use anaplan_core::{
    Call, Endpoint, Method, ModelId, Path, RequestBody, Response, Result, RetryClass, json_body,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::calendar::CalendarType;
use crate::{Transactional, model_path};

/// Current period of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CurrentPeriod {
    /// Name. `None` if no period is set.
    #[serde(default, deserialize_with = "text_opt")]
    pub period_text: Option<String>,
    /// Last day. `None` if no period is set.
    #[serde(default, deserialize_with = "date_opt")]
    pub last_day: Option<Date>,
    /// Kind of the calendar.
    #[serde(default)]
    pub calendar_type: Option<CalendarType>,
}

impl Transactional {
    /// Returns the current period of the model. Name and last day are `None` if none is set.
    ///
    /// `GET /models/{modelId}/currentPeriod`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// let period = model.get_current_period().await?;
    /// println!("{:?} up to {:?}", period.period_text, period.last_day);
    /// # Ok(()) });
    /// ```
    pub fn get_current_period(&self) -> Call<GetCurrentPeriod> {
        self.session.call(GetCurrentPeriod {
            model: self.model.clone(),
        })
    }

    /// Sets the current period to the one that contains this day. **Data of periods that fall out of
    /// the time scale is lost.**
    ///
    /// `PUT /models/{modelId}/currentPeriod`. Repeating it leads to the same state: retried.
    ///
    /// # Errors
    ///
    /// `Rejected` for a day outside the time scale, `NotFound`, `Forbidden`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let period = model.set_current_period(ids.set_current_period.parse()?).await?;
    /// assert_eq!(model.get_current_period().await?, period);
    /// # Ok(()) });
    /// ```
    pub fn set_current_period(&self, day: Date) -> Call<SetCurrentPeriod> {
        self.session.call(SetCurrentPeriod {
            model: self.model.clone(),
            day: Some(day),
        })
    }

    /// Resets the current period: the model then has none.
    ///
    /// `PUT /models/{modelId}/currentPeriod` with an empty date. Repeating it leads to the same state:
    /// retried.
    ///
    /// # Errors
    ///
    /// Those of [`set_current_period`](Self::set_current_period).
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// model.reset_current_period().await?;
    /// assert_eq!(model.get_current_period().await?.last_day, None);
    /// # Ok(()) });
    /// ```
    pub fn reset_current_period(&self) -> Call<SetCurrentPeriod> {
        self.session.call(SetCurrentPeriod {
            model: self.model.clone(),
            day: None,
        })
    }
}

/// Endpoint of [`Transactional::get_current_period`].
#[derive(Debug, Clone)]
pub struct GetCurrentPeriod {
    /// Model.
    pub model: ModelId,
}

impl Endpoint for GetCurrentPeriod {
    const NAME: &'static str = "transactional.get_current_period";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = CurrentPeriod;

    fn path(&self) -> Path {
        model_path(&self.model).lit("currentPeriod")
    }

    fn decode(&self, response: Response) -> Result<CurrentPeriod> {
        response.field("currentPeriod")
    }
}

/// Endpoint of [`Transactional::set_current_period`] and [`Transactional::reset_current_period`].
#[derive(Debug, Clone)]
pub struct SetCurrentPeriod {
    /// Model.
    pub model: ModelId,
    /// A day of the period. `None` resets the current period.
    pub day: Option<Date>,
}

impl Endpoint for SetCurrentPeriod {
    const NAME: &'static str = "transactional.set_current_period";
    const METHOD: Method = Method::PUT;
    const RETRY: RetryClass = RetryClass::Idempotent;
    type Output = CurrentPeriod;

    fn path(&self) -> Path {
        model_path(&self.model).lit("currentPeriod")
    }

    fn body(&self) -> Result<RequestBody> {
        day_body(self.day)
    }

    fn decode(&self, response: Response) -> Result<CurrentPeriod> {
        response.field("currentPeriod")
    }
}

/// Returns a body with a date. The empty string resets it.
pub(crate) fn day_body(day: Option<Date>) -> Result<RequestBody> {
    #[derive(Serialize)]
    struct Body {
        date: String,
    }
    json_body(&Body {
        date: day.map(|day| day.to_string()).unwrap_or_default(),
    })
}
