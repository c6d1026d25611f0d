//! Calendars of every kind, and the people of a workspace.

#![allow(clippy::unwrap_used)]

mod support;

use anaplan_core::ErrorKind;
use anaplan_testkit::world::CalendarKind;
use anaplan_transactional::CalendarType;
use jiff::civil::date;
use support::{Stage, model_of};

#[tokio::test(start_paused = true)]
async fn every_kind_of_calendar_tells_what_it_has() {
    for (kind, expected) in [
        (CalendarKind::Months, CalendarType::Months),
        (CalendarKind::WeeksGrouped, CalendarType::WeeksOfQuarters),
        (CalendarKind::WeeksGeneral, CalendarType::WeeksGeneral),
        (
            CalendarKind::FourWeeks,
            CalendarType::WeeksOfThirteenPeriods,
        ),
    ] {
        let stage = Stage::set().await;
        stage.fake.world(|world| {
            world
                .edit(&stage.demo.dev)
                .calendar(|calendar| calendar.kind = kind);
        });
        let calendar = stage.model.get_model_calendar().await.unwrap();
        assert_eq!(calendar.calendar_type, Some(expected.clone()));
        let general = kind == CalendarKind::WeeksGeneral;
        assert_eq!(calendar.fiscal_year.is_none(), general, "{kind:?}");
        assert_eq!(calendar.weeks_count.is_some(), general, "{kind:?}");
        assert_eq!(calendar.start_date.is_some(), general, "{kind:?}");
        let months = kind == CalendarKind::Months;
        let years_only = !general && !months;
        assert_eq!(calendar.extra_week_month.is_some(), years_only, "{kind:?}");
        assert_eq!(calendar.week_format.is_some(), years_only, "{kind:?}");
        let grouped = kind == CalendarKind::WeeksGrouped;
        assert_eq!(
            calendar.week_grouping.as_deref(),
            grouped.then_some("4-4-5"),
            "{kind:?}"
        );

        let day = date(2025, 3, 31);
        let period = stage.model.set_current_period(day).await.unwrap();
        assert_eq!(period.calendar_type, Some(expected));
        assert!(
            period.last_day.unwrap() >= day && period.period_text.is_some(),
            "{kind:?}"
        );
        let calendar = stage.model.get_model_calendar().await.unwrap();
        let told = calendar.current_period.unwrap();
        assert_eq!(told.last_day, period.last_day);
        let none = stage.model.reset_current_period().await.unwrap();
        assert_eq!((none.period_text, none.last_day), (None, None), "{kind:?}");

        let year = stage.model.set_current_fiscal_year("FY26").await;
        if general {
            assert_eq!(year.unwrap_err().kind(), ErrorKind::Rejected);
        } else {
            let year = year.unwrap().fiscal_year.unwrap();
            assert_eq!(year.year.as_deref(), Some("FY26"), "{kind:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn days_out_of_range_are_refused_in_the_servers_words() {
    let stage = Stage::set().await;
    let far = stage.model.set_current_period(date(2101, 1, 1));
    let error = far.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    let words = error.server_message().unwrap();
    assert!(words.contains("out of timescale range"), "{words}");
    let error = stage
        .model
        .set_current_fiscal_year("FY90")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);

    let actual = stage.model.get_versions().await.unwrap();
    let actual = actual.iter().find(|version| version.is_actual).unwrap();
    let error = stage
        .model
        .set_version_switchover(&actual.id, date(2025, 6, 1))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
}

#[tokio::test(start_paused = true)]
async fn the_people_of_a_workspace_are_for_those_who_administer_users() {
    let stage = Stage::set().await;
    let workspace = &stage.workspace;
    let admins = stage.model.get_workspace_admins(workspace).await.unwrap();
    let admin = Some(stage.demo.admin.user.as_str());
    assert!(admins.iter().any(|who| who.email.as_deref() == admin));
    let outsiders = stage.model.get_workspace_visitors(workspace).await.unwrap();
    assert!(outsiders.iter().all(|who| who.email.as_deref() != admin));

    // That is how the server says it: as a failure of its own.
    let limited = model_of(&stage.fake, &stage.user, &stage.demo.dev);
    let error = limited.get_workspace_admins(workspace).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    let error = limited.get_workspace_visitors(workspace).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
}
