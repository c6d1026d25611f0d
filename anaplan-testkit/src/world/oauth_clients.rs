//! The clients of the OAuth service.

use std::fmt;
use std::time::Duration;

use anaplan_core::UserId;

use crate::world::{OAuthRefusal, World};

/// A client of the OAuth service, as the administration of a tenant registers it. Each serves one grant:
/// the authorization code grant if it has a redirect URI, the device grant otherwise.
#[derive(Clone)]
#[non_exhaustive]
pub struct OAuthClient {
    /// 32 hexadecimal digits in lower case.
    pub id: String,
    /// The address to which browsers are sent with the authorization code; `None` for a device client.
    pub redirect_uri: Option<String>,
    /// `true` if each use of a refresh token replaces it.
    pub rotating: bool,
    /// The time a refresh token lives.
    pub refresh_life: Duration,
    secret: Option<String>,
}

impl OAuthClient {
    /// The secret; a device client has none.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClient")
            .field("id", &self.id)
            .field("redirect_uri", &self.redirect_uri)
            .field("rotating", &self.rotating)
            .finish_non_exhaustive()
    }
}

/// Changes what was registered of a client.
#[derive(Debug)]
pub struct OAuthClientEdit<'w> {
    client: &'w mut OAuthClient,
}

impl OAuthClientEdit<'_> {
    /// The client's id.
    #[must_use]
    pub fn id(&self) -> String {
        self.client.id.clone()
    }

    /// The client as it is registered now.
    #[must_use]
    pub fn client(&self) -> OAuthClient {
        self.client.clone()
    }

    /// Returns whether each use of a refresh token replaces it. Default: yes.
    #[must_use]
    pub fn rotating(self, rotating: bool) -> Self {
        self.client.rotating = rotating;
        self
    }

    /// Returns the time a refresh token lives. Default 43,000 s.
    #[must_use]
    pub fn refresh_life(self, life: Duration) -> Self {
        self.client.refresh_life = life;
        self
    }
}

impl World {
    /// A key that approves in the name of a user on the pages of the OAuth service, for scripts that type
    /// nothing: the parameter `approval` of the login page, and `/activate/{key}` for devices.
    pub fn add_approval_key(&mut self, user: &UserId) -> String {
        let key = self.ids.secret();
        self.oauth.approval_keys.insert(key.clone(), user.clone());
        key
    }

    pub(crate) fn approver(&self, key: &str) -> Option<&UserId> {
        self.oauth.approval_keys.get(key)
    }

    /// Registers a client for the authorization code grant, with a secret of its own.
    pub fn add_code_client(&mut self, redirect_uri: impl Into<String>) -> OAuthClientEdit<'_> {
        let secret = self.ids.secret();
        self.add_oauth_client(Some(redirect_uri.into()), Some(secret))
    }

    /// Registers a client for the device grant.
    pub fn add_device_client(&mut self) -> OAuthClientEdit<'_> {
        self.add_oauth_client(None, None)
    }

    fn add_oauth_client(
        &mut self,
        redirect_uri: Option<String>,
        secret: Option<String>,
    ) -> OAuthClientEdit<'_> {
        let client = OAuthClient {
            id: self.ids.lower_hex(),
            redirect_uri,
            rotating: true,
            refresh_life: Duration::from_secs(43_000),
            secret,
        };
        let place = self.oauth.clients.len();
        self.oauth.clients.push(client);
        OAuthClientEdit {
            client: &mut self.oauth.clients[place],
        }
    }

    /// The clients of the OAuth service, in the order of their registration.
    #[must_use]
    pub fn oauth_clients(&self) -> &[OAuthClient] {
        &self.oauth.clients
    }

    /// Changes what was registered of a client, if there is one of this id.
    pub fn edit_oauth_client(&mut self, id: &str) -> Option<OAuthClientEdit<'_>> {
        let client = self.oauth.clients.iter_mut().find(|one| one.id == id)?;
        Some(OAuthClientEdit { client })
    }

    pub(crate) fn oauth_client(&self, id: &str) -> Result<&OAuthClient, OAuthRefusal> {
        let mut clients = self.oauth.clients.iter();
        clients
            .find(|client| client.id == id)
            .ok_or(OAuthRefusal::Client)
    }
}
