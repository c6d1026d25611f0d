//! Connection information of a running fake, for other programs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use crate::demo::{Credentials, Demo};
use crate::fake::FakeAnaplan;
use crate::pki::{Authority, Identity};

/// Connection information of a running fake: one JSON object.
///
/// | key | value |
/// |---|---|
/// | `url` | the base URL of all services |
/// | `user`, `password` | a workspace administrator, who may use ALM |
/// | `certificate`, `private_key`, `encrypted_private_key` | files of the same user |
/// | `ca_certificate` | a file: the authority to be trusted, of a fake that serves https |
/// | `private_key_password` | what opens the encrypted key |
/// | `workspace_id`, `model_id` | the workspace, and the main model |
/// | `models` | `dev`, `test`, `prod`, `plain`, `unrelated`, `archived`, `closable`, `sync_fails` |
/// | `second`, `limited`, `outsider` | `user` and `password` of other users |
/// | `oauth` | clients of the OAuth service: `client_id`, `client_secret`, `redirect_uri` and `approve_url` of one for the authorization code grant, whose refresh tokens rotate; `device_client_id`, `device_approve_url` and `device_refresh_token` of one for the device grant, whose refresh tokens stay |
/// | `lists` | `main`, which takes new items without a parent; `empty`; `structural_in_dev`, whose items are structure |
/// | `modules` | `main`: `id`, `view_id`, `line_item_id`, `cell`, which takes numbers, and `readback`, its row and column in the view |
/// | `calendar` | `set_current_period`, `fiscal_year`: what the calendar can be set to |
/// | `files` | `source`, read by the good import; `empty`; `bad_source`, read by the bad one |
/// | `imports`, `csv` | `good`, `bad`: an import, and the text that makes it succeed, or leave a dump |
/// | `exports`, `actions` | `good` |
/// | `processes` | `good`; `bad`, one of whose steps leaves a dump |
/// | `rate_limit` | `burst`: how many requests pass at once; `null` without a limit |
/// | `features` | which other services are there: `audit`, `scim`, `cloudworks` |
///
/// A program in any language walks through both OAuth flows with plain HTTP; `user` and `password` are
/// those in the object; forms are sent as `application/x-www-form-urlencoded`:
///
/// * Authorization code: send `user` and `password` by POST to `approve_url`, to which `&state=..` may be
///   added, or to your own `{url}/auth/prelogin?response_type=code&client_id=..&redirect_uri=..&scope=..`.
///   The answer is 302 to the redirect URI with `code` and `state`. A browser gets the form by GET, and
///   sends it to the address in the form; so can a script. `{url}/auth/authorize` leads to the same page.
///   With `decision=deny` the redirect carries `error=access_denied`, and after a wrong password the page is
///   served once more. The code is good for one minute and one exchange: POST to `{url}/oauth/token`, as a form
///   or as JSON, with `grant_type=authorization_code`, `code`, `client_id`, `client_secret` and
///   `redirect_uri`.
/// * Device: POST `client_id` to `{url}/oauth/device/code`, then `user_code`, `user` and `password` to
///   `device_approve_url` (with `decision=deny` to refuse), while polling `{url}/oauth/token` with
///   `grant_type=urn:ietf:params:oauth:grant-type:device_code`, `device_code` and `client_id`, every five
///   seconds and not more often.
/// * Whoever types nothing: a key in both addresses stands for the user's name and password when they are
///   left out of a POST; for a device, a GET with `user_code` in the query is enough.
/// * Renewal: POST to `{url}/oauth/token` with `grant_type=refresh_token`, `refresh_token`, `client_id`, and
///   `client_secret` for the first client.
///
/// Ids are strings, except those of objects inside a model, which are numbers. What the world does not
/// have is left out.
///
/// ```
/// use anaplan_testkit::{FakeAnaplan, ServerInfo};
///
/// let fake = FakeAnaplan::in_process();
/// let info = ServerInfo::of(&fake);
/// assert_eq!(info.as_value()["user"], fake.admin().user);
/// assert_eq!(info.as_value()["models"]["dev"], fake.demo().dev.as_str());
/// ```
#[derive(Clone)]
pub struct ServerInfo(Value);

