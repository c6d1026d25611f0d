//! What the token service writes, read leniently.

use anaplan_core::Timestamp;
use anaplan_core::lenient::{moment_opt, or_default, text_opt};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct TokenInfo {
    pub(crate) token_value: Option<String>,
    #[serde(deserialize_with = "moment_opt")]
    pub(crate) expires_at: Option<Timestamp>,
    #[serde(deserialize_with = "text_opt")]
    pub(crate) token_id: Option<String>,
    #[serde(deserialize_with = "text_opt")]
    pub(crate) refresh_token_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct UserInfo {
    #[serde(deserialize_with = "text_opt")]
    pub(crate) user_guid: Option<String>,
    #[serde(deserialize_with = "text_opt")]
    pub(crate) user_id: Option<String>,
    #[serde(deserialize_with = "text_opt")]
    pub(crate) customer_guid: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Validated {
    #[serde(deserialize_with = "or_default")]
    pub(crate) token_info: TokenInfo,
    #[serde(deserialize_with = "or_default")]
    pub(crate) user_info: UserInfo,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_every_form_and_never_fails_the_answer() {
        let read = |json: &str| serde_json::from_str::<TokenInfo>(json).unwrap().expires_at;
        let moment = Timestamp::from_millisecond(1_760_000_000_000).ok();
        for json in [
            r#"{"expiresAt":1760000000000}"#,
            r#"{"expiresAt":"1760000000000"}"#,
            r#"{"expiresAt":1.76e12,"refreshToken":"new and unknown"}"#,
        ] {
            assert_eq!(read(json), moment, "{json}");
        }
        for json in [
            "{}",
            r#"{"expiresAt":null}"#,
            r#"{"expiresAt":"soon"}"#,
            r#"{"expiresAt":1e300}"#,
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn ids_may_be_missing_or_numbers() {
        let user: UserInfo = serde_json::from_str(r#"{"userGuid":7,"userId":null}"#).unwrap();
        assert_eq!(user.user_guid.as_deref(), Some("7"));
        assert_eq!((user.user_id, user.customer_guid), (None, None));
    }
}
