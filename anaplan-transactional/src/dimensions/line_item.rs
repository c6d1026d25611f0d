//! Dimensions of line items, and their items.

use anaplan_core::{
    Call, Decision, Endpoint, Method, ModelId, Page, Paged, PagedCall, Path, Refusal, Response,
    Result, RetryClass,
};

use crate::dimensions::{Dimension, DimensionItem, items_path};
use crate::limits::read_refusal;
use crate::modules::line_item_path;
use crate::{DimensionId, LineItemId, Transactional};

impl Transactional {
    /// Returns the dimensions of a line item. A write to one of its cells must name an item of each.
    ///
    /// `GET /models/{modelId}/lineItems/{lineItemId}/dimensions`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown line item, and without access to its module. `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let dimensions = model.get_line_item_dimensions(ids.line_item).await?;
    /// assert_eq!(dimensions.len(), ids.cell_dimensions.len());
    /// # Ok(()) });
    /// ```
    pub fn get_line_item_dimensions(
        &self,
        line_item: impl Into<LineItemId>,
    ) -> PagedCall<GetLineItemDimensions> {
        self.session.paged(GetLineItemDimensions {
            model: self.model.clone(),
            line_item: line_item.into(),
        })
    }

    /// Returns the items of one dimension of a line item: up to 1,000,000.
    ///
    /// `GET /models/{modelId}/lineItems/{lineItemId}/dimensions/{dimensionId}/items`. Reads only:
    /// retried.
    ///
    /// # Errors
    ///
    /// `TooLarge` for more than 1,000,000 items, `Rejected` for an id that is none, `NotFound`,
    /// `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::{ItemId, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let (dimension, item) = ids.cell_dimensions[0];
    /// let items = model.get_line_item_dimension_items(ids.line_item, dimension).await?;
    /// assert!(items.iter().any(|found| found.id == ItemId::from(item)));
    /// # Ok(()) });
    /// ```
    pub fn get_line_item_dimension_items(
        &self,
        line_item: impl Into<LineItemId>,
        dimension: impl Into<DimensionId>,
    ) -> Call<GetLineItemDimensionItems> {
        self.session.call(GetLineItemDimensionItems {
            model: self.model.clone(),
            line_item: line_item.into(),
            dimension: dimension.into(),
        })
    }
}

/// Endpoint of [`Transactional::get_line_item_dimensions`].
#[derive(Debug, Clone)]
pub struct GetLineItemDimensions {
    model: ModelId,
    line_item: LineItemId,
}

impl Endpoint for GetLineItemDimensions {
    const NAME: &'static str = "transactional.get_line_item_dimensions";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<Dimension>;

    fn path(&self) -> Path {
        line_item_path(&self.model, &self.line_item).lit("dimensions")
    }

    fn decode(&self, response: Response) -> Result<Page<Dimension>> {
        response.page("dimensions")
    }
}

impl Paged for GetLineItemDimensions {
    type Item = Dimension;
}

/// Endpoint of [`Transactional::get_line_item_dimension_items`].
#[derive(Debug, Clone)]
pub struct GetLineItemDimensionItems {
    /// Model.
    pub model: ModelId,
    /// Line item.
    pub line_item: LineItemId,
    /// Dimension.
    pub dimension: DimensionId,
}

impl Endpoint for GetLineItemDimensionItems {
    const NAME: &'static str = "transactional.get_line_item_dimension_items";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Vec<DimensionItem>;

    fn path(&self) -> Path {
        items_path(
            line_item_path(&self.model, &self.line_item),
            &self.dimension,
        )
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        read_refusal(refusal)
    }

    fn decode(&self, response: Response) -> Result<Vec<DimensionItem>> {
        response.list("items")
    }
}
