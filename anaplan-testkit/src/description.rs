//! Worlds that are described in a file.

mod build;

use std::collections::BTreeMap;
use std::fmt;

use anaplan_core::Timestamp;
use anaplan_core::clock::Clock as _;
use serde::Deserialize;

use crate::clock::FakeClock;
use crate::demo::Demo;
use crate::fake::FakeAnaplan;
use crate::world::World;

impl World {
    /// A world by its description in JSON, at this moment, and what the description's `card` says of it.
    ///
    /// Everything is called by its name, and nothing may be named before it is there. `workspaces` are
    /// names. `users` have `email` and `password`, and may have `admin_of`, `visitor_of` (workspaces),
    /// `tenant_admin` and `active`. `models` have `name` and `workspace`, and may have:
    ///
    /// * `from`: the `model` and `revision` that it is made of;
    /// * `steps`, taken in their order: `{"list": …}` with `name`, `code`, `production`, `numbered`,
    ///   `top_level`, `parent` and `items` (names, or objects of `name`, `code` and `parent`);
    ///   `{"module": …}` with `name`, `dimensions` and `line_items` (`name`, `format`, `formula`,
    ///   `code`; formats are `number`, `boolean`, `text`, `date`, `none` and `{"list": "…"}`);
    ///   `{"revision": "…"}`;
    /// * `roles`: the role of each user, by e-mail address;
    /// * `state`: `unlocked`, `production`, `maintenance`, `production_maintenance`, `locked`,
    ///   `archived`;
    /// * `closed`, `sync_fails`: whether it is.
    ///
    /// `oauth_clients` are clients of the OAuth service, for the authorization code grant if they have a
    /// `redirect_uri`, for the device grant otherwise. `rotating` (default: true) says whether their
    /// refresh tokens are replaced by each use. Ids and secrets are made; the first client of each grant
    /// stands on the card, with a refresh token of its `user` for the device client.
    ///
    /// `card` says who and what stands for the parts of the [demo world](Demo): `user`, `second`,
    /// `limited`, `outsider` are e-mail addresses, `models` maps `dev`, `test` and so on to names.
    /// Left out, the first administrator is the `user` and the first model is `dev`.
    ///
    /// ```
    /// use anaplan_testkit::World;
    ///
    /// let (world, card) = World::from_description(
    ///     r#"{
    ///         "workspaces": ["Planning"],
    ///         "users": [{ "email": "ada@x.example", "password": "p", "admin_of": ["Planning"] }],
    ///         "models": [{
    ///             "name": "Sales",
    ///             "workspace": "Planning",
    ///             "steps": [
    ///                 { "list": { "name": "Regions", "items": ["North", "South"] } },
    ///                 { "revision": "Baseline" }
    ///             ]
    ///         }]
    ///     }"#,
    ///     "2025-01-01T00:00:00Z".parse()?,
    /// )?;
    /// assert_eq!(world.models()[0].name, "Sales");
    /// assert_eq!(card.admin.user, "ada@x.example");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the text is no such description; the error says where.
    pub fn from_description(
        text: &str,
        now: Timestamp,
    ) -> Result<(Self, Demo), InvalidDescription> {
        let description: Description =
            serde_json::from_str(text).map_err(|error| InvalidDescription(error.to_string()))?;
        description.build(now)
    }
}

impl FakeAnaplan {
    /// A fake with a world by its description, see [`World::from_description`].
    ///
    /// # Errors
    ///
    /// Those of [`World::from_description`].
    pub fn from_description(text: &str) -> Result<Self, InvalidDescription> {
        let clock = FakeClock::new();
        let (world, demo) = World::from_description(text, clock.now())?;
        Ok(Self::assemble(world, clock, Some(demo)))
    }
}

/// The error of an invalid description of a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidDescription(String);

impl InvalidDescription {
    fn unknown(what: &str, name: &str) -> Self {
        Self(format!("there is no {what} '{name}'"))
    }

    fn twice(what: &str, name: &str) -> Self {
        Self(format!("there are two of the {what} '{name}'"))
    }

    /// Says in which part of the description it is.
    fn within(self, what: &str, name: &str) -> Self {
        Self(format!("in the {what} '{name}': {}", self.0))
    }
}

impl fmt::Display for InvalidDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidDescription {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    #[serde(default)]
    workspaces: Vec<String>,
    #[serde(default)]
    users: Vec<UserEntry>,
    #[serde(default)]
    models: Vec<ModelEntry>,
    #[serde(default)]
    oauth_clients: Vec<OAuthClientEntry>,
    #[serde(default)]
    card: CardEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserEntry {
    email: String,
    password: String,
    #[serde(default)]
    admin_of: Vec<String>,
    #[serde(default)]
    visitor_of: Vec<String>,
    #[serde(default)]
    tenant_admin: bool,
    active: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelEntry {
    name: String,
    workspace: String,
    from: Option<Origin>,
    #[serde(default)]
    steps: Vec<Step>,
    #[serde(default)]
    roles: BTreeMap<String, String>,
    state: Option<StateEntry>,
    #[serde(default)]
    closed: bool,
    #[serde(default)]
    sync_fails: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Origin {
    model: String,
    revision: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    List(ListEntry),
    Module(ModuleEntry),
    Revision(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListEntry {
    name: String,
    code: Option<String>,
    #[serde(default)]
    production: bool,
    #[serde(default)]
    numbered: bool,
    top_level: Option<String>,
    parent: Option<String>,
    #[serde(default)]
    items: Vec<ItemEntry>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ItemEntry {
    Name(String),
    Whole(WholeItem),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WholeItem {
    name: String,
    code: Option<String>,
    parent: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModuleEntry {
    name: String,
    #[serde(default)]
    dimensions: Vec<String>,
    #[serde(default)]
    line_items: Vec<LineItemEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineItemEntry {
    name: String,
    #[serde(default)]
    format: FormatEntry,
    formula: Option<String>,
    code: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum FormatEntry {
    #[default]
    Number,
    Boolean,
    Text,
    Date,
    None,
    List(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum StateEntry {
    Unlocked,
    Production,
    Maintenance,
    ProductionMaintenance,
    Locked,
    Archived,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OAuthClientEntry {
    redirect_uri: Option<String>,
    rotating: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct CardEntry {
    user: Option<String>,
    second: Option<String>,
    limited: Option<String>,
    outsider: Option<String>,
    #[serde(default)]
    models: BTreeMap<String, String>,
}
