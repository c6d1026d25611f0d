//! The current period of a model.

use anaplan_core::lenient::{date_opt, text_opt};
use anaplan_core::{
    Call, Endpoint, Method, ModelId, Path, RequestBody, Response, Result, RetryClass, json_body,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::calendar::CalendarType;
use crate::{Transactional, model_path};

/// The current period of a model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CurrentPeriod {
    /// Its name; `None` when no period is set.
    #[serde(default, deserialize_with = "text_opt")]
    pub period_text: Option<String>,
    /// Its last day; `None` when no period is set.
    #[serde(default, deserialize_with = "date_opt")]
    pub last_day: Option<Date>,
    /// The kind of the calendar.
    #[serde(default)]
    pub calendar_type: Option<CalendarType>,
}

impl Transactional {
    /// The current period of the model. Without one, name and last day are `None`.
    ///
    /// `GET /models/{modelId}/currentPeriod`. Reads only: retried freely.
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

    /// Makes the period that has this day the current one. **Data of periods that fall out of the time
    /// scale is lost.**
    ///
    /// `PUT /models/{modelId}/currentPeriod`. Repeating it leads to the same state: retried freely.
    ///
    /// # Errors
    ///
    /// `Rejected` for a day outside of the time scale, `NotFound`, `Forbidden`, `ModelState`.
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

    /// Leaves the model without a current period.
    ///
    /// `PUT /models/{modelId}/currentPeriod` with an empty date. Repeating it leads to the same state:
    /// retried freely.
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

/// The endpoint of [`Transactional::get_current_period`].
#[derive(Debug, Clone)]
pub struct GetCurrentPeriod {
    /// The model.
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

/// The endpoint of [`Transactional::set_current_period`] and [`Transactional::reset_current_period`].
#[derive(Debug, Clone)]
pub struct SetCurrentPeriod {
    /// The model.
    pub model: ModelId,
    /// A day of the period; none leaves the model without one.
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

/// A day in a body of its own; the empty text takes it back.
pub(crate) fn day_body(day: Option<Date>) -> Result<RequestBody> {
    #[derive(Serialize)]
    struct Body {
        date: String,
    }
    json_body(&Body {
        date: day.map(|day| day.to_string()).unwrap_or_default(),
    })
}
