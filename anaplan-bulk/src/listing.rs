//! Lists of a model's objects, which share query and paging.

/// Defines the endpoint of a list.
macro_rules! model_listing {
    ($(#[$meta:meta])* $endpoint:ident, $name:literal, $key:literal, $item:ty) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $endpoint {
            model: $crate::ModelRef,
            sort: Option<String>,
        }

        impl $endpoint {
            /// Creates the endpoint for a model.
            pub fn new(model: impl Into<$crate::ModelRef>) -> Self {
                Self {
                    model: model.into(),
                    sort: None,
                }
            }

            /// Sorts by `name` or `id`. A leading `-` reverses the order. The server ignores other names.
            #[must_use]
            pub fn sort(mut self, property: impl Into<String>) -> Self {
                self.sort = Some(property.into());
                self
            }
        }

        impl anaplan_core::Endpoint for $endpoint {
            const NAME: &'static str = $name;
            const METHOD: anaplan_core::Method = anaplan_core::Method::GET;
            const RETRY: anaplan_core::RetryClass = anaplan_core::RetryClass::ReadOnly;
            type Output = anaplan_core::Page<$item>;

            fn path(&self) -> anaplan_core::Path {
                self.model.path().lit($key)
            }

            fn query(&self, query: &mut anaplan_core::Query) {
                query.push_some("sort", self.sort.as_ref());
            }

            fn decode(
                &self,
                response: anaplan_core::Response,
            ) -> anaplan_core::Result<anaplan_core::Page<$item>> {
                response.page($key)
            }
        }

        impl anaplan_core::Paged for $endpoint {
            type Item = $item;
        }
    };
}

pub(crate) use model_listing;
