//! Current period, calendar and versions.

use anaplan_core::ModelId;
use http::StatusCode;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::api::envelope::{Envelope, Failure};
use crate::api::transactional::cells::mandatory;
use crate::api::transactional::{number, the_model};
use crate::api::{Call, Reply, query};
use crate::world::{CalendarKind, Model, Version, read_date, year_name};

/// The years that a fiscal year may be.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2039;

/// The name and the last day of the period of a day.
fn period(model: &Model, day: Option<Date>) -> (String, String) {
    let found = day.and_then(|day| model.structure.calendar.period_at(day));
    found.map_or_else(Default::default, |period| {
        (period.name, period.last.to_string())
    })
}

fn invalid_date(text: &str) -> Failure {
    Failure::bad(format!(
        "Invalid ISO date format '{text}'. Date should match format YYYY-MM-DD"
    ))
}

fn text_of(body: &Map<String, Value>, field: &str) -> Result<String, Failure> {
    match body.get(field) {
        Some(Value::String(text)) => Ok(text.clone()),
        None | Some(Value::Null) => Err(mandatory(field)),
        Some(_) => Err(super::cells::format_error()),
    }
}

pub(crate) fn current_period(call: &Call<'_>, id: &ModelId) -> Reply {
    let model = the_model(call, id)?;
    let (text, last) = period(model, model.current_period);
    let value = json!({
        "periodText": text,
        "lastDay": last,
        "calendarType": model.structure.calendar.kind.as_str(),
    });
    Ok(Envelope::of("currentPeriod")
        .with("currentPeriod", value)
        .into())
}

pub(crate) fn set_current_period(call: &mut Call<'_>, id: &ModelId) -> Reply {
    let in_query = call.request.param("date").map(str::to_owned);
    let has_body = !call.request.body().trim_ascii().is_empty();
    let text = match in_query {
        Some(_) if has_body => {
            return Err(Failure::bad(
                "use query parameter or body to set date, not both",
            ));
        }
        Some(text) => text,
        None => text_of(&query::object(call.request, &["date"])?, "date")?,
    };
    let day = match text.trim() {
        "" => None,
        text => Some(read_date(text).ok_or_else(|| invalid_date(text))?),
    };
    let calendar = &the_model(call, id)?.structure.calendar;
    if let Some(day) = day.filter(|day| !calendar.contains(*day)) {
        let (first, last) = calendar.range();
        return Err(Failure::bad(format!(
            "Specified date '{day}' is out of timescale range {first} - {last}"
        )));
    }
    if let Some(model) = call.world.model_mut(id) {
        model.current_period = day;
    }
    current_period(call, id)
}

pub(crate) fn model_calendar(call: &Call<'_>, id: &ModelId) -> Reply {
    let model = the_model(call, id)?;
    Ok(Envelope::of("modelCalendar")
        .with("modelCalendar", describe(model))
        .into())
}

fn describe(model: &Model) -> Value {
    let calendar = &model.structure.calendar;
    let (text, last) = period(model, model.current_period);
    let mut value = json!({
        "calendarType": calendar.kind.as_str(),
        "currentPeriod": { "periodText": text, "lastDay": last },
    });
    if calendar.kind == CalendarKind::WeeksGeneral {
        value["startDate"] = calendar.start.to_string().into();
        value["weeksCount"] = calendar.weeks.into();
        return value;
    }
    let (first, last) = calendar.year(calendar.fiscal_year);
    value["fiscalYear"] = json!({
        "year": year_name(calendar.fiscal_year),
        "startDate": first.to_string(),
        "endDate": last.to_string(),
    });
    value["pastYearsCount"] = calendar.past_years.into();
    value["totalsSelection"] = json!({
        "quarterTotals": calendar.quarters,
        "halfYearTotals": calendar.half_years,
        "yearToDateSummary": calendar.year_to_date,
        "yearToGoSummary": calendar.year_to_go,
        "totalOfAllPeriods": calendar.all_periods,
    });
    if calendar.kind == CalendarKind::Months {
        return value;
    }
    value["futureYearsCount"] = calendar.future_years.into();
    value["extraWeekMonth"] = calendar.extra_week_month.into();
    value["weekFormat"] = calendar.week_format.as_str().into();
    if calendar.kind == CalendarKind::WeeksGrouped {
        value["weekGrouping"] = calendar
            .grouping
            .map(|weeks| weeks.to_string())
            .join("-")
            .into();
    } else {
        value["totalsSelection"]["extraMonthQuarter"] = calendar.extra_month_quarter.into();
    }
    value
}

