//! The OAuth service: what clients were granted.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use anaplan_core::{Timestamp, UserId};

use crate::world::oauth_devices::Device;
use crate::world::{Grant, OAuthClient, World, later};

/// Every scope there is. `profile` may be asked for, and is never granted.
pub(super) const SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];
const NOT_GRANTED: &str = "profile";

/// The state of the OAuth service.
#[derive(Default)]
pub(crate) struct OAuth {
    pub(super) clients: Vec<OAuthClient>,
    logins: HashMap<String, Login>,
    codes: HashMap<String, Code>,
    pub(super) devices: HashMap<String, Device>,
    refresh_tokens: HashMap<String, RefreshToken>,
    /// Keys for those who approve and type nothing.
    pub(super) approval_keys: HashMap<String, UserId>,
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} OAuth clients", self.clients.len())
    }
}

/// A login page that was opened for an authorization request.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) client: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) state: Option<String>,
    opened: Timestamp,
}

struct Code {
    client: String,
    redirect_uri: String,
    scope: String,
    user: UserId,
    expires: Timestamp,
}

#[derive(Clone)]
struct RefreshToken {
    client: String,
    user: UserId,
    scope: String,
    expires: Timestamp,
}

/// Tokens that were issued.
pub(crate) struct Issued {
    pub(crate) access: Grant,
    pub(crate) refresh_token: Option<String>,
    pub(crate) scope: String,
}

/// Why no tokens were issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OAuthRefusal {
    /// No such client, or not its secret.
    Client,
    /// The client is registered for another grant.
    Grant,
    /// The code or the refresh token is unknown, used, expired, or another client's.
    Invalid(&'static str),
    /// The user has not decided yet.
    Pending,
    /// The client polls faster than it was told to. Carries the interval from now on.
    SlowDown(Duration),
    /// The user has refused.
    Denied,
    /// The device code has expired.
    Expired,
}

impl World {
    /// Returns a user's refresh token to a client, as if they had signed in through it.
    ///
    /// # Panics
    ///
    /// When there is no such client.
    #[allow(clippy::expect_used)]
    pub fn issue_refresh_token(&mut self, client: &str, user: &UserId) -> String {
        let client = self.oauth_client(client).expect("a client of this world");
        let client = client.clone();
        self.new_refresh_token(&client, user, granted(&SCOPES.join(" ")))
    }

    /// Ends the life of a refresh token. `false` when there is none.
    pub fn revoke_refresh_token(&mut self, token: &str) -> bool {
        self.oauth.refresh_tokens.remove(token).is_some()
    }

    /// Opens a login page, and returns the ticket under which it is sent back.
    pub(crate) fn open_login(
        &mut self,
        client: &str,
        redirect_uri: &str,
        scope: &str,
        state: Option<&str>,
    ) -> String {
        let ticket = self.ids.uuid();
        let login = Login {
            client: client.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            scope: granted(scope),
            state: state.map(str::to_owned),
            opened: self.now,
        };
        self.oauth.logins.insert(ticket.clone(), login);
        ticket
    }

    pub(crate) fn login(&self, ticket: &str) -> Option<&Login> {
        self.oauth.logins.get(ticket)
    }

    /// Closes a login page with success, and returns the authorization code.
    pub(crate) fn finish_login(&mut self, ticket: &str, user: &UserId) -> Option<String> {
        let login = self.oauth.logins.remove(ticket)?;
        let value = self.ids.uuid().replace('-', "");
        let code = Code {
            client: login.client,
            redirect_uri: login.redirect_uri,
            scope: login.scope,
            user: user.clone(),
            expires: later(self.now, self.rules.authorization_code_life),
        };
        self.oauth.codes.insert(value.clone(), code);
        Some(value)
    }

    /// Closes a login page without success.
    pub(crate) fn cancel_login(&mut self, ticket: &str) {
        self.oauth.logins.remove(ticket);
    }

