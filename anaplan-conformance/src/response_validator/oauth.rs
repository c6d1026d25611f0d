//! The OAuth service, and the pages on which people answer it.

use super::operation::{Body, Errors, Operation, Place, Success, bare, bytes, get, op};
use super::shape::{Field, Shape, key, optional};

const REDIRECT: Success = Success {
    status: 302,
    body: Body::Nothing,
    to: None,
    header: Some("location"),
};
const PAGE: Success = bytes("text/html");

const DEVICE: &[Field] = &[
    key("device_code", Shape::Filled),
    key("user_code", Shape::Filled),
    key("verification_uri", Shape::Filled),
    optional("verification_uri_complete", Shape::Filled),
    key("expires_in", Shape::Positive),
    key("interval", Shape::Positive),
];
const TOKENS: &[Field] = &[
    key("access_token", Shape::Filled),
    optional("id_token", Shape::Filled),
    optional("refresh_token", Shape::Filled),
    key("scope", Shape::Text),
    key("expires_in", Shape::Positive),
    key("token_type", Shape::OneOf(&["Bearer"])),
];

const OPERATIONS: &[Operation] = &[
    get("auth/authorize", &[REDIRECT]).refuses(&[400, 401, 403]),
    get("auth/prelogin", &[PAGE]).refuses(&[400, 401, 403]),
    op("POST", "auth/prelogin")
        .gives(&[REDIRECT, PAGE])
        .refuses(&[400, 401, 403]),
    op("POST", "auth/login/*")
        .gives(&[REDIRECT, PAGE])
        .refuses(&[400, 401, 403]),
    get("activate", &[PAGE]).refuses(&[400]),
    get("activate/*", &[PAGE]).refuses(&[400]),
    op("POST", "activate").gives(&[PAGE]).refuses(&[400, 401]),
    op("POST", "activate/*").gives(&[PAGE]).refuses(&[400, 401]),
    op("POST", "oauth/device/code")
        .gives(&[bare(200, DEVICE)])
        .refuses(&[400, 403, 500]),
    op("POST", "oauth/token")
        .gives(&[bare(200, TOKENS)])
        .refuses(&[400, 401, 403, 500]),
];

pub(super) const PLACE: Place = Place {
    name: "",
    errors: Errors::OAuth,
    refuses: &[],
    operations: &[OPERATIONS],
};
