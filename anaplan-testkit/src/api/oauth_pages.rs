//! The HTML pages of the OAuth service: plain forms, which scripts can submit as well.

use anaplan_core::UserId;
use http::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::api::Reply;
use crate::api::envelope::{ErrorForm, Failure};
use crate::api::oauth::{failure, invalid_request};
use crate::api::query::Paging;
use crate::api::router::{Auth, Group, Mount, Params, Service, open};
use crate::http::{Request, Response};
use crate::world::{OAuthRefusal, World};

const WRONG: &str = "Wrong user or password.";

/// The pages of the authorization code flow.
pub(crate) const AUTHORIZATION: Service = pages(
    &[Mount::anywhere("/auth")],
    &[Group {
        bases: &[""],
        before: None,
        routes: &[
            open("GET", "/authorize", |world, request, _| {
                authorize(world, request)
            }),
            open("GET", "/prelogin", |world, request, _| {
                let ticket = open_login(world, request)?;
                Ok(login_page(&ticket, ""))
            }),
            open("POST", "/prelogin", |world, request, _| {
                let ticket = open_login(world, request)?;
                log_in(world, request, &ticket)
            }),
            open("POST", "/login/{ticket}", |world, request, at| {
                log_in(world, request, at.get("ticket"))
            }),
        ],
    }],
);

/// The page of the device flow, with or without a key that approves.
pub(crate) const ACTIVATION: Service = pages(
    &[Mount::anywhere("/activate")],
    &[Group {
        bases: &["", "/{approval}"],
        before: None,
        routes: &[open("GET", "", activate), open("POST", "", activate)],
    }],
);

const fn pages(mounts: &'static [Mount], groups: &'static [Group]) -> Service {
    Service {
        mounts,
        auth: Auth::ByHandler,
        errors: ErrorForm::Integration,
        paging: Paging::OFFSET_LIMIT,
        rate_limited: false,
        confidential: true,
        groups,
    }
}

/// Sends the browser to the login page.
fn authorize(world: &World, request: &Request) -> Reply {
    check(world, request)?;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let query = request.query().iter();
    let query = query.map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    let query = query.collect::<Vec<_>>().join("&");
    Ok(redirect(&format!("/auth/prelogin?{query}")))
}

/// Checks an authorization request and returns its client, redirect URI and scope.
fn check<'r>(world: &World, request: &'r Request) -> Result<(&'r str, &'r str, &'r str), Failure> {
    let need = |name: &str| {
        request
            .param(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| invalid_request(format!("Missing required parameter: {name}")))
    };
    let client = need("client_id")?;
    if need("response_type")? != "code" {
        return Err(invalid_request("Unsupported response type"));
    }
    let (redirect_uri, scope) = (need("redirect_uri")?, need("scope")?);
    let registered = world
        .oauth_client(client)
        .map_err(|refusal| failure(world, refusal))?;
    match &registered.redirect_uri {
        None => Err(failure(world, OAuthRefusal::Grant)),
        Some(registered) if registered != redirect_uri => Err(invalid_request(
            "The redirect_uri is not that of the client",
        )),
        Some(_) => Ok((client, redirect_uri, scope)),
    }
}

fn open_login(world: &mut World, request: &Request) -> Result<String, Failure> {
    let (client, redirect_uri, scope) = check(world, request)?;
    Ok(world.open_login(client, redirect_uri, scope, request.param("state")))
}

/// Takes a login page that was sent back: on to the redirect URI, or the page once more.
fn log_in(world: &mut World, request: &Request, ticket: &str) -> Reply {
    let login = world
        .login(ticket)
        .ok_or_else(|| invalid_request("This login page is no longer open"))?
        .clone();
    let mut back = login.redirect_uri;
    let mut add = |name: &str, value: &str| {
        back.push(if back.contains('?') { '&' } else { '?' });
        back.push_str(name);
        back.push('=');
        back.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
    };
    let form = Form(request.fields());
    if form.denies() {
        world.cancel_login(ticket);
        add("error", "access_denied");
        add("error_description", "User denied the authorization.");
    } else {
        let approver = request
            .param("approval")
            .and_then(|key| world.approver(key));
        let Some(user) = form.user(world, approver.cloned()) else {
            return Ok(login_page(ticket, WRONG));
        };
        let Some(code) = world.finish_login(ticket, &user) else {
            return Ok(login_page(ticket, WRONG));
        };
        add("code", &code);
    }
    if let Some(state) = &login.state {
        add("state", state);
    }
    Ok(redirect(&back))
}

/// The page on which a user types the code that a device shows, or which approves for whoever has the key.
fn activate(world: &mut World, request: &Request, at: &Params<'_>) -> Reply {
    let approver = at.find("approval").and_then(|key| world.approver(key));
    let approver = approver.cloned();
    let decided = request.method() == Method::POST
        || (request.param("user_code").is_some() && approver.is_some());
    if !decided {
        return Ok(device_page(request.param("user_code").unwrap_or(""), ""));
    }
    let form = Form(request.fields());
    let code = form.get("user_code").or_else(|| request.param("user_code"));
    let code = code.unwrap_or("").to_owned();
    let Some(user) = form.user(world, approver) else {
        return Ok(device_page(&code, WRONG));
    };
    let (known, done) = if form.denies() {
        (world.deny_device(&code), "The device was refused.")
    } else {
        (
            world.approve_device(&code, &user),
            "The device is signed in.",
        )
    };
    Ok(if known {
        page(&format!("<p>{done}</p>"))
    } else {
        device_page(&code, "No device waits under this code.")
    })
}

/// The fields of a submitted form.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name)?;
        Some(value)
    }

    fn denies(&self) -> bool {
        self.get("decision") == Some("deny")
    }

    /// The user who gave the right password, or for whom the address approves when nothing was typed.
    fn user(&self, world: &World, approver: Option<UserId>) -> Option<UserId> {
        let names = ["user", "username", "email"];
        let typed = names.iter().find_map(|name| self.get(name));
        let Some(email) = typed.filter(|email| !email.is_empty()) else {
            return approver;
        };
        let user = world.user_by_email(email.trim())?;
        let right = user.active && self.get("password") == Some(user.password.as_str());
        right.then(|| user.id.clone())
    }
}

fn login_page(ticket: &str, problem: &str) -> Response {
    form(&format!("/auth/login/{ticket}"), "", problem)
}

fn device_page(user_code: &str, problem: &str) -> Response {
    let field = format!(
        r#"<label>Code <input name="user_code" value="{}"></label>"#,
        escape(user_code)
    );
    form("/activate", &field, problem)
}

fn form(action: &str, field: &str, problem: &str) -> Response {
    let action = escape(action);
    let problem = if problem.is_empty() {
        String::new()
    } else {
        format!(r#"<p class="error">{problem}</p>"#)
    };
    page(&format!(
        r#"{problem}<form method="post" action="{action}">{field}
<label>User <input name="user" type="email"></label>
<label>Password <input name="password" type="password"></label>
<button name="decision" value="approve">Sign in</button>
<button name="decision" value="deny">Cancel</button>
</form>"#
    ))
}

fn page(content: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Anaplan (fake)</title></head>\n<body>{content}</body></html>\n"
    );
    Response::new(
        StatusCode::OK,
        "text/html; charset=utf-8",
        html.into_bytes(),
    )
    .with_header("cache-control", "no-store")
}

fn redirect(location: &str) -> Response {
    Response::empty(StatusCode::FOUND).with_header("location", location)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
