//! Properties of imports.

use crate::world::imports::{Coordinate, Import, ImportSource, ImportTarget};
use crate::world::model::Model;
use crate::world::structure::Dimension;

/// Describes an import.
#[derive(Debug)]
pub struct ImportEdit<'m> {
    pub(super) model: &'m mut Model,
    pub(super) id: u64,
}

impl ImportEdit<'_> {
    /// The import's id.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Sets a code.
    pub fn code(self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.change(|import| import.code = Some(text))
    }

    /// Has it read a file.
    pub fn from_file(self, file: u64) -> Self {
        self.change(|import| import.source = ImportSource::File(file))
    }

    /// Has it read a list or a module of a model, as an export of it would write it.
    pub fn from_model(self, model: &anaplan_core::ModelId, object: u64) -> Self {
        let model = model.clone();
        self.change(|import| import.source = ImportSource::Model { model, object })
    }

    /// Has it write the items of a list: say at least where names or codes come from.
    pub fn into_list(self, list: u64) -> Self {
        self.change(|import| {
            import.target = ImportTarget::List {
                list,
                name: None,
                code: None,
                parent: None,
                properties: Vec::new(),
            };
        })
    }

    /// The column of the names of items, versions or line items.
    pub fn name_from(self, column: impl Into<String>) -> Self {
        let column = column.into();
        self.change(|import| {
            if let ImportTarget::List { name, .. }
            | ImportTarget::Versions { name, .. }
            | ImportTarget::LineItems { name, .. } = &mut import.target
            {
                *name = Some(column);
            }
        })
    }

    /// The column of the codes of items, versions or line items, which are then what these are found by.
    pub fn code_from(self, column: impl Into<String>) -> Self {
        let column = column.into();
        self.change(|import| {
            if let ImportTarget::List { code, .. }
            | ImportTarget::Versions { code, .. }
            | ImportTarget::LineItems { code, .. } = &mut import.target
            {
                *code = Some(column);
            }
        })
    }

    /// The column of the items' parents, by name or code.
    pub fn parent_from(self, column: impl Into<String>) -> Self {
        let column = column.into();
        self.change(|import| {
            if let ImportTarget::List { parent, .. } = &mut import.target {
                *parent = Some(column);
            }
        })
    }

    /// The column of a property.
    pub fn property_from(self, column: impl Into<String>, property: impl Into<String>) -> Self {
        let pair = (column.into(), property.into());
        self.change(|import| {
            if let ImportTarget::List { properties, .. } = &mut import.target {
                properties.push(pair);
            }
        })
    }

    /// Has it write the cells of a module: say where every dimension and the values come from.
    pub fn into_module(self, module: u64) -> Self {
        self.change(|import| {
            import.target = ImportTarget::Module {
                module,
                dimensions: Vec::new(),
                line_items: Vec::new(),
            };
        })
    }

    /// The column of the items of a dimension, by name or code.
    pub fn dimension_from(self, dimension: Dimension, column: impl Into<String>) -> Self {
        self.coordinate(dimension, Coordinate::Column(column.into()))
    }

    /// Has whoever runs it say the item of a dimension, in a mapping parameter of this `entityType`.
    pub fn dimension_asked(self, dimension: Dimension, entity_type: impl Into<String>) -> Self {
        self.coordinate(dimension, Coordinate::Asked(entity_type.into()))
    }

    /// The column of the values of a line item.
    pub fn line_item_from(self, column: impl Into<String>, line_item: u64) -> Self {
        let pair = (column.into(), line_item);
        self.change(|import| {
            if let ImportTarget::Module { line_items, .. } = &mut import.target {
                line_items.push(pair);
            }
        })
    }

    /// Has it write the users of the model: say at least where their e-mail addresses come from. Who is
    /// not known yet becomes a user of the tenant, and one without a role cannot open the model.
    pub fn into_users(self) -> Self {
        self.change(|import| {
            import.target = ImportTarget::Users {
                email: None,
                first_name: None,
                last_name: None,
                role: None,
            };
        })
    }

    /// The column of the users' e-mail addresses, which is what users are found by.
    pub fn email_from(self, column: impl Into<String>) -> Self {
        let column = column.into();
        self.change(|import| {
            if let ImportTarget::Users { email, .. } = &mut import.target {
                *email = Some(column);
            }
        })
    }

    /// The columns of the users' first and last names.
    pub fn names_from(self, first: impl Into<String>, last: impl Into<String>) -> Self {
        let (first, last) = (first.into(), last.into());
        self.change(|import| {
            if let ImportTarget::Users {
                first_name,
                last_name,
                ..
            } = &mut import.target
            {
                *first_name = Some(first);
                *last_name = Some(last);
            }
        })
    }

    /// The column of the users' roles in the model. An empty field takes the role away.
    pub fn role_from(self, column: impl Into<String>) -> Self {
        let column = column.into();
        self.change(|import| {
            if let ImportTarget::Users { role, .. } = &mut import.target {
                *role = Some(column);
            }
        })
    }

    /// Has it write the versions of the model: say at least where names or codes come from.
    pub fn into_versions(self) -> Self {
        self.change(|import| {
            import.target = ImportTarget::Versions {
                name: None,
                code: None,
                notes: None,
            };
        })
    }

    /// Has it write the line items of a module: say at least where names or codes come from.
    pub fn into_line_items(self, module: u64) -> Self {
        self.change(|import| {
            import.target = ImportTarget::LineItems {
                module,
                name: None,
                code: None,
                format: None,
                formula: None,
                notes: None,
            };
        })
    }

    /// The column of the line items' formats: `NUMBER`, `BOOLEAN`, `TEXT`, `DATE`, `TIME PERIOD`, `NONE`,
    /// or the name of a list.
    pub fn format_from(self, column: impl Into<String>) -> Self {
        let column = column.into();
        self.change(|import| {
            if let ImportTarget::LineItems { format, .. } = &mut import.target {
                *format = Some(column);
            }
        })
    }

    /// The column of the line items' formulas. An empty field takes the formula away.
    pub fn formula_from(self, column: impl Into<String>) -> Self {
        let column = column.into();
        self.change(|import| {
            if let ImportTarget::LineItems { formula, .. } = &mut import.target {
                *formula = Some(column);
            }
        })
    }

    /// The column of the notes of versions or line items.
    pub fn notes_from(self, column: impl Into<String>) -> Self {
        let column = column.into();
        self.change(|import| {
            if let ImportTarget::Versions { notes, .. } | ImportTarget::LineItems { notes, .. } =
                &mut import.target
            {
                *notes = Some(column);
            }
        })
    }

    fn coordinate(self, dimension: Dimension, coordinate: Coordinate) -> Self {
        self.change(|import| {
            if let ImportTarget::Module { dimensions, .. } = &mut import.target {
                dimensions.push((dimension, coordinate));
            }
        })
    }

    fn change(self, change: impl FnOnce(&mut Import)) -> Self {
        let imports = &mut self.model.structure.imports;
        if let Some(import) = imports.iter_mut().find(|import| import.id == self.id) {
            change(import);
        }
        self
    }
}