impl ServerInfo {
    /// Returns the connection information of a fake, without files.
    #[must_use]
    pub fn of(fake: &FakeAnaplan) -> Self {
        let demo = fake.demo_if_any();
        let mut info = Map::new();
        info.insert("url".into(), fake.url().into());
        info.extend(sign_in(&demo.admin));
        insert(&mut info, "workspace_id", demo.workspace.as_str());
        insert(&mut info, "model_id", demo.dev.as_str());
        info.insert("models".into(), models(&demo));
        if demo.list != 0 {
            info.extend(model_objects(&demo));
        }
        for (name, user) in [
            ("second", &demo.second),
            ("limited", &demo.limited),
            ("outsider", &demo.outsider),
        ] {
            let user = sign_in(user);
            if !user.is_empty() {
                info.insert(name.into(), user.into());
            }
        }
        let oauth = oauth(fake.url(), &demo);
        if !oauth.is_empty() {
            info.insert("oauth".into(), oauth.into());
        }
        let burst = fake.world(|world| world.rules.burst);
        info.insert("rate_limit".into(), json!({ "burst": burst }));
        info.insert(
            "features".into(),
            json!({ "audit": false, "scim": false, "cloudworks": false }),
        );
        Self(info.into())
    }

    /// Issues a certificate to the user, writes it and its key into a folder, and names the
    /// files. Key files can be read by their owner only. For a fake that serves https, also writes the
    /// certificate of the authority to be trusted.
    ///
    /// # Errors
    ///
    /// When a file cannot be written, or the key cannot be made.
    pub fn with_files(mut self, folder: &Path) -> io::Result<Self> {
        let folder = std::path::absolute(folder)?;
        let url = self.0["url"].as_str().unwrap_or_default();
        if url.starts_with("https:") {
            let authority = Authority::shared().map_err(io::Error::other)?;
            fs::create_dir_all(&folder)?;
            let file = folder.join("ca_certificate.pem");
            fs::write(&file, authority.certificate_pem())?;
            self.0["ca_certificate"] = file.to_string_lossy().into();
        }
        let Some(user) = self.0["user"].as_str() else {
            return Ok(self);
        };
        let identity = Authority::shared()
            .and_then(|authority| authority.identity(user))
            .map_err(io::Error::other)?;
        fs::create_dir_all(&folder)?;
        for (key, file) in write_identity(&folder, &identity)? {
            self.0[key] = file.to_string_lossy().into();
        }
        self.0["private_key_password"] = identity.private_key_password.into();
        Ok(self)
    }

    /// Lines that export the variables of `Client::from_env` in a POSIX shell.
    ///
    /// The administrator's password and the certificate are alternatives: the lines of the certificate
    /// are comments.
    #[must_use]
    pub fn to_shell(&self) -> String {
        let mut lines = String::new();
        for (comment, variable, key) in [
            ("", "ANAPLAN_URL", "url"),
            ("", "ANAPLAN_USER", "user"),
            ("", "ANAPLAN_PASSWORD", "password"),
            ("", "ANAPLAN_WORKSPACE_ID", "workspace_id"),
            ("", "ANAPLAN_MODEL_ID", "model_id"),
            ("# ", "ANAPLAN_CERTIFICATE", "certificate"),
            ("# ", "ANAPLAN_PRIVATE_KEY", "private_key"),
            ("# ", "ANAPLAN_CA_CERTIFICATE", "ca_certificate"),
        ] {
            if let Some(value) = self.0[key].as_str() {
                let quoted = value.replace('\'', r"'\''");
                lines.push_str(&format!("{comment}export {variable}='{quoted}'\n"));
            }
        }
        lines
    }