    /// Returns tokens for an authorization code, which is used up, whatever comes of it.
    pub(crate) fn exchange_code(
        &mut self,
        code: &str,
        client: &str,
        secret: Option<&str>,
        redirect_uri: &str,
    ) -> Result<Issued, OAuthRefusal> {
        let client = self.oauth_client(client)?.clone();
        if client.redirect_uri.is_none() {
            return Err(OAuthRefusal::Grant);
        }
        if secret != client.secret() {
            return Err(OAuthRefusal::Client);
        }
        let now = self.now;
        let invalid = OAuthRefusal::Invalid("Invalid authorization code");
        let code = self.oauth.codes.remove(code).ok_or(invalid)?;
        if code.client != client.id || code.redirect_uri != redirect_uri || code.expires <= now {
            return Err(invalid);
        }
        self.books.oauth_sign_ins += 1;
        Ok(self.issue(&client, &code.user, code.scope, None))
    }

    /// Returns tokens for a refresh token, and replaces it if the client is a rotating one.
    pub(crate) fn refresh_tokens(
        &mut self,
        token: &str,
        client: &str,
        secret: Option<&str>,
    ) -> Result<Issued, OAuthRefusal> {
        let client = self.oauth_client(client)?.clone();
        if client.secret().is_some() && secret != client.secret() {
            return Err(OAuthRefusal::Client);
        }
        let invalid = OAuthRefusal::Invalid("Unknown or invalid refresh token.");
        let held = self.oauth.refresh_tokens.get(token).cloned();
        let held = held.filter(|held| held.client == client.id && self.now < held.expires);
        let held = held.ok_or(invalid)?;
        if !self.users.get(&held.user).is_some_and(|user| user.active) {
            return Err(invalid);
        }
        let kept = if client.rotating {
            self.oauth.refresh_tokens.remove(token);
            None
        } else {
            Some(token.to_owned())
        };
        self.books.oauth_refreshes += 1;
        Ok(self.issue(&client, &held.user, held.scope, kept))
    }

    pub(super) fn issue(
        &mut self,
        client: &OAuthClient,
        user: &UserId,
        scope: String,
        kept: Option<String>,
    ) -> Issued {
        let access = self.open_oauth_session(user);
        let offline = scope.split(' ').any(|one| one == "offline_access");
        let refresh_token = match kept {
            Some(kept) => Some(kept),
            None => offline.then(|| self.new_refresh_token(client, user, scope.clone())),
        };
        Issued {
            access,
            refresh_token,
            scope,
        }
    }

    fn new_refresh_token(&mut self, client: &OAuthClient, user: &UserId, scope: String) -> String {
        let value = format!("r.{}", self.ids.secret());
        let token = RefreshToken {
            client: client.id.clone(),
            user: user.clone(),
            scope,
            expires: later(self.now, client.refresh_life),
        };
        self.oauth.refresh_tokens.insert(value.clone(), token);
        value
    }

    /// Forgets what has expired. Devices are remembered for a while, for their codes to be told expired.
    pub(crate) fn drop_dead_grants(&mut self) {
        let now = self.now;
        let remembered = |expires: Timestamp| later(expires, Duration::from_secs(3600)) > now;
        let oauth = &mut self.oauth;
        oauth.logins.retain(|_, login| remembered(login.opened));
        oauth.codes.retain(|_, code| now < code.expires);
        oauth.devices.retain(|_, device| remembered(device.expires));
        oauth.refresh_tokens.retain(|_, token| now < token.expires);
    }
}

/// The scopes that are granted when these are asked for.
pub(super) fn granted(asked: &str) -> String {
    let known = asked
        .split_whitespace()
        .filter(|scope| SCOPES.contains(scope) && *scope != NOT_GRANTED);
    known.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profile_is_never_granted_and_neither_is_what_nobody_knows() {
        assert_eq!(
            granted("openid profile  email x offline_access"),
            "openid email offline_access"
        );
        assert_eq!(granted("profile"), "");
    }
}
