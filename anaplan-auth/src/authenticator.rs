//! The life of a token: sign in, refresh in time, sign in again when that fails, sign out.

use std::time::Duration;

use anaplan_core::{Authenticator, Credential, ErrorKind, Result, Session, async_trait};

use crate::cache::Aging;
use crate::keeper::{Keeper, Renewal, Turn};
use crate::sign_in::SignIn;
use crate::token::{Refresh, log_out};

/// How long a refresh may take before signing in again is the better way.
const REFRESH_LIMIT: Duration = Duration::from_secs(20);

/// Signs in when the first call needs it, and keeps one token good for all parallel calls.
///
/// * The first calls wait for one sign-in, however many they are. If it fails, all of them fail with
///   its error; the next call tries again.
/// * In the last five minutes of a token's life, one of the calls refreshes it, while the others go on
///   with the old token. A refresh that fails is tried again ten seconds later.
/// * A token that has expired, or that a server refused, is replaced once, however many calls find out.
///
/// Nothing runs in the background: a token that nobody uses expires. A caller that gives up in the
/// middle of a sign-in leaves it to the next one.
#[derive(Debug)]
pub struct TokenAuthenticator {
    sign_in: Box<dyn SignIn>,
    keeper: Keeper,
}

impl TokenAuthenticator {
    /// Keeps a token that comes from this sign-in. Nothing is sent yet.
    pub fn new(sign_in: impl SignIn + 'static) -> Self {
        Self {
            sign_in: Box::new(sign_in),
            keeper: Keeper::new(Credential::anaplan),
        }
    }

    /// Signs in. The caller holds the turn.
    async fn open(&self, session: &Session) -> Result<Credential> {
        let signed_in = async {
            let request = self.sign_in.request(session).await?;
            let token = session.call(request).await?;
            self.keeper.keep(session, token, "signed in")
        };
        signed_in.await.inspect_err(|error| {
            tracing::debug!(target: "anaplan::auth", %error, "signing in failed");
            self.keeper.cache.fail(error.clone());
        })
    }
}

#[async_trait]
impl Renewal for TokenAuthenticator {
    async fn renew_early(
        &self,
        session: &Session,
        old: Credential,
        aging: Aging,
        _turn: Turn,
    ) -> Result<Credential> {
        let refresh = session
            .call(Refresh::new(&aging.token)?)
            .timeout(aging.left.min(REFRESH_LIMIT))
            .await;
        let error = match refresh {
            Ok(token) => return self.keeper.keep(session, token, "refreshed the token"),
            Err(error) => error,
        };
        if error.kind() == ErrorKind::Authentication {
            tracing::info!(target: "anaplan::auth", %error, "the session has ended, signing in again");
            self.keeper.cache.forget();
            return self.open(session).await;
        }
        let now = session.clock().now();
        self.keeper.cache.pause(now);
        if self.keeper.cache.unexpired(now).is_none() {
            return self.open(session).await;
        }
        tracing::warn!(target: "anaplan::auth", %error, "refreshing failed, the old token still serves");
        Ok(old)
    }

    async fn renew(&self, session: &Session, _turn: Turn) -> Result<Credential> {
        // Refused and not expired: it may have been refused for want of a role, and a refresh finds out
        // without the secret. A token that has expired cannot be refreshed.
        if let Some(token) = self.keeper.cache.unexpired(session.clock().now()) {
            let refresh = session.call(Refresh::new(&token)?).timeout(REFRESH_LIMIT);
            match refresh.await {
                Ok(token) => return self.keeper.keep(session, token, "refreshed the token"),
                Err(error) => {
                    tracing::debug!(target: "anaplan::auth", %error, "refreshing failed");
                }
            }
        }
        self.keeper.cache.forget();
        self.open(session).await
    }
}

#[async_trait]
impl Authenticator for TokenAuthenticator {
    async fn credential(&self, session: &Session) -> Result<Credential> {
        self.keeper.credential(session, self).await
    }

    async fn refused(&self, credential: &Credential) {
        self.keeper.cache.refuse(credential.generation());
    }

    async fn sign_out(&self, session: &Session) -> Result<()> {
        let token = {
            // Whoever is signing in comes first: their session is to be ended too.
            let _turn = self.keeper.turn().await;
            self.keeper.cache.forget()
        };
        match token {
            Some(token) => log_out(session, &token).await,
            None => Ok(()),
        }
    }
}
