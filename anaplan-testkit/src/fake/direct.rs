//! Signing in without a request.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anaplan_core::{
    Authenticator, Credential, Result, SecretString, Session, Timestamp, UserId, async_trait,
};

use crate::fake::FakeAnaplan;

/// Takes tokens out of the world by the back door, so that tests of other things need no sign-in.
pub(super) struct DirectSignIn {
    fake: FakeAnaplan,
    user: UserId,
    token: Mutex<(u64, Option<(String, Timestamp)>)>,
}

impl DirectSignIn {
    pub(super) fn new(fake: FakeAnaplan, user: UserId) -> Self {
        Self {
            fake,
            user,
            token: Mutex::new((0, None)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, (u64, Option<(String, Timestamp)>)> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Authenticator for DirectSignIn {
    async fn credential(&self, session: &Session) -> Result<Credential> {
        let mut token = self.lock();
        let now = session.clock().now();
        if token.1.as_ref().is_none_or(|(_, expires)| *expires <= now) {
            let grant = self.fake.world(|world| world.open_session(&self.user));
            *token = (token.0 + 1, Some((grant.value, grant.expires)));
        }
        let value = token.1.as_ref().map(|(value, _)| value.clone());
        Credential::anaplan(&SecretString::from(value.unwrap_or_default()), token.0)
    }

    async fn refused(&self, credential: &Credential) {
        let mut token = self.lock();
        if token.0 == credential.generation() {
            token.1 = None;
        }
    }
}

impl fmt::Debug for DirectSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectSignIn")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
