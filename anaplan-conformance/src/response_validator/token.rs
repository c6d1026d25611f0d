//! The token service.

use serde_json::Value;

use super::operation::{Errors, Operation, Place, bare, get, nothing, op};
use super::shape::{Field, Shape, key, optional};
use anaplan_testkit::Request;

const META: Field = key(
    "meta",
    Shape::Object(&[key(
        "validationUrl",
        Shape::OneOf(&["https://auth.anaplan.com/token/validate"]),
    )]),
);
const STATUS: Field = key("status", Shape::OneOf(&["SUCCESS"]));

const fn message(text: &'static [&'static str]) -> Field {
    key("statusMessage", Shape::OneOf(text))
}

const TOKEN: Field = key(
    "tokenInfo",
    Shape::Object(&[
        key("expiresAt", Shape::Millis),
        key("tokenId", Shape::Uuid),
        key("tokenValue", Shape::Filled),
        key("refreshTokenId", Shape::Uuid),
        optional("refreshToken", Shape::Filled),
    ]),
);

const SIGNED_IN: &[Field] = &[META, STATUS, message(&["Login successful"]), TOKEN];
const REFRESHED: &[Field] = &[META, STATUS, message(&["Token refreshed"]), TOKEN];
const VALIDATED: &[Field] = &[
    META,
    STATUS,
    message(&["Token validated"]),
    key(
        "tokenInfo",
        Shape::Object(&[key("expiresAt", Shape::Millis), key("tokenId", Shape::Uuid)]),
    ),
    key(
        "userInfo",
        Shape::Object(&[
            key("userGuid", Shape::Lower),
            key("userId", Shape::Filled),
            key("customerGuid", Shape::Lower),
        ]),
    ),
];

/// The value that comes back is the one that was sent.
fn keeps_the_token(request: &Request, body: &Value) -> Result<(), String> {
    let sent = request.credential("AnaplanAuthToken");
    if body["tokenInfo"]["tokenValue"].as_str() == sent {
        Ok(())
    } else {
        Err("`tokenInfo.tokenValue` is not the token that was refreshed".into())
    }
}

const OPERATIONS: &[Operation] = &[
    op("POST", "authenticate")
        .gives(&[bare(201, SIGNED_IN)])
        .refuses(&[401]),
    op("POST", "refresh")
        .gives(&[bare(200, REFRESHED)])
        .refuses(&[400, 401])
        .rules(&[keeps_the_token]),
    get("validate", &[bare(200, VALIDATED)]).refuses(&[400, 401]),
    op("POST", "logout").gives(&[nothing(204)]).refuses(&[401]),
];

pub(super) const PLACE: Place = Place {
    name: "/token",
    errors: Errors::Token,
    refuses: &[],
    operations: &[OPERATIONS],
};
