//! Actions that are neither imports nor exports nor processes.

use anaplan_core::{
    Call, Endpoint, Method, Named, PagedCall, Path, Pending, Response, Result, RetryClass,
    open_enum,
};
use serde::{Deserialize, Serialize};

use crate::listing::model_listing;
use crate::{ActionId, ActionRef, Bulk, ModelRef};
use anaplan_core::lenient::{or_default, text_opt};

/// An action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Action {
    /// Id.
    pub id: ActionId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Type of the action. Absent for actions that only open a dashboard.
    #[serde(default)]
    pub action_type: Option<ActionType>,
    /// Code.
    #[serde(default)]
    pub code: Option<String>,
    /// List that is deleted from, ordered or copied. Set in the metadata of one action only, like the fields below.
    #[serde(default, deserialize_with = "text_opt")]
    pub list_id: Option<String>,
    /// Line item that selects the items to delete.
    #[serde(default, deserialize_with = "text_opt")]
    pub filter_line_item_id: Option<String>,
    /// Line item that determines the order.
    #[serde(default, deserialize_with = "text_opt")]
    pub line_item_id: Option<String>,
    /// Direction of the order.
    #[serde(default, deserialize_with = "text_opt")]
    pub sort_order: Option<String>,
    /// Source of a copy.
    #[serde(default, deserialize_with = "text_opt")]
    pub source_member: Option<String>,
    /// Target of a copy.
    #[serde(default, deserialize_with = "text_opt")]
    pub target_member: Option<String>,
}

open_enum! {
    /// Type of an action.
    pub enum ActionType {
        /// Deletes the list items that a line item selects.
        DeleteBySelection = "DELETE_BY_SELECTION",
        /// Orders a list.
        OrderHierarchy = "ORDER_HIERARCHY",
        /// Creates a list item.
        SimpleCreate = "SIMPLE_CREATE",
        /// Deletes list items.
        BulkDeleteEntities = "BULK_DELETE_ENTITIES",
        /// Selects the children of a list item.
        SelectChildren = "SELECT_CHILDREN",
        /// Moves the current period.
        UpdateCurrentPeriod = "UPDATE_CURRENT_PERIOD",
        /// Copies list items.
        BulkEntityCopy = "BULK_ENTITY_COPY",
        /// Copies into a numbered list.
        CopyToNumberedList = "COPY_TO_NUMBERED_LIST",
        /// Runs the optimizer.
        Optimizer = "OPTIMIZER",
        /// Copies the data of one list item to another.
        BulkCopy = "BULK_COPY",
        /// An import, as a step of a process.
        Import = "IMPORT",
        /// An export, as a step of a process.
        Export = "EXPORT",
    }
}

impl Named for Action {
    const NOUN: &'static str = "action";

    fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Bulk {
    /// Returns the actions of the model that are neither imports nor exports nor processes: all of them when
    /// awaited, or as a stream with `.items()`.
    ///
    /// `GET /models/{modelId}/actions`. Read-only: retried, also while the model is busy.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_bulk::{ActionId, Bulk};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let actions = bulk.get_actions().await?;
    /// assert!(actions.iter().any(|action| action.id == ActionId::from(ids.action)));
    /// # Ok(()) });
    /// ```
    #[doc(alias = "list_actions")]
    pub fn get_actions(&self) -> PagedCall<GetActions> {
        self.session.paged(GetActions::new(self.model.clone()))
    }

    /// Returns the metadata of one action.
    ///
    /// `GET /models/{modelId}/actions/{actionId}`. Read-only: retried, also while the model is
    /// busy.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let action = bulk.get_action_metadata(ids.action).await?;
    /// println!("{}: {:?}", action.name, action.action_type);
    /// # Ok(()) });
    /// ```
    pub fn get_action_metadata(&self, action: impl Into<ActionId>) -> Call<GetActionMetadata> {
        self.session.call(GetActionMetadata {
            model: self.model.clone(),
            action: action.into(),
        })
    }

    /// Returns the action with a name.
    ///
    /// `GET /models/{modelId}/actions`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids if several have the name.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let known = bulk.get_actions().await?.remove(0).name;
    /// let action = bulk.find_action(&known).await?;
    /// let error = bulk.find_action(format!("{}x", action.name)).await.unwrap_err();
    /// assert!(error.is_not_found() && error.to_string().contains(&known));
    /// # Ok(()) });
    /// ```
    pub fn find_action(&self, name: impl Into<String>) -> Pending<Action> {
        self.get_actions().find_by_name(name)
    }
}

model_listing! {
    /// Endpoint of [`Bulk::get_actions`].
    GetActions, "bulk.get_actions", "actions", Action
}

/// Endpoint of [`Bulk::get_action_metadata`].
#[derive(Debug, Clone)]
pub struct GetActionMetadata {
    /// The model.
    pub model: ModelRef,
    /// The action.
    pub action: ActionId,
}

impl Endpoint for GetActionMetadata {
    const NAME: &'static str = "bulk.get_action_metadata";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Action;

    fn path(&self) -> Path {
        ActionRef::action(&self.action).path(&self.model)
    }

    fn decode(&self, response: Response) -> Result<Action> {
        response.field("action")
    }
}
