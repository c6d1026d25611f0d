//! Lookup by name.

use anaplan_core::{
    Endpoint, Method, Named, Page, Paged, PagingStyle, Path, Pending, RequestBody, Response,
    Result, RetryClass,
};

use crate::endpoints::LookupDimensionItems;
use crate::{
    DimensionId, DimensionItem, LineItem, List, ListItem, Lookup, Module, ModuleId, Transactional,
    Version, View,
};

macro_rules! named {
    ($($type:ty: $noun:literal;)+) => {
        $(impl Named for $type {
            const NOUN: &'static str = $noun;

            fn name(&self) -> &str {
                &self.name
            }

            fn id(&self) -> &str {
                self.id.as_str()
            }
        })+
    };
}

named! {
    DimensionItem: "item";
    LineItem: "line item";
    List: "list";
    ListItem: "list item";
    Module: "module";
    Version: "version";
    View: "view";
}

impl Transactional {
    /// Returns the only list with this name, exactly as written.
    ///
    /// Reads the lists: see [`get_lists`](Self::get_lists). Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids if several lists have the name, and those
    /// of `get_lists`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// let regions = model.find_list("Regions").await?;
    /// println!("{}", regions.id);
    /// let error = model.find_list("regions").await.unwrap_err();
    /// assert!(error.is_not_found() && error.to_string().contains("similar: 'Regions'"));
    /// # Ok(()) });
    /// ```
    pub fn find_list(&self, name: impl Into<String>) -> Pending<List> {
        self.get_lists().find_by_name(name)
    }

    /// Returns the only module with this name, exactly as written.
    ///
    /// Reads the modules: see [`get_modules`](Self::get_modules). Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids if several modules have the name, and those
    /// of `get_modules`.
    ///
    /// ```
    /// # use anaplan_transactional::{ModuleId, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let sales = model.find_module("Sales").await?;
    /// assert_eq!(sales.id, ModuleId::from(ids.module));
    /// # Ok(()) });
    /// ```
    pub fn find_module(&self, name: impl Into<String>) -> Pending<Module> {
        self.get_modules().find_by_name(name)
    }

    /// Returns the only view with this name, exactly as written: `Module.View` for a saved view, the
    /// name of the module for its default view.
    ///
    /// Reads the views: see [`get_views`](Self::get_views). Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids if several views have the name, and those
    /// of `get_views`.
    ///
    /// ```
    /// # use anaplan_transactional::{Transactional, ViewId};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let view = model.find_view("Sales.Volume by Region").await?;
    /// assert_eq!(view.id, ViewId::from(ids.view));
    /// # Ok(()) });
    /// ```
    pub fn find_view(&self, name: impl Into<String>) -> Pending<View> {
        self.get_views().find_by_name(name)
    }

    /// Returns the only line item of a module with this name, exactly as written.
    ///
    /// Reads the line items of the module: see [`get_module_line_items`](Self::get_module_line_items).
    /// Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids if several line items have the name, and
    /// those of `get_module_line_items`.
    ///
    /// ```
    /// # use anaplan_transactional::{LineItemId, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let volume = model.find_line_item(ids.module, "Volume").await?;
    /// assert_eq!(volume.id, LineItemId::from(ids.line_item));
    /// # Ok(()) });
    /// ```
    pub fn find_line_item(
        &self,
        module: impl Into<ModuleId>,
        name: impl Into<String>,
    ) -> Pending<LineItem> {
        self.get_module_line_items(module).find_by_name(name)
    }

    /// Returns the only version with this name, exactly as written.
    ///
    /// Reads the versions: see [`get_versions`](Self::get_versions). Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids if several versions have the name, and
    /// those of `get_versions`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// let actual = model.find_version("Actual").await?;
    /// assert!(actual.is_actual);
    /// # Ok(()) });
    /// ```
    pub fn find_version(&self, name: impl Into<String>) -> Pending<Version> {
        self.get_versions().find_by_name(name)
    }

