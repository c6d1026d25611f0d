//! Operations and their possible responses.

use serde_json::Value;

use super::shape::{Field, Shape};
use anaplan_testkit::Request;

/// One operation of an API.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    /// The path behind that of its place; `*` is any one segment.
    pub(crate) path: &'static str,
    pub(crate) gives: &'static [Success],
    /// The statuses of its refusals, besides those that all of its place have.
    pub(crate) refuses: &'static [u16],
    /// Relations between the parts of a response.
    pub(crate) rules: &'static [Rule],
    /// `true` if only the form of the path with the workspace is known.
    pub(crate) below_workspace_only: bool,
    /// `true` if a 424 may come without a message.
    pub(crate) silent_424: bool,
}

/// A relation between the parts of an answer, or between it and its request.
pub(crate) type Rule = fn(&Request, &Value) -> Result<(), String>;

/// Fails with this problem unless the condition holds.
pub(crate) fn need(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// A good answer.
#[derive(Clone, Copy)]
pub(crate) struct Success {
    pub(crate) status: u16,
    pub(crate) body: Body,
    /// Which requests get it.
    pub(crate) to: Option<fn(&Request) -> bool>,
    /// A header that it must have.
    pub(crate) header: Option<&'static str>,
}

#[derive(Clone, Copy)]
pub(crate) enum Body {
    /// Neither bytes nor a content type.
    Nothing,
    /// Bytes of this content type.
    Bytes(&'static str),
    /// A JSON object that stands alone.
    Bare(&'static [Field]),
    /// A JSON object in the envelope.
    Envelope(&'static [Field]),
    /// A page of a collection in the envelope, by its key.
    Page(&'static str, Shape),
    /// The same without the key when there is nothing.
    PageOrNone(&'static str, Shape),
}

/// An operation by its method and path.
pub(crate) const fn op(method: &'static str, path: &'static str) -> Operation {
    Operation {
        method,
        path,
        gives: &[],
        refuses: &[],
        rules: &[],
        below_workspace_only: false,
        silent_424: false,
    }
}

pub(crate) const fn get(path: &'static str, gives: &'static [Success]) -> Operation {
    op("GET", path).gives(gives)
}

impl Operation {
    pub(crate) const fn gives(mut self, gives: &'static [Success]) -> Self {
        self.gives = gives;
        self
    }

    pub(crate) const fn refuses(mut self, statuses: &'static [u16]) -> Self {
        self.refuses = statuses;
        self
    }

    pub(crate) const fn rules(mut self, rules: &'static [Rule]) -> Self {
        self.rules = rules;
        self
    }

    pub(crate) const fn below_workspace_only(mut self) -> Self {
        self.below_workspace_only = true;
        self
    }

    pub(crate) const fn silent_424(mut self) -> Self {
        self.silent_424 = true;
        self
    }

    /// Returns whether the path behind that of the place is this operation's.
    pub(crate) fn fits(&self, segments: &[&str]) -> bool {
        let mut pattern = self.path.split('/');
        segments
            .iter()
            .all(|segment| matches!(pattern.next(), Some(part) if part == "*" || part == *segment))
            && pattern.next().is_none()
    }
}

const fn success(status: u16, body: Body) -> Success {
    Success {
        status,
        body,
        to: None,
        header: None,
    }
}

/// Nothing but a status.
pub(crate) const fn nothing(status: u16) -> Success {
    success(status, Body::Nothing)
}

/// 200 with bytes of this content type.
pub(crate) const fn bytes(content_type: &'static str) -> Success {
    success(200, Body::Bytes(content_type))
}

/// An object that stands alone.
pub(crate) const fn bare(status: u16, fields: &'static [Field]) -> Success {
    success(status, Body::Bare(fields))
}

/// 200 with these keys in the envelope.
pub(crate) const fn envelope(fields: &'static [Field]) -> Success {
    success(200, Body::Envelope(fields))
}

/// 201 with these keys in the envelope.
pub(crate) const fn created(fields: &'static [Field]) -> Success {
    success(201, Body::Envelope(fields))
}

/// A page.
pub(crate) const fn page(key: &'static str, of: Shape) -> Success {
    success(200, Body::Page(key, of))
}

/// A page whose key is left out when there is nothing.
pub(crate) const fn page_or_none(key: &'static str, of: Shape) -> Success {
    success(200, Body::PageOrNone(key, of))
}

impl Success {
    /// Only these requests get it.
    pub(crate) const fn to(mut self, to: fn(&Request) -> bool) -> Self {
        self.to = Some(to);
        self
    }

    /// It has this header.
    pub(crate) const fn header(mut self, name: &'static str) -> Self {
        self.header = Some(name);
        self
    }
}

/// The operations of one place, and what holds for all of them.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) errors: Errors,
    /// The statuses with which everything there may be refused.
    pub(crate) refuses: &'static [u16],
    pub(crate) operations: &'static [&'static [Operation]],
}

/// The form of the errors of a family of APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errors {
    /// Status, path and timestamp.
    Integration,
    /// A code and a text.
    Token,
    /// `error` and `error_description`.
    OAuth,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_segment_by_segment() {
        let one = op("GET", "lists/*/items");
        assert!(one.fits(&["lists", "101000000001", "items"]));
        for other in [
            &["lists", "1"][..],
            &["lists", "1", "items", "2"],
            &["views", "1", "items"],
        ] {
            assert!(!one.fits(other));
        }
    }
}
