//! Calendar, current period and versions of a model.

mod current_period;
mod model_calendar;
mod version;

pub use current_period::{CurrentPeriod, GetCurrentPeriod, SetCurrentPeriod};
pub use model_calendar::{
    CalendarType, FiscalYear, GetModelCalendar, ModelCalendar, SetCurrentFiscalYear,
    TotalsSelection,
};
pub use version::{GetVersions, PeriodDate, SetVersionSwitchover, Version, VersionSwitchover};

pub(crate) use current_period::day_body;