    /// Returns the only item of a dimension with this name, exactly as written. The dimension is a list,
    /// time, the versions or the users.
    ///
    /// Looks the name up on the server, however many items the dimension has: see
    /// [`lookup_dimension_items`](Self::lookup_dimension_items). Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with the names that differ in case only, `Conflict` with the ids if several items have
    /// the name, and those of `lookup_dimension_items`.
    ///
    /// ```
    /// # use anaplan_transactional::{ItemId, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let north = model.find_dimension_item(ids.list, "North").await?;
    /// assert_eq!(north.id, ItemId::from(ids.cell_dimensions[0].1));
    /// let error = model.find_dimension_item(ids.list, "NORTH").await.unwrap_err();
    /// assert!(error.is_not_found() && error.to_string().contains("similar: 'North'"));
    /// # Ok(()) });
    /// ```
    #[doc(alias = "find_list_item")]
    pub fn find_dimension_item(
        &self,
        dimension: impl Into<DimensionId>,
        name: impl Into<String>,
    ) -> Pending<DimensionItem> {
        let name = name.into();
        let lookup = FindItem(LookupDimensionItems {
            model: self.model.clone(),
            dimension: dimension.into(),
            lookup: Lookup::names([&name]),
        });
        self.session.paged(lookup).find_by_name(name)
    }
}

/// Lookup of one name, whose response is a collection.
#[derive(Debug, Clone)]
struct FindItem(LookupDimensionItems);

impl Endpoint for FindItem {
    const NAME: &'static str = "transactional.find_dimension_item";
    const METHOD: Method = LookupDimensionItems::METHOD;
    const RETRY: RetryClass = LookupDimensionItems::RETRY;
    type Output = Page<DimensionItem>;

    fn path(&self) -> Path {
        self.0.path()
    }

    fn body(&self) -> Result<RequestBody> {
        self.0.body()
    }

    fn decode(&self, response: Response) -> Result<Page<DimensionItem>> {
        Ok(Page::new(self.0.decode(response)?, None))
    }
}

impl Paged for FindItem {
    type Item = DimensionItem;
    const PAGING: PagingStyle = PagingStyle::Whole;
}

#[cfg(test)]
mod tests {
    use crate::testing::{Reply, scripted};
    use anaplan_core::ErrorKind;

    #[tokio::test(start_paused = true)]
    async fn find_dimension_item_looks_up_one_name_and_accepts_only_the_exact_one() {
        let found = r#"{"items":[{"id":"1","name":"NORTH"},{"id":"2","name":"North"}]}"#;
        let (model, script) = scripted([
            Reply::Body(200, found),
            Reply::Body(200, r#"{"status":{"code":200}}"#),
        ]);
        let item = model.find_dimension_item(101, "North").await.unwrap();
        assert_eq!(item.id.as_str(), "2");
        let asked = &script.asked()[0];
        assert_eq!(asked.line, "POST /models/M/dimensions/101/items");
        assert_eq!(asked.body, r#"{"names":["North"]}"#);
        let error = model.find_dimension_item(101, "South").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(script.left(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn find_line_item_reads_one_module_and_names_similar_line_items() {
        let items = r#"{"items":[{"id":"1","name":"Sales"},{"id":"2","name":"Costs"},{"id":"3","name":"Costs"}]}"#;
        let reply = || Reply::Body(200, items);
        let (model, script) = scripted([reply(), reply(), reply()]);
        assert_eq!(
            model
                .find_line_item(102, "Sales")
                .await
                .unwrap()
                .id
                .as_str(),
            "1"
        );
        let error = model.find_line_item(102, "sales").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let text = error.to_string();
        assert!(
            text.contains("no line item called 'sales'") && text.contains("'Sales'"),
            "{text}"
        );
        let error = model.find_line_item(102, "Costs").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains("ids 2, 3"), "{error}");
        assert_eq!(script.lines()[0], "GET /models/M/modules/102/lineItems");
    }
}
