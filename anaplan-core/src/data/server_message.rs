//! Code and message of an error body.

use serde::Deserialize;

/// Code and message of an error body, in whichever of the API families' shapes it comes.
pub(crate) fn server_message(body: &[u8]) -> (Option<String>, Option<String>) {
    #[derive(Deserialize, Default)]
    #[serde(default, rename_all = "camelCase")]
    struct Body {
        status: serde_json::Value,
        status_message: Option<String>,
        message: Option<String>,
        error: serde_json::Value,
        #[serde(rename = "error_description")]
        error_description: Option<String>,
        detail: Option<String>,
    }
    let Ok(parsed) = serde_json::from_slice::<Body>(body) else {
        return (None, None);
    };
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let code = text(&parsed.status).or_else(|| text(&parsed.error));
    let message = text(&parsed.status["message"])
        .or(parsed.status_message)
        .or(parsed.message)
        .or(parsed.error_description)
        .or(parsed.detail);
    (
        code.as_deref().and_then(tidy),
        message.as_deref().and_then(tidy),
    )
}

/// Server text goes into one line of an error: short, without control characters.
pub(crate) fn tidy(text: &str) -> Option<String> {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(500)
        .collect();
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_of_error_bodies_is_read() {
        let read = |body: &str| {
            let (code, message) = server_message(body.as_bytes());
            format!(
                "{}|{}",
                code.unwrap_or_default(),
                message.unwrap_or_default()
            )
        };
        assert_eq!(
            read(r#"{"status":{"code":404,"message":"Not Found"},"path":"/x"}"#),
            "|Not Found"
        );
        assert_eq!(
            read(r#"{"status":"FAILURE_X","statusMessage":"no\nway"}"#),
            "FAILURE_X|no way"
        );
        assert_eq!(read(r#"{"status":"DENIED","message":"m"}"#), "DENIED|m");
        assert_eq!(
            read(r#"{"error":"invalid_grant","error_description":"d"}"#),
            "invalid_grant|d"
        );
        assert_eq!(
            read(r#"{"schemas":[],"status":"400","detail":"d"}"#),
            "400|d"
        );
        assert_eq!(read(r#"{"status":{"code":424,"message":""}}"#), "|");
        assert_eq!(read("<html>"), "|");
    }
}