    /// Returns the JSON object.
    #[must_use]
    pub fn as_value(&self) -> &Value {
        &self.0
    }
}

impl std::fmt::Debug for ServerInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerInfo").finish_non_exhaustive()
    }
}

/// JSON: on one line, or over several with `{:#}`.
impl std::fmt::Display for ServerInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

fn insert(info: &mut Map<String, Value>, key: &str, id: &str) {
    if !id.is_empty() {
        info.insert(key.into(), id.into());
    }
}

fn sign_in(credentials: &Credentials) -> Map<String, Value> {
    let mut user = Map::new();
    insert(&mut user, "user", &credentials.user);
    insert(&mut user, "password", &credentials.password);
    user
}

fn oauth(url: &str, demo: &Demo) -> Map<String, Value> {
    let mut info = Map::new();
    let key = demo.approval_key.expose_secret();
    if let Some(client) = &demo.code_client {
        let redirect_uri = client.redirect_uri.as_deref().unwrap_or_default();
        insert(&mut info, "client_id", &client.id);
        insert(&mut info, "client_secret", client.secret().unwrap_or(""));
        insert(&mut info, "redirect_uri", redirect_uri);
        let redirect_uri = utf8_percent_encode(redirect_uri, NON_ALPHANUMERIC);
        let approve_url = format!(
            "{url}/auth/prelogin?response_type=code&client_id={}&redirect_uri={redirect_uri}&scope=openid%20email%20offline_access&approval={key}",
            client.id
        );
        insert(&mut info, "approve_url", &approve_url);
    }
    if let Some(client) = &demo.device_client {
        insert(&mut info, "device_client_id", &client.id);
        let approve_url = format!("{url}/activate/{key}");
        let approve_url = approve_url.trim_end_matches('/');
        insert(&mut info, "device_approve_url", approve_url);
        let token = demo.device_refresh_token.expose_secret();
        insert(&mut info, "device_refresh_token", token);
    }
    info
}

fn models(demo: &Demo) -> Value {
    let mut models = Map::new();
    for (name, id) in [
        ("dev", &demo.dev),
        ("test", &demo.test),
        ("prod", &demo.prod),
        ("plain", &demo.plain),
        ("unrelated", &demo.unrelated),
        ("archived", &demo.archived),
        ("closable", &demo.closable),
        ("sync_fails", &demo.sync_fails),
    ] {
        insert(&mut models, name, id.as_str());
    }
    models.into()
}

/// The objects of the main model, all of which are numbers.
fn model_objects(demo: &Demo) -> Map<String, Value> {
    let dimensions: Vec<Value> = demo
        .cell_dimensions
        .iter()
        .map(|(dimension, item)| json!({ "dimensionId": dimension, "itemId": item }))
        .collect();
    let objects = json!({
        "lists": {
            "main": demo.list,
            "empty": demo.empty_list,
            "structural_in_dev": demo.structural_list,
        },
        "modules": {
            "main": {
                "id": demo.module,
                "view_id": demo.view,
                "line_item_id": demo.line_item,
                "cell": { "lineItemId": demo.line_item, "dimensions": dimensions },
                "readback": { "row": demo.readback_row, "column": demo.readback_column },
            },
        },
        "calendar": {
            "set_current_period": demo.set_current_period,
            "fiscal_year": demo.fiscal_year,
        },
        "files": {
            "source": demo.source_file,
            "empty": demo.empty_file,
            "bad_source": demo.bad_source_file,
        },
        "imports": { "good": demo.good_import, "bad": demo.bad_import },
        "csv": { "good": demo.good_csv, "bad": demo.bad_csv },
        "exports": { "good": demo.export },
        "actions": { "good": demo.action },
        "processes": { "good": demo.process, "bad": demo.bad_process },
    });
    match objects {
        Value::Object(objects) => objects,
        _ => Map::new(),
    }
}

