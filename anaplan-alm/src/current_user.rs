//! The signed-in user.

use anaplan_core::{Endpoint, Method, Path, Response, Result, RetryClass, UserId};
use serde::Deserialize;

/// Reads the id of the signed-in user, to determine whose revisions and syncs are listed.
pub(crate) struct GetCurrentUser;

impl Endpoint for GetCurrentUser {
    const NAME: &'static str = "alm.get_current_user";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = UserId;

    fn path(&self) -> Path {
        Path::integration().lit("users").lit("me")
    }

    fn decode(&self, response: Response) -> Result<UserId> {
        #[derive(Deserialize)]
        struct User {
            id: UserId,
        }
        Ok(response.field::<User>("user")?.id)
    }
}
