//! Guides. Every example runs against the fake.

#[doc = include_str!("guide/getting_started.md")]
pub mod getting_started {}

#[doc = include_str!("guide/signing_in.md")]
pub mod signing_in {}

#[doc = include_str!("guide/paging.md")]
pub mod paging {}

#[doc = include_str!("guide/tasks.md")]
pub mod tasks {}

#[doc = include_str!("guide/retries.md")]
pub mod retries {}

#[doc = include_str!("guide/retry_safety.md")]
pub mod retry_safety {}

#[doc = include_str!("guide/errors.md")]
pub mod errors {}

#[doc = include_str!("guide/logging.md")]
pub mod logging {}

#[doc = include_str!("guide/testing.md")]
pub mod testing {}

#[cfg(feature = "transactional")]
#[cfg_attr(docsrs, doc(cfg(feature = "transactional")))]
#[doc = include_str!("guide/modelling_data.md")]
pub mod modelling_data {}

#[cfg(feature = "bulk")]
#[cfg_attr(docsrs, doc(cfg(feature = "bulk")))]
#[doc = include_str!("guide/moving_data.md")]
pub mod moving_data {}

#[cfg(feature = "promote")]
#[cfg_attr(docsrs, doc(cfg(feature = "promote")))]
#[doc = include_str!("guide/promoting_to_many_models.md")]
pub mod promoting_to_many_models {}

#[doc = include_str!("guide/custom_endpoints.md")]
pub mod custom_endpoints {}
