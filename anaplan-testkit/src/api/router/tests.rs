use bytes::Bytes;

use super::route::UserHandler;
use super::*;
use crate::api::SERVICES;

const ANSWER: UserHandler = |_, _| Ok(Response::empty(StatusCode::OK));

/// A second service whose paths on its own host are those of the integration API.
const OTHER: Service = Service {
    mounts: &[
        Mount {
            host: Some("api.cloudworks.anaplan.com"),
            prefix: "/2/0",
        },
        Mount::anywhere("/cloudworks/2/0"),
    ],
    auth: Auth::ByHandler,
    errors: ErrorForm::Integration,
    paging: Paging {
        limit: "limit",
        offset: "offset",
    },
    rate_limited: false,
    confidential: true,
    groups: &[Group {
        bases: &[""],
        before: None,
        routes: &[
            get("/models", ANSWER),
            get("/integrations/runs", ANSWER),
            get("/integrations/{integration}", ANSWER),
            delete("/integrations/{integration}", ANSWER),
        ],
    }],
};

fn request(method: &str, uri: &str) -> Request {
    let request = http::Request::builder().method(method).uri(uri);
    Request::new(request.body(Bytes::new()).unwrap())
}

/// Returns `true` for the second service, and the segments behind its prefix.
fn seen(uri: &str) -> Option<(bool, String)> {
    let mut services = SERVICES.to_vec();
    services.push(&OTHER);
    let request = request("GET", uri);
    let (service, rest) = service_of(&services, &request)?;
    Some((std::ptr::eq(service.groups, OTHER.groups), rest.join("/")))
}

#[test]
fn services_with_equal_paths_are_told_apart_by_host_and_prefix() {
    let models = "models".to_owned();
    for (uri, is_other) in [
        ("http://localhost:8080/2/0/models", false),
        ("http://localhost:8080/cloudworks/2/0/models", true),
        ("https://api.anaplan.com/2/0/models/", false),
        ("https://api.cloudworks.anaplan.com/2/0/models", true),
        ("https://eu.api.cloudworks.anaplan.com:443/2/0/models", true),
        ("https://notapi.cloudworks.anaplan.com/2/0/models", false),
        ("/2/0/models", false),
    ] {
        assert_eq!(seen(uri), Some((is_other, models.clone())), "{uri}");
    }
    assert_eq!(seen("http://localhost/2/1/models"), None);
    assert_eq!(seen("http://localhost/"), None);
}

#[test]
fn allow_lists_the_methods_of_the_path() {
    let allow = |uri: &str| {
        let request = request("OPTIONS", uri);
        let (service, rest) = service_of(SERVICES, &request)?;
        service.allow(&rest)
    };
    for (path, expected) in [
        ("/token/validate", "GET,HEAD,OPTIONS"),
        ("/token/refresh", "POST,OPTIONS"),
        ("/activate", "GET,HEAD,POST,OPTIONS"),
        ("/2/0/workspaces/w/bulkDeleteModels", "POST,OPTIONS"),
        ("/2/0/workspaces/w/models/m", "OPTIONS"),
        (
            "/2/0/workspaces/w/models/m/files/1",
            "GET,HEAD,POST,PUT,DELETE,OPTIONS",
        ),
        ("/2/0/models/m/onlineStatus", "POST,PUT,OPTIONS"),
    ] {
        assert_eq!(allow(path).as_deref(), Some(expected), "{path}");
    }
    assert_eq!(allow("/2/0/models/m/nowhere"), None);
    assert_eq!(
        allow("/2/0/models/m/optimizeActions/1/tasks/2/solutionLogs"),
        None
    );
}

#[test]
fn rows_are_found_by_method_and_path() {
    let found = |method: &str, path: &str| {
        let segments: Vec<&str> = path.split('/').collect();
        match OTHER.look_up(&method.parse().unwrap(), &segments) {
            Lookup::Found(_, route, params) => format!("{} {:?}", route.path, params.0),
            Lookup::WrongMethod(allow) => allow,
            Lookup::Unknown => String::new(),
        }
    };
    assert_eq!(found("GET", "integrations/runs"), "/integrations/runs []");
    assert_eq!(
        found("GET", "integrations/7"),
        r#"/integrations/{integration} [("integration", "7")]"#
    );
    assert_eq!(found("POST", "integrations/7"), "GET,HEAD,DELETE,OPTIONS");
    assert_eq!(found("GET", "integrations/7/runs"), "");
}

#[test]
fn no_two_rows_of_a_service_have_the_same_method_and_path() {
    for service in SERVICES {
        let mut seen = std::collections::HashSet::new();
        for group in service.groups {
            for (base, route) in group
                .bases
                .iter()
                .flat_map(|base| group.routes.iter().map(move |route| (base, route)))
            {
                let row = format!("{} {base}{}", route.method, route.path);
                assert!(seen.insert(row.clone()), "{row}");
            }
        }
    }
}
