//! The device flow of the OAuth service: devices that wait for their users.

use std::time::Duration;

use anaplan_core::{Timestamp, UserId};

use crate::world::oauth::{SCOPES, granted};
use crate::world::{Issued, OAuthRefusal, World, later};

/// Letters and digits of user codes, without those that are mistaken for each other.
const USER_CODE: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ23456789";

pub(super) struct Device {
    client: String,
    user_code: String,
    scope: String,
    pub(super) expires: Timestamp,
    interval: Duration,
    polled: Option<Timestamp>,
    decision: Decision,
}

#[derive(Clone)]
enum Decision {
    Pending,
    Approved(UserId),
    Denied,
}

/// A device flow that has begun.
pub(crate) struct DeviceCodes {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
    pub(crate) life: Duration,
    pub(crate) interval: Duration,
}

impl World {
    /// Approves a device in the name of a user, who types the code that the device shows. `false` when
    /// no device waits under this code.
    pub fn approve_device(&mut self, user_code: &str, user: &UserId) -> bool {
        self.decide(user_code, Decision::Approved(user.clone()))
    }

    /// Refuses a device. `false` when no device waits under this code.
    pub fn deny_device(&mut self, user_code: &str) -> bool {
        self.decide(user_code, Decision::Denied)
    }

    /// Makes devices that wait ask less often than they were told to: every so often.
    pub fn slow_devices_down(&mut self, interval: Duration) {
        for device in self.oauth.devices.values_mut() {
            device.interval = interval;
        }
    }

    fn decide(&mut self, user_code: &str, decision: Decision) -> bool {
        let (now, typed) = (self.now, bare(user_code));
        let mut devices = self.oauth.devices.values_mut();
        let waiting = devices.find(|device| {
            bare(&device.user_code) == typed
                && now < device.expires
                && matches!(device.decision, Decision::Pending)
        });
        match waiting {
            Some(device) => {
                device.decision = decision;
                true
            }
            None => false,
        }
    }

    /// Begins a device flow.
    pub(crate) fn start_device(
        &mut self,
        client: &str,
        scope: Option<&str>,
    ) -> Result<DeviceCodes, OAuthRefusal> {
        if self.oauth_client(client)?.redirect_uri.is_some() {
            return Err(OAuthRefusal::Grant);
        }
        let letters = self.ids.letters(8, USER_CODE);
        let codes = DeviceCodes {
            device_code: self.ids.uuid().replace('-', ""),
            user_code: format!("{}-{}", &letters[..4], &letters[4..]),
            life: self.rules.device_code_life,
            interval: self.rules.device_interval,
        };
        let device = Device {
            client: client.to_owned(),
            user_code: codes.user_code.clone(),
            scope: granted(scope.unwrap_or(&SCOPES.join(" "))),
            expires: later(self.now, codes.life),
            interval: codes.interval,
            polled: None,
            decision: Decision::Pending,
        };
        self.oauth.devices.insert(codes.device_code.clone(), device);
        Ok(codes)
    }

    /// Returns tokens to a device whose user has approved it.
    pub(crate) fn poll_device(
        &mut self,
        device_code: &str,
        client: &str,
    ) -> Result<Issued, OAuthRefusal> {
        let client = self.oauth_client(client)?.clone();
        if client.redirect_uri.is_some() {
            return Err(OAuthRefusal::Grant);
        }
        let now = self.now;
        let device = self
            .oauth
            .devices
            .get_mut(device_code)
            .filter(|device| device.client == client.id)
            .ok_or(OAuthRefusal::Invalid("Invalid or expired device code."))?;
        if device.expires <= now {
            return Err(OAuthRefusal::Expired);
        }
        let early = device
            .polled
            .is_some_and(|polled| now < later(polled, device.interval));
        device.polled = Some(now);
        if early {
            device.interval += self.rules.slow_down_adds;
            return Err(OAuthRefusal::SlowDown(device.interval));
        }
        match device.decision.clone() {
            Decision::Pending => Err(OAuthRefusal::Pending),
            Decision::Denied => Err(OAuthRefusal::Denied),
            Decision::Approved(user) => {
                let scope = device.scope.clone();
                self.oauth.devices.remove(device_code);
                self.books.oauth_sign_ins += 1;
                Ok(self.issue(&client, &user, scope, None))
            }
        }
    }
}

/// A user code as it counts, however it was typed.
fn bare(user_code: &str) -> String {
    let mut bare: String = user_code.split_whitespace().collect();
    bare.retain(|letter| letter != '-');
    bare.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_code_may_be_typed_without_care() {
        assert_eq!(bare(" bcdf-ghjk\n"), bare("BCDFGHJK"));
    }
}