pub(crate) fn set_fiscal_year(call: &mut Call<'_>, id: &ModelId) -> Reply {
    let model = the_model(call, id)?;
    if model.state.is_deployed() {
        let status = StatusCode::from_u16(425).unwrap_or(StatusCode::CONFLICT);
        return Err(Failure::new(status, "Model is Deployed"));
    }
    let text = text_of(&query::object(call.request, &["year"])?, "year")?;
    if model.structure.calendar.kind == CalendarKind::WeeksGeneral {
        return Err(Failure::bad("The model calendar has no fiscal year"));
    }
    let digits = text.strip_prefix("FY").filter(|digits| digits.len() == 2);
    let year: i16 = digits
        .and_then(|digits| digits.parse().ok())
        .map(|year: i16| 2000 + year)
        .ok_or_else(|| Failure::bad(format!("Invalid fiscal year '{text}'")))?;
    if !YEARS.contains(&year) {
        return Err(Failure::bad(format!(
            "Specified year is out of range: {year}"
        )));
    }
    if let Some(model) = call.world.model_mut(id) {
        model.structure.calendar.fiscal_year = year;
        // What is outside the new range is lost.
        model.drop_orphaned_cells();
    }
    model_calendar(call, id)
}

pub(crate) fn versions(call: &Call<'_>, id: &ModelId) -> Reply {
    let model = the_model(call, id)?;
    let versions = model.structure.versions.iter();
    let versions: Vec<Value> = versions
        .map(|version| one_version(model, version))
        .collect();
    Ok(Envelope::of("versionMetadata")
        .with("versionMetadata", versions)
        .into())
}

fn one_version(model: &Model, version: &Version) -> Value {
    let mut value = json!({
        "id": version.id.to_string(),
        "name": version.name,
        "isCurrent": version.current,
        "isActual": version.actual,
        "editFrom": { "periodText": "", "date": "1900-01-01" },
        "editTo": { "periodText": "", "date": "2399-12-31" },
    });
    if let Some(day) = model.switchovers.get(&version.id) {
        let (text, _) = period(model, Some(*day));
        value["switchover"] = json!({ "periodText": text, "date": day.to_string() });
    }
    let notes = (!version.notes.is_empty()).then_some(&version.notes);
    let optional = [
        ("formula", version.formula.as_ref()),
        ("notes", notes),
        ("code", version.code.as_ref()),
    ];
    for (key, text) in optional {
        if let Some(text) = text {
            value[key] = text.as_str().into();
        }
    }
    value
}

pub(crate) fn set_switchover(call: &mut Call<'_>, id: &ModelId, version: &str) -> Reply {
    let model = the_model(call, id)?;
    let number = number(version)?;
    let mut versions = model.structure.versions.iter();
    let version = versions
        .find(|version| version.id == number)
        .ok_or(Failure::NotFound)?;
    let text = text_of(&query::object(call.request, &["date"])?, "date")?;
    if version.actual {
        return Err(Failure::bad(
            "The switchover of the actual version cannot be set",
        ));
    }
    let day = match text.trim() {
        "" => None,
        text => Some(read_date(text).ok_or_else(|| invalid_date(text))?),
    };
    if let Some(day) = day {
        let calendar = &model.structure.calendar;
        let (first, last) = match calendar.kind {
            CalendarKind::WeeksGeneral => calendar.range(),
            _ => calendar.year(calendar.fiscal_year),
        };
        if !(first..=last).contains(&day) {
            return Err(Failure::bad(format!(
                "Specified date '{day}' is out of the fiscal year {first} - {last}"
            )));
        }
        let existing = model.switchovers.get(&number);
        if let Some(existing) = existing.filter(|existing| day < **existing) {
            return Err(Failure::bad(format!(
                "Specified date '{day}' is before the existing switchover '{existing}'"
            )));
        }
    }
    let (text, _) = period(model, day);
    let value = json!({
        "periodText": text,
        "date": day.map(|day| day.to_string()).unwrap_or_default(),
        "calendarType": model.structure.calendar.kind.as_str(),
    });
    if let Some(model) = call.world.model_mut(id) {
        match day {
            Some(day) => model.switchovers.insert(number, day),
            None => model.switchovers.remove(&number),
        };
    }
    Ok(Envelope::of("versionSwitchover")
        .with("versionSwitchover", value)
        .into())
}