fn write_identity(folder: &Path, identity: &Identity) -> io::Result<[(&'static str, PathBuf); 3]> {
    let certificate = folder.join("certificate.pem");
    let private_key = folder.join("private_key.pem");
    let encrypted_private_key = folder.join("encrypted_private_key.pem");
    fs::write(&certificate, &identity.certificate)?;
    write_secret(&private_key, &identity.private_key)?;
    write_secret(&encrypted_private_key, &identity.encrypted_private_key)?;
    Ok([
        ("certificate", certificate),
        ("private_key", private_key),
        ("encrypted_private_key", encrypted_private_key),
    ])
}

/// Creates a file that only its owner can read, from the start.
fn write_secret(path: &Path, content: &str) -> io::Result<()> {
    use std::io::Write as _;
    // The mode counts for new files only.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(content.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    #[test]
    fn server_info_of_the_demo_world_is_complete() {
        let fake = FakeAnaplan::in_process();
        let info = ServerInfo::of(&fake).0;
        for key in [
            "url",
            "user",
            "password",
            "workspace_id",
            "model_id",
            "models",
            "second",
            "limited",
            "outsider",
            "oauth",
            "rate_limit",
            "features",
            "lists",
            "modules",
            "calendar",
            "files",
            "imports",
            "csv",
            "exports",
            "actions",
            "processes",
        ] {
            assert!(info.get(key).is_some(), "{key}");
        }
        let models = info["models"].as_object().unwrap();
        assert_eq!(models.len(), 8);
        assert!(models.values().all(|id| id.as_str().unwrap().len() == 32));
        let oauth = info["oauth"].as_object().unwrap();
        for key in [
            "client_id",
            "client_secret",
            "redirect_uri",
            "approve_url",
            "device_client_id",
            "device_approve_url",
            "device_refresh_token",
        ] {
            assert!(!oauth[key].as_str().unwrap().is_empty(), "{key}");
        }
        assert_eq!(info["rate_limit"]["burst"], 600);
        assert!(info.get("certificate").is_none());
        let main = &info["modules"]["main"];
        for id in [
            &info["lists"]["main"],
            &main["id"],
            &main["cell"]["dimensions"][0]["itemId"],
            &info["files"]["bad_source"],
            &info["processes"]["bad"],
        ] {
            assert!(id.as_u64().is_some_and(|id| id > 0), "{id}");
        }
    }

    #[test]
    fn server_info_omits_absent_parts() {
        let fake = FakeAnaplan::with_world(World::new("2025-01-01T00:00:00Z".parse().unwrap()));
        let info = ServerInfo::of(&fake).0;
        assert_eq!(info["models"], json!({}));
        assert!(info.get("user").is_none() && info.get("limited").is_none());
        assert!(info.get("oauth").is_none());
        let folder = tempfile::tempdir().unwrap();
        let info = ServerInfo(info).with_files(folder.path()).unwrap();
        assert!(info.0.get("certificate").is_none());
    }

    #[test]
    fn files_are_overwritten_and_keys_readable_by_the_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("made/on/demand");
        let info = ServerInfo::of(&FakeAnaplan::in_process());
        let first = info.clone().with_files(&inner).unwrap();
        let second = info.with_files(&inner).unwrap();
        assert_eq!(first.0["private_key"], second.0["private_key"]);
        for (key, label) in [
            ("certificate", "CERTIFICATE"),
            ("private_key", "PRIVATE KEY"),
            ("encrypted_private_key", "ENCRYPTED PRIVATE KEY"),
        ] {
            let path = Path::new(second.0[key].as_str().unwrap());
            assert!(path.is_absolute());
            let file = fs::read_to_string(path).unwrap();
            assert!(file.starts_with(&format!("-----BEGIN {label}-----\n")));
            #[cfg(unix)]
            if key != "certificate" {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = fs::metadata(path).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{key}");
            }
        }
    }
}
